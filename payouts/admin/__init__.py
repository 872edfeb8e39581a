"""Finance: months, the ledger, earnings and payments."""

from payouts.admin import batches, ledger, months, statements

__all__ = ["batches", "ledger", "months", "statements"]
