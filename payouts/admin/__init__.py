"""Finance: months, the ledger, earnings and payments."""

from payouts.admin import batches, ledger, months, payee_changes, payees, tax

__all__ = ["batches", "ledger", "months", "payee_changes", "payees", "tax"]
