"""Payments to write files of: plain ones, and all that hypothesis can think of."""

import datetime
import string
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from payouts.files import Originator, Payment, PaymentFile, render

BATCH = "2026-10-1"
MADE = datetime.datetime(2026, 11, 20, 14, 5, tzinfo=datetime.UTC)  # a Friday
PAY_ON = datetime.date(2026, 11, 24)
ORIGINATOR = Originator(
    company_name="Pulse Inc",
    company_id="1234567890",
    odfi_routing="123456780",
    bank_name="Demo Bank",
    immediate_destination="091000019",
    immediate_origin="987654320",
    iban="GB82 WEST 1234 5698 7654 32",
)
DESTINATIONS = {
    "ach": {"routing": "123456780", "account": "12345678901234567", "account_type": "checking"},
    "sepa": {"iban": "FR14 2004 1010 0505 0001 3m02 606", "bic": "PSSTFRPP"},
    "paypal": {"email": "zoe@example.com"},
    "wise": {"recipient_id": "31415926"},
    "manual": {},
}
# What a character of a name becomes in a bank's file, by hand.
LETTERS = dict(zip(string.ascii_letters + string.digits, string.ascii_letters + string.digits, strict=True))
LETTERS |= {
    "é": "e",
    "Å": "A",
    "ñ": "n",
    "ç": "c",
    "ü": "u",
    "ö": "o",
    "ø": "o",
    "Ł": "L",
    "ß": "ss",
    "œ": "oe",
}
LETTERS |= {"ǿ": "o", "’": "'", "'": "'", "-": "-", ".": ".", ",": ",", "(": "(", "&": "&", "ﬁ": "fi"}


def payment(method: str, number: int = 1, **changes: Any) -> Payment:
    values = {
        "reference": f"P{number}",
        "name": "Zoé Ångström",
        "amount_cents": 123_456,
        "destination": DESTINATIONS[method],
        "country": "US",
    }
    return Payment(**values | changes)


def rendered(method: str, *payments: Payment, **changes: Any) -> list[PaymentFile]:
    values = {
        "batch_reference": BATCH,
        "originator": ORIGINATOR,
        "effective_on": PAY_ON,
        "created_at": MADE,
    }
    return render(method, payments=payments, **values | changes)


def the_file(method: str, *payments: Payment, **changes: Any) -> PaymentFile:
    [file] = rendered(method, *payments, **changes)
    return file


@st.composite
def routings(draw: st.DrawFn) -> str:
    eight = draw(st.sampled_from(["01", "09", "12", "21", "32", "61", "72"])) + draw(
        st.text(string.digits, min_size=6, max_size=6)
    )
    weighted = sum(int(digit) * (3, 7, 1)[place % 3] for place, digit in enumerate(eight))
    return f"{eight}{-weighted % 10}"


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, length = draw(st.sampled_from([("DE", 22), ("FR", 27), ("NO", 15), ("MT", 31), ("LC", 32)]))
    letters = string.digits + string.ascii_uppercase
    account = draw(st.text(letters, min_size=length - 4, max_size=length - 4))
    number = "".join(str(letters.index(letter)) for letter in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02}{account}"


emails = st.from_regex(r"[a-z0-9_'][a-z0-9=+_-]{0,20}@[a-z]{1,9}\.com", fullmatch=True)
# At most 22 characters when each of them becomes two, and nothing that a spreadsheet would run.
names = st.lists(st.text(list(LETTERS), min_size=1, max_size=5), min_size=1, max_size=2).map(" ".join)
names = names.filter(lambda name: name[0] != "-")
any_names = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=60).map(str.strip)


def in_latin(name: str) -> str:
    return "".join(LETTERS.get(character, character) for character in name)


def destinations(method: str) -> st.SearchStrategy[dict[str, str]]:
    bics = st.sampled_from(["", "PSSTFRPP", "deutdeff500"])
    accounts = st.text(string.ascii_letters + string.digits, min_size=1, max_size=17)
    fields: dict[str, dict[str, st.SearchStrategy[str]]] = {
        "ach": {
            "routing": routings(),
            "account": accounts,
            "account_type": st.sampled_from(["checking", "savings"]),
        },
        "sepa": {"iban": ibans(), "bic": bics},
        "paypal": {"email": emails},
        "wise": {"recipient_id": st.from_regex(r"[0-9a-f][0-9a-f-]{0,35}", fullmatch=True)},
        "manual": {},
    }
    return st.fixed_dictionaries(fields[method])


def payments(method: str, names: st.SearchStrategy[str] = names) -> st.SearchStrategy[list[Payment]]:
    one = st.builds(
        Payment,
        reference=st.integers(1, 10**13).map("P{}".format),
        name=names,
        amount_cents=st.one_of(st.integers(1, 200), st.integers(1, 10**10 - 1)),
        destination=destinations(method),
        country=st.just("US"),
        email=emails,
        is_company=st.booleans(),
    )
    return st.lists(one, min_size=1, max_size=12, unique_by=lambda payment: payment.reference)


def golden(name: str) -> bytes:
    """A file that was looked at, column by column, before it was kept."""
    return (Path(__file__).parent / "golden" / name).read_bytes()


def by_reference(payments: list[Payment]) -> list[Payment]:
    return sorted(payments, key=lambda payment: int(payment.reference[1:]))
