"""Invoices and credit notes as CSV: texts in the reader's language, amounts and dates for programs.

What a credit note takes off is negative, and what is carried has rows of its own. So the amounts of a
document add up to what it asks for or gives back, and those of a year to all that was asked for.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from campaigns.invoices import wording
from campaigns.models import Invoice, InvoiceLine
from pulse_site.money import plain
from pulse_site.spreadsheets import csv_document


def render(invoice: Invoice) -> bytes:
    """The bytes of the file, in the language that is active."""
    return csv_document(columns(), rows([invoice]))


def columns() -> list[str]:
    return [
        _("Document"),
        _("Kind"),
        _("Month"),
        _("Issued on"),
        _("Due on"),
        _("Section"),
        _("Reference"),
        _("Campaign"),
        _("Purchase order"),
        _("Corrected month"),
        _("Reason"),
        _("Impressions"),
        _("CPM (USD)"),
        _("Amount (USD)"),
    ]


def rows(invoices: Iterable[Invoice]) -> Iterator[list[Any]]:
    """Of documents whose lines were read with them."""
    for invoice in invoices:
        sign = invoice.SIGNS[invoice.kind]
        for section in wording.sections(invoice, invoice.lines.all()):
            for line in section.lines:
                yield [*_document(invoice), section.title, *_line(line), plain(sign * line.amount_micros)]
        for step in wording.steps(invoice)[1:-1]:
            yield [*_document(invoice), step.label, *[""] * 7, plain(sign * step.micros)]


def _document(invoice: Invoice) -> list[str]:
    return [
        invoice.number,
        capfirst(invoice.get_kind_display()),
        invoice.month_id,
        invoice.issued_on.isoformat(),
        invoice.due_on.isoformat() if invoice.due_on else "",
    ]


def _line(line: InvoiceLine) -> list[Any]:
    corrected = ["", ""] if line.billed else [line.origin_id, wording.reason(line)]
    cpm = plain(line.cpm_micros) if line.impressions else ""
    return [line.reference, line.name, line.purchase_order, *corrected, line.impressions, cpm]
