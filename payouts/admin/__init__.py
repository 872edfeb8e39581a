"""Finance: months, the ledger, earnings and payments."""

from payouts.admin import batches, ledger, months, payments

__all__ = ["batches", "ledger", "months", "payments"]
