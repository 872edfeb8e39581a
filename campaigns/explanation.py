"""Why a video was, or was not, in the lineup of a day: every figure from stored facts, nothing guessed.

A video that is in is explained by its placement, as it was ranked then: a few look-ups by key. The rank of
any other is counted from the day's counts, how many of the population stand above it: one scan that adds
nothing but a number up and computes each score once, for no index of scores is kept (it would cost more
every night than it saves). The views that it lacked take look-ups alone: with the very score at the cut it
gets in if it wins the tie against the last one that is in, with one more it always does.

What came of it are the deliveries beside it. A creator's share is floored once for a campaign and month; of
a single delivery it is told as the share of its revenue, floored, so that it may be a micro less.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import ads_beside, lake, placements, ranking
from campaigns.models import Placement, PlacementRun
from creators import recategorising
from creators.models import (
    CategoryMove,
    CategoryOrigin,
    Enrolment,
    ProgrammeTerms,
    ThinnedDay,
    Tier,
    Video,
    VideoCounts,
)
from pulse_site.feeds.cells import LARGEST_ID
from pulse_site.refusal import Refused

PERMILLE = 1_000
COUNTED = ("views", "likes", "comments", "shares")
SUMMED = ("impressions", "billed_impressions", "revenue_micros", "share_micros")
# By rows of values, so that each score is computed once; what newer and lower means see ranking.RANKED.
ABOVE = """
    SELECT COUNT(*) FROM ({scored}) other
     WHERE {among}
       AND (other.score, other.published_at, -other.video_id) > (%(score)s, (
             SELECT published_at FROM creators_videocounts WHERE day = %(day)s AND video_id = %(video)s
           ), -%(video)s)
"""


class Why(models.TextChoices):
    """Why a video is in the lineup or not."""

    IN_LINEUP = "in_lineup", gettext_lazy("in the lineup")
    TOO_OLD = "too_old", gettext_lazy("older than the terms' horizon, so that it does not score")
    NO_CATEGORY = "no_category", gettext_lazy("without a category, in a lineup that is cut per category")
    UNSUITABLE = "unsuitable", gettext_lazy("unsuitable for brands, so that it never enters a lineup")
    BELOW_CUT = "below_cut", gettext_lazy("below the cut")
    NOT_COMPUTED = "not_computed", gettext_lazy("the lineup of that day was not computed yet")
    COUNTS_CHANGED = (
        "counts_changed",
        gettext_lazy("its counts came after the lineup was computed: compute it again"),
    )
    THINNED = (
        "thinned",
        gettext_lazy("not in the lineup; most counts of that day were removed, so that no rank can be told"),
    )


@dataclass(frozen=True)
class Standing:
    """Where one video stood among its market's videos of a day; `run` is None while nothing was ranked."""

    counts: VideoCounts
    terms: ProgrammeTerms
    run: PlacementRun | None
    placement: Placement | None

    @property
    def too_old(self) -> bool:
        return self.counts.age_days > self.terms.horizon_days

    @property
    def uncategorised(self) -> bool:
        """Nobody to be ranked among: each category is cut by itself, and the video has none."""
        return self.terms.cut_per_category and self.counts.category_id is None

    @property
    def decay_permille(self) -> int:
        return 0 if self.too_old else int(self.terms.decay_permille[self.counts.age_days])

    @property
    def weights(self) -> dict[str, int]:
        """What one of each count is worth."""
        return {name: getattr(self.terms, f"weight_{name}") for name in COUNTED}

    @property
    def points(self) -> int:
        """The weighted counts, before decay."""
        return sum(getattr(self.counts, name) * weight for name, weight in self.weights.items())

    @property
    def score(self) -> int:
        return self.placement.score if self.placement else self.points * self.decay_permille // PERMILLE

    @cached_property
    def thinned(self) -> ThinnedDay | None:
        """That most counts of its day were removed, so that nobody can count who stood above it."""
        return ThinnedDay.objects.filter(day=self.counts.day).first()

    @cached_property
    def rank(self) -> int | None:
        """None beyond the horizon, or among none: such a video is not part of what is cut. None as well where
        it can't be told any more."""
        if self.placement:
            return self.placement.rank
        unranked = self.too_old or self.uncategorised or self.thinned
        return None if unranked else self.rank_with(self.score)

    @cached_property
    def cut(self) -> ranking.Cut | None:
        """What the video had to pass: the cut of its market, or of its category."""
        return placements.cut_of(self.run, self.counts.category_id) if self.run else None

    @property
    def places(self) -> int | None:
        """The last rank that is in."""
        return self.cut.places if self.cut else None

    @property
    def why(self) -> Why:
        if self.placement:
            return Why.IN_LINEUP
        if self.rank is None:
            if self.thinned and not (self.too_old or self.uncategorised):
                return Why.THINNED
            return Why.TOO_OLD if self.too_old else Why.NO_CATEGORY
        if self.counts.tier == Tier.UNSUITABLE:
            return Why.UNSUITABLE
        if self.places is None:
            return Why.NOT_COMPUTED
        return Why.COUNTS_CHANGED if self.rank <= self.places else Why.BELOW_CUT

    @cached_property
    def move(self) -> CategoryMove | None:
        """By which staff said its category."""
        return recategorising.told_by(self.counts)

    @cached_property
    def enrolment(self) -> Enrolment | None:
        """The span in which its creator earned on that day."""
        return Enrolment.objects.covering(self.counts.day).filter(creator_id=self.counts.creator_id).first()

    def rank_with(self, score: int) -> int:
        """The rank that the video would have with this score."""
        counts = self.counts
        values: dict[str, Any] = {"day": counts.day, "market": counts.market}
        values |= {"video": counts.video_id, "score": score}
        with connection.cursor() as cursor:
            among = f"category_id = {counts.category_id}" if self.terms.cut_per_category else "1 = 1"
            cursor.execute(ABOVE.format(scored=ranking.scored(self.terms), among=among), values)
            return cursor.fetchone()[0] + 1

    def lacking(self) -> dict[str, int | None]:
        """How far below the cut the video is: in places, and in views (None when no number would do)."""
        if self.why != Why.BELOW_CUT or self.rank is None or self.places is None:
            return {"places_below": None, "views_lacking": None}
        return {"places_below": self.rank - self.places, "views_lacking": self._views_lacking(self.places)}

    def _views_lacking(self, places: int) -> int | None:
        cutoff = self.cut.score if self.cut else None
        if cutoff is None or not self.decay_permille or not self.terms.weight_views:
            return None
        score = cutoff if self._wins_at_the_cut(cutoff, places) else cutoff + 1
        points = _rounded_up(score * PERMILLE, self.decay_permille)
        return _rounded_up(points - self.points, self.terms.weight_views)

    def _wins_at_the_cut(self, cutoff: int, places: int) -> bool:
        """Whether the very score at the cut would do: against the video that has it and is the last one in.

        An unsuitable one there has left its place empty, so that the rank must be counted.
        """
        last = Placement.objects.filter(run=self.run, rank=places).values("video")
        if self.terms.cut_per_category:
            last = last.filter(category=self.counts.category_id)
        seen = VideoCounts.objects.filter(day=self.counts.day, video__in=last).first()
        if seen is None:
            return self.rank_with(cutoff) <= places
        mine = self.counts
        return (mine.published_at, -mine.video_id) > (seen.published_at, -seen.video_id)


