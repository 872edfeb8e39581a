"""The background doors to the drafts of months and to the seals."""

from celery import shared_task
from django.utils import timezone

from campaigns.models import Month
from payouts import months, payees, seals
from payouts.models import PayeeChange
from pulse_site import runs
from pulse_site.models import User
from pulse_site.runs import Work, job


@job
def calculate_month(work: Work, code: str) -> None:
    """Draft one month; the summary of `months.calculate` is the run's result."""
    with work.once():
        work.result = months.calculate(code)


@job
def approve_payee_changes(work: Work, upload_id: int, by_id: int) -> None:
    """Approve what is left of one file's proposals; a file may hold a hundred thousand."""
    with work.once():
        changes = PayeeChange.objects.filter(upload=upload_id, status=PayeeChange.Status.PROPOSED)
        work.result = {"approved": payees.approve(changes, User.objects.get(pk=by_id))}


@shared_task
def calculate_open_months() -> None:
    """Draft every month that has begun and still takes deliveries: mostly this one and the last."""
    begun = Month.objects.filter(status__in=Month.TAKING, code__lte=f"{timezone.now():%Y-%m}")
    for code in begun.values_list("code", flat=True):
        runs.start("calculate_month", key=code, arguments={"code": code})


@shared_task
def seal_daily() -> None:
    """Seal what came since yesterday, so that no row stays unsealed until a month is closed."""
    seals.seal()
