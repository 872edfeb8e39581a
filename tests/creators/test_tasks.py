import pytest

from creators import tasks
from creators.models import Creator
from pulse_site import runs
from pulse_site.models import Run
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_daily_door_refreshes_eligibility_once() -> None:
    factories.creator(followers=1)
    tasks.refresh_eligibility_daily()
    tasks.refresh_eligibility_daily()
    run = Run.objects.get()
    runs.perform(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.DONE
    assert run.result["creators"] == Creator.objects.count()
