"""What becomes of a batch's payments: handed to the bank, paid, returned, or given up before.

A returned payment is in its creator's account again, with the tax that was withheld from it, and in the next
batch as soon as he is payable (preparing.py). A batch is paid once none of its payments waits for an answer.
"""

import datetime
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from payouts import seals
from payouts.batches import postings
from payouts.batches.moves import (
    EITHER,
    PAYOUT_MOVES,
    BatchStatus,
    PayoutStatus,
    Progress,
    hold,
    move,
    silent,
)
from payouts.models import Payout, PayoutBatch, Transfer
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

HOLD = """
    SELECT 1 FROM payouts_payoutbatch
     WHERE id IN (SELECT payout.batch_id FROM payouts_payout payout WHERE {where}) ORDER BY id FOR UPDATE
"""


def mark_sent(batch: PayoutBatch, by: User) -> None:
    """Record that the files were handed to the bank. Raises Refused when `by` may not or there are none."""
    with transaction.atomic():
        held = hold(batch, "mark_sent", by)
        move(held, by, "mark_sent", {}, sent_by=by, sent_at=timezone.now())
    batch.refresh_from_db()


def mark_paid(batch: PayoutBatch, by: User, *, progress: Progress = silent) -> None:
    """Record that every payment of the batch that had no answer yet is paid.

    Raises Refused when `by` may not or the batch was not sent.
    """
    with transaction.atomic():
        held = hold(batch, "mark_paid", by)
        progress(100, _("booking the payments"))
        postings.post_paid(f"batch.id = {held.pk} AND payout.status = 'sent'", by)
        now = timezone.now()
        move(held, by, "mark_paid", {"settled_on": now.date()}, paid_at=now)
        transaction.on_commit(seals.seal)
    batch.refresh_from_db()


def cancel(batch: PayoutBatch, by: User) -> None:
    """Give up a batch without files; what was reserved goes back to the creators.

    Raises Refused when `by` may not, or when the batch's files were made or it is cancelled already.
    """
    with transaction.atomic():
        held = hold(batch, "cancel", by)
        if held.status == BatchStatus.APPROVED:
            where = f"batch.id = {held.pk} AND payout.status = 'reserved'"
            postings.post(Transfer.Kind.RELEASE, where, by)
        move(held, by, "cancel", {"reissue_of": None})
        transaction.on_commit(seals.seal)
    batch.refresh_from_db()


def record(
    payouts: Iterable[Payout], status: str, by: User, *, reason: str = "", day: datetime.date | None = None
) -> int:
    """Record the bank's answer for some payments: "paid", or "returned" with its reason; returns how many.

    `day` is when it was settled, today if not given. Raises Refused, and records nothing, when `by` may not
    or one of them can't become that.
    """
    require(by, *EITHER)
    with transaction.atomic():
        chosen = Payout.objects.filter(pk__in=[payout.pk for payout in payouts])
        every = list(chosen.values_list("pk", flat=True))
        hold_batches(_among(every))
        for payout in chosen:
            if payout.status not in PAYOUT_MOVES[status]:
                raise Refused(
                    _("%(payment)s is %(status)s; it can't become %(wanted)s.")
                    % {
                        "payment": payout.reference,
                        "status": payout.get_status_display(),
                        "wanted": PayoutStatus(status).label,
                    }
                )
        sent = list(chosen.filter(status=PayoutStatus.SENT).values_list("pk", flat=True))
        chosen.update(status=status, bank_reason=reason, settled_on=day or timezone.now().date())
        settle(_among(sent), _among(every if status == PayoutStatus.RETURNED else []), by)
        audit.record_all(
            by,
            f"payout.{status}",
            chosen,
            label=Concat("batch__reference", Value(" @"), "creator__handle"),
            amount_micros=F("amount_micros"),
            reason=Value(reason),
        )
    return len(every)


def hold_batches(where: str) -> None:
    """Lock the batches of the payouts for which `where` (SQL of ours) holds, until the transaction ends.

    Whoever settles one of them waits for us, or we wait for him; SQLite has one writer.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(HOLD.format(where=where))


def settle(answered: str, returned: str, by: User | None) -> None:
    """Post what has been written into payouts: `answered` had no answer before, `returned` came back.

    Both are conditions (SQL of ours). A batch all of whose payments have an answer is paid.
    """
    postings.post_paid(answered, by)
    postings.post(Transfer.Kind.RETURN, returned, by)
    waiting = Payout.objects.filter(batch=OuterRef("pk"), status=PayoutStatus.SENT)
    PayoutBatch.objects.filter(~Exists(waiting), status=BatchStatus.SENT).update(
        status=BatchStatus.PAID, paid_at=timezone.now()
    )
    transaction.on_commit(seals.seal)


def _among(ids: list[int]) -> str:
    return f"payout.id IN ({', '.join(map(str, ids))})" if ids else "false"
