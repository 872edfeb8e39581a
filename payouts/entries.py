"""Manual entries: transfers that a person asks for and another one approves.

Nothing else brings them about: a receipt that nobody can place goes to suspense and on from there, withheld
tax goes to the tax office, the bank takes its fee, what can't be recovered from a creator is written off.
For each reason a table says between which kinds of accounts money may move, so that a slip of the hand is
refused instead of booked; clearing and in-transit accounts belong to their months and batches alone.

What an advertiser paid, or was given back, settles his invoices at once (campaigns/invoices/settling.py).
Approving posts one transfer, `entry:{id}`, in the open month. The month is held meanwhile, as by everybody
who closes or posts in it, so that a balance that was looked at is still there when it is written off.
"""

import hashlib
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.invoices import settling
from campaigns.models import Month
from payouts import ledger, seals
from payouts.models import Account, Entry, Transfer
from pulse_site import audit
from pulse_site.four_eyes import require, require_another
from pulse_site.models import User
from pulse_site.money import dollars
from pulse_site.refusal import Refused

Kind, Reason, Status = Account.Kind, Entry.Reason, Entry.Status
PREPARES, APPROVES = "payouts.prepare_entry", "payouts.approve_entry"
# action -> (the statuses it may start from, the one it leads to, who may: one of these)
MOVES: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "approve": ((Status.PREPARED,), Status.APPROVED, (APPROVES,)),
    "reject": ((Status.PREPARED,), Status.REJECTED, (APPROVES, PREPARES)),
}
FREE = frozenset(Kind) - {Kind.CLEARING, Kind.IN_TRANSIT}
# reason -> (the kinds of account it may come from, the kinds it may go to)
ALLOWED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    Reason.RECEIVED: (frozenset({Kind.BANK}), frozenset({Kind.RECEIVABLE})),
    Reason.GIVEN_BACK: (frozenset({Kind.RECEIVABLE}), frozenset({Kind.BANK})),
    Reason.UNIDENTIFIED: (frozenset({Kind.BANK}), frozenset({Kind.SUSPENSE})),
    Reason.IDENTIFIED: (frozenset({Kind.SUSPENSE}), frozenset({Kind.RECEIVABLE, Kind.PAYABLE})),
    Reason.TAX_DEPOSITED: (frozenset({Kind.WITHHELD}), frozenset({Kind.BANK})),
    Reason.WRITE_OFF: (frozenset({Kind.PLATFORM}), frozenset({Kind.PAYABLE})),
    Reason.BANK_FEE: (frozenset({Kind.PLATFORM}), frozenset({Kind.BANK})),
    Reason.OTHER: (FREE, FREE),
}
# The accounts of which there is one each.
SINGLE = (Kind.BANK, Kind.PLATFORM, Kind.SUSPENSE, Kind.WITHHELD)
WANTED = """
    SELECT 'entry:' || CAST(entry.id AS text) AS key, entry.debit_account_id, entry.credit_account_id,
           entry.amount_micros, entry.reason || CASE WHEN entry.note = '' THEN '' ELSE ': ' END
             || substr(entry.note, 1, 150) AS reason
      FROM payouts_entry entry WHERE {entries}
"""
# The transfers that should be there; `verify` compares.
POSTED = WANTED.format(entries="entry.status = 'approved'")


def prepare(entry: Entry, by: User, evidence: File | None = None) -> Entry:
    """Save the new `entry` (accounts, amount in micros, reason, note), so that another person approves it.

    `evidence` is kept with its SHA-256. Raises Refused when `by` may not, when the reason doesn't allow these
    accounts, and when more would be written off than the account is negative.
    """
    require(by, PREPARES)
    entry.prepared_by, entry.status = by, Status.PREPARED
    _date(entry)
    if evidence is not None:
        entry.evidence, entry.evidence_sha256 = evidence, sha256(evidence)
    require_allowed(entry)
    with transaction.atomic():
        entry.save()
        audit.record(by, "entry.prepare", entry, amount_micros=entry.amount_micros)
    return entry


def approve(entry: Entry, by: User) -> None:
    """Post the entry's transfer. Raises Refused when `by` may not or prepared it, when it was decided
    already, and when it is no longer allowed (a balance that is written off has changed).
    """
    with transaction.atomic():
        held = _hold(entry, "approve", by)
        require_another(by, held.prepared_by)
        month = Month.objects.select_for_update().get(pk=ledger.month_to_post_in().pk)
        _date(held)
        require_allowed(held)
        _lock_accounts(held)
        _move(held, "approve", by)
        audit.record(by, "entry.approve", held, amount_micros=held.amount_micros)
        wanted = WANTED.format(entries="entry.id = %s")
        ledger.post(Transfer.Kind.ENTRY, month, wanted, [held.pk], by)
        allocate(held, by)
        transaction.on_commit(seals.seal)
    entry.refresh_from_db()


