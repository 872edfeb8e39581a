"""Finance: months, the ledger, earnings and payments; and what the auditor's room knows of them."""

from payouts.admin import batches, ledger, months, payee_changes, payees, room, statements, tax

__all__ = ["batches", "ledger", "months", "payee_changes", "payees", "room", "statements", "tax"]
