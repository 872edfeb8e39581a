"""What a lake's files say of one video: those that aren't in the lineup stand nowhere else."""

# ruff: noqa: S608 - the statements are put together from numbers and known slugs

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from campaigns.lake.engines import opened
from campaigns.lake.files import COUNTS, Subject
from campaigns.lake.loading import TIERS
from campaigns.lake.ranking import Asked, moved
from campaigns.models import PlacementRun
from creators.models import Category, CategoryOrigin, Creator, Tier, VideoCounts

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
SEEN = """
    SELECT handle, category, tier, published, age_days, views, likes, comments, shares, grouped,
           CASE WHEN age_days <= {horizon} THEN {score} END
      FROM ({aged}) aged WHERE here = 1 AND id = {video}
"""
ABOVE = "SELECT {sums} FROM ({scored}) scored WHERE grouped = '{group}'"
IS_ABOVE = """
    SUM(CASE WHEN score > {score} OR (score = {score} AND (published > {published}
                                                           OR (published = {published} AND id < {video})))
             THEN 1 ELSE 0 END)
"""


class Counted(NamedTuple):
    """A video's counts of a day, which nobody stored; and its rank with its own score and with the cut's."""

    counts: VideoCounts
    ranks: dict[int, int]


def look_up(run: PlacementRun, video: int) -> Counted | None:
    """The video as the files of `run` count it; None when they don't. Raises Refused when they can't be read.

    Two looks at the files: one for the video, one that counts those above it.
    """
    with opened(run.files) as engine:
        asked = Asked(Subject(run.day, run.market), run.terms, engine.divide)
        found = engine.select(SEEN.format(**asked.words, video=video))
        if not found:
            return None
        *seen, group, score = found[0]
        counts = _counts(run, video, seen)
        scores = [each for each in (score, _at_the_cut(run, counts)) if each is not None]
        if score is None or (run.terms.cut_per_category and not group):
            return Counted(counts, {})
        given = {"published": seen[3], "video": video}
        sums = ", ".join(IS_ABOVE.format(score=each, **given) for each in scores)
        [above] = engine.select(ABOVE.format(**asked.words, sums=sums, group=group))
    return Counted(counts, {each: int(above) + 1 for each, above in zip(scores, above, strict=True)})


def _counts(run: PlacementRun, video: int, seen: Sequence[Any]) -> VideoCounts:
    handle, category, tier, published, age_days, *counts = seen
    return VideoCounts(
        day=run.day,
        video_id=video,
        market=run.market,
        creator=Creator.objects.filter(handle=handle).first() or Creator(handle=handle),
        category=Category.objects.filter(slug=category).first(),
        category_origin=_origin(run, video, category),
        tier=TIERS.get(tier, Tier.STANDARD),
        published_at=EPOCH + datetime.timedelta(microseconds=published),
        age_days=age_days,
        **dict(zip(COUNTS, counts, strict=True)),
    )


def _origin(run: PlacementRun, video: int, category: str | None) -> CategoryOrigin:
    if video in moved(run.day):
        return CategoryOrigin.MOVE
    return CategoryOrigin.FEED if category else CategoryOrigin.UNKNOWN


def _at_the_cut(run: PlacementRun, counts: VideoCounts) -> int | None:
    if not run.terms.cut_per_category:
        return run.cutoff_score
    cut = run.cuts.filter(category=counts.category).first()
    return cut.cutoff_score if cut else None
