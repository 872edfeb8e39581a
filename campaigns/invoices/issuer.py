"""Who issues the invoices and where they are paid, from the settings (INVOICE_...)."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from pulse_site.refusal import Refused


@dataclass(frozen=True)
class Issuer:
    name: str
    address: list[str]
    tax_number: str
    email: str
    bank: list[str]


def issuer() -> Issuer:
    """Raises Refused where the settings don't say who issues invoices and where they are paid."""
    found = Issuer(
        settings.INVOICE_ISSUER,
        _parted(settings.INVOICE_ADDRESS),
        settings.INVOICE_TAX_NUMBER,
        settings.INVOICE_EMAIL,
        _parted(settings.INVOICE_BANK),
    )
    if not (found.name and found.address and found.bank):
        raise Refused(
            _("No invoice can be rendered: set INVOICE_ISSUER, INVOICE_ADDRESS and INVOICE_BANK first.")
        )
    return found


def _parted(lines: str) -> list[str]:
    return [line.strip() for line in lines.split("|") if line.strip()]
