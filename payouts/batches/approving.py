"""Approving a batch: the approver sees what he approves, to the payment, and only that is approved.

Between the preparation and the approval a payee may be blocked, a form expire, a balance shrink. The whole
batch is not refused for it, nor is anything left out unseen: `review` says what would be approved now, with
who drops out and why, under a digest; `approve` takes that digest, judges everybody once more, and goes on
only if it comes to the same. A digest that isn't given is the one of the preparation: then nothing changed.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from payouts import payability, seals
from payouts.batches import postings
from payouts.batches.moves import Progress, hold, move, silent
from payouts.batches.preparing import AVAILABLE, WITHHELD, withholding_basis_points
from payouts.batches.totals import Totals, digest, digest_of, rows, totals
from payouts.models import Account, Payout, PayoutBatch, Transfer
from pulse_site.four_eyes import require_another
from pulse_site.models import User
from pulse_site.money import dollars
from pulse_site.refusal import Refused

# payout_id and the reasons there are now, for the payouts of a batch in a status.
JUDGED_AGAIN = f"""
    SELECT payout.id AS payout_id,
           judged.reasons
           || CASE WHEN judged.details_version <> payout.details_version OR judged.method <> payout.method
                     OR {WITHHELD.format(withhold="judged.withhold", amount="payout.amount_micros")}
                        <> payout.withheld_micros THEN 'details_changed,' ELSE '' END
           || {{short}} AS reasons
      FROM payouts_payout payout
      JOIN ({payability.JUDGED}) judged ON judged.creator_id = payout.creator_id
      {{balance}}
     WHERE payout.batch_id = %s AND payout.status = %s
"""  # noqa: S608 - statements around others of ours, here and below
COVERED = JUDGED_AGAIN.format(
    short="CASE WHEN payout.amount_micros > COALESCE(balance.available_micros, 0)"
    " THEN 'balance,' ELSE '' END",
    balance=f"LEFT JOIN ({AVAILABLE}) balance ON balance.creator_id = payout.creator_id",
)
RESERVED = JUDGED_AGAIN.format(short="''", balance="")
HOLD_BACK = """
    UPDATE payouts_payout SET status = 'held', reasons = found.reasons, reissue_of_id = NULL
      FROM ({judged}) found WHERE payouts_payout.id = found.payout_id AND found.reasons <> ''
"""
AS_OF_NOW = f"""
    SELECT payout.creator_id, payout.amount_micros, payout.withheld_micros,
           CASE WHEN found.reasons <> '' THEN 'held' ELSE payout.status END AS status,
           payout.method, payout.details_version, COALESCE(found.reasons, payout.reasons) AS reasons
      FROM payouts_payout payout LEFT JOIN ({COVERED}) found ON found.payout_id = payout.id
     WHERE payout.batch_id = %s
"""  # noqa: S608


@dataclass(frozen=True)
class Review:
    """What an approval would approve at this moment, and how that differs from what was prepared."""

    digest: str
    prepared: Totals
    now: Totals

    @property
    def dropped(self) -> int:
        """How many payments can't be made any more."""
        return self.prepared.payable.payments - self.now.payable.payments

    @property
    def dropped_micros(self) -> int:
        return self.prepared.payable.amount - self.now.payable.amount


def review(batch: PayoutBatch) -> Review:
    """Judge everybody in a prepared batch again, and change nothing."""
    found = rows(AS_OF_NOW, [*_covered_values(batch), batch.pk])
    now = Totals()
    for _creator, amount, withheld, status, method, _version, reasons in found:
        now.add(status, method, reasons, 1, amount, withheld)
    return Review(digest_of(found), totals(batch), now)


def approve(batch: PayoutBatch, by: User, seen: str | None = None, *, progress: Progress = silent) -> None:
    """Reserve the batch's money; who is no longer payable, or no longer has the amount, is held instead.

    `seen` is the digest that `review` gave: without it, the one with which the caller has read the batch.
    Raises Refused when `by` may not or prepared the batch, when it is not in the status "prepared", when
    what would be approved is not what was seen, or when nobody is left to pay.
    """
    with transaction.atomic():
        held = hold(batch, "approve", by)
        require_another(by, held.prepared_by)
        _require_as_prepared(held)
        progress(100, _("judging everybody again"))
        _lock_payables(held)
        hold_back(held, COVERED, _covered_values(held))
        now = digest(held)
        _require_as_seen(held, batch.digest if seen is None else seen, now)
        if not held.payouts.filter(status=Payout.Status.PREPARED).exists():
            raise Refused(_("Nobody in %(batch)s can be paid any more; cancel it.") % {"batch": held})
        progress(400, _("reserving the money"))
        postings.open_accounts(held)
        postings.post(Transfer.Kind.RESERVE, f"batch.id = {held.pk} AND payout.status = 'prepared'", by)
        move(held, by, "approve", {"reserved": True}, approved_by=by, approved_at=timezone.now(), digest=now)
        transaction.on_commit(seals.seal)
    batch.refresh_from_db()


def hold_back(batch: PayoutBatch, judged: str, values: list[Any]) -> int:
    """Hold the payouts of the batch that `judged` finds a reason against; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_BACK.format(judged=judged), values)
        return cursor.rowcount


def judged_values(batch: PayoutBatch, status: str) -> list[Any]:
    """The parameters of RESERVED."""
    rate = withholding_basis_points(batch.prepared_at.date())
    return [rate, *payability.values(timezone.now().date()), batch.pk, status]


def _covered_values(batch: PayoutBatch) -> list[Any]:
    rate, *payable, pk, status = judged_values(batch, Payout.Status.PREPARED)
    return [rate, *payable, batch.month_id, pk, status]


def _require_as_prepared(batch: PayoutBatch) -> None:
    if digest(batch) != batch.digest:
        raise Refused(
            _("The payouts of %(batch)s are not those that were prepared; cancel it and prepare it again.")
            % {"batch": batch}
        )


def _require_as_seen(batch: PayoutBatch, seen: str, now: str) -> None:
    if seen == now:
        return
    found = totals(batch)
    why = ", ".join(f"{label}: {total.payments}" for label, total in found.by_reason)
    raise Refused(
        _(
            "%(batch)s is no longer what you saw: %(payments)s payments of %(amount)s can be made, "
            "%(held)s are held (%(why)s). Look at it again, and approve that."
        )
        % {
            "batch": batch,
            "payments": found.payable.payments,
            "amount": dollars(found.payable.amount),
            "held": found.held.payments,
            "why": why,
        }
    )


def _lock_payables(batch: PayoutBatch) -> None:
    """Hold the creators' accounts: who else would reserve from them waits, or we wait for him.

    A deduction that comes at the same moment stands after us: it may go below zero, and is carried.
    """
    to_pay = batch.payouts.filter(status=Payout.Status.PREPARED)
    accounts = Account.objects.select_for_update().filter(creator__in=to_pay.values("creator"))
    list(accounts.order_by("pk").values_list("pk"))