@dataclass(frozen=True)
class StandingInFiles(Standing):
    """Where a video stood that only the files of a lake count; its `ranks` by score were counted there."""

    ranks: dict[int, int]
    thinned = None

    def rank_with(self, score: int) -> int:
        return self.ranks[score]


def explain(platform_id: int, day: datetime.date) -> dict[str, Any]:
    """All that decided whether the video was in the lineup of `day`, and what came of it.

    Returns what is known of the video and its counts; category_origin (a name of CategoryOrigin) and
    category_moved (by, on, from, reason of staff's move, if it was one); weights, decay_permille, points and
    score; population, rank, places (the last rank that is in) and cutoff_score, None while that day was not
    computed; in_lineup,
    why (a value of Why), places_below and views_lacking; the creator's enrolment of that day; deliveries,
    each with its campaign, what was billed, why not the rest, revenue and share, and the sums of them all.
    Raises Refused for an unknown video, or without counts.
    """
    return facts(standing(platform_id, day))


def facts(standing: Standing) -> dict[str, Any]:
    """What `explain` returns."""
    counts, cut = standing.counts, standing.cut
    deliveries = ads_beside.beside(counts, enrolled=standing.enrolment is not None)
    return {
        **_seen(counts),
        "category_origin": CategoryOrigin(counts.category_origin).name.lower(),
        "category_moved": _moved(standing.move),
        "terms": standing.terms.version,
        "weights": standing.weights,
        "decay_permille": standing.decay_permille,
        "points": standing.points,
        "score": standing.score,
        "population": cut.population if cut else None,
        "rank": standing.rank,
        "places": standing.places,
        "cutoff_score": cut.score if cut else None,
        "cut_per_category": standing.terms.cut_per_category,
        "in_lineup": standing.placement is not None,
        "why": standing.why.value,
        **standing.lacking(),
        "enrolment": str(standing.enrolment) if standing.enrolment else None,
        **{name: sum(row[name] for row in deliveries) for name in SUMMED},
        "deliveries": deliveries,
    }


