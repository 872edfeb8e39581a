"""Money: the ledger, what creators earned, what corrects it, who is paid, and how."""

from payouts.models.batches import PaymentFile, Payout, PayoutBatch, payment_reference
from payouts.models.corrections import Adjustment, Correction, Dispute
from payouts.models.earnings import Earning
from payouts.models.ledger import Account, Checkpoint, Entry, Seal, Transfer
from payouts.models.payees import Method, Payee, PayeeChange, TaxYear
from payouts.models.statements import StatementFile

__all__ = [
    "Account",
    "Adjustment",
    "Checkpoint",
    "Correction",
    "Dispute",
    "Earning",
    "Entry",
    "Method",
    "Payee",
    "PayeeChange",
    "PaymentFile",
    "Payout",
    "PayoutBatch",
    "Seal",
    "StatementFile",
    "TaxYear",
    "Transfer",
    "payment_reference",
]
