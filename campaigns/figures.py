"""The figures of a report: what campaigns delivered in a period, told by day, category, creative and so on.

All sums are exact integers, of the very rows that are billed, so that a column adds up to the figure below
it and to the invoice. They are summed where they lie: a million deliveries take the database about as long
as the plainest statement that reads them. The first page takes one statement for the days, which also gives
the totals and the reasons for what was not billed, one for the ranks, one for the period before.

The median rank is weighted by billed impressions: the least rank such that at least half of them ran beside
a video of this rank or a better one.
"""

# ruff: noqa: S608 - statements of ours around one another

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import Any

from django.db import connection, models
from django.db.models import Case, Count, F, Min, QuerySet, When, Window
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, Creative, Delivery, PlacementRun
from campaigns.models.campaigns import IMPRESSIONS_PER_MILLE
from campaigns.periods import Period
from campaigns.reports import PERMILLE, SUITABLE, Reason, added, largest_first
from creators.models import Category, Video

SHOWN = 100
CHUNK = 5_000


class By(models.TextChoices):
    """What the lines of a report stand for."""

    DAY = "day", gettext_lazy("Day")
    CATEGORY = "category", gettext_lazy("Category")
    CAMPAIGN = "campaign", gettext_lazy("Campaign")
    CREATIVE = "creative", gettext_lazy("Creative")
    VIDEO = "video", gettext_lazy("Video")

    @property
    def column(self) -> str:
        return {"day": "day", "creative": "creative_number"}.get(self.value, f"{self.value}_id")


@dataclass
class Figures:
    """Impressions as delivered and as billed, what they cost, and how many ran where they were to run."""

    impressions: int = 0
    billed: int = 0
    micros: int = 0
    suitable: int = 0

    @property
    def unbilled(self) -> int:
        return self.impressions - self.billed

    @property
    def ecpm_micros(self) -> int | None:
        """Micros for a thousand billed impressions, rounded down to whole micros."""
        return self.micros * IMPRESSIONS_PER_MILLE // self.billed if self.billed else None

    @property
    def suitable_permille(self) -> int | None:
        return self.suitable * PERMILLE // self.impressions if self.impressions else None

    def add(self, other: "Figures") -> None:
        self.impressions += other.impressions
        self.billed += other.billed
        self.micros += other.micros
        self.suitable += other.suitable


@dataclass
class Line(Figures):
    """One line of a report. `rank` is the median one of its videos, of a video its best one."""

    key: Any = None
    label: str = ""
    note: str = ""
    rank: int | None = None


@dataclass
class Report:
    """`lines` as asked for, of videos the SHOWN of `count` that cost most; `days` in order; `before` the
    period before."""

    by: By
    period: Period
    totals: Figures
    days: list[Line]
    reasons: list[Reason]
    lines: list[Line]
    count: int
    rank: int | None
    population: int | None  # videos of a day, on average
    before: Figures | None = None
    days_before: list[Line] = field(default_factory=list)

    @cached_property
    def running_days(self) -> list[Line]:
        """Every day of the period, those without any delivery as well."""
        return _without_gaps(self.days, self.period.first, self.period.last)

    @cached_property
    def running_days_before(self) -> list[Line]:
        before = self.period.before()
        return _without_gaps(self.days_before, before.first, before.last) if before and self.before else []


def report(campaigns: Sequence[Campaign], by: By, period: Period) -> Report:
    """What the campaigns delivered in the period, by lines; a fixed number of queries."""
    days, reasons = _days(campaigns, period)
    totals = _total(days)
    ranks, median = _medians(campaigns, by, period)
    populations = _populations(campaigns, days)
    if by == By.DAY:
        lines, count = days, len(days)
    else:
        lines, count = _lines(campaigns, by, period)
    if by != By.VIDEO:
        for line in lines:
            line.rank = ranks.get(None if line.key is None else str(line.key))
    if before := period.before():
        days_before, _reasons = _days(campaigns, before)
    return Report(
        by=by,
        period=period,
        totals=totals,
        days=days,
        reasons=[Reason(str(verdict.label), reasons[verdict]) for verdict in largest_first(reasons)],
        lines=lines,
        count=count,
        rank=median,
        population=sum(populations) // len(populations) if populations else None,
        before=_total(days_before) if before else None,
        days_before=days_before if before else [],
    )


def table(campaigns: Sequence[Campaign], by: By, period: Period) -> Iterator[Line]:
    """Every line of a report, for a download: read as it is sent, however many videos there are."""
    if by != By.VIDEO:
        return iter(report(campaigns, by, period).lines)
    rows = _videos(_rows(campaigns, period)).values_list(*VIDEO_COLUMNS).iterator(chunk_size=CHUNK)
    return chain.from_iterable(map(_named_videos, iter(lambda: list(islice(rows, CHUNK)), [])))


def _rows(campaigns: Sequence[Campaign], period: Period) -> QuerySet[Delivery]:
    return period.of(Delivery.objects.filter(campaign__in=[each.pk for each in campaigns])).order_by()


def _sums() -> dict[str, Any]:
    return {
        "seen": added("impressions"),
        "billed": added("billed_impressions"),
        "micros": added("revenue_micros"),
        "suitable": added(Case(When(verdict__in=SUITABLE, then="impressions"), default=0)),
    }


