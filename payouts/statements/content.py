"""What a statement says, before it is written in a language or a format. All amounts are micros.

The balance is that of the creator's account in the ledger. A payment that is on its way has left the account
and not yet reached the bank, so what is on its way at either end of the month belongs to the sum:

    opening + earned + adjusted + goodwill + other + returned
            - paid - withheld + on its way before - on its way after = closing
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property

from campaigns.models import MICROS_PER_CENT, Month
from creators.models import Creator
from payouts.models import Correction


@dataclass(frozen=True)
class Line:
    """Billed impressions of one campaign after one video. A share of `enrolled` False is nothing.

    A CPM and a share hold for one campaign and month, so that each line can be worked out by hand; a video
    with several campaigns has several lines. `origin` is the month of their days, which is an earlier one
    for deliveries that were reported late.
    """

    video: int
    campaign: str
    cpm_micros: int
    origin: str
    enrolled: bool
    impressions: int
    revenue_micros: int
    share_micros: int


@dataclass(frozen=True)
class Unpaid:
    """Impressions beside his videos that nobody was billed for, with the verdict's value."""

    verdict: str
    impressions: int


@dataclass(frozen=True)
class Adjusted:
    """A correction posted in the month; what is taken from the creator is negative."""

    reason: str
    detail: str
    origin: str
    campaign: str
    video: int | None
    micros: int

    @property
    def goodwill(self) -> bool:
        return self.reason == Correction.Reason.GOODWILL


@dataclass(frozen=True)
class Moved:
    """Any other transfer from or to the creator's account; what it takes is negative."""

    kind: str
    reason: str
    on: datetime.date
    micros: int


@dataclass(frozen=True)
class Paid:
    """A payment that reached the bank or came back with the bank's reason; `tax` is what was withheld."""

    reference: str
    batch: str
    method: str
    hint: str
    on: datetime.date
    net_micros: int
    withheld_micros: int = 0
    bank_reason: str = ""
    tax: bool = False


@dataclass(frozen=True)
class Held:
    """A payment that was due and could not be made, with the codes of the reasons (payability.py)."""

    batch: str
    amount_micros: int
    reasons: str


@dataclass(frozen=True)
class Statement:
    """One creator's closed month. `basis_points` is his share of revenue, `seal` a digest of the ledger."""

    creator: Creator
    month: Month
    basis_points: int
    minimum_micros: int
    opening_micros: int
    closing_micros: int
    lines: list[Line]
    unpaid: list[Unpaid]
    adjustments: list[Adjusted]
    others: list[Moved]
    paid: list[Paid]
    returned: list[Paid]
    held: list[Held]
    transit_before_micros: int
    transit_after_micros: int
    seal: str

    @cached_property
    def impressions(self) -> int:
        return sum(line.impressions for line in self.lines)

    @cached_property
    def revenue_micros(self) -> int:
        return sum(line.revenue_micros for line in self.lines)

    @cached_property
    def earned_micros(self) -> int:
        return sum(line.share_micros for line in self.lines)

    @cached_property
    def adjusted_micros(self) -> int:
        return sum(each.micros for each in self.adjustments if not each.goodwill)

    @cached_property
    def goodwill_micros(self) -> int:
        return sum(each.micros for each in self.adjustments if each.goodwill)

    @cached_property
    def other_micros(self) -> int:
        return sum(each.micros for each in self.others)

    @cached_property
    def paid_micros(self) -> int:
        return sum(payment.net_micros for payment in self.paid)

    @cached_property
    def withheld_micros(self) -> int:
        return sum(payment.withheld_micros for payment in self.paid)

    @cached_property
    def returned_micros(self) -> int:
        return sum(payment.net_micros for payment in self.returned)

    @property
    def sum_micros(self) -> int:
        """What the statement's own figures come to; it is the closing balance, or the statement is wrong."""
        return (
            self.opening_micros
            + self.earned_micros
            + self.adjusted_micros
            + self.goodwill_micros
            + self.other_micros
            + self.returned_micros
            - self.paid_micros
            - self.withheld_micros
            + self.transit_before_micros
            - self.transit_after_micros
        )

    @property
    def carried_micros(self) -> int:
        """The part of a positive closing balance that is less than a cent, which no bank can pay."""
        return self.closing_micros % MICROS_PER_CENT if self.closing_micros > 0 else 0

    @property
    def due(self) -> bool:
        """Whether the whole cents of the closing balance reach the minimum payout."""
        return self._reaches(self.closing_micros)

    @property
    def was_due(self) -> bool:
        """Whether there was anything to pay when the month began."""
        return self._reaches(self.opening_micros)

    def _reaches(self, micros: int) -> bool:
        cents = micros // MICROS_PER_CENT * MICROS_PER_CENT
        return cents >= max(self.minimum_micros, MICROS_PER_CENT)