def verdict(facts: dict[str, Any], category: str = "") -> str:
    """The answer in one sentence: "rank 403 of 10,000: 3 places below the cut; 12,300 more views ...".

    Where each category is cut by itself it says in which, by its slug or as `category` calls it.
    """
    why = Why(facts["why"])
    if facts["rank"] is None or facts["population"] is None:
        return f"{capfirst(why.label)}."
    numbers = {"rank": _grouped(facts["rank"]), "population": _grouped(facts["population"])}
    place = _("Rank %(rank)s of %(population)s") % numbers
    if facts["cut_per_category"]:
        place = _("Rank %(rank)s of %(population)s in %(category)s") % {
            **numbers,
            "category": category or facts["category"],
        }
    if why != Why.BELOW_CUT:
        return _("%(place)s: %(why)s.") % {"place": place, "why": why.label}
    return _("%(place)s: %(below)s; %(lacking)s.") % {
        "place": place,
        "below": _places_below(facts["places_below"]),
        "lacking": _would_have_done(facts["views_lacking"]),
    }


def _places_below(below: int) -> str:
    said = ngettext("%(places)s place below the cut", "%(places)s places below the cut", below)
    return said % {"places": _grouped(below)}


def _would_have_done(views: int | None) -> str:
    if views is None:
        return _("no number of views would have done")
    said = ngettext("%(views)s more view would have done", "%(views)s more views would have done", views)
    return said % {"views": _grouped(views)}


def standing(platform_id: int, day: datetime.date) -> Standing:
    """Where the video stood on `day`; raises Refused for an unknown one, or without counts."""
    in_files = _standing_in_files(platform_id, day)
    if in_files:
        return in_files
    counts = _counts(platform_id, day)
    run = PlacementRun.objects.current().select_related("terms").filter(day=day, market=counts.market).first()
    placement = run.placements.filter(video_id=platform_id).first() if run else None
    return Standing(counts, run.terms if run else placements.terms_of(day), run, placement)


def _standing_in_files(platform_id: int, day: datetime.date) -> Standing | None:
    """Where a video stood that isn't in a lineup whose counts lie in a lake; None for any other."""
    runs = PlacementRun.objects.current().select_related("terms").filter(day=day).exclude(files="")
    for run in runs.exclude(placements__video=platform_id) if 0 < platform_id <= LARGEST_ID else ():
        found = lake.look_up(run, platform_id)
        if found:
            return StandingInFiles(found.counts, run.terms, run, None, found.ranks)
    return None


def _counts(platform_id: int, day: datetime.date) -> VideoCounts:
    seen = VideoCounts.objects.select_related("creator", "category")
    known = 0 < platform_id <= LARGEST_ID and Video.objects.filter(pk=platform_id).exists()
    counts = seen.filter(day=day, video_id=platform_id).first() if known else None
    if counts is None:
        thinned = ThinnedDay.objects.filter(day=day).first() if known else None
        if thinned:
            raise Refused(
                _(
                    "Video %(video)s has no counts of %(day)s any more: those that were neither in the "
                    "lineup nor beside an ad were removed on %(removed)s."
                )
                % {"video": platform_id, "day": day, "removed": thinned.thinned_at.date()}
            )
        if not known:
            raise Refused(
                _("No video %(video)s is known: check the platform's number.") % {"video": platform_id}
            )
        raise Refused(
            _(
                "Video %(video)s has no counts of %(day)s: choose a day on which it was counted, or import "
                "the video file of that day (import_videos FILE --as-of %(day)s)."
            )
            % {"video": platform_id, "day": day}
        )
    return counts


def _seen(counts: VideoCounts) -> dict[str, Any]:
    return {
        "video": counts.video_id,
        "day": counts.day.isoformat(),
        "market": counts.market,
        "creator": counts.creator.handle,
        "category": counts.category.slug if counts.category else None,
        "tier": Tier(counts.tier).name.lower(),
        "published": counts.published_at.isoformat(),
        "age_days": counts.age_days,
        "views": counts.views,
        "likes": counts.likes,
        "comments": counts.comments,
        "shares": counts.shares,
    }


def _moved(move: CategoryMove | None) -> dict[str, str] | None:
    if move is None:
        return None
    return {
        "by": str(move.moved_by),
        "on": f"{move.moved_at:%Y-%m-%d}",
        "from": str(move.from_day),
        "reason": move.reason,
    }


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def _rounded_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
