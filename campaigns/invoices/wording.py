"""The words of an invoice or credit note, in the language that is active: page, PDF and CSV share them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Invoice, InvoiceLine, Month


@dataclass(frozen=True)
class Step:
    """One line of the way from the sum of the lines to the amount."""

    label: str
    micros: int
    strong: bool = False


@dataclass(frozen=True)
class Section:
    """Lines of one kind under their heading."""

    title: str
    lines: list[InvoiceLine]

    @property
    def micros(self) -> int:
        return sum(line.amount_micros for line in self.lines)

    @property
    def impressions(self) -> int:
        return sum(line.impressions for line in self.lines)


def title(invoice: Invoice) -> str:
    text = _("Invoice %(number)s") if invoice.is_invoice else _("Credit note %(number)s")
    return text % {"number": invoice.number}


def month(code: str) -> str:
    """October 2026."""
    return date_format(Month(code=code).first_day, "F Y")


def period(invoice: Invoice) -> str:
    return f"{date_format(invoice.month.first_day)} – {date_format(invoice.month.last_day)}"


def count(number: int) -> str:
    return number_format(number, force_grouping=True)


def sections(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Section]:
    """What was billed, then what corrections changed; a kind without lines is left out."""
    kept = list(lines)
    corrected = _("Charged again") if invoice.is_invoice else _("Credits")
    found = [
        Section(_("Campaigns"), [line for line in kept if line.billed]),
        Section(corrected, [line for line in kept if not line.billed]),
    ]
    return [section for section in found if section.lines]


def note(line: InvoiceLine) -> str:
    """What stands below a line: the campaign's reference; of a correction also why, and of which month."""
    if line.billed:
        return line.reference
    return " · ".join([line.reference, reason(line), month(line.origin_id)])


def reason(line: InvoiceLine) -> str:
    """Invalid traffic: data centre."""
    return capfirst(": ".join(filter(None, [line.get_reason_display(), line.detail])))


def steps(invoice: Invoice) -> list[Step]:
    """From the sum of the lines to the amount; what is not carried is left out."""
    sign = invoice.SIGNS[invoice.kind]
    carried = [
        Step(_("Carried from the last document"), sign * invoice.carried_from_micros),
        Step(_("Carried to the next document"), -sign * invoice.carried_to_micros),
    ]
    return [
        Step(_("Sum of the lines"), invoice.total_micros),
        *(step for step in carried if step.micros),
        Step(amount_label(invoice), invoice.amount_micros, strong=True),
    ]


def amount_label(invoice: Invoice) -> str:
    return _("Amount due") if invoice.is_invoice else _("Amount credited")


def terms(invoice: Invoice) -> str:
    """30 days: when it is due, as it was agreed when it was issued."""
    if invoice.due_on is None:
        return _("It is set off against your open invoices, the oldest first, or against your next one.")
    days = (invoice.due_on - invoice.issued_on).days
    if not days:
        return _("Payable on receipt.")
    return ngettext("Payable within %(days)s day.", "Payable within %(days)s days.", days) % {"days": days}


def explanations(invoice: Invoice) -> list[str]:
    """How the lines are worked out and, where it happens, what becomes of less than a cent."""
    said = [_("Each line is exact: impressions × CPM ÷ 1,000, in US dollars.")] if invoice.is_invoice else []
    if invoice.carried_from_micros or invoice.carried_to_micros:
        said.append(
            _(
                "Only whole cents can be paid. What is less than a cent is carried from one document to the "
                "next, so that nothing is lost or added."
            )
        )
    return said
