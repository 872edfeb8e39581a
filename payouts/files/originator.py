"""Who pays: what a bank has to know about us, read from the settings ORIGINATOR_*.

With DEBUG off there are no defaults: a file that named somebody else's bank would be worse than none, so that
rendering refuses and says which setting is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.conf import settings
from django.utils.translation import gettext as _

from pulse_site.refusal import Refused


@dataclass(frozen=True)
class Originator:
    """Our side of a payment file; each field is the setting ORIGINATOR_<FIELD>.

    company_name          at most 16 characters, as NACHA's batches show it to the payees
    company_id            ten characters, given by the bank (often 1 and the tax number)
    odfi_routing          routing number of the bank that sends our ACH files, the ODFI
    bank_name             that bank's name
    immediate_destination routing number that the file is addressed to: the ODFI's or its operator's
    immediate_origin      who the file is from, as the bank wants it: nine digits or ten characters
    iban, bic             the account that SEPA files pay from; the BIC is optional
    entry_description     what persons (PPD) read on their statement. Nacha's rule of March 2026 wants
                          PAYROLL for "wages and similar compensation"; ask the ODFI
    company_entry_description the same for companies (CCD)
    """

    company_name: str = ""
    company_id: str = ""
    odfi_routing: str = ""
    bank_name: str = ""
    immediate_destination: str = ""
    immediate_origin: str = ""
    iban: str = ""
    bic: str = ""
    entry_description: str = "PAYROLL"
    company_entry_description: str = "PAYOUT"

    @classmethod
    def from_settings(cls) -> Originator:
        return cls(**{field.name: getattr(settings, setting(field.name)) for field in fields(cls)})

    def require(self, *names: str) -> None:
        """Raises Refused, naming the setting, when one of the fields is empty."""
        for name in names:
            if not getattr(self, name):
                raise Refused(
                    _("This payment file can't be made without the setting %(setting)s (see .env.example).")
                    % {"setting": setting(name)}
                )


def setting(name: str) -> str:
    return f"ORIGINATOR_{name.upper()}"


def unfit(name: str, value: str) -> Refused:
    """The refusal of a setting that a bank wouldn't take."""
    return Refused(
        _("The setting %(setting)s can't be “%(value)s” in this payment file; see .env.example for its form.")
        % {"setting": setting(name), "value": value}
    )
