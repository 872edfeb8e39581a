"""Preparing a batch: everybody who is due, in one statement; who can't be paid is held in it, with reasons.

Due is who has at least the minimum payout at the cut-off date, the last day of a closed month, and no payment
under way. Held payouts move no money; they are there so that finance sees what stays unpaid, and why.
"""

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import MICROS_PER_CENT, Month
from creators.models import Creator
from payouts import ledger, payability
from payouts.batches import issued
from payouts.batches.moves import PREPARES
from payouts.batches.totals import audited, digest, totals
from payouts.models import Method, Payout, PayoutBatch, TaxYear
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.money import dollars
from pulse_site.refusal import Refused

BASIS_POINTS, NAMED = 2_400, 10

# What a creator has now, less what he earned after the month that is paid up to: whatever was reserved, paid
# or deducted since is gone already.
AVAILABLE = f"""
    SELECT payable.creator_id,
           balance.balance_micros - COALESCE(later.micros, 0) AS available_micros
      FROM ({ledger.BALANCES}) balance
      JOIN payouts_account payable ON payable.id = balance.account_id AND payable.kind = 'payable'
      LEFT JOIN (SELECT credit_account_id AS account_id, CAST(SUM(amount_micros) AS bigint) AS micros
                   FROM payouts_transfer WHERE kind = 'earning' AND month_id > %s
                  GROUP BY credit_account_id) later ON later.account_id = balance.account_id
"""  # noqa: S608 - statements around others of ours, here and below
# Backup withholding of so many basis points of the gross cents, half a cent and more rounded up.
WITHHELD = """
    CASE WHEN {withhold} = 1 THEN ({amount} / 10000 * %s + 5000) / 10000 * 10000 ELSE 0 END
"""
# The newest payment of each creator that came back and wasn't issued again.
RETURNED = """
    SELECT creator_id, MAX(id) AS id FROM payouts_payout returned
     WHERE status = 'returned'
       AND NOT EXISTS (SELECT 1 FROM payouts_payout again WHERE again.reissue_of_id = returned.id)
     GROUP BY creator_id
"""
# A conflict is a payout of another month's batch that is being prepared at this moment: it has its creator.
PREPARE = f"""
    INSERT INTO payouts_payout (batch_id, creator_id, amount_micros, withheld_micros, method, details_version,
                                reasons, status, reissue_of_id, reserved, bank_reason)
    SELECT %s, creator_id, amount_micros, {WITHHELD.format(withhold="withhold", amount="amount_micros")},
           method, details_version, reasons, CASE WHEN reasons = '' THEN 'prepared' ELSE 'held' END,
           CASE WHEN reasons = '' THEN returned_id END, false, ''
      FROM (
        SELECT balance.creator_id, balance.available_micros / 10000 * 10000 AS amount_micros,
               COALESCE(judged.method, '') AS method, COALESCE(judged.details_version, 0) AS details_version,
               judged.withhold, returned.id AS returned_id,
               judged.reasons
               || CASE WHEN returned.details_version = judged.details_version AND NOT {{reissue}}
                       THEN 'returned,' ELSE '' END AS reasons
          FROM ({AVAILABLE}) balance
          JOIN ({payability.JUDGED}) judged ON judged.creator_id = balance.creator_id
          LEFT JOIN ({RETURNED}) latest ON latest.creator_id = balance.creator_id
          LEFT JOIN payouts_payout returned ON returned.id = latest.id
         WHERE balance.available_micros >= 10000 AND balance.available_micros / 10000 * 10000 >= %s
           AND {{chosen}}
           AND NOT EXISTS (SELECT 1 FROM payouts_payout live
                            WHERE live.creator_id = balance.creator_id
                              AND live.status IN ('prepared', 'reserved', 'sent'))
      ) due WHERE true
     ORDER BY creator_id
        ON CONFLICT DO NOTHING
"""  # noqa: S608


def prepare(
    month: Month,
    by: User,
    *,
    minimum_micros: int | None = None,
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
    methods: Collection[str] | None = None,
) -> PayoutBatch:
    """Make a batch of whole cents for every creator who has at least the minimum at the end of `month`.

    `minimum_micros` may raise the minimum payout of the month's terms. `include` and `exclude` are handles:
    only these, all but these; `methods` are the payment methods to pay by. Creators with a payment under way
    are left out; who is due and not payable is held in the batch, with the reasons (payability.py).
    Raises Refused when `by` may not, when the month is not closed, for a handle or method that nobody has,
    a minimum below the terms', or when there is nobody to pay.
    """
    require(by, PREPARES)
    with transaction.atomic():
        month = _hold_closed(month)
        assert month.terms is not None  # noqa: S101 - closed months have them
        least = month.terms.minimum_payout_micros
        if minimum_micros is not None and minimum_micros < least:
            raise Refused(
                _("The minimum payout is %(least)s by the terms; it may be raised, not lowered.")
                % {"least": dollars(least)}
            )
        selection = _selection(include, exclude, methods)
        return _prepare(month, by, max(minimum_micros or 0, least), selection)


