"""Finance: months, the ledger, earnings and payments; and what the auditor's room knows of them."""

from payouts.admin import (
    batches,
    corrections,
    disputes,
    entries,
    invoices,
    ledger,
    months,
    payee_changes,
    payees,
    payments,
    prospects,
    review,
    room,
    statements,
    tax,
)

__all__ = [
    "batches",
    "corrections",
    "disputes",
    "entries",
    "invoices",
    "ledger",
    "months",
    "payee_changes",
    "payees",
    "payments",
    "prospects",
    "review",
    "room",
    "statements",
    "tax",
]
