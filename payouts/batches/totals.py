"""What a batch adds up to, and the digest by which an approval is bound to what was seen."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from payouts import payability
from payouts.models import Method, Payout, PayoutBatch

# The columns of a payout that its approver answers for.
SEEN = "creator_id, amount_micros, withheld_micros, status, method, details_version, reasons"
ROWS = f"SELECT {SEEN} FROM payouts_payout WHERE batch_id = %s"  # noqa: S608


@dataclass
class Total:
    """How many payments, their gross amount and the tax withheld, in micros."""

    payments: int = 0
    amount: int = 0
    withheld: int = 0

    def add(self, payments: int, amount: int, withheld: int) -> None:
        self.payments += payments
        self.amount += amount
        self.withheld += withheld

    @property
    def net(self) -> int:
        """What the banks are to pay."""
        return self.amount - self.withheld


@dataclass
class Totals:
    """A batch at a glance: what is paid and what is held, by status, method and reason.

    A payout that is held for two reasons counts under both.
    """

    payable: Total = field(default_factory=Total)
    held: Total = field(default_factory=Total)
    statuses: dict[str, Total] = field(default_factory=lambda: defaultdict(Total))
    methods: dict[str, Total] = field(default_factory=lambda: defaultdict(Total))
    reasons: dict[str, Total] = field(default_factory=lambda: defaultdict(Total))

    def add(self, status: str, method: str, reasons: str, *figures: int) -> None:
        self.statuses[status].add(*figures)
        if status != Payout.Status.HELD:
            self.payable.add(*figures)
            self.methods[method].add(*figures)
            return
        self.held.add(*figures)
        for code in filter(None, reasons.split(",")):
            self.reasons[code].add(*figures)

    @property
    def by_status(self) -> list[tuple[str, Total]]:
        return [(str(label), self.statuses[s]) for s, label in Payout.Status.choices if s in self.statuses]

    @property
    def by_method(self) -> list[tuple[str, Total]]:
        return [(str(label), self.methods[m]) for m, label in Method.choices if m in self.methods]

    @property
    def by_reason(self) -> list[tuple[str, Total]]:
        """The reasons in words, the one that holds most first."""
        ordered = sorted(self.reasons.items(), key=lambda item: (-item[1].amount, item[0]))
        return [("".join(payability.labels(code)), total) for code, total in ordered]


def totals(batch: PayoutBatch) -> Totals:
    """What the batch adds up to as it is stored; one query, whatever its size."""
    found = Totals()
    groups = batch.payouts.order_by().values_list("status", "method", "reasons")
    for status, method, reasons, *figures in groups.annotate(
        Count("id"), Sum("amount_micros"), Sum("withheld_micros")
    ):
        found.add(status, method, reasons, *map(int, figures))
    return found


def rows(statement: str, values: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """The payouts that `statement` yields as SEEN, by creator."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SEEN} FROM ({statement}) seen ORDER BY creator_id", values)  # noqa: S608
        return cursor.fetchall()


def digest_of(payouts: Iterable[tuple[Any, ...]]) -> str:
    """SHA-256 over payouts as `rows` yields them; no column can hold what would look like its end."""
    return hashlib.sha256("\n".join(map(repr, payouts)).encode()).hexdigest()


def digest(batch: PayoutBatch) -> str:
    """The digest over the batch's payouts as they are stored."""
    return digest_of(rows(ROWS, [batch.pk]))


def audited(batch: PayoutBatch) -> dict[str, Any]:
    """What the audit trail keeps of a batch: its payments, and their gross amount in micros."""
    found = totals(batch).payable
    return {"payouts": found.payments, "amount_micros": found.amount}


def summary(batch: PayoutBatch) -> dict[str, Any]:
    """The batch for a command or a run: batch, status, payments, amount_micros, withheld_micros, net_micros,
    held, held_micros, reasons (code -> payouts held for it), methods (method -> payments), digest."""
    found = totals(batch)
    return {
        "batch": batch.reference,
        "status": batch.status,
        "payments": found.payable.payments,
        "amount_micros": found.payable.amount,
        "withheld_micros": found.payable.withheld,
        "net_micros": found.payable.net,
        "held": found.held.payments,
        "held_micros": found.held.amount,
        "reasons": {code: total.payments for code, total in found.reasons.items()},
        "methods": {method: total.payments for method, total in found.methods.items()},
        "digest": batch.digest,
    }
