"""Paying creators in batches: prepared by one person, approved by another, each micro spent once.

A payout takes the whole cents of what a creator has; the rest, and everything below the minimum, stays in his
account and is carried. Approving reserves the money: it moves from the creators' accounts to the batch's
own in the same transaction that finds it to be there, with those accounts locked, so that no other batch
can count on it. What happens at the bank afterwards only moves it on, or back.
"""

from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Month
from payouts import ledger, seals
from payouts.four_eyes import require, require_another
from payouts.models import Account, Payout, PayoutBatch, Transfer
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

BatchStatus, PayoutStatus = PayoutBatch.Status, Payout.Status
PREPARES, APPROVES = "payouts.prepare_batch", "payouts.approve_batch"
# action -> (the statuses it may start from, the one it leads to, its payouts' status, who may: one of these)
MOVES: dict[str, tuple[tuple[str, ...], str, str, tuple[str, ...]]] = {
    "approve": ((BatchStatus.PREPARED,), BatchStatus.APPROVED, PayoutStatus.RESERVED, (APPROVES,)),
    "mark_paid": ((BatchStatus.APPROVED,), BatchStatus.PAID, PayoutStatus.PAID, (PREPARES, APPROVES)),
    "cancel": (
        (BatchStatus.PREPARED, BatchStatus.APPROVED),
        BatchStatus.CANCELLED,
        PayoutStatus.CANCELLED,
        (PREPARES, APPROVES),
    ),
}

# What a creator has now, less what he earned after the month that is paid up to: whatever was reserved, paid
# or deducted since is gone already.
AVAILABLE = """
    SELECT payable.creator_id, CAST(SUM(moved.micros) AS bigint) AS available_micros
      FROM (SELECT credit_account_id AS account_id, amount_micros AS micros FROM payouts_transfer
             WHERE kind <> 'earning' OR month_id <= %s
             UNION ALL
            SELECT debit_account_id, -amount_micros FROM payouts_transfer) moved
      JOIN payouts_account payable ON payable.id = moved.account_id AND payable.kind = 'payable'
     GROUP BY payable.creator_id
"""
# A conflict is a payout of another month's batch that is being prepared at this moment: it has its creator.
PREPARE = f"""
    INSERT INTO payouts_payout (batch_id, creator_id, amount_micros, status, withheld_micros, method,
                                details_version, reasons, bank_reason)
    SELECT %s, creator_id, available_micros / 10000 * 10000, 'prepared', 0, '', 0, '', ''
      FROM ({AVAILABLE}) balance
     WHERE available_micros >= 10000 AND available_micros / 10000 * 10000 >= %s
       AND NOT EXISTS (SELECT 1 FROM payouts_payout live
                        WHERE live.creator_id = balance.creator_id
                          AND live.status IN ('prepared', 'reserved'))
     ORDER BY creator_id
        ON CONFLICT DO NOTHING
"""  # noqa: S608 - one statement around another of ours
SHORT = f"""
    SELECT payout.creator_id
      FROM payouts_payout payout LEFT JOIN ({AVAILABLE}) balance ON balance.creator_id = payout.creator_id
     WHERE payout.batch_id = %s AND payout.amount_micros > COALESCE(balance.available_micros, 0)
     ORDER BY payout.creator_id
"""  # noqa: S608
# One transfer for each payout of some batches: the verb of its key, the accounts it goes from and to.
MOVE = """
    SELECT '{verb}:' || batch.reference || ':creator:' || CAST(payout.creator_id AS text) AS key,
           {debit}.id AS debit_account_id, {credit}.id AS credit_account_id,
           payout.amount_micros, '' AS reason
      FROM payouts_payout payout
      JOIN payouts_payoutbatch batch ON batch.id = payout.batch_id
      JOIN payouts_account payable ON payable.creator_id = payout.creator_id
      JOIN payouts_account transit ON transit.code = 'in-transit:' || batch.reference
      LEFT JOIN payouts_account bank ON bank.code = 'bank'
     WHERE {{batches}}
"""
RESERVE = MOVE.format(verb="reserve", debit="payable", credit="transit")
RELEASE = MOVE.format(verb="release", debit="transit", credit="payable")
PAYMENT = MOVE.format(verb="payment", debit="transit", credit="bank")
# What should be posted: kind -> (its transfers, the batches that have them); `verify` compares.
POSTED: dict[str, tuple[str, str]] = {
    Transfer.Kind.RESERVE: (RESERVE, "batch.approved_at IS NOT NULL"),
    Transfer.Kind.RELEASE: (RELEASE, "batch.approved_at IS NOT NULL AND batch.status = 'cancelled'"),
    Transfer.Kind.PAYMENT: (PAYMENT, "batch.status = 'paid'"),
}


