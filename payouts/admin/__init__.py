"""Finance: months, the ledger, earnings and payments; and what the auditor's room knows of them."""

from payouts.admin import batches, ledger, months, room, statements

__all__ = ["batches", "ledger", "months", "room", "statements"]
