"""ACH files: golden bytes, limits, and what three independent readers find in them."""

import dataclasses
import datetime
import random
import string
from typing import Any

import achkit
import pytest
from achlens.core import validate
from hypothesis import given

from payouts.files import Payment, PaymentFile, nacha
from payouts.files.payment import Heading
from pulse_site.refusal import Refused
from tests.payouts.files import readers
from tests.payouts.files.payments import (
    DESTINATIONS,
    MADE,
    ORIGINATOR,
    by_reference,
    golden,
    in_latin,
    payment,
    payments,
    rendered,
    the_file,
)

ACH = DESTINATIONS["ach"]
SMALL = [
    payment("ach", 1),
    payment("ach", 2, name="Søren O’Neil", destination=ACH | {"account_type": "savings", "account": "00A7"}),
    payment("ach", 10, name="Smith & Sons", is_company=True, amount_cents=1),
]


def expected(payments: list[Payment]) -> list[readers.Entry]:
    """Persons before companies, each in the order of their references."""
    return [
        readers.Entry(
            "CCD" if one.is_company else "PPD",
            "22" if one.destination["account_type"] == "checking" else "32",
            one.destination["routing"],
            one.destination["account"],
            one.amount_cents,
            one.reference,
            in_latin(one.name).upper(),
        )
        for one in sorted(by_reference(payments), key=lambda one: one.is_company)
    ]


def facts(**changes: str) -> dict[str, str]:
    said = {
        "to": " 091000019",
        "from": " 987654320",
        "made": "2611201405",
        "modifier": "A",
        "bank": "DEMO BANK",
        "origin": "PULSE INC",
        "company": "PULSE INC",
        "company id": "1234567890",
        "batch": "2026-10-1",
        "paid on": "261124",
        "odfi": "12345678",
    }
    return said | changes


def findings(file: PaymentFile) -> list[Any]:
    return list(validate(file.content.decode()).findings)


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert the_file("ach", *SMALL).content == golden("2026-10-1-ach-1.ach")


def test_achlens_finds_nothing_and_achkit_reads_the_payments() -> None:
    file = the_file("ach", *SMALL)
    assert findings(file) == []
    assert achkit.validate(file.content.decode()) == {"ok": True, "errors": []}
    assert parsed_by_achkit(file) == expected(SMALL)


def parsed_by_achkit(file: PaymentFile) -> list[readers.Entry]:
    parsed = achkit.parse(file.content.decode())
    return [
        readers.Entry(
            batch["sec"],
            str(entry["txn_code"]),
            entry["routing"],
            entry["account"],
            entry["amount_cents"],
            entry["id_number"],
            entry["name"],
        )
        for batch in parsed["batches"]
        for entry in batch["entries"]
    ]


@given(payments("ach"))
def test_whatever_is_paid_is_read_back_by_all_three(payments: list[Payment]) -> None:
    file = the_file("ach", *payments)
    read = readers.ach(file.content)
    assert read.entries == parsed_by_achkit(file) == expected(payments)
    assert [entry.reference for entry in read.entries] == list(file.references)
    assert sum(entry.cents for entry in read.entries) == file.total_cents
    assert findings(file) == []


def test_the_file_says_who_pays_when() -> None:
    read = readers.ach(the_file("ach", *SMALL).content)
    assert read.facts == facts(**{"PPD description": "PAYROLL", "CCD description": "PAYOUT"})
    only_companies = readers.ach(the_file("ach", SMALL[2]).content)
    assert only_companies.facts == facts(**{"CCD description": "PAYOUT"})


MUTABLE = [string.digits, string.ascii_uppercase, string.ascii_lowercase, " X", "\nX"]


def mutations(text: str) -> list[str]:
    """`text` with one character changed into another of its sort, for every place."""
    chosen = random.Random(20261120)
    found = []
    for place, character in enumerate(text):
        sort = next((sort for sort in MUTABLE if character in sort), string.punctuation)
        other = chosen.choice([other for other in sort if other != character])
        found.append(text[:place] + other + text[place + 1 :])
    return found


def test_every_changed_character_is_noticed_by_achlens_or_when_read_back() -> None:
    file = the_file("ach", *SMALL)
    wanted = readers.ach(file.content)
    assert wanted.entries == expected(SMALL)
    text = file.content.decode()
    mutated = mutations(text)
    seen = [bool(validate(one).findings) for one in mutated]
    assert [
        one for one, caught in zip(mutated, seen, strict=True) if not caught and reads_as(one, wanted)
    ] == []
    # By itself achlens can't know names, nor which account is the right one.
    of_digits = [caught for character, caught in zip(text, seen, strict=True) if character.isdigit()]
    assert sum(of_digits) / len(of_digits) >= 0.75


