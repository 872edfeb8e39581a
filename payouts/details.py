"""A payee's details as plain values: which there are, what is wrong with them, and how they look masked.

Everything that proposes details (a form, a file, the demo) comes by here, so that they can't differ in what
they take. Nothing of this touches the database. Whatever a person may read of bank details and tax numbers
is made here as a hint, at most four characters of a number, also in the sentence that says what is wrong.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payouts.files.destinations import problems as problems_of
from payouts.models import Method, Payee
from pulse_site.encryption import keyed_digest

TEXTS = ("legal_name", "street", "city", "region", "postal_code", "country", "email")
TAX = ("tax_form", "tax_id")
FIELDS = (*TEXTS, "is_company", "method", "destination", *TAX)
# What is needed to pay by a method, and what may come with it; the first is what a complaint is about.
NEEDED: dict[str, tuple[str, ...]] = {
    Method.ACH: ("account", "routing", "account_type"),
    Method.SEPA: ("iban",),
    Method.PAYPAL: ("email",),
    Method.WISE: ("recipient_id",),
    Method.MANUAL: (),
}
OPTIONAL: dict[str, tuple[str, ...]] = {Method.ACH: ("account_name",), Method.SEPA: ("bic", "account_name")}
LABELS: dict[str, Any] = {
    "account": gettext_lazy("account number"),
    "routing": gettext_lazy("routing number"),
    "account_type": gettext_lazy("account type"),
    "account_name": gettext_lazy("name of the account"),
    "iban": "IBAN",
    "bic": "BIC",
    "email": gettext_lazy("PayPal e-mail"),
    "recipient_id": gettext_lazy("recipient at Wise"),
}
# What one account is told by, however its holder or its kind is written.
IDENTIFYING = ("routing", "account", "iban", "email", "recipient_id")
# A form that says who someone is must be looked at again when this changes; so must a screening.
IDENTITY = ("legal_name", "is_company", "country")
AMERICAN = frozenset({"US", "AS", "GU", "MP", "PR", "VI"})
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")

Details = dict[str, Any]


class Problem(NamedTuple):
    """What is wrong with which field (a key of a destination stands for itself), for a person to mend."""

    field: str
    message: str


def of(payee: Payee | None) -> Details:
    """The details that the payee has now; blanks for one who isn't there yet."""
    if payee is None:
        return {**dict.fromkeys(FIELDS, ""), "is_company": False, "destination": {}}
    return {
        **{name: getattr(payee, name) for name in FIELDS},
        "destination": json.loads(payee.destination or "{}"),
    }


def merged(now: Details, given: Mapping[str, Any]) -> Details:
    """`now` with what is given.

    A destination is taken whole: where any of it is given nothing is left of the old one, for the routing
    number of one bank beside the account at another leads money astray; and it goes with its method.
    """
    wanted = {**now, **{name: _clean(name, value) for name, value in given.items()}}
    given_destination = _clean_destination(wanted["method"], given.get("destination") or {})
    if given_destination or wanted["method"] != now["method"]:
        wanted["destination"] = given_destination
    else:
        wanted["destination"] = now["destination"]
    return wanted


def differing(now: Details, wanted: Details) -> Details:
    return {name: wanted[name] for name in FIELDS if wanted[name] != now[name]}


def problems(wanted: Details) -> Iterator[Problem]:
    """Everything that keeps `wanted` from being proposed."""
    for name in ("legal_name", "country", "method"):
        if not wanted[name]:
            yield Problem(name, _("Missing: %(field)s.") % {"field": label(name)})
    yield from _texts(wanted)
    method = wanted["method"]
    if method and method not in Method.values:
        yield Problem("method", _("Choose one of: %(methods)s.") % {"methods": ", ".join(Method.values)})
    elif method:
        about = (*NEEDED[method], "method")[0]
        for message in destination_problems(
            method, wanted["destination"], wanted["legal_name"], wanted["country"]
        ):
            yield Problem(about, message)
    yield from _tax(wanted)


def destination_problems(method: str, destination: Mapping[str, str], name: str, country: str) -> list[str]:
    """Why nobody of that name in `country` can be paid by `method` there; masked, empty when it is right.

    The one door to the rules of the payment files.
    """
    return [_without(destination, problem) for problem in problems_of(method, destination, name, country)]


def hint(method: str, destination: Mapping[str, str]) -> str:
    """Where the money goes, as a screen shows it: "ACH ••6789", "FR••••1234", "a•••@example.com"."""
    if method == Method.ACH:
        return f"ACH ••{tail(destination.get('account', ''))}"
    if method == Method.SEPA:
        iban = destination.get("iban", "")
        return f"{iban[:2]}••••{tail(iban[4:])}"
    if method == Method.PAYPAL:
        name, _at, domain = destination.get("email", "").partition("@")
        return f"{name[:1]}•••@{domain}"
    if method == Method.WISE:
        return f"Wise ••{tail(destination.get('recipient_id', ''))}"
    return ""


def tax_hint(tax_id: str) -> str:
    return f"•••••{tail(tax_id)}" if tax_id else ""


