"""CSV files read back character by character; what a spreadsheet would run is refused or made harmless."""

import pytest
from hypothesis import given

from payouts.files import Payment
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import FORMULA
from tests.payouts.files import readers
from tests.payouts.files.payments import (
    any_names,
    by_reference,
    golden,
    names,
    payment,
    payments,
    rendered,
    the_file,
)

WISE = [
    "name",
    "recipientId",
    "sourceCurrency",
    "targetCurrency",
    "amount",
    "amountCurrency",
    "paymentReference",
]
MANUAL = ["reference", "name", "company", "country", "email", "amount", "currency", "pay_on", "batch"]
TRICKY = ['Zoé "Z" Ångström', "O'Neil, Søren", "李小龍", "=1+1", "@zoe", "  ＝1", "-"]


def dollars(cents: int) -> str:
    digits = str(cents).zfill(3)
    return f"{digits[:-2]}.{digits[-2:]}"


@pytest.mark.parametrize("method", ["paypal", "wise", "manual"])
def test_the_bytes_are_those_of_the_golden_file(method: str) -> None:
    people = [
        payment(method, 1),
        payment(method, 2, name='O\'Neil, Søren "S"', amount_cents=5),
        payment(method, 10, name="李小龍", email="=1+1@example.com", is_company=True, country="HK"),
    ]
    assert the_file(method, *people).content == golden(f"2026-10-1-{method}-1.csv")


@given(payments("paypal", any_names.filter(bool)))
def test_paypal_reads_what_is_paid(payments: list[Payment]) -> None:
    file = the_file("paypal", *payments)
    assert readers.comma_separated(file.content) == [
        [one.destination["email"], dollars(one.amount_cents), "USD", one.reference, "Pulse Inc 2026-10-1"]
        for one in by_reference(payments)
    ]


@given(payments("wise", any_names.filter(lambda name: name and not FORMULA.match(name))))
def test_wise_reads_what_is_paid(payments: list[Payment]) -> None:
    header, *rows = readers.comma_separated(the_file("wise", *payments).content)
    assert header == WISE
    assert rows == [
        [
            one.name,
            one.destination["recipient_id"],
            "USD",
            "USD",
            dollars(one.amount_cents),
            "target",
            one.reference,
        ]
        for one in by_reference(payments)
    ]


@given(payments("manual", any_names.filter(bool)))
def test_who_pays_by_hand_reads_what_is_to_be_paid_and_nothing_that_runs(payments: list[Payment]) -> None:
    header, *rows = readers.comma_separated(the_file("manual", *payments).content)
    assert header == MANUAL
    assert rows == [
        [
            one.reference,
            f"'{one.name}" if one.name.lstrip()[0] in "=+-@＝＋－＠" else one.name,
            "yes" if one.is_company else "no",
            "US",
            one.email,
            dollars(one.amount_cents),
            "USD",
            "2026-11-24",
            "2026-10-1",
        ]
        for one in by_reference(payments)
    ]
    assert [cell for row in rows for cell in row if FORMULA.match(cell)] == []


@pytest.mark.parametrize("method", ["paypal", "manual"])
@pytest.mark.parametrize("name", TRICKY)
def test_a_name_never_becomes_a_formula(method: str, name: str) -> None:
    rows = readers.comma_separated(the_file(method, payment(method, name=name, email=f"{name}@x")).content)
    assert [cell for row in rows for cell in row if FORMULA.match(cell)] == []


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("paypal", {"destination": {"email": "=zoe@example.com"}}),
        ("paypal", {"destination": {"email": "+zoe@example.com"}}),
        ("paypal", {"reference": "=P1"}),
        ("wise", {"name": "=1+1"}),
        ("wise", {"destination": {"recipient_id": "-1"}}),
    ],
)
def test_a_provider_is_never_sent_a_formula(method: str, changes: dict[str, object]) -> None:
    with pytest.raises(Refused):
        rendered(method, payment(method, **changes))


@pytest.mark.parametrize(
    ("method", "rows", "header"), [("paypal", 5_000, 0), ("wise", 1_000, 1)], ids=["paypal", "wise"]
)
def test_a_file_has_no_more_rows_than_the_provider_takes(method: str, rows: int, header: int) -> None:
    many = [payment(method, number) for number in range(1, 2 * rows + 2)]
    files = rendered(method, *reversed(many))
    assert [len(readers.comma_separated(file.content)) - header for file in files] == [rows, rows, 1]
    assert [file.name for file in files] == [f"2026-10-1-{method}-{number}.csv" for number in (1, 2, 3)]
    assert [reference for file in files for reference in file.references] == [one.reference for one in many]
    assert sum(file.total_cents for file in files) == sum(one.amount_cents for one in many)
    [exact] = rendered(method, *many[:rows])
    assert len(exact.references) == rows


@given(names)
def test_names_that_tests_use_need_no_quote(name: str) -> None:
    assert not FORMULA.match(name)
