"""An invoice or credit note as PDF. The date in the file is that of its issue (pulse_site/paper.py)."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from campaigns.invoices import wording
from campaigns.invoices.issuer import Issuer, issuer
from campaigns.models import Invoice, InvoiceLine
from pulse_site.money import written
from pulse_site.paper import ACCENT, LEFT, MARGIN, RIGHT, SMALL, SOFT, TEXT, WIDTH, Columns, Paper

LINES: Columns = ((76, LEFT), (30, LEFT), (26, RIGHT), (18, RIGHT), (28, RIGHT))
HALF = WIDTH / 2
STEP, AMOUNT = 62, 34  # the label beside an amount


def render(invoice: Invoice) -> bytes:
    """The bytes of the file, in the language that is active. Raises Refused without an issuer's details."""
    by = issuer()
    sheet = Paper(f"{wording.title(invoice)} · {by.name}", invoice.created_at, _foot(by))
    _head(sheet, invoice, by)
    _parties(sheet, invoice)
    _figures(sheet, invoice)
    for section in wording.sections(invoice, invoice.lines.all()):
        _section(sheet, section)
    _amount(sheet, invoice)
    _paying(sheet, invoice, by)
    return bytes(sheet.output())


def _foot(by: Issuer) -> str:
    return " · ".join(filter(None, [by.name, *by.address, by.tax_number, by.email]))


def _head(sheet: Paper, invoice: Invoice, by: Issuer) -> None:
    sheet.write_text("Pulse", 60, size=15, bold=True, ink=ACCENT, height=8)
    sheet.write_text(wording.title(invoice), WIDTH - 60, size=13, bold=True, align=RIGHT, height=8, end=True)
    sheet.write_text(by.name, 60, ink=SOFT)
    sheet.write_text(wording.period(invoice), WIDTH - 60, ink=SOFT, align=RIGHT, end=True)
    sheet.ln(7)


def _parties(sheet: Paper, invoice: Invoice) -> None:
    """Whom it is made out to on the left, the facts of the document on the right."""
    top = sheet.get_y()
    whom = _("Billed to") if invoice.is_invoice else _("Credited to")
    sheet.write_text(whom, HALF, ink=SOFT, size=SMALL, end=True)
    for number, line in enumerate(invoice.address):
        sheet.write_text(line, HALF, size=9.4 if not number else 8.4, bold=not number, height=4.9, end=True)
    if invoice.tax_number:
        number_text = _("Tax number %(number)s") % {"number": invoice.tax_number}
        sheet.write_text(number_text, HALF, ink=SOFT, height=4.9, end=True)
    bottom = sheet.get_y()
    sheet.set_y(top)
    for label, value in _facts(invoice):
        sheet.set_x(MARGIN + HALF + 17)
        sheet.write_text(label, 36, ink=SOFT, height=5.2)
        sheet.write_text(value, HALF - 53, align=RIGHT, height=5.2, end=True)
    sheet.set_y(max(bottom, sheet.get_y()) + 7)


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    facts = [(_("Number"), invoice.number), (_("Issued on"), date_format(invoice.issued_on))]
    orders = sorted({line.purchase_order for line in invoice.lines.all() if line.purchase_order})
    if len(orders) == 1:
        facts.append((_("Purchase order"), orders[0]))
    return facts


def _figures(sheet: Paper, invoice: Invoice) -> None:
    figures = [(_("Month"), wording.month(invoice.month_id))]
    if invoice.due_on:
        figures.append((_("Due on"), date_format(invoice.due_on)))
    sheet.boxes([*figures, (wording.amount_label(invoice), written(invoice.amount_micros))])


def _section(sheet: Paper, section: wording.Section) -> None:
    sheet.heading(section.title)
    head = [_("Campaign"), _("Purchase order"), _("Impressions"), _("CPM"), _("Amount")]
    impressions = wording.count(section.impressions) if section.impressions else ""
    total = [_("Total"), "", impressions, "", written(section.micros)]
    sheet.ruled(LINES, head, [(_cells(line), wording.note(line)) for line in section.lines], total)


def _cells(line: InvoiceLine) -> list[str]:
    return [
        line.name,
        line.purchase_order,
        wording.count(line.impressions) if line.impressions else "–",
        written(line.cpm_micros) if line.impressions else "–",
        written(line.amount_micros),
    ]


def _amount(sheet: Paper, invoice: Invoice) -> None:
    steps = wording.steps(invoice)
    if sheet.will_page_break(8 + 6.2 * len(steps)):
        sheet.add_page()
    sheet.ln(6)
    for step in steps:
        sheet.set_x(MARGIN + WIDTH - STEP - AMOUNT)
        weight: dict[str, Any] = {"bold": step.strong, "size": 10 if step.strong else TEXT, "height": 6.2}
        sheet.write_text(step.label, STEP, **weight)
        sheet.write_text(written(step.micros), AMOUNT, align=RIGHT, end=True, **weight)


def _paying(sheet: Paper, invoice: Invoice, by: Issuer) -> None:
    sheet.heading(_("How to pay") if invoice.is_invoice else _("What becomes of it"))
    sheet.paragraph(wording.terms(invoice))
    if invoice.is_invoice and invoice.amount_micros:
        reference = _("Reference: %(number)s") % {"number": invoice.number}
        for line in (by.name, *by.bank, reference):
            sheet.write_text(line, height=4.8, bold=line == reference, end=True)
    sheet.ln(2)
    for sentence in wording.explanations(invoice):
        sheet.paragraph(sentence, ink=SOFT, size=7.4)
    if by.email:
        sheet.paragraph(_("Questions? Write to %(email)s.") % {"email": by.email}, ink=SOFT, size=7.4)
