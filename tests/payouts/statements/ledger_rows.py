"""Transfers of a creator's account, as the jobs that pay and correct would post them."""

from django.utils import timezone

from campaigns.models import Month
from creators.models import Creator
from payouts import ledger
from payouts.models import Account, Payout, PayoutBatch
from pulse_site.models import User
from tests import factories

WANTED = """SELECT %s AS key, CAST(%s AS bigint) AS debit_account_id, CAST(%s AS bigint) AS credit_account_id,
                   CAST(%s AS bigint) AS amount_micros, %s AS reason"""
# kind -> accounts it goes from and to
ROADS = {
    "reserve": ("payable", "in-transit"),
    "release": ("in-transit", "payable"),
    "payment": ("in-transit", "bank"),
    "withholding": ("in-transit", "withheld"),
    "return": ("bank", "payable"),
    "earning": ("suspense", "payable"),
    "deduction": ("payable", "suspense"),
    "entry": ("suspense", "payable"),
    "platform": ("payable", "suspense"),
}


def move(kind: str, creator: Creator, micros: int, month: Month, key: str, reason: str = "") -> None:
    """A transfer of `micros` along the road of its kind; a negative amount runs the other way round."""
    sides = [_account(name, creator, key) for name in ROADS[kind]]
    debit, credit = sides if micros > 0 else reversed(sides)
    ledger.post(kind, month, WANTED, [key, debit.pk, credit.pk, abs(micros), reason])


def _account(name: str, creator: Creator, key: str) -> Account:
    if name == "payable":
        code = f"payable:creator:{creator.pk}"
        return Account.objects.get_or_create(code=code, defaults={"kind": "payable", "creator": creator})[0]
    code = f"in-transit:{key.split(':')[1]}" if name == "in-transit" else name
    return ledger.account(name.replace("-", "_"), code)


def batch(reference: str, month: Month, by: User) -> PayoutBatch:
    return PayoutBatch.objects.create(
        reference=reference, month=month, minimum_micros=0, prepared_by=by, prepared_at=timezone.now()
    )


def payout(of: PayoutBatch, creator: Creator, micros: int, **fields: object) -> Payout:
    fields.setdefault("status", Payout.Status.PAID)
    return Payout.objects.create(batch=of, creator=creator, amount_micros=micros, method="ach", **fields)


def empty_month(code: str) -> Month:
    """Taking transfers, with the terms that a close would freeze."""
    return factories.month(code, terms=factories.terms())
