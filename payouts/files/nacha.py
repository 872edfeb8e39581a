"""ACH files as NACHA wants them: credits only, persons and companies in batches of their own.

A writer of our own, because the libraries tried cut long account numbers and names in silence, compute in
floats, or take a wrong routing number. Here a value fits its field or is refused; nothing is cut. Records
have 94 characters and come in blocks of ten; the last block is filled with nines. A batch for persons is PPD,
one for companies CCD, and they are never mixed. Every entry has a trace number of the ODFI's first eight
digits and a number that ascends through the whole file, so that a return names one payment.
"""

import itertools
import string
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from payouts.files.banking_days import banking_day
from payouts.files.destinations import nacha_name, valid_routing
from payouts.files.letters import PLAIN, latin
from payouts.files.originator import Originator, unfit
from payouts.files.payment import Heading, Payment, total_cents
from pulse_site.refusal import Refused

BLOCK, FILLER = 10, "9" * 94
CREDITS_ONLY = "220"
CREDIT_TO = {"checking": "22", "savings": "32"}  # transaction codes
MODIFIERS = string.ascii_uppercase + string.digits
NEEDED = (
    "company_name",
    "company_id",
    "odfi_routing",
    "bank_name",
    "immediate_destination",
    "immediate_origin",
    "entry_description",
    "company_entry_description",
)


@dataclass(frozen=True)
class Batch:
    """Payments of one class of receivers, with what the batch's two records say."""

    number: int
    receivers: str  # PPD: persons, CCD: companies
    description: str
    payments: Sequence[Payment]

    @property
    def entry_hash(self) -> int:
        return sum(int(payment.destination["routing"][:8]) for payment in self.payments)


def write(payments: Sequence[Payment], heading: Heading) -> tuple[bytes, tuple[str, ...]]:
    """The file's bytes, and the references in its order: persons first, then companies.

    The payments have been checked (see destinations.problems). The entry date is `heading.effective_on`, or
    the first banking day after it. Raises Refused for a setting that doesn't fit, a total beyond a field,
    and more than 36 files in a day.
    """
    _require(heading.originator)
    batches = _batches(payments, heading.originator)
    lines = [_file_header(heading)]
    sequence = itertools.count(1)
    for batch in batches:
        lines.append(_batch_header(batch, heading))
        lines += [_entry(payment, heading.originator, next(sequence)) for payment in batch.payments]
        lines.append(_batch_control(batch, heading.originator))
    lines.append(_file_control(batches, len(lines) + 1))
    lines += [FILLER] * (-len(lines) % BLOCK)
    lines.append("")
    return "\n".join(lines).encode("ascii"), tuple(p.reference for batch in batches for p in batch.payments)


def _require(originator: Originator) -> None:
    originator.require(*NEEDED)
    for name in ("odfi_routing", "immediate_destination"):
        if not valid_routing(getattr(originator, name)):
            raise unfit(name, getattr(originator, name))
    origin = originator.immediate_origin
    if not (
        origin.isascii() and (origin.isdigit() and len(origin) == 9 or origin.isalnum() and len(origin) == 10)
    ):
        raise unfit("immediate_origin", origin)


def _batches(payments: Sequence[Payment], originator: Originator) -> list[Batch]:
    persons = [payment for payment in payments if not payment.is_company]
    companies = [payment for payment in payments if payment.is_company]
    classes = (
        ("PPD", originator.entry_description, persons),
        ("CCD", originator.company_entry_description, companies),
    )
    present = [one for one in classes if one[2]]
    return [Batch(number, *one) for number, one in enumerate(present, start=1)]


def _file_header(heading: Heading) -> str:
    originator, created = heading.originator, heading.created_at
    return (
        "101"
        + f"{originator.immediate_destination:>10}"
        + f"{originator.immediate_origin:>10}"
        + f"{created:%y%m%d%H%M}"
        + _modifier(heading.number_of_day)
        + "094101"
        + _setting(originator, "bank_name", 23)
        + _setting(originator, "company_name", 23)
        + " " * 8  # reference code
    )


