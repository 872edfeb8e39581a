"""A lineup looked at: a page of its videos at a time, what moved since the day before, sizes over time.

A slice is the whole lineup or one category of it. Who came into a slice is in it now and was not the day
before, who left the other way round. Ranks of two days are compared as they are; where categories are cut by
themselves only within a category, for a rank among others tells nothing.

However large the lineup is, a page reads one page of it along its key. Only those who climbed or fell most
need all ranks of both days beside each other.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Case, Exists, F, Max, Min, OuterRef, QuerySet, Subquery, Sum, When
from django.utils.translation import gettext_lazy as _

from campaigns.models import Inventory, Placement, PlacementRun
from creators.models import Category

ONE_DAY = datetime.timedelta(days=1)
DAYS = 30
CHUNK = 5_000
COLUMNS = ("rank", "rank_before", "video", "creator", "category", "tier", "score")


class Show(models.TextChoices):
    """Which videos of a lineup."""

    ALL = "all", _("In the lineup")
    ENTERED = "in", _("Came in")
    LEFT = "out", _("Left")
    CLIMBED = "up", _("Climbed most")
    FELL = "down", _("Fell most")

    @property
    def order(self) -> tuple[str, ...]:
        by_rank = ("rank", "video_id")
        return {Show.CLIMBED: ("-climbed", *by_rank), Show.FELL: ("climbed", *by_rank)}.get(self, by_rank)


class Movement(NamedTuple):
    """Videos that came into a slice, left it and stayed in it since the day before."""

    entered: int
    left: int
    stayed: int


@dataclass(frozen=True)
class Slice:
    """A lineup or one category of it, beside the lineup of the day before, if that was computed."""

    run: PlacementRun
    before: PlacementRun | None
    category: Category | None = None

    def placed(self, run: PlacementRun | None) -> QuerySet[Placement]:
        rows = Placement.objects.filter(run=run)
        return rows.filter(category=self.category) if self.category else rows

    def same(self, run: PlacementRun | None) -> QuerySet[Placement]:
        """The same video in the other lineup."""
        rows = self.placed(run).filter(video=OuterRef("video_id"))
        return rows.filter(category=OuterRef("category_id")) if self.run.terms.cut_per_category else rows

    def rows(self, show: Show) -> QuerySet[Any]:
        """Placements in the order of `show`; with rank_before and, of the day itself, climbed (ranks)."""
        if show == Show.LEFT:
            gone = self.placed(self.before).exclude(Exists(self.same(self.run)))
            return gone.annotate(rank_before=F("rank")).order_by(*show.order)
        rows: QuerySet[Any] = self.placed(self.run)
        if show == Show.ENTERED:
            rows = rows.exclude(Exists(self.same(self.before)))
        rows = rows.annotate(rank_before=Subquery(self.same(self.before).values("rank")[:1]))
        rows = rows.annotate(climbed=F("rank_before") - F("rank"), fallen=F("rank") - F("rank_before"))
        rows = rows.order_by(*show.order)
        if show in (Show.CLIMBED, Show.FELL):
            rows = rows.filter(**{"climbed__gt" if show == Show.CLIMBED else "climbed__lt": 0})
        return rows

    def movement(self) -> Movement | None:
        """None when the lineup of the day before was not computed."""
        if self.before is None:
            return None
        stayed = self.placed(self.run).filter(Exists(self.same(self.before))).count()
        here, there = (
            self.placed(run).count() if self.category else run.lineup for run in (self.run, self.before)
        )
        return Movement(entered=here - stayed, left=there - stayed, stayed=stayed)

    def told(self, show: Show) -> Iterator[tuple[Any, ...]]:
        """All of them as COLUMNS names them, read as they are asked for; no rank for those who left."""
        rank = models.Value(None, models.IntegerField()) if show == Show.LEFT else F("rank")
        rows = self.rows(show).annotate(rank_now=rank)
        named = ("rank_now", "rank_before", "video_id", "creator__handle", "category__slug", "tier", "score")
        return rows.values_list(*named).iterator(chunk_size=CHUNK)


def slice_of(run: PlacementRun, category: Category | None = None) -> Slice:
    """The run beside the current one of the day before."""
    eve = PlacementRun.objects.current().select_related("terms")
    return Slice(run, eve.filter(day=run.day - ONE_DAY, market=run.market).first(), category)


def neighbours(run: PlacementRun) -> tuple[datetime.date | None, datetime.date | None]:
    """The days before and after with a lineup of that market."""
    others = PlacementRun.objects.current().filter(market=run.market)
    found = others.aggregate(
        before=Max(Case(When(day__lt=run.day, then="day"))),
        after=Min(Case(When(day__gt=run.day, then="day"))),
    )
    return found["before"], found["after"]


@dataclass
class Sizes:
    """Videos of a category in the lineup, and their views of the day alone, on each of `days`."""

    category: Category | None  # None: those without one
    videos: list[int] = field(default_factory=list)
    views: list[int] = field(default_factory=list)


def sizes(run: PlacementRun) -> tuple[list[datetime.date], list[Sizes]]:
    """The DAYS days up to that of `run`, and the sizes of every category and of none on each of them.

    Views are added up of categorised videos alone, as nothing can be sold beside others.
    """
    days = [run.day - ago * ONE_DAY for ago in range(DAYS - 1, -1, -1)]
    current = PlacementRun.objects.current().filter(market=run.market, day__gte=days[0], day__lt=run.day)
    lineups = {each.day: each for each in (*current, run)}
    sums = Inventory.objects.filter(run__in=lineups.values()).order_by().values_list("run", "category")
    found = {(pk, category): both for pk, category, *both in sums.annotate(Sum("videos"), Sum("views"))}
    categories = list(Category.objects.all())
    told = []
    for category in categories:
        both = [
            found.get((lineups[day].pk, category.pk), (0, 0)) if day in lineups else (0, 0) for day in days
        ]
        told.append(Sizes(category, [int(videos) for videos, _v in both], [int(views) for _v, views in both]))
    whole = [lineups[day].lineup if day in lineups else 0 for day in days]
    rest = [of_all - sum(each.videos[n] for each in told) for n, of_all in enumerate(whole)]
    return days, [*told, Sizes(None, rest, [0] * len(days))]
