"""A creator's month as a funnel: of all his videos, which came how far on the way to a share, and why not.

The days are those of the month; ads, bills and shares are those billed in it, as on his statement, so that
late impressions of days before it count as well. A video is at a step when one of its days is. Two
statements read it all, one along the videos of the creator and one along his deliveries, so that the steps
and the lists behind them can't differ.
"""

# ruff: noqa: S608 - statements of our own

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from campaigns.models import Month, PlacementRun
from creators.models import BASIS_POINTS, Creator, ProgrammeTerms, ThinnedDay, Tier, Video
from payouts.models import Earning

ONE_DAY = datetime.timedelta(days=1)
SUITABLE = f"counts.tier <> {Tier.UNSUITABLE.value}"
SORTED = f"{SUITABLE} AND COALESCE(placement.category_id, counts.category_id) IS NOT NULL"
PLACED = f"{SORTED} AND placement.rank IS NOT NULL"
COUNTED = f"""
    SELECT counts.video_id, COUNT(*), SUM(CASE WHEN {SUITABLE} THEN 1 ELSE 0 END),
           SUM(CASE WHEN {SORTED} THEN 1 ELSE 0 END), SUM(CASE WHEN {PLACED} THEN 1 ELSE 0 END),
           MAX(counts.day)
      FROM creators_video video
      JOIN creators_videocounts counts ON counts.day IN ({{days}}) AND counts.video_id = video.platform_id
      LEFT JOIN campaigns_placementrun run
        ON run.day = counts.day AND run.market = counts.market AND NOT run.superseded
      LEFT JOIN campaigns_placement placement
        ON placement.run_id = run.id AND placement.video_id = counts.video_id
     WHERE video.creator_id = %s AND counts.creator_id = %s
     GROUP BY counts.video_id
"""
DELIVERED = """
    SELECT delivery.video_id, delivery.day, delivery.campaign_id,
           CAST(SUM(delivery.impressions) AS bigint), CAST(SUM(delivery.billed_impressions) AS bigint),
           CAST(SUM(delivery.revenue_micros) AS bigint), MAX(CASE WHEN enrolment.id IS NULL THEN 0 ELSE 1 END)
      FROM campaigns_delivery delivery
      LEFT JOIN creators_enrolment enrolment
        ON enrolment.creator_id = delivery.creator_id AND enrolment.starts_on <= delivery.day
       AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= delivery.day)
     WHERE delivery.month_id = %s AND delivery.creator_id = %s AND delivery.rank IS NOT NULL
       AND delivery.impressions > 0
     GROUP BY delivery.video_id, delivery.day, delivery.campaign_id
"""


class Step(models.TextChoices):
    """How far a video came."""

    VIDEOS = "videos", _("Videos")
    COUNTED = "counted", _("With counts")
    SUITABLE = "suitable", _("Suitable for brands")
    SORTED = "categorised", _("In a category")
    PLACED = "lineup", _("In the lineup")
    ADS = "ads", _("With ads")
    BILLED = "billed", _("Billed")
    SHARED = "shared", _("Shared")


LOST = {
    Step.COUNTED: _("no counts of them came in that month: no video file named them"),
    Step.SUITABLE: _("unsuitable for brands, so that they never enter a lineup"),
    Step.SORTED: _("without a category: neither the file, a hashtag nor the creator says one"),
    Step.PLACED: _("below the cut or too old on every day, or the lineup was not computed"),
    Step.ADS: _("in the lineup, but no ad was delivered beside them"),
    Step.BILLED: _("ads ran but were not billed: another category, tier, exclusion, dates or budget"),
    Step.SHARED: _("billed on days on which the creator was not enrolled"),
}
REACHED = list(Step)


@dataclass
class Life:
    """The days on which one video came to each step, and what ran beside it."""

    video: int
    days: dict[Step, int] = field(default_factory=lambda: dict.fromkeys(Step, 0))
    impressions: dict[Step, int] = field(default_factory=lambda: dict.fromkeys(Step, 0))
    micros: int = 0
    last_day: datetime.date | None = None  # the newest on which it was counted or an ad ran

    def reached(self, step: Step) -> bool:
        return step == Step.VIDEOS or self.days[step] > 0


@dataclass(frozen=True)
class Line:
    """One step: how many came to it, and how many of the step before did not, for which reason."""

    step: Step
    videos: int
    days: int
    impressions: int
    micros: int | None
    lost: int
    lost_days: int
    reason: Any


