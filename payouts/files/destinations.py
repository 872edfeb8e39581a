"""Why a payee can't be paid the way he asked for, in sentences for the person who can mend it.

The payee's form, the check before a batch and the writers of the files ask the same function, so that what
was accepted once always fits into a file. Numbers of accounts are never repeated whole: sentences end up in
logs, and the person has the number before him.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from payouts.files.letters import PLAIN, has_controls, latin
from pulse_site.spreadsheets import harmless

Destination = Mapping[str, str]

ACCOUNT = re.compile(r"[A-Za-z0-9]{1,17}")
ACCOUNT_TYPES = ("checking", "savings")
# Nine digits of a Federal Reserve district (01-12), a thrift (21-32) or an electronic address (61-72).
ROUTING = re.compile(r"(?:0[1-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2])[0-9]{7}")
ROUTING_WEIGHTS = (3, 7, 1) * 3
# Where ACH payments are domestic: the states and territories. Elsewhere they are IAT, which we don't write.
DOMESTIC = frozenset({"US", "AS", "GU", "MP", "PR", "VI"})
NACHA_NAME, SEPA_NAME, PAYPAL_EMAIL = 22, 70, 127
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?")
SEPA_LETTERS = re.compile(r"[A-Za-z0-9 /?:().,'+-]+")  # what every bank takes: EPC217-08
RECIPIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
# Length of an IBAN by country (SWIFT's IBAN registry).
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FK FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}


def problems(method: str, destination: Destination, name: str, country: str) -> list[str]:
    """Why a payee of that name in `country` can't be paid by `method`; empty when he can.

    `method` is "ach", "sepa", "paypal", "wise" or "manual"; see Payment for the keys of `destination`.
    """
    if method not in CHECKS:
        return [
            _("There is no payment method “%(method)s”; choose one of: %(known)s.")
            % {"method": method, "known": ", ".join(CHECKS)}
        ]
    return [*_name(name), *CHECKS[method](destination, name, country)]


def valid_routing(routing: str) -> bool:
    """Whether it is an ABA routing number: its digits, weighted 3, 7, 1, add up to a multiple of ten."""
    if not ROUTING.fullmatch(routing):
        return False
    return sum(w * int(digit) for w, digit in zip(ROUTING_WEIGHTS, routing, strict=True)) % 10 == 0


def compact(number: str) -> str:
    """An IBAN or BIC as files want it: without the blanks between its groups, in capitals."""
    return "".join(number.split()).upper()


def valid_iban(iban: str) -> bool:
    """Whether a compact IBAN has its country's length and a remainder of 1 (ISO 7064, MOD 97-10)."""
    if not IBAN.fullmatch(iban) or len(iban) != IBAN_LENGTHS.get(iban[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def nacha_name(destination: Destination, name: str) -> str:
    """The name as an ACH entry has it: that of the account if there is one, in capitals without accents."""
    return latin(destination.get("account_name") or name).upper()


def sepa_name(destination: Destination, name: str) -> str:
    """The name as a SEPA payment has it; for an ampersand, banks read a plus."""
    return latin(destination.get("account_name") or name).replace("&", "+")


def _name(name: str) -> Iterator[str]:
    if not name.strip():
        yield _("The name is missing.")
    elif has_controls(name):
        yield _("The name has line breaks, tabs or invisible characters in it; type it anew.")


def _missing(destination: Destination, **labels: str) -> Iterator[str]:
    missing = [label for key, label in labels.items() if not destination.get(key)]
    if missing:
        yield _("Missing for this payment method: %(fields)s.") % {"fields": ", ".join(missing)}


def _ach(destination: Destination, name: str, country: str) -> Iterator[str]:
    labels = {
        "routing": _("routing number"),
        "account": _("account number"),
        "account_type": _("account type"),
    }
    yield from _missing(destination, **labels)
    if country not in DOMESTIC:
        yield _(
            "ACH reaches payees in the United States only, not in “%(country)s”; choose another method."
        ) % {"country": country}
    yield from _routing(destination.get("routing", ""))
    yield from _account(destination)
    if name.strip():
        yield from _fitting(nacha_name(destination, name), NACHA_NAME, PLAIN)


def _routing(routing: str) -> Iterator[str]:
    if routing and not valid_routing(routing):
        yield _(
            "“%(routing)s” is no routing number: it has nine digits, and the last one checks the others. "
            "Copy it from a cheque or from the bank's site."
        ) % {"routing": routing}


def _account(destination: Destination) -> Iterator[str]:
    account, account_type = destination.get("account", ""), destination.get("account_type", "")
    if account and not ACCOUNT.fullmatch(account):
        yield _(
            "The account number (%(account)s, %(length)s characters) must be 1 to 17 letters and digits, "
            "without blanks or hyphens."
        ) % {"account": masked(account), "length": len(account)}
    if account_type and account_type not in ACCOUNT_TYPES:
        yield _("The account type is “%(account_type)s”; choose “checking” or “savings”.") % {
            "account_type": account_type
        }


def _fitting(name: str, length: int, letters: re.Pattern[str]) -> Iterator[str]:
    """What keeps `name`, as it would stand in the file, from standing there."""
    if not letters.fullmatch(name):
        yield _(
            "The bank can't read the name “%(name)s”. Give the name of the account in Latin letters, digits "
            "and simple punctuation."
        ) % {"name": name}
    elif len(name) > length:
        yield _(
            "The name “%(name)s” has %(count)s characters and %(length)s fit in the bank's file. Give a "
            "shorter name of the account."
        ) % {"name": name, "count": len(name), "length": length}


def _sepa(destination: Destination, name: str, country: str) -> Iterator[str]:
    yield from _missing(destination, iban="IBAN")
    yield from _iban(compact(destination.get("iban", "")))
    bic = compact(destination.get("bic", ""))
    if bic and not BIC.fullmatch(bic):
        yield _("“%(bic)s” is no BIC: it has 8 or 11 characters, like DEUTDEFF. It may be left out.") % {
            "bic": bic
        }
    if name.strip():
        yield from _fitting(sepa_name(destination, name), SEPA_NAME, SEPA_LETTERS)


def _iban(iban: str) -> Iterator[str]:
    length = IBAN_LENGTHS.get(iban[:2])
    if iban and not length:
        yield _("No country's IBAN begins with “%(country)s”; check its first two letters.") % {
            "country": iban[:2]
        }
    elif iban and len(iban) != length:
        yield _(
            "The IBAN (%(iban)s) has %(count)s characters; one of %(country)s has %(length)s. Type it anew."
        ) % {"iban": masked(iban), "count": len(iban), "country": iban[:2], "length": length}
    elif iban and not valid_iban(iban):
        yield _(
            "The check digits of the IBAN (%(iban)s) don't match the rest: it is mistyped. Type it anew."
        ) % {"iban": masked(iban)}


def _paypal(destination: Destination, name: str, country: str) -> Iterator[str]:
    yield from _missing(destination, email=_("e-mail address"))
    email = destination.get("email", "")
    if email and not _valid_email(email):
        yield _(
            "PayPal can't pay “%(email)s”: it must be an e-mail address of at most %(length)s characters "
            "that doesn't begin with =, +, - or @."
        ) % {"email": email, "length": PAYPAL_EMAIL}


def _valid_email(email: str) -> bool:
    """An address that a spreadsheet would run can't be made harmless either: it would be another one."""
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= PAYPAL_EMAIL and harmless(email) == email


def _wise(destination: Destination, name: str, country: str) -> Iterator[str]:
    yield from _missing(destination, recipient_id=_("number of the recipient at Wise"))
    recipient = destination.get("recipient_id", "")
    if recipient and not RECIPIENT_ID.fullmatch(recipient):
        yield _(
            "“%(recipient)s” is no recipient at Wise: copy the number from the column recipientId of Wise's "
            "list of saved recipients."
        ) % {"recipient": recipient}
    if harmless(name) != name:
        yield _(
            "The name “%(name)s” begins with =, +, - or @, which a spreadsheet would run. "
            "Leave that sign out."
        ) % {"name": name}


def _manual(destination: Destination, name: str, country: str) -> Iterator[str]:
    return iter(())


def masked(number: str) -> str:
    """The last four characters of an account's number, or none of a short one."""
    return f"…{number[-4:]}" if len(number) > 8 else "…"


CHECKS: dict[str, Callable[[Destination, str, str], Iterator[str]]] = {
    "ach": _ach,
    "sepa": _sepa,
    "paypal": _paypal,
    "wise": _wise,
    "manual": _manual,
}