def _modifier(number: int) -> str:
    if number > len(MODIFIERS):
        raise Refused(
            _("A bank takes %(limit)s ACH files a day and this is number %(number)s; make it tomorrow.")
            % {"limit": len(MODIFIERS), "number": number}
        )
    return MODIFIERS[number - 1]


def _batch_header(batch: Batch, heading: Heading) -> str:
    originator = heading.originator
    described = "entry_description" if batch.receivers == "PPD" else "company_entry_description"
    return (
        f"5{CREDITS_ONLY}"
        + _setting(originator, "company_name", 16)
        + f"{heading.batch_reference:<20}"  # discretionary data: comes back in the bank's reports
        + _setting(originator, "company_id", 10)
        + batch.receivers
        + _setting(originator, described, 10)
        + " " * 6  # descriptive date
        + f"{banking_day(heading.effective_on):%y%m%d}"
        + " " * 3  # settlement date: the operator's
        + "1"  # originator status: a depository institution that is bound by the rules
        + originator.odfi_routing[:8]
        + _number(batch.number, 7)
    )


def _entry(payment: Payment, originator: Originator, sequence: int) -> str:
    destination = payment.destination
    return (
        f"6{CREDIT_TO[destination['account_type']]}{destination['routing']}"
        + _text(destination["account"], 17, payment)
        + _number(payment.amount_cents, 10)
        + _text(payment.reference, 15, payment)
        + _text(nacha_name(destination, payment.name), 22, payment)
        + "  0"  # discretionary data; no addenda
        + originator.odfi_routing[:8]
        + _number(sequence, 7)
    )


def _batch_control(batch: Batch, originator: Originator) -> str:
    return (
        f"8{CREDITS_ONLY}"
        + _number(len(batch.payments), 6)
        + _hash(batch.entry_hash)
        + _number(0, 12)  # debits
        + _number(total_cents(batch.payments), 12)
        + _setting(originator, "company_id", 10)
        + " " * 25  # message authentication code; reserved
        + originator.odfi_routing[:8]
        + _number(batch.number, 7)
    )


def _file_control(batches: Sequence[Batch], lines: int) -> str:
    return (
        "9"
        + _number(len(batches), 6)
        + _number(-(-lines // BLOCK), 6)
        + _number(sum(len(batch.payments) for batch in batches), 8)
        + _hash(sum(batch.entry_hash for batch in batches))
        + _number(0, 12)  # debits
        + _number(sum(total_cents(batch.payments) for batch in batches), 12)
        + " " * 39  # reserved
    )


def _hash(total: int) -> str:
    """The sum of the receiving banks' eight digits; of a longer one its last ten digits, by the rules."""
    return f"{total % 10**10:010}"


def _setting(originator: Originator, name: str, width: int) -> str:
    value: str = getattr(originator, name)
    text = latin(value).upper()
    if len(text) > width or not PLAIN.fullmatch(text):
        raise unfit(name, value)
    return f"{text:<{width}}"


def _text(text: str, width: int, payment: Payment) -> str:
    """Once more for what was checked: a bank would pay a shortened account number to somebody else."""
    if len(text) > width or not PLAIN.fullmatch(text):
        raise Refused(
            _("Payment %(reference)s: a field of an ACH file takes %(width)s plain letters, not %(length)s.")
            % {"reference": payment.reference, "width": width, "length": len(text)}
        )
    return f"{text:<{width}}"


def _number(number: int, width: int) -> str:
    if number >= 10**width:
        raise Refused(
            _(
                "An ACH file can't hold the number %(number)s: it has %(width)s digits there, and pays "
                "9,999,999,999.99 at most. Prepare smaller batches."
            )
            % {"number": number, "width": width}
        )
    return f"{number:0{width}}"
