import pytest
from django.utils import timezone

from campaigns import tasks
from pulse_site import runs
from pulse_site.models import Run
from tests.campaigns.test_daily_run import ONE_DAY, complete

pytestmark = pytest.mark.django_db


def test_beat_starts_the_run_that_computes_the_lineup() -> None:
    complete(timezone.now().date() - ONE_DAY, at=timezone.now())
    tasks.recompute_recent_placements()
    run = Run.objects.get()
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result["population"]) == (Run.Status.DONE, 1)
