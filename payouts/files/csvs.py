"""Payments as CSV: for PayPal, for Wise, and for whoever pays by hand.

UTF-8, lines end in CR LF, amounts have a decimal point and are written from whole cents. PayPal and Wise have
to find each text as it is, so that what a spreadsheet would run was refused before (see destinations); in
our own file, which people open in one, such a text is made harmless.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from payouts.files.payment import CURRENCY, Heading, Payment, decimal
from pulse_site.spreadsheets import harmless

# Wise finds its columns by these names.
WISE = (
    "name",
    "recipientId",
    "sourceCurrency",
    "targetCurrency",
    "amount",
    "amountCurrency",
    "paymentReference",
)
MANUAL = ("reference", "name", "company", "country", "email", "amount", "currency", "pay_on", "batch")


def paypal(payments: Sequence[Payment], heading: Heading) -> tuple[bytes, tuple[str, ...]]:
    """PayPal's columns, which have no header: recipient, amount, currency, customer id, note."""
    note = harmless(f"{heading.originator.company_name} {heading.batch_reference}".strip())
    return _written(
        (
            payment.destination["email"],
            decimal(payment.amount_cents),
            CURRENCY,
            payment.reference,
            note,
        )
        for payment in payments
    ), _references(payments)


def wise(payments: Sequence[Payment], heading: Heading) -> tuple[bytes, tuple[str, ...]]:
    """Wise's template for saved recipients; they get the amount in full ("target"), the fees are ours."""
    rows = [
        (
            payment.name,
            payment.destination["recipient_id"],
            CURRENCY,
            CURRENCY,
            decimal(payment.amount_cents),
            "target",
            payment.reference,
        )
        for payment in payments
    ]
    return _written([WISE, *rows]), _references(payments)


def manual(payments: Sequence[Payment], heading: Heading) -> tuple[bytes, tuple[str, ...]]:
    """Our own columns, with a header."""
    rows = [
        (
            payment.reference,
            payment.name,
            "yes" if payment.is_company else "no",
            payment.country,
            payment.email,
            decimal(payment.amount_cents),
            CURRENCY,
            heading.effective_on.isoformat(),
            heading.batch_reference,
        )
        for payment in payments
    ]
    return _written([MANUAL, *(tuple(map(harmless, row)) for row in rows)]), _references(payments)


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _references(payments: Sequence[Payment]) -> tuple[str, ...]:
    return tuple(payment.reference for payment in payments)
