"""What goes into a payment file and what comes out: one payment, one file.

Plain values without a database behind them, so that a file depends on nothing but what it was given: the same
payments make the same bytes, today and when an auditor asks.
"""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from payouts.files.originator import Originator

# The ledger is in dollars, and nobody converts them on the way to a file.
CURRENCY = "USD"


@dataclass(frozen=True)
class Payment:
    """`amount_cents` to one payee. `reference` is ours: unique, and what a bank's answer is matched by.

    `destination` holds, by the payee's method: ACH `routing`, `account`, `account_type` ("checking" or
    "savings"); SEPA `iban` and perhaps `bic`; PayPal `email`; Wise `recipient_id`; manual nothing. ACH and
    SEPA know `account_name` too, the name that the bank knows, for who is not called by 22 Latin letters.
    `country` is the payee's, two letters.
    """

    reference: str
    name: str
    amount_cents: int
    destination: Mapping[str, str]
    country: str
    email: str = ""
    is_company: bool = False


@dataclass(frozen=True)
class Heading:
    """What a file says of itself: whose it is, when it was made and is to be paid, which one it is."""

    batch_reference: str
    originator: Originator
    effective_on: datetime.date
    created_at: datetime.datetime
    number: int  # of the batch's files, from 1
    number_of_day: int  # of the files that the bank gets on that day, from 1


@dataclass(frozen=True)
class PaymentFile:
    """The bytes of one file, the references of its payments in the order in which it has them, their sum."""

    name: str
    content: bytes
    references: tuple[str, ...]
    total_cents: int

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def total_cents(payments: Sequence[Payment]) -> int:
    return sum(payment.amount_cents for payment in payments)


def decimal(cents: int) -> str:
    """123456 is "1234.56": from the integer, never through a float."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
