import pytest

from campaigns.models import Month
from creators.models import Decision
from payouts import tasks
from payouts.models import Seal
from pulse_site import runs
from pulse_site.models import Run
from tests import factories

pytestmark = pytest.mark.django_db


def test_months_that_have_begun_and_take_deliveries_are_drafted() -> None:
    factories.month("2026-08", status=Month.Status.REVIEW)
    factories.month("2026-09", status=Month.Status.CALCULATED)
    factories.month("2026-10")
    factories.month("9999-01")
    tasks.calculate_open_months()
    assert sorted(Run.objects.values_list("key", flat=True)) == ["2026-09", "2026-10"]


def test_the_run_drafts_the_month() -> None:
    month = factories.month("2026-10")
    tasks.calculate_open_months()
    runs.perform(Run.objects.get().pk)
    month.refresh_from_db()
    assert month.status == Month.Status.CALCULATED


def test_decisions_are_sealed_every_day_and_once() -> None:
    creator = factories.creator()
    Decision.objects.create(creator=creator, action="queue", from_status="candidate", to_status="pending")
    tasks.seal_daily()
    tasks.seal_daily()
    assert Seal.objects.get().rows == 1
