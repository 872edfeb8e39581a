"""The transfers of a batch, each kind as one SELECT over its payouts.

A payment is booked gross out of the batch's account: the net to the bank, the tax withheld to where it waits
for the tax office. A payment that comes back is booked as paid and returned, also where the bank said
"returned" at once, for the file's sum left our account and came back; so what must be posted follows from a
payout's last status alone, and `verify` can recompute it.
"""

from payouts import ledger
from payouts.models import Account, PayoutBatch, Transfer
from pulse_site.models import User

# The payout's own reference (Payout.reference) in SQL.
REFERENCE = """
    'P' || CASE WHEN payout.id < 1000000000 THEN substr(CAST(1000000000 + payout.id AS text), 2)
                ELSE CAST(payout.id AS text) END
"""
MOVE = """
    SELECT {key} AS key, {debit}.id AS debit_account_id, {credit}.id AS credit_account_id,
           {amount} AS amount_micros, {reason} AS reason
      FROM payouts_payout payout
      JOIN payouts_payoutbatch batch ON batch.id = payout.batch_id
      JOIN payouts_account payable ON payable.creator_id = payout.creator_id
      JOIN payouts_account transit ON transit.code = 'in-transit:' || batch.reference
      LEFT JOIN payouts_account bank ON bank.code = 'bank'
      LEFT JOIN payouts_account withheld ON withheld.code = 'withheld'
     WHERE {amount} > 0 AND {{where}}
"""
OF_CREATOR = "'{verb}:' || batch.reference || ':creator:' || CAST(payout.creator_id AS text)"
GROSS, NET, TAX = (
    "payout.amount_micros",
    "(payout.amount_micros - payout.withheld_micros)",
    "payout.withheld_micros",
)


def _move(verb: str, debit: str, credit: str, amount: str) -> str:
    key = OF_CREATOR.format(verb=verb)
    return MOVE.format(key=key, debit=debit, credit=credit, amount=amount, reason="''")


def _return(suffix: str, debit: str, amount: str) -> str:
    key = f"'return:' || {REFERENCE} || '{suffix}'"
    return MOVE.format(key=key, debit=debit, credit="payable", amount=amount, reason="payout.bank_reason")


RESERVE = _move("reserve", "payable", "transit", GROSS)
RELEASE = _move("release", "transit", "payable", GROSS)
WITHHOLDING = _move("withholding", "transit", "withheld", TAX)
PAYMENT = _move("payment", "transit", "bank", NET)
RETURN = f"{_return('', 'bank', NET)} UNION ALL {_return(':tax', 'withheld', TAX)}"
# What should be posted: kind -> (its transfers, the payouts that have them); `verify` compares.
POSTED: dict[str, tuple[str, str]] = {
    Transfer.Kind.RESERVE: (RESERVE, "payout.reserved"),
    Transfer.Kind.RELEASE: (RELEASE, "payout.reserved AND payout.status IN ('held', 'cancelled')"),
    Transfer.Kind.WITHHOLDING: (WITHHOLDING, "payout.status IN ('paid', 'returned')"),
    Transfer.Kind.PAYMENT: (PAYMENT, "payout.status IN ('paid', 'returned')"),
    Transfer.Kind.RETURN: (RETURN, "payout.status = 'returned'"),
}


def post(kind: str, where: str, by: User | None) -> int:
    """Post the transfers of a kind for the payouts for which `where` (SQL of ours) holds; returns how many.

    Never for payouts that have them already: they may stand in a month that is closed by now.
    """
    movement, _which = POSTED[kind]
    return ledger.post(kind, ledger.month_to_post_in(), movement.format(where=where), [], by)


def post_paid(where: str, by: User | None) -> None:
    """Book the payments: the tax to where it is withheld, the rest to the bank."""
    post(Transfer.Kind.WITHHOLDING, where, by)
    post(Transfer.Kind.PAYMENT, where, by)


def open_accounts(batch: PayoutBatch) -> None:
    """Open what the batch's money goes through: its own account, the bank's, and that of withheld tax."""
    ledger.account(Account.Kind.IN_TRANSIT, f"in-transit:{batch.reference}")
    ledger.account(Account.Kind.BANK, "bank")
    if batch.payouts.filter(withheld_micros__gt=0).exists():
        ledger.account(Account.Kind.WITHHELD, "withheld")
