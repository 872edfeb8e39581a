"""The day's runs in real worker processes: started by beat's ticks, shared among workers, taken over when one
is killed."""

import datetime
import time

import pytest
from django.utils import timezone

from campaigns import daily_run, placements
from campaigns.models import Placement, PlacementRun
from creators.models import Creator, Video, VideoCounts
from pulse_site.models import Run, Upload
from tests import factories
from tests.workers import Floor, wait_until

MARKETS = ("CA", "GB", "MX", "US")
VIDEOS = 2_000


@pytest.fixture
def yesterday(two_workers: Floor) -> datetime.date:
    """Complete in four markets; nothing is ranked yet."""
    Placement.objects.all().delete()
    PlacementRun.objects.all().delete()
    VideoCounts.objects.all().delete()
    day = timezone.now().date() - daily_run.ONE_DAY
    published = datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.UTC)
    creator = Creator.objects.first() or factories.creator()
    for number, market in enumerate(MARKETS):
        videos = [
            Video(platform_id=1 + number * VIDEOS + n, creator=creator, market=market, published_at=published)
            for n in range(VIDEOS)
        ]
        Video.objects.bulk_create(videos, ignore_conflicts=True)
        VideoCounts.objects.bulk_create(
            VideoCounts(
                day=day, video=video, creator=creator, market=market, tier=2, published_at=published,
                age_days=0, views=1_000 + video.platform_id * 7919 % 10_007, likes=0, comments=0, shares=0,
            )
            for video in videos
        )  # fmt: skip
        options = {"as_of": f"{day}", "market": market}
        Upload.objects.create(
            feed="videos", options=options, status=Upload.Status.APPLIED, applied_at=timezone.now()
        )
    return day


def tick(floor: Floor) -> None:
    floor.bell.send_task("campaigns.tasks.recompute_recent_placements")


def all_ranked() -> bool:
    return Run.objects.filter(kind=daily_run.KIND, status=Run.Status.DONE).count() == len(MARKETS)


def assert_one_exact_lineup_a_market(day: datetime.date) -> None:
    found = PlacementRun.objects.order_by("market")
    assert [(run.market, run.superseded) for run in found] == [(market, False) for market in MARKETS]
    for run in found:
        assert (run.population, run.lineup) == (VIDEOS, VIDEOS * 4 // 100)
        assert placements.digest(run) == run.digest
        assert not placements.recompute(day, run.market)["changed"]


def test_ticks_rank_every_market_once(two_workers: Floor, yesterday: datetime.date) -> None:
    for _tick in range(5):
        tick(two_workers)
    two_workers.sweep_until(all_ranked)
    assert Run.objects.filter(kind=daily_run.KIND).count() == len(MARKETS)
    assert_one_exact_lineup_a_market(yesterday)


@pytest.mark.parametrize("milliseconds", [0, 100, 300])
def test_what_killed_workers_leave_is_finished_by_others(
    two_workers: Floor, yesterday: datetime.date, milliseconds: int
) -> None:
    tick(two_workers)
    wait_until(lambda: Run.objects.exclude(status=Run.Status.QUEUED).exists())
    time.sleep(milliseconds / 1_000)
    for worker in list(two_workers.workers):
        two_workers.kill(worker)
    two_workers.complete()
    tick(two_workers)
    two_workers.sweep_until(all_ranked)
    assert_one_exact_lineup_a_market(yesterday)
