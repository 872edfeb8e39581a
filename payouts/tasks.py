"""The background doors to the drafts of months, to payout batches and to the seals."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from campaigns.models import Month
from payouts import batches, months, seals
from payouts.models import PayoutBatch
from pulse_site import runs
from pulse_site.runs import Work, job


@job
def calculate_month(work: Work, code: str) -> None:
    """Draft one month; the summary of `months.calculate` is the run's result."""
    with work.once():
        work.result = months.calculate(code)


@job
def prepare_batch(work: Work, month: str, **selection: Any) -> None:
    """Prepare a batch of the month for the run's owner; `selection` is what batches.prepare takes."""
    assert work.run.owner is not None  # noqa: S101 - somebody pressed the button
    with work.once():
        batch = batches.prepare(Month.objects.get(code=month), work.run.owner, **selection)
        work.result = {"id": batch.pk, **batches.summary(batch)}


@job
def move_batch(work: Work, batch_id: int, action: str, seen: str | None = None) -> None:
    """Take one step of a batch (batches.MOVES) for the run's owner; `seen` is the digest that he approves."""
    assert work.run.owner is not None  # noqa: S101
    batch = PayoutBatch.objects.get(pk=batch_id)
    options: dict[str, Any] = {}
    if action in ("approve", "make_files", "mark_paid"):
        options["progress"] = work.progress
    if action == "approve":
        options["seen"] = seen
    with work.once():
        STEPS[action](batch, work.run.owner, **options)
        work.result = batches.summary(batch)


STEPS = {action: getattr(batches, action) for action in batches.MOVES}


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
