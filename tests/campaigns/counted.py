"""Counts of a day as tests of lineups make them."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import transaction

from campaigns.models import PlacementRun
from creators.models import Creator, Tier, VideoCounts
from tests import factories

DAY = factories.DAY
NOON = datetime.datetime.combine(DAY, datetime.time(12), datetime.UTC)
_ids = count(1)


def counted(views: int = 1_000, of: Creator | None = None, **fields: Any) -> VideoCounts:
    """Counts of a video of today: its score is its views."""
    creator = of or Creator.objects.get_or_create(handle="someone")[0]
    fields.setdefault("video_id", next(_ids))
    rest: dict[str, Any] = {"likes": 0, "comments": 0, "shares": 0, "age_days": 0, "published_at": NOON}
    rest |= {"day": DAY, "market": "US", "tier": Tier.STANDARD, **fields}
    return VideoCounts.objects.create(creator=creator, views=views, **rest)


def lineup(run: PlacementRun | None = None) -> list[int]:
    run = run or PlacementRun.objects.current().get(day=DAY)
    return list(run.placements.order_by("rank").values_list("video_id", flat=True))


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
