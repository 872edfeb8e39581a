"""Finance: months, the ledger, earnings and payments."""

from payouts.admin import batches, corrections, disputes, ledger, months

__all__ = ["batches", "corrections", "disputes", "ledger", "months"]