@dataclass(frozen=True)
class Funnel:
    """A creator's month; `estimate` while its figures may still change.

    On `partial` days the database has the counts of the lineup and of what ran alone: the others lie in files
    of a lake, or were removed since. Videos below the cut are then without counts.
    """

    lives: list[Life]
    lines: list[Line]
    estimate: bool
    partial: int

    def at(self, step: Step, *, lost: bool) -> list[Life]:
        """The videos that came to the step; or those that came to the one before and no further."""
        if not lost or step == Step.VIDEOS:
            return [life for life in self.lives if life.reached(step)]
        before = REACHED[REACHED.index(step) - 1]
        return [life for life in self.lives if life.reached(before) and not life.reached(step)]


def of(creator: Creator, month: Month) -> Funnel:
    """The funnel of the creator's month, by a fixed number of queries."""
    known = Video.objects.filter(creator=creator, published_at__date__lte=month.last_day)
    lives = {pk: Life(pk) for pk in known.order_by("-published_at").values_list("pk", flat=True)}
    _count(lives, creator, month)
    enrolled = _deliver(lives, creator, month)
    found = list(lives.values())
    shared = _shared(enrolled, creator, month)
    return Funnel(found, _lines(found, shared), month.is_estimate, _partial(creator, month))


def _partial(creator: Creator, month: Month) -> int:
    within = (month.first_day, month.last_day)
    thinned = ThinnedDay.objects.filter(day__range=within).values("day")
    runs = PlacementRun.objects.current().filter(day__range=within, market=creator.market)
    in_files = runs.exclude(files="").exclude(day__in=thinned)
    return thinned.count() + in_files.count()


def _count(lives: dict[int, Life], creator: Creator, month: Month) -> None:
    days = [month.first_day + n * ONE_DAY for n in range(month.last_day.day)]
    statement = COUNTED.format(days=", ".join(["%s"] * len(days)))
    for video, *steps, last in _rows(statement, [*days, creator.pk, creator.pk]):
        life = lives.setdefault(video, Life(video))
        life.days |= dict(zip((Step.COUNTED, Step.SUITABLE, Step.SORTED, Step.PLACED), steps, strict=True))
        life.last_day = _day(last)


def _deliver(lives: dict[int, Life], creator: Creator, month: Month) -> dict[int, int]:
    """Add what ran; returns the revenue within an enrolment by campaign."""
    enrolled: dict[int, int] = defaultdict(int)
    seen: set[tuple[int, Any, Step]] = set()
    for video, day, campaign, impressions, billed, micros, within in _rows(
        DELIVERED, [month.code, creator.pk]
    ):
        life = lives.setdefault(video, Life(video))
        life.last_day = max(filter(None, (life.last_day, _day(day))))
        life.micros += micros
        enrolled[campaign] += within * micros
        for step, number in ((Step.ADS, impressions), (Step.BILLED, billed), (Step.SHARED, within * billed)):
            life.impressions[step] += number
            if number and (video, day, step) not in seen:
                seen.add((video, day, step))
                life.days[step] += 1
    return enrolled


def _shared(enrolled: dict[int, int], creator: Creator, month: Month) -> int:
    """What was calculated for him; before that what would be, floored for each campaign as it will be."""
    posted = Earning.objects.filter(month=month, creator=creator).aggregate(sum=Sum("share_micros"))["sum"]
    if posted is not None:
        return int(posted)
    points = month.share_basis_points
    if points is None:
        terms = ProgrammeTerms.objects.begun(month.first_day)
        points = terms.values_list("share_basis_points", flat=True).first() or 0
    return sum(micros * points // BASIS_POINTS for micros in enrolled.values())


def _lines(lives: Sequence[Life], shared: int) -> list[Line]:
    made: list[Line] = []
    for step in Step:
        videos = sum(life.reached(step) for life in lives)
        days = sum(life.days[step] for life in lives)
        before = made[-1] if made else None
        made.append(
            Line(
                step=step,
                videos=videos,
                days=days,
                impressions=sum(life.impressions[step] for life in lives),
                micros={Step.BILLED: sum(life.micros for life in lives), Step.SHARED: shared}.get(step),
                lost=max(before.videos - videos, 0) if before else 0,
                lost_days=max(before.days - days, 0) if before else 0,
                reason=LOST.get(step, ""),
            )
        )
    return made


def _day(value: Any) -> datetime.date:
    """SQLite gives the day of a statement as text."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def _rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
