"""Finance: months, the ledger, earnings and payments."""

from payouts.admin import batches, entries, ledger, months, review

__all__ = ["batches", "entries", "ledger", "months", "review"]