def reject(entry: Entry, by: User) -> None:
    """Give the entry up, as who prepared it may too. Raises Refused when `by` may not or it was decided."""
    with transaction.atomic():
        held = _hold(entry, "reject", by)
        _move(held, "reject", None)
        audit.record(by, "entry.reject", held, amount_micros=held.amount_micros)
    entry.refresh_from_db()


def of_advertisers(entry: Entry) -> list[tuple[Account, int]]:
    """The advertisers' accounts that the entry moves, each with the micros that it brings (or takes)."""
    sides = ((entry.debit_account, -entry.amount_micros), (entry.credit_account, entry.amount_micros))
    return [(account, micros) for account, micros in sides if account.kind == Kind.RECEIVABLE]


def allocate(entry: Entry, by: User) -> None:
    """Let an approved entry settle invoices, or open them again; the caller is in its transaction."""
    for account, micros in of_advertisers(entry):
        whose = account.advertiser
        assert whose and entry.received_on  # noqa: S101 - each receivable is somebody's
        settling.receive(
            whose,
            f"entry:{entry.pk}",
            micros,
            received_on=entry.received_on,
            bank_reference=entry.bank_reference,
            invoice=entry.invoice if entry.invoice and entry.invoice.advertiser == whose else None,
            by=by,
        )


def open_accounts() -> None:
    """Open the accounts of which there is one each, so that they can be chosen before anything was posted."""
    for kind in SINGLE:
        ledger.account(kind, kind.value)


def sha256(file: File) -> str:
    """The SHA-256 of the file's bytes; it can be read again afterwards."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _date(entry: Entry) -> None:
    """An advertiser's money came today unless another day is said."""
    if of_advertisers(entry):
        entry.received_on = entry.received_on or timezone.now().date()


def _hold(entry: Entry, action: str, by: User) -> Entry:
    """The entry, locked, if `by` may take the action and it may start from the entry's status."""
    sources, _status, permissions = MOVES[action]
    require(by, *permissions)
    held = Entry.objects.select_for_update().get(pk=entry.pk)
    if held.status not in sources:
        raise Refused(_("%(entry)s is %(status)s already.") % _named(held))
    return held


def _lock_accounts(entry: Entry) -> None:
    """Whoever debits an account that is paid from holds it: nobody counts on the same money meanwhile.

    Not its key, at which a seal looks that writes the account's first checkpoint: it would wait for us, and
    we for the transfers that it holds.
    """
    accounts = Account.objects.select_for_update(no_key=True).filter(
        pk__in=[entry.debit_account_id, entry.credit_account_id]
    )
    list(accounts.order_by("pk").values_list("pk"))


def _named(entry: Entry) -> dict[str, Any]:
    return {"entry": entry, "status": entry.get_status_display()}


def _move(entry: Entry, action: str, by: User | None) -> None:
    moved = {"approved_by": by, "approved_at": timezone.now()} if by else {}
    status, received_on = MOVES[action][1], entry.received_on
    Entry.objects.filter(pk=entry.pk).update(status=status, received_on=received_on, **moved)


def require_allowed(entry: Entry) -> None:
    debits, credits = ALLOWED[entry.reason]
    for account, kinds, side in (
        (entry.debit_account, debits, _("from")),
        (entry.credit_account, credits, _("to")),
    ):
        if account.kind not in kinds:
            listed = ", ".join(str(kind.label) for kind in Kind if kind in kinds)
            raise Refused(
                _("%(reason)s: the account it goes %(side)s must be one of: %(kinds)s; %(account)s is not.")
                % {
                    "reason": entry.get_reason_display(),
                    "side": side,
                    "kinds": listed,
                    "account": account,
                }
            )
    if entry.debit_account_id == entry.credit_account_id:
        raise Refused(_("Choose two different accounts."))
    if entry.reason == Reason.WRITE_OFF:
        _require_negative(entry)
    _require_of_advertiser(entry)


def _require_of_advertiser(entry: Entry) -> None:
    """A date at the bank, a bank reference and an invoice are said of an advertiser's money alone."""
    accounts = [account for account, _micros in of_advertisers(entry)]
    if not accounts and (entry.invoice or entry.received_on or entry.bank_reference):
        raise Refused(
            _("Only an advertiser's money has a date at the bank, a bank reference and an invoice.")
        )
    if entry.received_on and entry.received_on > timezone.now().date():
        raise Refused(_("The date at the bank is in the future."))
    if entry.invoice and entry.invoice.advertiser not in [account.advertiser for account in accounts]:
        raise Refused(
            _("%(invoice)s was not issued to this advertiser; choose another.") % {"invoice": entry.invoice}
        )
    if entry.invoice and not entry.invoice.is_invoice:
        raise Refused(_("%(invoice)s is a credit note; choose an invoice.") % {"invoice": entry.invoice})


def _require_negative(entry: Entry) -> None:
    missing = -ledger.balance(entry.credit_account)
    if entry.amount_micros > missing:
        raise Refused(
            _("%(account)s can be written off up to %(missing)s, what it is below zero; not %(amount)s.")
            % {
                "account": entry.credit_account,
                "missing": dollars(max(missing, 0)),
                "amount": dollars(entry.amount_micros),
            }
        )
