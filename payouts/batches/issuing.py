"""The files for banks and providers: made once, kept with their SHA-256, served only from the database.

Right before, everybody is judged once more: whose form expired, whose bank details changed, who was blocked
or found on a sanctions list since the approval is held, and his money goes back to his account. A process
that is killed on the way leaves nothing but a manifest (issued.py), by which the next makes the same bytes.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import MICROS_PER_CENT
from payouts import details, files, seals
from payouts.batches import issued, postings
from payouts.batches.approving import RESERVED, hold_back, judged_values
from payouts.batches.moves import Progress, hold, move, silent
from payouts.models import PaymentFile, Payout, PayoutBatch, Transfer, payment_reference
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

DOWNLOADS = "payouts.download_paymentfile"
TO_PAY = (
    "pk",
    "method",
    "amount_micros",
    "withheld_micros",
    "creator__payee__legal_name",
    "creator__payee__country",
    "creator__payee__email",
    "creator__payee__is_company",
    "creator__payee__destination",
    "creator__payee__destination_digest",
)


class Due(NamedTuple):
    payout_id: int
    method: str
    payment: files.Payment
    digest: str  # of the bank details that were approved


def make_files(
    batch: PayoutBatch,
    by: User,
    effective_on: datetime.date | None = None,
    *,
    progress: Progress = silent,
) -> list[PaymentFile]:
    """Make the batch's payment files, to be paid on `effective_on`, without it on the next day.

    Returns the stored files. Raises Refused when `by` may not, when the batch is not approved, when files
    were issued that the database doesn't know, when nobody is left to pay, or when a file can't be written.
    """
    with transaction.atomic():
        held = hold(batch, "make_files", by)
        issued.require_not_issued(held)
        issued.require_all_known()
        _date(held, effective_on)
        progress(100, _("judging everybody again"))
        due = _drop_unpayable(held, by)
        progress(500, _("writing the files"))
        made = [
            file for method in sorted({each.method for each in due}) for file in _files(held, method, due)
        ]
        issued.write(held, issued.manifest(held, made))
        move(held, by, "make_files", {}, filed_at=held.filed_at, effective_on=held.effective_on)
        transaction.on_commit(seals.seal)
        transaction.on_commit(lambda: issued.mark(held), robust=True)
    batch.refresh_from_db()
    return made


def hand_out(file: PaymentFile, by: User) -> bytes:
    """The stored bytes of a file, for whoever may download it; who does is recorded.

    Raises Refused when `by` may not, or when the bytes are not those that were rendered.
    """
    require(by, DOWNLOADS)
    content = bytes(file.content)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Refused(_("%(file)s is not what was rendered; don't use it, and run verify.") % {"file": file})
    with transaction.atomic():
        issued.mark(file.batch)
        audit.record(by, "batch.download", file, sha256=file.sha256)
    return content


def _date(batch: PayoutBatch, effective_on: datetime.date | None) -> None:
    """Date the files: now, or like the ones that a killed process left today, so that they are the same."""
    now = timezone.now()
    left = issued.left_behind(batch)
    if left and left["filed_at"][:10] == f"{now:%Y-%m-%d}":
        batch.filed_at = datetime.datetime.fromisoformat(left["filed_at"])
        batch.effective_on = datetime.date.fromisoformat(left["effective_on"])
        return
    batch.filed_at = now
    batch.effective_on = effective_on or now.date() + datetime.timedelta(days=1)
    if batch.effective_on < now.date():
        raise Refused(_("%(day)s is over; choose a day to come.") % {"day": batch.effective_on})


def _drop_unpayable(batch: PayoutBatch, by: User) -> list[Due]:
    """Hold who can't be paid any more and give back his money; the payments that are left."""
    dropped = hold_back(batch, RESERVED, judged_values(batch, Payout.Status.RESERVED))
    due = []
    for each in _due(batch):
        if reasons := _unfit(each):
            unfit = batch.payouts.filter(pk=each.payout_id)
            dropped += unfit.update(status=Payout.Status.HELD, reasons=reasons, reissue_of=None)
        else:
            due.append(each)
    if not due:
        raise Refused(_("Nobody in %(batch)s can be paid any more; cancel it.") % {"batch": batch})
    if dropped:
        where = f"batch.id = {batch.pk} AND payout.reserved AND payout.status = 'held'"
        postings.post(Transfer.Kind.RELEASE, where, by)
    return due


def _unfit(due: Due) -> str:
    """Why a file can't take this payment; the others are paid without it."""
    payment = due.payment
    if details.digest(due.method, dict(payment.destination)) != due.digest:
        return "details_changed,"  # past Pulse: nobody approved these
    if payment.amount_cents > files.FORMATS[due.method].amount_cents:
        return "too_large,"
    problems = files.problems(due.method, payment.destination, payment.name, payment.country)
    return "details_unfit," if problems else ""


def _due(batch: PayoutBatch) -> Iterator[Due]:
    reserved = batch.payouts.filter(status=Payout.Status.RESERVED).order_by("pk")
    rows = reserved.values_list(*TO_PAY).iterator(5_000)
    for pk, method, amount, withheld, name, country, email, is_company, destination, digest in rows:
        payment = files.Payment(
            reference=payment_reference(pk),
            name=name,
            amount_cents=(amount - withheld) // MICROS_PER_CENT,
            destination=json.loads(destination or "{}"),
            country=country,
            email=email,
            is_company=is_company,
        )
        yield Due(pk, method, payment, digest)


def _files(batch: PayoutBatch, method: str, due: list[Due]) -> Iterator[PaymentFile]:
    """Render and store the files of one method, and say in each payout which one it is in."""
    assert batch.filed_at is not None and batch.effective_on is not None  # noqa: S101
    of_day = PaymentFile.objects.filter(method=method, created_at__date=batch.filed_at.date()).count()
    rendered = files.render(
        method,
        batch.reference,
        [each.payment for each in due if each.method == method],
        files.Originator.from_settings(),
        batch.effective_on,
        batch.filed_at,
        of_day,
    )
    for file in rendered:
        stored = PaymentFile.objects.create(
            batch=batch,
            method=method,
            name=file.name,
            content=file.content,
            sha256=file.sha256,
            payments=len(file.references),
            total_micros=file.total_cents * MICROS_PER_CENT,
            created_at=batch.filed_at,
        )
        ids = [int(reference[1:]) for reference in file.references]
        # A file has a stretch of the method's payments by their references, whatever order it lists them in.
        inside = batch.payouts.filter(
            method=method, status=Payout.Status.RESERVED, pk__range=(min(ids), max(ids))
        )
        if inside.update(file=stored) != len(ids):
            raise ArithmeticError(f"{stored} does not have the payments {min(ids)} to {max(ids)} of {batch}")
        yield stored
