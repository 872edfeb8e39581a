"""A creator's videos in the lineups: days, best rank, impressions; and his page, whatever there is of him."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import appearances
from campaigns.models import Delivery, Placement, PlacementRun
from creators.models import Creator, Decision, FollowerCount, Video
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY


def placed(video: Video, day: datetime.date, rank: int, superseded: bool = False) -> None:
    run, _created = PlacementRun.objects.get_or_create(
        day=day,
        market="US",
        superseded=superseded,
        defaults={"terms": factories.terms(), "population": 25, "lineup": 1, "digest": "0" * 64},
    )
    Placement.objects.create(
        run=run, rank=rank, tier=2, score=1, video=video, creator=video.creator, category=video.category
    )


def delivered(video: Video, impressions: int, month: str = "2026-10") -> None:
    Delivery.objects.create(
        day=DAY,
        campaign=factories.campaign(),
        video=video,
        creator=video.creator,
        impressions=impressions,
        verdict=Delivery.Verdict.NOT_BOOKED,
        revenue_micros=0,
        month=factories.month(month),
    )


def test_days_best_rank_and_impressions_of_each_video() -> None:
    creator = factories.creator()
    often, never = factories.video(creator=creator), factories.video(creator=creator)
    for number, rank in enumerate((9, 3, 7)):
        placed(often, DAY + datetime.timedelta(days=number), rank)
    placed(often, DAY, 1, superseded=True)
    placed(factories.video(), DAY, 2)
    delivered(often, 1_000)
    delivered(often, 200, "2026-11")
    delivered(never, 5)
    found = appearances.of_videos(creator, [never, often])
    assert [(each.video, each.days, each.newest, each.best_rank, each.impressions) for each in found] == [
        (never, 0, None, None, 5),
        (often, 3, DAY + datetime.timedelta(days=2), 3, 1_200),
    ]
    assert appearances.of_videos(creator, []) == []


def fill(creator: Creator, number: int) -> None:
    """One more of everything that his page shows."""
    day = DAY - datetime.timedelta(days=number)
    video = factories.video(creator=creator, category=factories.category())
    placed(video, day, 10 + number)
    delivered(video, 1_000)
    FollowerCount.objects.create(as_of=day, creator=creator, followers=100_000 + number)
    wrong = Decision.objects.create(
        creator=creator,
        action="reject",
        from_status="pending",
        to_status="rejected",
        decided_by=factories.user(),
        reason=f"Reason {number}",
    )
    Decision.objects.create(
        creator=creator, action="reverse", from_status="rejected", to_status="pending", reverses=wrong
    )


def test_a_creators_page_asks_the_same_however_much_there_is_of_him(
    client: Client, administrator: User
) -> None:
    client.force_login(administrator)
    creator = factories.creator("busy", followers=100_000, status="pending")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page = client.get(reverse("admin:creators_creator_change", args=[creator.pk]))
        assert page.status_code == 200
        return len(asked)

    queries()  # takes the claim, which the second visit only prolongs
    fill(creator, 0)
    few = queries()
    for number in range(1, 9):
        fill(creator, number)
    assert queries() == few