def reads_as(text: str, wanted: readers.Ach) -> bool:
    try:
        return readers.ach(text.encode("ascii")) == wanted
    except (AssertionError, ValueError, IndexError, KeyError):
        return False


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[:2] + lines[3:],  # an entry is gone
        lambda lines: lines[:3] + lines[2:],  # one is there twice
        lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],  # two change places
        lambda lines: lines[:-3],
    ],
)
def test_a_damaged_file_is_noticed_by_achlens(damage: Any) -> None:
    lines = the_file("ach", *SMALL).content.decode().splitlines()
    assert validate("\n".join(damage(lines)) + "\n").findings


def test_an_account_of_17_characters_and_an_amount_of_ten_digits_fit() -> None:
    paid = payment("ach", amount_cents=9_999_999_999)
    [entry] = readers.ach(the_file("ach", paid).content).entries
    assert (entry.account, entry.cents) == ("12345678901234567", 9_999_999_999)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"destination": ACH | {"account": "1" * 25}}, r"Payment P1: The account number \(…1111, 25 char"),
        ({"destination": ACH | {"routing": "123456781"}}, "Payment P1: “123456781” is no routing number"),
        ({"destination": {}}, "Payment P1: Missing for this payment method: routing number, account"),
        (
            {"amount_cents": 10**10},
            "Payment P1: The amount 100000000.00 must be between 0.01 and 99999999.99",
        ),
        ({"name": "Maximiliana von Habsburg"}, "Payment P1: The name “MAXIMILIANA VON HABSBURG” has 24"),
        ({"name": "Зоя"}, "Payment P1: The bank can't read the name “"),
        ({"country": "DE"}, "Payment P1: ACH reaches payees in the United States only, not in “DE”"),
        ({"reference": "P-2026-10-1-000123"}, "The reference must be 1 to 15 letters, digits and hyphens"),
    ],
)
def test_what_doesn_t_fit_is_refused_with_the_payment_it_is_about(changes: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        rendered("ach", payment("ach", 1, **changes), payment("ach", 2))


def test_the_entry_hash_keeps_its_last_ten_digits() -> None:
    far_west = ACH | {"routing": "729999997"}
    many = [payment("ach", number, destination=far_west, is_company=number > 150) for number in range(1, 301)]
    file = the_file("ach", *many)
    assert 300 * 72_999_999 > 10**10
    control = [line for line in file.content.decode().splitlines() if line != "9" * 94][-1]
    assert control[21:31] == str(300 * 72_999_999)[-10:]
    assert len(readers.ach(file.content).entries) == 300
    assert findings(file) == []


def test_a_total_beyond_twelve_digits_is_refused() -> None:
    with pytest.raises(Refused, match="at most. Prepare smaller batches"):
        rendered("ach", *(payment("ach", number, amount_cents=10**10 - 1) for number in range(1, 102)))


@pytest.mark.parametrize(("wanted", "paid"), [("2026-11-26", "261127"), ("2026-11-01", "261120")])
def test_it_is_paid_on_a_banking_day_that_is_not_past(wanted: str, paid: str) -> None:
    file = the_file("ach", *SMALL, effective_on=datetime.date.fromisoformat(wanted))
    assert readers.ach(file.content).facts["paid on"] == paid
    assert findings(file) == []


@pytest.mark.parametrize(("before", "modifier"), [(0, "A"), (1, "B"), (25, "Z"), (26, "0"), (35, "9")])
def test_the_files_of_a_day_are_told_apart_by_a_letter(before: int, modifier: str) -> None:
    file = the_file("ach", *SMALL, files_of_day=before)
    assert readers.ach(file.content).facts["modifier"] == modifier


def test_a_day_has_36_files() -> None:
    with pytest.raises(Refused, match="takes 36 ACH files a day and this is number 37"):
        the_file("ach", *SMALL, files_of_day=36)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company_name", "A name of 17 char"),
        ("company_name", "株式会社"),
        ("company_id", "12345678901"),
        ("odfi_routing", "123456789"),
        ("immediate_destination", "12345678"),
        ("immediate_origin", "12345678"),
        ("bank_name", "A bank with a name of 24"),
        ("entry_description", "PAYROLL 2026"),
        ("company_entry_description", "COMMISSIONS"),
    ],
)
def test_a_setting_that_doesn_t_fit_is_refused_by_name(field: str, value: str) -> None:
    originator = dataclasses.replace(ORIGINATOR, **{field: value})
    with pytest.raises(Refused, match=f"The setting ORIGINATOR_{field.upper()} can't be “{value}”"):
        the_file("ach", *SMALL, originator=originator)


@pytest.mark.parametrize(
    ("field", "value"),
    [("account", "1" * 25), ("account", "ÅB12"), ("account_name", "Maximiliana von Habsburg")],
)
def test_the_writer_itself_cuts_nothing_either(field: str, value: str) -> None:
    unchecked = payment("ach", destination=ACH | {field: value})
    heading = Heading("2026-10-1", ORIGINATOR, datetime.date(2026, 11, 24), MADE, 1, 1)
    with pytest.raises(Refused, match="Payment P1: a field of an ACH file takes"):
        nacha.write([unchecked], heading)
