"""pain.001: valid by its schema, the same bytes each time, and read back as what was paid."""

import dataclasses
from pathlib import Path

import pytest
import sepaxml
import xmlschema
from hypothesis import given, settings

from payouts.files import Payment
from pulse_site.refusal import Refused
from tests.payouts.files import readers
from tests.payouts.files.payments import (
    BATCH,
    DESTINATIONS,
    ORIGINATOR,
    by_reference,
    golden,
    in_latin,
    payment,
    payments,
    rendered,
    the_file,
)

SCHEMA = Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"
SMALL = [
    payment("sepa", 1),
    payment("sepa", 2, name="Müller & Söhne", destination={"iban": "DE89370400440532013000"}, amount_cents=1),
]


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMA)


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert the_file("sepa", *SMALL).content == golden("2026-10-1-sepa-1.xml")


def test_the_file_says_who_pays_when(schema: xmlschema.XMLSchema) -> None:
    file = the_file("sepa", *SMALL)
    schema.validate(file.content.decode())
    facts, _transfers = readers.pain(file.content)
    assert facts == {
        "message": "2026-10-1-1",
        "made": "2026-11-20T14:05:00",
        "payment": "2026-10-1-1",
        "paid on": "2026-11-24",
        "debtor": "Pulse Inc",
        "iban": "GB82WEST12345698765432",
        "bic": "",
        "bank": "NOTPROVIDED",
        "charges": "SHAR",
        "service": "",
    }


def test_a_bic_of_ours_is_given_when_it_is_set(schema: xmlschema.XMLSchema) -> None:
    file = the_file("sepa", *SMALL, originator=dataclasses.replace(ORIGINATOR, bic="PSSTFRPP"))
    schema.validate(file.content.decode())
    facts, _transfers = readers.pain(file.content)
    assert (facts["bic"], facts["bank"]) == ("PSSTFRPP", "")


@settings(max_examples=15, deadline=None)
@given(payments("sepa"))
def test_whatever_is_paid_is_read_back(schema: xmlschema.XMLSchema, payments: list[Payment]) -> None:
    file = the_file("sepa", *payments)
    schema.validate(file.content.decode())
    _facts, transfers = readers.pain(file.content)
    assert transfers == [
        readers.Transfer(
            one.reference,
            one.amount_cents,
            "USD",
            in_latin(one.name).replace("&", "+"),
            one.destination["iban"],
            one.destination["bic"].upper(),
            BATCH,
        )
        for one in by_reference(payments)
    ]
    assert file.references == tuple(transfer.reference for transfer in transfers)
    assert file.total_cents == sum(transfer.cents for transfer in transfers)


def test_a_long_list_is_split() -> None:
    files = rendered("sepa", *(payment("sepa", number) for number in range(1, 5_002)))
    read = [readers.pain(file.content) for file in files]
    assert [len(transfers) for _facts, transfers in read] == [5_000, 1]
    assert [facts["message"] for facts, _transfers in read] == ["2026-10-1-1", "2026-10-1-2"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iban", "GB82WEST12345698765433"),
        ("bic", "PULSE"),
        ("company_name", "Pulse <Inc>"),
        ("company_name", "P" * 71),
    ],
)
def test_a_setting_that_doesn_t_fit_is_refused_by_name(field: str, value: str) -> None:
    originator = dataclasses.replace(ORIGINATOR, **{field: value})
    with pytest.raises(Refused, match=f"The setting ORIGINATOR_{field.upper()} can't be “{value}”"):
        the_file("sepa", *SMALL, originator=originator)


def test_a_wrong_iban_is_refused_without_repeating_it() -> None:
    wrong = DESTINATIONS["sepa"] | {"iban": "FR1420041010050500013M02607"}
    with pytest.raises(Refused, match=r"^Payment P7: The check digits of the IBAN \(…2607\) don't match"):
        the_file("sepa", payment("sepa", 7, destination=wrong))