def tail(number: str) -> str:
    """The last characters of a number: four, and of a short one at most half of them."""
    shown = min(4, len(number) // 2)
    return number[-shown:] if shown > 0 else ""


def digest(method: str, destination: Mapping[str, str]) -> str:
    """The same for payees who are paid to the same place, however its holder is written; keyed."""
    told_by = {key: destination[key].lower() for key in IDENTIFYING if destination.get(key)}
    return keyed_digest(f"{method} {json.dumps(told_by, sort_keys=True)}") if told_by else ""


def proposed_digest(changed: Mapping[str, Any]) -> str | None:
    """The digest of the bank details that the changed fields lead to; None when they stay as they are.

    By the keys of the destination, as the method isn't among the fields when it stays the same.
    """
    if "destination" not in changed and "method" not in changed:
        return None
    destination = changed.get("destination") or {}
    method = next((name for name, keys in NEEDED.items() if keys and keys[0] in destination), Method.MANUAL)
    return digest(method, destination)


def tax_digest(tax_id: str) -> str:
    """The same for the payees of one taxpayer; keyed."""
    return keyed_digest(f"tax {tax_id}") if tax_id else ""


def label(name: str) -> str:
    """What a person calls the field, or the key of a destination."""
    if name in FIELDS:
        return str(_field(name).verbose_name)
    return str(LABELS[name])


def shown(name: str, details: Details) -> str:
    """The value of a field as any screen may show it."""
    value = details.get(name)
    if name == "destination":
        return hint(details.get("method", ""), value) if value else ""
    if name == "tax_id":
        return tax_hint(value or "")
    if name == "is_company":
        return (_("yes") if value else _("no")) if value is not None else ""
    if name in ("method", "tax_form"):
        return str(dict(_field(name).flatchoices).get(value, value) or "")
    return str(value or "")


def summary(now: Details, wanted: Details) -> str:
    """Which fields change, the numbers by their hints; `summarised` says it in the reader's language."""
    parts = []
    for name in differing(now, wanted):
        if name == "destination":
            before, after = shown(name, now), shown(name, wanted)
            parts.append(f"{name}={before} → {after}" if before else f"{name}={after}")
        else:
            parts.append(f"{name}={tax_hint(wanted[name])}" if name == "tax_id" else name)
    return ";".join(parts)[:300]


def summarised(summary: str) -> str:
    """A summary for a person: "bank details ACH ••6789 → FR••••1234, city"."""
    parts = (part.partition("=") for part in summary.split(";") if part)
    known = ((label(name) if name in FIELDS else name, value) for name, _is, value in parts)
    return ", ".join(f"{name} {value}".strip() for name, value in known)


def _field(name: str) -> Any:
    return Payee._meta.get_field(name)


def _clean(name: str, value: Any) -> Any:
    if name == "is_company":
        return bool(value)
    if name == "destination":
        return value or {}
    text = " ".join(str(value or "").split())
    if name == "country":
        return text.upper()
    if name == "tax_id":
        return re.sub(r"[\s-]", "", text).upper()
    return text


def _clean_destination(method: str, given: Mapping[str, str]) -> dict[str, str]:
    keys = (*NEEDED.get(method, ()), *OPTIONAL.get(method, ()))
    cleaned = {key: " ".join(str(given.get(key) or "").split()) for key in keys}
    for key in ("iban", "bic"):
        if key in cleaned:
            cleaned[key] = cleaned[key].replace(" ", "").upper()
    return {key: value for key, value in sorted(cleaned.items()) if value}


def _texts(wanted: Details) -> Iterator[Problem]:
    for name in TEXTS:
        longest = _field(name).max_length or 0
        if name != "country" and len(wanted[name]) > longest:
            message = _("Shorten %(field)s to %(longest)s characters.")
            yield Problem(name, message % {"field": label(name), "longest": longest})
        elif CONTROLS.search(wanted[name]):
            yield Problem(name, _("Type it anew: there are invisible characters in it."))
    if wanted["country"] and not re.fullmatch("[A-Z]{2}", wanted["country"]):
        yield Problem("country", _("Write the country as two letters, such as US or FR."))
    if wanted["email"]:
        try:
            validate_email(wanted["email"])
        except ValidationError:
            yield Problem("email", _("This is no e-mail address."))


def _tax(wanted: Details) -> Iterator[Problem]:
    form, number = wanted["tax_form"], wanted["tax_id"]
    if form not in Payee.TaxForm.values:
        forms = ", ".join(str(each.label) for each in Payee.TaxForm if each.value)
        yield Problem("tax_form", _("Choose one of: %(forms)s.") % {"forms": forms})
    if form == Payee.TaxForm.W9 and not re.fullmatch(r"\d{9}", number, re.ASCII):
        yield Problem("tax_id", _("A W-9 has a tax number of nine digits (SSN, ITIN or EIN)."))
    elif number and not re.fullmatch(r"[A-Z0-9./]{4,20}", number):
        yield Problem("tax_id", _("A tax number has 4 to 20 letters and digits."))
    if form in (Payee.TaxForm.W8BEN, Payee.TaxForm.W8BENE):
        if wanted["country"] in AMERICAN:
            yield Problem(
                "tax_form", _("A W-8 is for payees outside the United States; this one needs a W-9.")
            )
        if wanted["is_company"] != (form == Payee.TaxForm.W8BENE):
            yield Problem("tax_form", _("A person gives a W-8BEN, a company a W-8BEN-E."))


def _without(destination: Mapping[str, str], message: str) -> str:
    """The sentence with no more of the bank details in it than their hints."""
    for key in IDENTIFYING:
        value = destination.get(key)
        if value and value in message:
            masked = hint(Method.PAYPAL, destination) if key == "email" else f"…{tail(value)}"
            message = message.replace(value, masked)
    return message
