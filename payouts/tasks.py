"""The background doors to the drafts of months and to the seals."""

from celery import shared_task
from django.utils import timezone

from campaigns.models import Month
from payouts import corrections, months, seals
from payouts.models import Correction
from pulse_site import runs
from pulse_site.models import User
from pulse_site.runs import Work, job


@job
def calculate_month(work: Work, code: str) -> None:
    """Draft one month; the summary of `months.calculate` is the run's result."""
    with work.once():
        work.result = months.calculate(code)


@job
def approve_correction(work: Work, correction_id: int, user_id: int) -> None:
    """Approve a correction of many adjustments for the user who asked."""
    correction, by = Correction.objects.get(pk=correction_id), User.objects.get(pk=user_id)
    with work.once():
        work.result = corrections.approve(correction, by)


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
