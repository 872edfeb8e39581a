"""The background doors to months, corrections, payees, batches, statements, seals and the books' check."""

import datetime
import time
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from campaigns.models import Month
from payouts import batches, corrections, months, payees, retention, seals, verification, what_if
from payouts.models import Correction, PayeeChange, PayoutBatch
from payouts.statements import files
from pulse_site import runs
from pulse_site.models import Run, User
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


@job
def approve_correction(work: Work, correction_id: int, user_id: int) -> None:
    """Approve a correction of many adjustments for the user who asked."""
    correction, by = Correction.objects.get(pk=correction_id), User.objects.get(pk=user_id)
    with work.once():
        work.result = corrections.approve(correction, by)


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


@job
def verify(work: Work) -> None:
    """Check every rule; the result names the breaches. Read before work.once, at one moment of its own."""
    started = time.monotonic()
    breaches = [str(breach) for breach in verification.verify()]
    with work.once():
        work.result = {"breaches": breaches, "seconds": round(time.monotonic() - started, 3)}


@shared_task
def verify_nightly() -> None:
    """Check the books while nobody works, so that a breach is known in the morning."""
    start_verifying()


def start_verifying(owner: User | None = None) -> Run:
    """Ask for a check of the books, unless one of today's is under way."""
    return runs.start("verify", key=f"{timezone.now():%Y-%m-%d}", arguments={}, owner=owner)


@job
def render_statements(work: Work, code: str) -> None:
    """Render a month's statements. Not inside work.once: each chunk is kept, a new attempt goes on."""
    result = files.render_month(code, work.progress)
    with work.once():
        work.result = result


@job
def answer_what_if(work: Work, part: str, day: str, month: str, rules: dict[str, Any]) -> None:
    """Answer one part of a question; read before work.once, which writes the run's own row alone."""
    question = what_if.Question(datetime.date.fromisoformat(day), month, rules)
    result = what_if.answer(part, question, work.progress)
    with work.once():
        work.result = result


@shared_task
def thin_old_counts() -> None:
    """Remove counts of long ago that nothing has used, where the settings say how long they are kept."""
    if settings.COUNTS_KEPT_DAYS:
        retention.thin_old()
