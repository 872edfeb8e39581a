"""The one door to all formats: the same bytes for the same payments, nothing twice, no missing setting."""

import hashlib
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as configured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from payouts.files import FORMATS, Originator, Payment
from payouts.files.destinations import CHECKS
from pulse_site.refusal import Refused
from tests.payouts.files.payments import DESTINATIONS, payment, payments, rendered, the_file
from tests.pulse_site.test_settings import PRODUCTION


@given(st.data(), st.sampled_from(["ach", "paypal", "wise", "manual"]))
def test_the_same_payments_in_any_order_make_the_same_bytes(data: st.DataObject, method: str) -> None:
    paid: list[Payment] = data.draw(payments(method))
    shuffled = data.draw(st.permutations(paid))
    assert rendered(method, *paid) == rendered(method, *shuffled)


def test_a_sepa_file_is_the_same_too() -> None:
    paid = [payment("sepa", number) for number in range(1, 4)]
    assert rendered("sepa", *paid) == rendered("sepa", *reversed(paid))


def test_a_file_knows_its_digest_its_references_and_its_total() -> None:
    file = the_file("manual", payment("manual", 10), payment("manual", 9, amount_cents=1))
    assert file.sha256 == hashlib.sha256(file.content).hexdigest()
    assert file.references == ("P9", "P10")
    assert file.total_cents == 123_457


@pytest.mark.parametrize("method", FORMATS)
def test_no_payments_make_no_file(method: str) -> None:
    assert rendered(method) == []


@pytest.mark.parametrize("method", FORMATS)
@pytest.mark.parametrize("cents", [0, -1, 10**11])
def test_an_amount_that_can_t_be_paid_is_refused(method: str, cents: int) -> None:
    with pytest.raises(Refused, match="Payment P2: The amount .* must be between 0.01 and "):
        rendered(method, payment(method, 1), payment(method, 2, amount_cents=cents))


@pytest.mark.parametrize("method", FORMATS)
def test_nothing_is_paid_twice(method: str) -> None:
    with pytest.raises(Refused, match="Payment P1 is there twice"):
        rendered(method, payment(method, 1), payment(method, 2), payment(method, 1, amount_cents=7))


@pytest.mark.parametrize("reference", ["", "P 1", "P,1", "P1\n", "-P1", "É1", "P" * 36])
@pytest.mark.parametrize("method", FORMATS)
def test_a_reference_is_plain_and_short(method: str, reference: str) -> None:
    with pytest.raises(Refused, match="The reference must be 1 to [0-9]+ letters, digits and hyphens"):
        rendered(method, payment(method, reference=reference))


@pytest.mark.parametrize("reference", ["", "2026/10", "2026-10-" + "1" * 13, "=1"])
def test_a_batch_s_reference_is_plain_and_short(reference: str) -> None:
    with pytest.raises(Refused, match="must be 1 to 20 letters, digits and hyphens"):
        rendered("manual", payment("manual"), batch_reference=reference)


def test_an_unknown_method_is_refused_and_each_known_one_is_checked() -> None:
    with pytest.raises(Refused, match="There is no payment method “cheque”"):
        rendered("cheque", payment("manual"))
    assert FORMATS.keys() == CHECKS.keys() == DESTINATIONS.keys()


SETTINGS = [
    ("ach", "COMPANY_NAME"),
    ("ach", "COMPANY_ID"),
    ("ach", "ODFI_ROUTING"),
    ("ach", "BANK_NAME"),
    ("ach", "IMMEDIATE_DESTINATION"),
    ("ach", "IMMEDIATE_ORIGIN"),
    ("ach", "ENTRY_DESCRIPTION"),
    ("sepa", "COMPANY_NAME"),
    ("sepa", "IBAN"),
]


@pytest.mark.parametrize(("method", "name"), SETTINGS)
def test_a_file_without_one_of_its_settings_is_refused_by_name(
    settings: Settings, method: str, name: str
) -> None:
    setattr(settings, f"ORIGINATOR_{name}", "")
    with pytest.raises(Refused, match=f"without the setting ORIGINATOR_{name} "):
        rendered(method, payment(method), originator=Originator.from_settings())


def production(**environment: str) -> str:
    """The originator as a production process sees it."""
    code = "from payouts.files import Originator; print(Originator.from_settings())"
    shell = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    variables: dict[str, Any] = os.environ | PRODUCTION | environment
    run = subprocess.run(
        shell, cwd=configured.BASE_DIR, env=variables, capture_output=True, text=True, check=True
    )
    return run.stdout


def test_production_has_no_originator_but_the_one_it_is_given() -> None:
    assert production().strip() == str(Originator())
    assert "iban='FR1420041010050500013M02606'" in production(ORIGINATOR_IBAN="FR1420041010050500013M02606")


@pytest.mark.parametrize("method", FORMATS)
def test_on_a_laptop_files_are_made_without_any_setting(settings: Settings, method: str) -> None:
    assert the_file(method, payment(method), originator=Originator.from_settings()).content
