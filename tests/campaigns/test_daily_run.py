import datetime

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from campaigns import daily_run, placements
from campaigns.models import PlacementRun
from pulse_site import runs
from pulse_site.models import Run, Upload, User
from tests import factories

pytestmark = pytest.mark.django_db
ONE_DAY = datetime.timedelta(days=1)
NOW = datetime.datetime(2026, 10, 16, 12, tzinfo=datetime.UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - ONE_DAY


def complete(
    day: datetime.date, market: str = "US", status: str = "applied", at: datetime.datetime = NOW
) -> Upload:
    """A video file of the day, and what it leaves: counts of one video."""
    published = datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.UTC)
    factories.counts(day, factories.video(published_at=published, market=market))
    return Upload.objects.create(
        feed="videos",
        name="videos.csv",
        options={"as_of": f"{day}", "market": market},
        status=status,
        applied_at=at if status == "applied" else None,
    )


def due(now: datetime.datetime = NOW) -> list[str]:
    """Day and market of the runs that a tick of beat starts."""
    before = Run.objects.order_by("pk").last()
    daily_run.start_due(now)
    started = Run.objects.filter(pk__gt=before.pk if before else 0).order_by("pk")
    return [f"{run.arguments['day']} {run.arguments['market']}" for run in started]


def perform_all() -> None:
    for run in Run.objects.active():
        runs.perform(run.pk)


def fail(run: Run, at: datetime.datetime) -> None:
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED, finished_at=at)


# What is due


def test_a_recent_day_is_due_once_its_file_was_applied() -> None:
    complete(TODAY - 2 * ONE_DAY)
    complete(TODAY - 7 * ONE_DAY)
    complete(TODAY - 8 * ONE_DAY)
    assert due() == ["2026-10-09 US", "2026-10-14 US"]


def test_each_market_has_a_run_of_its_own() -> None:
    complete(YESTERDAY, "US")
    complete(YESTERDAY, "CA")
    assert due() == ["2026-10-15 CA", "2026-10-15 US"]


@pytest.mark.parametrize("status", ["uploaded", "previewed", "refused", "cancelled"])
def test_a_file_that_was_not_applied_makes_nothing_due(status: str) -> None:
    complete(YESTERDAY, status=status)
    assert due() == []


def test_counts_without_a_file_make_nothing_due() -> None:
    factories.counts(YESTERDAY)
    assert due() == []


def test_a_day_that_is_not_over_is_not_due() -> None:
    complete(TODAY)
    assert due() == []


def test_however_often_beat_ticks_there_is_one_run() -> None:
    complete(YESTERDAY)
    assert due() == ["2026-10-15 US"]
    assert due() == []
    perform_all()
    assert due() == []
    assert Run.objects.get().status == Run.Status.DONE


def test_another_file_of_the_day_makes_it_due_once_more() -> None:
    complete(YESTERDAY)
    due()
    complete(YESTERDAY, at=NOW + datetime.timedelta(hours=1))
    assert due() == ["2026-10-15 US"]
    assert due() == []


def test_a_file_that_comes_while_the_day_is_ranked_is_not_forgotten() -> None:
    complete(YESTERDAY)
    due()
    runs.claim(Run.objects.get().pk)
    complete(YESTERDAY, at=NOW + datetime.timedelta(hours=1))
    assert due() == ["2026-10-15 US"]


def test_a_run_that_failed_is_tried_again_after_an_hour() -> None:
    complete(YESTERDAY)
    due()
    fail(Run.objects.get(), NOW)
    assert due(NOW + datetime.timedelta(minutes=59)) == []
    assert due(NOW + datetime.timedelta(minutes=60)) == ["2026-10-15 US"]


def test_a_frozen_day_is_not_due() -> None:
    complete(YESTERDAY)
    placements.recompute(YESTERDAY)
    PlacementRun.objects.update(frozen=True)
    assert due() == []


def test_what_is_due_takes_the_same_queries_for_many_days(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for ago in range(1, 8):
        complete(TODAY - ago * ONE_DAY)
    due()
    with django_assert_num_queries(3):
        daily_run.start_due(NOW)


# What is missing


def missing(now: datetime.datetime = NOW) -> list[tuple[str, str, str]]:
    return [(each.market, f"{each.day}", f"{each.newest}") for each in daily_run.missing(now)]


def test_a_market_whose_file_of_yesterday_has_not_come_is_missing_it() -> None:
    complete(YESTERDAY - ONE_DAY, "CA", at=NOW - ONE_DAY)
    complete(YESTERDAY, "US")
    assert missing() == [("CA", "2026-10-15", "2026-10-14")]


def test_with_the_file_the_market_is_no_longer_missing_it() -> None:
    complete(YESTERDAY - ONE_DAY, at=NOW - ONE_DAY)
    assert missing() == [("US", "2026-10-15", "2026-10-14")]
    complete(YESTERDAY)
    assert missing() == []


def test_nothing_is_missing_before_the_hour_at_which_it_is_due(settings: Settings) -> None:
    settings.VIDEO_FEED_DUE_HOUR = 8
    complete(YESTERDAY - ONE_DAY, at=NOW - ONE_DAY)
    assert missing(NOW.replace(hour=7, minute=59)) == []
    assert missing(NOW.replace(hour=8)) == [("US", "2026-10-15", "2026-10-14")]


def test_a_file_two_days_late_is_missing_at_any_hour() -> None:
    complete(YESTERDAY - 2 * ONE_DAY, at=NOW - 2 * ONE_DAY)
    assert missing(NOW.replace(hour=0)) == [("US", "2026-10-14", "2026-10-13")]


def test_a_market_that_never_had_a_file_misses_none() -> None:
    assert missing() == []


def test_a_market_without_a_file_for_thirty_days_is_taken_for_closed() -> None:
    complete(TODAY - 30 * ONE_DAY, "CA", at=NOW - 30 * ONE_DAY)
    complete(TODAY - 31 * ONE_DAY, "MX", at=NOW - 31 * ONE_DAY)
    assert [market for market, _day, _newest in missing()] == ["CA"]


def test_the_start_page_names_what_is_missing_as_long_as_it_is(client: Client, administrator: User) -> None:
    now = datetime.datetime.now(datetime.UTC)
    complete(now.date() - 3 * ONE_DAY, at=now - 3 * ONE_DAY)
    client.force_login(administrator)
    assert "US: the video file of" in client.get("/admin/").content.decode()
    complete(now.date() - ONE_DAY, at=now)
    assert "US: the video file of" not in client.get("/admin/").content.decode()