def prepare(month: Month, by: User) -> PayoutBatch:
    """Make a batch of whole cents for every creator who has at least the minimum at the end of `month`.

    Creators with a payout under way are left out. Raises Refused when `by` may not, when the month is not
    closed, or when there is nobody to pay.
    """
    require(by, PREPARES)
    with transaction.atomic():
        # Locked, so that two batches prepared at once get two numbers and do not want the same creators.
        month = Month.objects.select_for_update().get(pk=month.pk)
        if month.status != Month.Status.CLOSED or month.terms is None:
            raise Refused(_("%(month)s is not closed; only closed months are paid.") % {"month": month})
        batch = PayoutBatch.objects.create(
            reference=f"{month.code}-{month.batches.count() + 1}",
            month=month,
            minimum_micros=month.terms.minimum_payout_micros,
            prepared_by=by,
        )
        with connection.cursor() as cursor:
            cursor.execute(PREPARE, [batch.pk, month.code, batch.minimum_micros])
            if not cursor.rowcount:
                raise Refused(
                    _(
                        "Nobody is left to pay for %(month)s: each balance is below the minimum payout "
                        "or in a batch already."
                    )
                    % {"month": month}
                )
        audit.record(by, "batch.prepare", batch, **_totals(batch))
    return batch


def approve(batch: PayoutBatch, by: User) -> None:
    """Reserve the batch's money. Raises Refused when `by` may not or prepared the batch, when it is not in
    the status "prepared", or when a creator no longer has the amount.
    """
    with transaction.atomic():
        held = _hold(batch, "approve", by)
        require_another(by, held.prepared_by)
        _lock_payables(held)
        _require_covered(held)
        ledger.account(Account.Kind.IN_TRANSIT, f"in-transit:{held.reference}")
        _post(Transfer.Kind.RESERVE, RESERVE, held, by)
        _move(held, "approve", approved_by=by, approved_at=timezone.now())
        audit.record(by, "batch.approve", held, **_totals(held))
        transaction.on_commit(seals.seal)
    batch.refresh_from_db()


def mark_paid(batch: PayoutBatch, by: User) -> None:
    """Record that the bank has paid the batch. Raises Refused when `by` may not or it is not approved."""
    with transaction.atomic():
        held = _hold(batch, "mark_paid", by)
        ledger.account(Account.Kind.BANK, "bank")
        _post(Transfer.Kind.PAYMENT, PAYMENT, held, by)
        _move(held, "mark_paid", paid_at=timezone.now())
        audit.record(by, "batch.mark_paid", held, **_totals(held))
        transaction.on_commit(seals.seal)
    batch.refresh_from_db()


def cancel(batch: PayoutBatch, by: User) -> None:
    """Give up a batch that is not paid; what was reserved goes back to the creators.

    Raises Refused when `by` may not or the batch is paid or cancelled already.
    """
    with transaction.atomic():
        held = _hold(batch, "cancel", by)
        if held.status == BatchStatus.APPROVED:
            _post(Transfer.Kind.RELEASE, RELEASE, held, by)
        _move(held, "cancel")
        audit.record(by, "batch.cancel", held, **_totals(held))
        transaction.on_commit(seals.seal)
    batch.refresh_from_db()


def _hold(batch: PayoutBatch, action: str, by: User) -> PayoutBatch:
    """The batch, locked, if `by` may take the action and it may start from the batch's status."""
    sources, _status, _payouts, permissions = MOVES[action]
    require(by, *permissions)
    held = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
    if held.status not in sources:
        raise Refused(
            _("Batch %(batch)s is %(status)s already.")
            % {"batch": held.reference, "status": held.get_status_display()}
        )
    return held


def _lock_payables(batch: PayoutBatch) -> None:
    """Hold the creators' accounts: a transfer that touches one of them waits, or we wait for it."""
    accounts = Account.objects.select_for_update().filter(creator__payouts__batch=batch)
    list(accounts.order_by("pk").values_list("pk"))


def _require_covered(batch: PayoutBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SHORT, [batch.month_id, batch.pk])
        short = [creator for (creator,) in cursor.fetchall()]
    if short:
        raise Refused(
            _("%(count)s creators (first: %(first)s) no longer have the amount; cancel and prepare again.")
            % {"count": len(short), "first": short[0]}
        )


def _post(kind: str, movement: str, batch: PayoutBatch, by: User) -> None:
    wanted = movement.format(batches="batch.id = %s")
    ledger.post(kind, ledger.month_to_post_in(), wanted, [batch.pk], by)


def _move(batch: PayoutBatch, action: str, **fields: Any) -> None:
    """Write the statuses that `action` leads to, of the batch and of its payouts; the batch is held."""
    _sources, status, payouts, _permissions = MOVES[action]
    PayoutBatch.objects.filter(pk=batch.pk).update(status=status, **fields)
    batch.payouts.update(status=payouts)


def _totals(batch: PayoutBatch) -> dict[str, Any]:
    """What the audit trail keeps of a batch: its payouts, and their amount in micros."""
    found = batch.payouts.aggregate(payouts=Count("id"), amount_micros=Sum("amount_micros", default=0))
    return {name: int(number) for name, number in found.items()}
