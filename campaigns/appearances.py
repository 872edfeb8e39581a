"""A creator's videos in the lineups: how often each was in, how high it stood, and what ran beside it.

Lineups have an index by video within each of them, deliveries one by creator within each month. So the few
lineups and months in question are named, and each is asked for the few videos: index look-ups alone, however
large a lineup or a month is.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Sum

from campaigns.models import Delivery, Month, Placement, PlacementRun
from creators.models import Creator, Video

LIVES = datetime.timedelta(days=60)  # longer than any video scores


@dataclass(frozen=True)
class Appearance:
    """What came of a video: its days in a lineup, the newest of them, its best rank, and impressions."""

    video: Video
    days: int
    newest: datetime.date | None
    best_rank: int | None
    impressions: int


def of_videos(creator: Creator, videos: Sequence[Video]) -> list[Appearance]:
    """What came of each of these videos of `creator`, in their order; two queries."""
    if not videos:
        return []
    placed = {row["video"]: row for row in _placed(videos)}
    delivered = dict(_delivered(creator, videos))
    nothing: dict[str, Any] = {"days": 0, "newest": None, "best": None}
    return [
        Appearance(video, found["days"], found["newest"], found["best"], delivered.get(video.pk, 0))
        for video in videos
        for found in [placed.get(video.pk, nothing)]
    ]


def _placed(videos: Sequence[Video]) -> list[Any]:
    published = [video.published_at.date() for video in videos]
    runs = PlacementRun.objects.current().filter(
        day__range=(min(published), max(published) + LIVES), market__in={video.market for video in videos}
    )
    placements = Placement.objects.filter(run__in=runs, video__in=videos).order_by().values("video")
    return list(placements.annotate(days=Count("run"), newest=Max("run__day"), best=Min("rank")))


def _delivered(creator: Creator, videos: Sequence[Video]) -> list[tuple[int, int]]:
    oldest = min(video.published_at for video in videos)
    months = Month.objects.filter(code__gte=f"{oldest:%Y-%m}")
    rows = Delivery.objects.filter(month__in=months, creator=creator, video__in=videos)
    return list(rows.order_by().values_list("video").annotate(Sum("impressions")))
