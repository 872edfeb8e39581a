"""Why a video was, or was not, in the lineup of a day: every figure from stored facts, nothing guessed.

A video that is in is explained by its placement, as it was ranked then. The rank of any other is counted from
the day's counts: how many of the population stand above it. So are the views that it lacked: with the very
score at the cut it gets in only if it wins the tie there, with one more it always does.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import lake, placements, ranking
from campaigns.models import Delivery, Placement, PlacementRun
from creators.models import Enrolment, ProgrammeTerms, Tier, Video, VideoCounts
from pulse_site.feeds.cells import LARGEST_ID
from pulse_site.refusal import Refused

PERMILLE = 1_000
ABOVE = """
    SELECT COUNT(*) FROM ({scored}) other
      JOIN creators_videocounts mine ON mine.day = %(day)s AND mine.video_id = %(video)s
     WHERE {among}
       AND (other.score > %(score)s
            OR (other.score = %(score)s
                AND (other.published_at > mine.published_at
                     OR (other.published_at = mine.published_at AND other.video_id < mine.video_id))))
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
    def points(self) -> int:
        """The weighted counts, before decay."""
        counts, terms = self.counts, self.terms
        return (
            counts.views * terms.weight_views
            + counts.likes * terms.weight_likes
            + counts.comments * terms.weight_comments
            + counts.shares * terms.weight_shares
        )

    @property
    def score(self) -> int:
        return self.placement.score if self.placement else self.points * self.decay_permille // PERMILLE

    @cached_property
    def rank(self) -> int | None:
        """None beyond the horizon, or among none: such a video is not part of what is cut."""
        if self.placement:
            return self.placement.rank
        return None if self.too_old or self.uncategorised else self.rank_with(self.score)

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
            return Why.TOO_OLD if self.too_old else Why.NO_CATEGORY
        if self.counts.tier == Tier.UNSUITABLE:
            return Why.UNSUITABLE
        if self.places is None:
            return Why.NOT_COMPUTED
        return Why.COUNTS_CHANGED if self.rank <= self.places else Why.BELOW_CUT

    def rank_with(self, score: int) -> int:
        """The rank that the video would have with this score."""
        counts = self.counts
        values: dict[str, Any] = {"day": counts.day, "market": counts.market}
        values |= {"video": counts.video_id, "score": score}
        with connection.cursor() as cursor:
            among = "other.category_id = mine.category_id" if self.terms.cut_per_category else "1 = 1"
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
        score = cutoff if self.rank_with(cutoff) <= places else cutoff + 1
        points = _rounded_up(score * PERMILLE, self.decay_permille)
        return _rounded_up(points - self.points, self.terms.weight_views)


@dataclass(frozen=True)
class StandingInFiles(Standing):
    """Where a video stood that only the files of a lake count; its `ranks` by score were counted there."""

    ranks: dict[int, int]

    def rank_with(self, score: int) -> int:
        return self.ranks[score]


def explain(platform_id: int, day: datetime.date) -> dict[str, Any]:
    """All that decided whether the video was in the lineup of `day`, and what came of it.

    Returns what is known of the video and its counts; decay_permille, points and score; population, rank,
    places (the last rank that is in) and cutoff_score, None while that day was not computed; in_lineup, why
    (a value of Why), places_below and views_lacking; the creator's enrolment of that day, and deliveries:
    campaign, impressions, verdict, revenue_micros. Raises Refused for an unknown video, or without counts.
    """
    standing = _standing(platform_id, day)
    counts, cut = standing.counts, standing.cut
    return {
        **_seen(counts),
        "terms": standing.terms.version,
        "decay_permille": standing.decay_permille,
        "points": standing.points,
        "score": standing.score,
        "population": cut.population if cut else None,
        "rank": standing.rank,
        "places": standing.places,
        "cutoff_score": cut.score if cut else None,
        "in_lineup": standing.placement is not None,
        "why": standing.why.value,
        **standing.lacking(),
        "enrolment": _enrolment(counts),
        "deliveries": _deliveries(counts),
    }


def _standing_in_files(platform_id: int, day: datetime.date) -> Standing | None:
    """Where a video stood that isn't in a lineup whose counts lie in a lake; None for any other."""
    runs = PlacementRun.objects.current().select_related("terms").filter(day=day).exclude(files="")
    for run in runs.exclude(placements__video=platform_id) if 0 < platform_id <= LARGEST_ID else ():
        found = lake.look_up(run, platform_id)
        if found:
            return StandingInFiles(found.counts, run.terms, run, None, found.ranks)
    return None


def _standing(platform_id: int, day: datetime.date) -> Standing:
    in_files = _standing_in_files(platform_id, day)
    if in_files:
        return in_files
    counts = _counts(platform_id, day)
    run = PlacementRun.objects.current().select_related("terms").filter(day=day, market=counts.market).first()
    placement = run.placements.filter(video_id=platform_id).first() if run else None
    return Standing(counts, run.terms if run else placements.terms_of(day), run, placement)


def _counts(platform_id: int, day: datetime.date) -> VideoCounts:
    seen = VideoCounts.objects.select_related("creator", "category")
    known = 0 < platform_id <= LARGEST_ID and Video.objects.filter(pk=platform_id).exists()
    counts = seen.filter(day=day, video_id=platform_id).first() if known else None
    if counts is None:
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


def _enrolment(counts: VideoCounts) -> str | None:
    """The span in which the creator earned on that day."""
    span = Enrolment.objects.covering(counts.day).filter(creator_id=counts.creator_id).first()
    return str(span) if span else None


def _deliveries(counts: VideoCounts) -> list[dict[str, Any]]:
    columns = {
        "campaign": "campaign__reference",
        "impressions": "impressions",
        "billed_impressions": "billed_impressions",
        "verdict": "verdict",
        "revenue_micros": "revenue_micros",
    }
    rows = Delivery.objects.filter(day=counts.day, video_id=counts.video_id)
    ordered = rows.order_by("campaign__reference", "creative_number")
    return [dict(zip(columns, row, strict=True)) for row in ordered.values_list(*columns.values())]


def _rounded_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