def _days(campaigns: Sequence[Campaign], period: Period) -> tuple[list[Line], dict[Delivery.Verdict, int]]:
    """The days with any delivery in their order, and the impressions that were not billed by their reason."""
    days: dict[datetime.date, Line] = {}
    reasons: dict[Delivery.Verdict, int] = defaultdict(int)
    sums = _rows(campaigns, period).order_by("day").values("day", "verdict").annotate(**_sums())
    for day, verdict, *figures in sums.values_list("day", "verdict", *_sums()):
        part = Figures(*figures)
        days.setdefault(day, Line(key=day)).add(part)
        reasons[Delivery.Verdict(verdict).reason] += part.unbilled
    return list(days.values()), reasons


def _total(lines: Sequence[Figures]) -> Figures:
    total = Figures()
    for line in lines:
        total.add(line)
    return total


# Both the medians of each group and that of all, of one reading of the deliveries.
MEDIANS = """
    WITH counted AS MATERIALIZED ({counted})
    SELECT 0, CAST(part AS text), MIN(rank)
      FROM (SELECT part, rank, SUM(seen) OVER (PARTITION BY part ORDER BY rank) AS upto,
                   SUM(seen) OVER (PARTITION BY part) AS whole FROM counted) added
     WHERE 2 * upto >= whole GROUP BY part
     UNION ALL
    SELECT 1, NULL, MIN(rank)
      FROM (SELECT rank, SUM(SUM(seen)) OVER (ORDER BY rank) AS upto, SUM(SUM(seen)) OVER () AS whole
              FROM counted GROUP BY rank) added
     WHERE 2 * upto >= whole
"""


def _medians(
    campaigns: Sequence[Campaign], by: By, period: Period
) -> tuple[dict[str | None, int], int | None]:
    """The median rank of each line by its key as text, and that of all; not of single videos."""
    if not campaigns:
        return {}, None
    part = models.Value(0) if by == By.VIDEO else F(by.column)
    billed = _rows(campaigns, period).filter(billed_impressions__gt=0, rank__isnull=False)
    counted, values = (
        billed.values("rank", part=part).annotate(seen=added("billed_impressions")).query.sql_with_params()
    )
    with connection.cursor() as cursor:
        cursor.execute(MEDIANS.format(counted=counted), values)
        found = cursor.fetchall()
    return (
        {part: rank for of_all, part, rank in found if not of_all},
        next((rank for of_all, _part, rank in found if of_all), None),
    )


def _populations(campaigns: Sequence[Campaign], days: Sequence[Line]) -> list[int]:
    """How many videos were ranked together on each day and market with a billed delivery, if all were."""
    runs = PlacementRun.objects.current().filter(
        day__in=[line.key for line in days if line.billed],
        market__in={each.market for each in campaigns},
        terms__cut_per_category=False,
    )
    return list(runs.values_list("population", flat=True))


def _lines(campaigns: Sequence[Campaign], by: By, period: Period) -> tuple[list[Line], int]:
    """Those that cost most first."""
    rows = _rows(campaigns, period)
    if by == By.VIDEO:
        found = _videos(rows).annotate(count=Window(Count("*"))).values_list(*VIDEO_COLUMNS, "count")
        top = list(found[:SHOWN])
        return _named_videos([row[:-1] for row in top]), top[0][-1] if top else 0
    sums = rows.values(by.column).annotate(**_sums()).order_by("-micros", "-seen", by.column)
    labels = _labels(campaigns, by)
    lines = [
        _line(figures, key, *labels.get(key, (_unnamed(by), "")))
        for key, *figures in sums.values_list(by.column, *_sums())
    ]
    return lines, len(lines)


def _labels(campaigns: Sequence[Campaign], by: By) -> dict[Any, tuple[str, str]]:
    if by == By.CATEGORY:
        return {category.pk: (category.name, "") for category in Category.objects.all()}
    if by == By.CAMPAIGN:
        return {each.pk: (each.name, each.reference) for each in campaigns}
    creatives = Creative.objects.filter(campaign__in=[each.pk for each in campaigns])
    return {pk: (name, reference) for pk, name, reference in creatives.values_list("pk", "name", "reference")}


def _unnamed(by: By) -> str:
    return _("Outside the lineup") if by == By.CATEGORY else _("Not told by the ad server")


VIDEO_COLUMNS = ("video_id", "best", *_sums())


def _videos(rows: QuerySet[Delivery]) -> QuerySet[Any]:
    """One row a video, those that cost most first."""
    found: QuerySet[Any] = rows.values("video_id").annotate(best=Min("rank"), **_sums())
    return found.order_by("-micros", "-seen", "video_id")


def _named_videos(rows: Sequence[tuple[Any, ...]]) -> list[Line]:
    known = Video.objects.select_related("creator", "category").in_bulk([row[0] for row in rows])
    return [_named(known[video], best, figures) for video, best, *figures in rows]


def _named(video: Video, best: int | None, figures: Sequence[int]) -> Line:
    category = video.category.name if video.category else ""
    return _line(figures, video.pk, f"@{video.creator.handle}", category, best)


def _line(figures: Sequence[int], key: Any, label: str, note: str, rank: int | None = None) -> Line:
    impressions, billed, micros, suitable = figures
    return Line(impressions, billed, micros, suitable, key, label, note, rank)


def _without_gaps(days: list[Line], first: datetime.date | None, last: datetime.date | None) -> list[Line]:
    if not days:
        return []
    found = {line.key: line for line in days}
    first, last = first or days[0].key, last or days[-1].key
    dates = (first + datetime.timedelta(days=n) for n in range((last - first).days + 1))
    return [found.get(date) or Line(key=date) for date in dates]
