"""The files that a bank or a provider pays from.

payment       what goes in and comes out: Payment, PaymentFile
originator    who pays, from the settings
destinations  why a payee can't be paid by a method
letters       names in the letters that banks read
banking_days  when the Federal Reserve settles
nacha, sepa, csvs   the formats

`render` is the one door: the same payments in whatever order make the same bytes, split where the provider
takes no more rows. It refuses, naming the payment, whatever wouldn't arrive as it was approved; it never cuts
a text or rounds an amount. Nothing here knows the database; who calls stores the bytes and their SHA-256.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from payouts.files import csvs, nacha, sepa
from payouts.files.destinations import problems
from payouts.files.originator import Originator
from payouts.files.payment import Heading, Payment, PaymentFile, decimal, total_cents
from pulse_site.refusal import Refused

__all__ = ["Originator", "Payment", "PaymentFile", "problems", "render"]

BATCH_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}")
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True)
class Format:
    """How one method's files are written, and how much one of them takes."""

    write: Callable[[Sequence[Payment], Heading], tuple[bytes, tuple[str, ...]]]
    extension: str
    rows: int  # in a file
    reference: int  # characters of a payment's reference
    amount_cents: int  # of one payment


FORMATS = {
    "ach": Format(nacha.write, "ach", 999_999, 15, 10**10 - 1),  # six digits of entries, ten of cents
    "sepa": Format(sepa.write, "xml", 5_000, 35, 10**11 - 1),  # a document of 5,000 is checked in seconds
    "paypal": Format(csvs.paypal, "csv", 5_000, 30, 10**10 - 1),
    "wise": Format(csvs.wise, "csv", 1_000, 35, 10**10 - 1),
    "manual": Format(csvs.manual, "csv", 1_000_000, 35, 10**10 - 1),
}


def render(
    method: str,
    batch_reference: str,
    payments: Sequence[Payment],
    originator: Originator,
    effective_on: datetime.date,
    created_at: datetime.datetime,
    files_of_day: int = 0,
) -> list[PaymentFile]:
    """The files that pay `payments` by `method`, in the order of their references; none for no payments.

    They are to be paid on `effective_on`, or as soon after it as the bank is open, and not before they were
    made. `files_of_day` is how many ACH files the bank has had from us that day: it tells files apart by a
    letter, from A on. Raises Refused, naming payment or setting, for anything that a file can't carry as it
    is; no file is made then.
    """
    format = _format(method, batch_reference)
    ordered = sorted(payments, key=lambda payment: (len(payment.reference), payment.reference))
    _check(method, format, ordered)
    effective_on = max(effective_on, created_at.date())
    files = []
    for number, first in enumerate(range(0, len(ordered), format.rows), start=1):
        heading = Heading(
            batch_reference, originator, effective_on, created_at, number, files_of_day + number
        )
        part = ordered[first : first + format.rows]
        content, references = format.write(part, heading)
        name = f"{batch_reference}-{method}-{number}.{format.extension}"
        files.append(PaymentFile(name, content, references, total_cents(part)))
    return files


def _format(method: str, batch_reference: str) -> Format:
    if method not in FORMATS:
        raise Refused(
            _("There is no payment method “%(method)s”; choose one of: %(known)s.")
            % {"method": method, "known": ", ".join(FORMATS)}
        )
    if not BATCH_REFERENCE.fullmatch(batch_reference):
        raise Refused(
            _("The batch's reference “%(reference)s” must be 1 to 20 letters, digits and hyphens.")
            % {"reference": batch_reference}
        )
    return FORMATS[method]


def _check(method: str, format: Format, payments: Sequence[Payment]) -> None:
    previous = None
    for payment in payments:
        if payment.reference == previous:
            raise Refused(
                _("Payment %(reference)s is there twice; nothing is paid twice.")
                % {"reference": payment.reference}
            )
        previous = payment.reference
        found = _problem(method, format, payment)
        if found:
            raise Refused(
                _("Payment %(reference)s: %(problem)s") % {"reference": payment.reference, "problem": found}
            )


def _problem(method: str, format: Format, payment: Payment) -> str | None:
    """The first thing that keeps the payment from a file."""
    if not REFERENCE.fullmatch(payment.reference) or len(payment.reference) > format.reference:
        return _("The reference must be 1 to %(length)s letters, digits and hyphens.") % {
            "length": format.reference
        }
    if not 0 < payment.amount_cents <= format.amount_cents:
        return _("The amount %(amount)s must be between 0.01 and %(limit)s; pay it in parts or by hand.") % {
            "amount": decimal(payment.amount_cents),
            "limit": decimal(format.amount_cents),
        }
    return next(iter(problems(method, payment.destination, payment.name, payment.country)), None)
