"""Which step of a batch may follow which, who may take it, and what becomes of its payouts.

A batch whose files were made is no longer cancelled: somebody may have handed them to the bank already. If a
bank refuses them, its answer says so for each payment, and the money goes back that way.
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from payouts.batches.totals import audited
from payouts.models import Payout, PayoutBatch
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

Progress = Callable[[int, str], None]  # the permille done, and the step

BatchStatus, PayoutStatus = PayoutBatch.Status, Payout.Status
PREPARES, APPROVES = "payouts.prepare_batch", "payouts.approve_batch"
EITHER = (PREPARES, APPROVES)
# action -> (the statuses it may start from, the one it leads to, its payouts' status, who may: one of these)
MOVES: dict[str, tuple[tuple[str, ...], str, str, tuple[str, ...]]] = {
    "approve": ((BatchStatus.PREPARED,), BatchStatus.APPROVED, PayoutStatus.RESERVED, (APPROVES,)),
    "make_files": ((BatchStatus.APPROVED,), BatchStatus.FILED, PayoutStatus.RESERVED, EITHER),
    "mark_sent": ((BatchStatus.FILED,), BatchStatus.SENT, PayoutStatus.SENT, EITHER),
    "mark_paid": ((BatchStatus.SENT,), BatchStatus.PAID, PayoutStatus.PAID, EITHER),
    "cancel": (
        (BatchStatus.PREPARED, BatchStatus.APPROVED),
        BatchStatus.CANCELLED,
        PayoutStatus.CANCELLED,
        EITHER,
    ),
}
# A payout's status -> those that it may follow. A bank may return a payment days after it was paid; what was
# returned is never paid after all, it is issued again.
PAYOUT_MOVES: dict[str, tuple[str, ...]] = {
    PayoutStatus.RESERVED: (PayoutStatus.PREPARED,),
    PayoutStatus.HELD: (PayoutStatus.PREPARED, PayoutStatus.RESERVED),
    PayoutStatus.SENT: (PayoutStatus.RESERVED,),
    PayoutStatus.PAID: (PayoutStatus.SENT,),
    PayoutStatus.RETURNED: (PayoutStatus.SENT, PayoutStatus.PAID),
    PayoutStatus.CANCELLED: (PayoutStatus.PREPARED, PayoutStatus.RESERVED),
}


def silent(permille: int, step: str) -> None:
    """The progress of a step that nobody watches."""


def hold(batch: PayoutBatch, action: str, by: User) -> PayoutBatch:
    """The batch, locked, if `by` may take the action and it may start from the batch's status.

    Raises Refused otherwise; the caller is in a transaction.
    """
    sources, _status, _payouts, permissions = MOVES[action]
    require(by, *permissions)
    held = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
    if held.status not in sources:
        wanted = " / ".join(str(BatchStatus(source).label) for source in sources)
        raise Refused(
            _("Batch %(batch)s is %(status)s already; for this it must be %(wanted)s.")
            % {"batch": held.reference, "status": held.get_status_display(), "wanted": wanted}
        )
    return held


def move(batch: PayoutBatch, by: User, action: str, payout_fields: dict[str, Any], **fields: Any) -> None:
    """Write the statuses that `action` leads to, of the batch and of its payouts; the batch is held."""
    _sources, status, payouts, _permissions = MOVES[action]
    PayoutBatch.objects.filter(pk=batch.pk).update(status=status, **fields)
    batch.payouts.filter(status__in=PAYOUT_MOVES[payouts]).update(status=payouts, **payout_fields)
    audit.record(by, f"batch.{action}", batch, **audited(batch))