def reissue(payouts: Sequence[Payout], by: User) -> PayoutBatch:
    """Prepare a batch that pays the creators of these returned payments again, whatever the minimum.

    Whoever asks for it has found the bank details to be right, so that they are no reason against it now.
    Everything that the creators have at the end of the last closed month is paid. Raises Refused when `by`
    may not, or for a payment that wasn't returned or was issued again already.
    """
    require(by, PREPARES)
    for payout in payouts:
        if payout.status != Payout.Status.RETURNED or Payout.objects.filter(reissue_of=payout).exists():
            raise Refused(
                _("%(payment)s was not returned, or was issued again already.")
                % {"payment": payout.reference}
            )
    with transaction.atomic():
        month = _hold_closed(Month.objects.filter(status=Month.Status.CLOSED).latest("code"))
        handles = sorted(payout.creator.handle for payout in payouts)
        return _prepare(month, by, MICROS_PER_CENT, {"include": handles, "reissue": True})


def withholding_basis_points(day: datetime.date) -> int:
    """Backup withholding on payments of that day's year, in basis points."""
    found = TaxYear.objects.filter(year=day.year).first()
    return BASIS_POINTS if found is None else found.withholding_basis_points


def cut_off(batch: PayoutBatch) -> datetime.date:
    """The day whose balances the batch pays."""
    return batch.month.last_day


def _hold_closed(month: Month) -> Month:
    """The month, locked, so that two batches prepared at once get two numbers and two sets of creators."""
    month = Month.objects.select_for_update().get(pk=month.pk)
    if month.status != Month.Status.CLOSED or month.terms is None:
        raise Refused(_("%(month)s is not closed; only closed months are paid.") % {"month": month})
    return month


def _selection(
    include: Collection[str] | None, exclude: Collection[str] | None, methods: Collection[str] | None
) -> dict[str, Any]:
    given = {"include": _handles(include), "exclude": _handles(exclude), "methods": sorted(methods or ())}
    if unknown := [method for method in given["methods"] if method not in Method.values]:
        raise Refused(
            _("There is no payment method %(unknown)s; choose from %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(Method.values)}
        )
    return {name: chosen for name, chosen in given.items() if chosen}


def _handles(handles: Collection[str] | None) -> list[str]:
    return sorted({handle.strip().removeprefix("@").lower() for handle in handles or ()} - {""})


def _prepare(month: Month, by: User, minimum_micros: int, selection: dict[str, Any]) -> PayoutBatch:
    issued.require_all_known()
    batch = PayoutBatch.objects.create(
        reference=f"{month.code}-{month.batches.count() + 1}",
        month=month,
        minimum_micros=minimum_micros,
        selection=selection,
        prepared_by=by,
    )
    today = timezone.now().date()
    statement = PREPARE.format(
        chosen=_chosen(selection), reissue="true" if selection.get("reissue") else "false"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                batch.pk,
                withholding_basis_points(today),
                month.code,
                *payability.values(today),
                minimum_micros,
            ],
        )
    _let_the_planner_see()
    _require_somebody(batch)
    batch.digest = digest(batch)
    batch.save(update_fields=["digest"])
    audit.record(by, "batch.prepare", batch, **audited(batch))
    return batch


def _let_the_planner_see() -> None:
    """PostgreSQL takes a batch that it hasn't looked at for one row, and would judge it row by row."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE payouts_payout")


def _chosen(selection: dict[str, Any]) -> str:
    """The selection as a condition; in it stand only numbers of creators and the names of our methods."""
    conditions = ["true"]
    for name, verb in (("include", "IN"), ("exclude", "NOT IN")):
        if handles := selection.get(name):
            conditions.append(f"balance.creator_id {verb} ({', '.join(map(str, _ids(handles)))})")
    if methods := selection.get("methods"):
        named = ", ".join(f"'{Method(method).value}'" for method in methods)
        conditions.append(f"judged.method IN ({named})")
    return " AND ".join(conditions)


def _ids(handles: list[str]) -> list[int]:
    found = Creator.objects.only("handle").in_bulk(handles, field_name="handle")
    if unknown := [handle for handle in handles if handle not in found]:
        raise Refused(
            _("No creator has the handle %(unknown)s; correct the list, nothing was prepared.")
            % {"unknown": ", ".join(unknown[:NAMED])}
        )
    return sorted(creator.pk for creator in found.values())


def _require_somebody(batch: PayoutBatch) -> None:
    found = totals(batch)
    if found.held.payments and not found.payable.payments:
        why = ", ".join(f"{label}: {total.payments}" for label, total in found.by_reason)
        raise Refused(
            _("Nobody can be paid for %(month)s, all %(held)s who are due are held. %(why)s.")
            % {"month": batch.month, "held": found.held.payments, "why": why}
        )
    if not found.payable.payments:
        raise Refused(
            _(
                "Nobody is left to pay for %(month)s: each balance is below the minimum payout "
                "or in a batch already."
            )
            % {"month": batch.month}
        )
