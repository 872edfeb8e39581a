import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from campaigns import placements, tasks
from campaigns.models import PlacementRun
from pulse_site import runs
from pulse_site.models import Run
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()


def counted(days_ago: int) -> datetime.date:
    day = TODAY - datetime.timedelta(days=days_ago)
    published = datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.UTC)
    factories.counts(day, factories.video(published_at=published))
    return day


def days_asked_for() -> list[str]:
    tasks.recompute_recent_placements()
    return [run.arguments["day"] for run in Run.objects.order_by("id")]


def test_recent_days_with_counts_and_no_lineup_are_due() -> None:
    days = [counted(2), counted(7)]
    counted(8)
    assert days_asked_for() == [day.isoformat() for day in days]


def test_a_day_with_a_lineup_is_not_due_except_yesterday() -> None:
    yesterday, before = counted(1), counted(2)
    placements.recompute(yesterday, settings.LAUNCH_MARKET)
    placements.recompute(before, settings.LAUNCH_MARKET)
    assert days_asked_for() == [yesterday.isoformat()]


def test_a_frozen_day_is_not_due() -> None:
    placements.recompute(counted(1), settings.LAUNCH_MARKET)
    PlacementRun.objects.update(frozen=True)
    assert days_asked_for() == []


def test_asking_twice_starts_one_run() -> None:
    counted(1)
    assert len(days_asked_for()) == len(days_asked_for()) == 1


def test_the_run_computes_the_lineup() -> None:
    counted(1)
    days_asked_for()
    run = Run.objects.get()
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result["population"]) == (Run.Status.DONE, 1)
