"""Credit transfers as ISO 20022 pain.001, by the library sepaxml, checked against the schema it brings.

The library draws its message numbers at random and asks the clock; both are replaced, so that the same batch
makes the same bytes. Its "cleaning" is off, because it cuts names in silence. Amounts are dollars: the SEPA
scheme itself moves euros only, so that the payments carry no SEPA service level and share their charges, and
the paying bank converts or routes them as agreed with it.
"""

import datetime
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from sepaxml import SepaTransfer  # type: ignore[import-untyped]

from payouts.files.destinations import (
    BIC,
    SEPA_LETTERS,
    SEPA_NAME,
    compact,
    sepa_name,
    valid_iban,
)
from payouts.files.originator import Originator, unfit
from payouts.files.payment import CURRENCY, Heading, Payment

SCHEMA = "pain.001.001.09"


class Transfers(SepaTransfer):
    """The library's message, with our numbers and clock instead of its own."""

    message_id: str
    created_at: datetime.datetime

    def _finalize_batch(self) -> None:
        super()._finalize_batch()
        for tag, text in (
            ("MsgId", self.message_id),
            ("CreDtTm", f"{self.created_at:%Y-%m-%dT%H:%M:%S}"),
            ("PmtInfId", self.message_id),
            ("ChrgBr", "SHAR"),
        ):
            for node in self._xml.iter(tag):
                node.text = text
        for bank in self._xml.iter("FinInstnId"):
            if not len(bank):  # ours, without a BIC
                ElementTree.SubElement(ElementTree.SubElement(bank, "Othr"), "Id").text = "NOTPROVIDED"


def write(payments: Sequence[Payment], heading: Heading) -> tuple[bytes, tuple[str, ...]]:
    """The file's bytes, and the references in its order. The payments have been checked.

    Raises Refused for a setting that is missing or doesn't fit.
    """
    transfers = Transfers(_debtor(heading.originator), schema=SCHEMA, clean=False)
    transfers.message_id = f"{heading.batch_reference}-{heading.number}"
    transfers.created_at = heading.created_at
    for payment in payments:
        transfers.add_payment(_transfer(payment, heading))
    return transfers.export(validate=True), tuple(payment.reference for payment in payments)


def _debtor(originator: Originator) -> dict[str, object]:
    originator.require("company_name", "iban")
    name, iban, bic = (
        sepa_name({}, originator.company_name),
        compact(originator.iban),
        compact(originator.bic),
    )
    if not SEPA_LETTERS.fullmatch(name) or len(name) > SEPA_NAME:
        raise unfit("company_name", originator.company_name)
    if not valid_iban(iban):
        raise unfit("iban", originator.iban)
    if bic and not BIC.fullmatch(bic):
        raise unfit("bic", originator.bic)
    debtor: dict[str, object] = {"name": name, "IBAN": iban, "currency": CURRENCY, "batch": True}
    return debtor | {"domestic": True} | ({"BIC": bic} if bic else {})


def _transfer(payment: Payment, heading: Heading) -> dict[str, object]:
    bic = compact(payment.destination.get("bic", ""))
    transfer: dict[str, object] = {
        "name": sepa_name(payment.destination, payment.name),
        "IBAN": compact(payment.destination["iban"]),
        "amount": payment.amount_cents,
        "execution_date": heading.effective_on,
        "endtoend_id": payment.reference,
        "description": heading.batch_reference,
    }
    return transfer | ({"BIC": bic} if bic else {})
