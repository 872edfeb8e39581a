"""Year end by hand: what was paid in the year, to whom, and what of it is reported."""

import csv
import datetime
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from creators.models import Creator
from payouts import tax
from payouts.models import Payout, PayoutBatch, TaxYear
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DOLLAR = 1_000_000
DAY = datetime.date(2026, 6, 30)


@pytest.fixture
def programme(finance_one: User) -> None:
    """2026: Ada 1,200 + 900 less a returned 5,000; Ben 1,999.99; Cleo 150 of which 36 withheld; Dora, by two
    creators, 1,000 + 1,000; Emil in France 9,000; Fay 3,000 in 2025."""
    ada, ben, cleo = (factories.enrolled(handle) for handle in ("ada", "ben", "cleo"))
    for creator in (ada, ben, cleo):
        factories.payee(creator)
    pay(ada, 1_200 * DOLLAR, datetime.date(2026, 1, 1))
    pay(ada, 900 * DOLLAR, datetime.date(2026, 12, 31))
    pay(ada, 5_000 * DOLLAR, DAY, status="returned")
    pay(ada, 5_000 * DOLLAR, datetime.date(2027, 1, 1))
    pay(ben, 1_999_990_000, DAY)
    pay(cleo, 150 * DOLLAR, DAY, withheld_micros=36 * DOLLAR)
    for handle in ("dora", "dora.too"):
        creator = factories.enrolled(handle)
        factories.payee(creator, tax_id="111223333", legal_name="Dora Inc.")
        pay(creator, 1_000 * DOLLAR, DAY)
    emil = factories.enrolled("emil")
    factories.payee(emil, country="FR", tax_form="w8ben", tax_id="FR12345", legal_name="Emil")
    pay(emil, 9_000 * DOLLAR, DAY)
    fay = factories.enrolled("fay")
    factories.payee(fay)
    pay(fay, 3_000 * DOLLAR, datetime.date(2025, 12, 31))


def pay(creator: Creator, micros: int, settled_on: datetime.date, **fields: object) -> None:
    batch = PayoutBatch.objects.create(
        reference=f"B-{PayoutBatch.objects.count()}",
        month=factories.month(),
        minimum_micros=0,
        prepared_by=User.objects.get(username="finance-one"),
    )
    fields = {"status": "paid", **fields}
    Payout.objects.create(batch=batch, creator=creator, amount_micros=micros, settled_on=settled_on, **fields)


def by_name(year: int) -> dict[str, tuple[int, int, int, str]]:
    return {
        line.payee.legal_name: (
            line.payments,
            line.gross_micros // DOLLAR,
            line.withheld_micros // DOLLAR,
            line.verdict,
        )
        for line in tax.lines(year)
        if line.payee
    }


def test_the_figures_of_2026_by_hand(programme: None) -> None:
    assert by_name(2026) == {
        "Payee ada": (2, 2_100, 0, "threshold"),
        "Dora Inc.": (2, 2_000, 0, "threshold"),
        "Payee cleo": (1, 150, 36, "withheld"),
        "Emil": (1, 9_000, 0, "foreign"),
        "Payee ben": (1, 1_999, 0, "below"),
    }
    assert list(by_name(2026)) == ["Payee ada", "Dora Inc.", "Payee cleo", "Emil", "Payee ben"]
    totals = tax.totals(2026)
    assert (totals["form"], totals["payees"], totals["reported"]) == ("1099-NEC", 5, 3)
    assert totals["gross_micros"] == (2_100 + 2_000 + 150 + 9_000) * DOLLAR + 1_999_990_000
    assert totals["withheld_micros"] == 36 * DOLLAR


def test_a_payment_counts_in_the_year_in_which_it_was_made(programme: None) -> None:
    assert by_name(2025) == {"Payee fay": (1, 3_000, 0, "threshold")}
    assert tax.totals(2025)["threshold_micros"] == 600 * DOLLAR
    with pytest.raises(Refused, match="Add the tax year 2027"):
        tax.totals(2027)
    TaxYear.objects.create(year=2027, threshold_micros=2_100 * DOLLAR)
    assert by_name(2027) == {"Payee ada": (1, 5_000, 0, "threshold")}


def test_royalties_have_their_own_threshold(programme: None, settings: Settings) -> None:
    settings.TAX_REPORTING = "royalties"
    assert by_name(2026)["Payee ben"][-1] == "threshold"
    assert (tax.form().name, tax.form().box) == ("1099-MISC", "2")


def test_a_foreigner_from_whom_tax_was_withheld_is_reported(programme: None) -> None:
    Payout.objects.filter(creator__handle="emil").update(withheld_micros=DOLLAR)
    assert by_name(2026)["Emil"][-1] == "threshold"


def test_a_form_that_is_not_valid_makes_nobody_foreign(programme: None) -> None:
    Creator.objects.get(handle="emil").payee.__class__.objects.filter(creator__handle="emil").update(
        tax_status="rejected"
    )
    assert by_name(2026)["Emil"][-1] == "threshold"


def test_who_was_paid_without_details_is_there_and_says_what_is_missing(finance_one: User) -> None:
    pay(factories.enrolled("gus"), 2_500 * DOLLAR, DAY)
    (line,) = tax.lines(2026)
    assert (line.payee, line.missing, line.verdict) == (None, ["payee details"], "threshold")


def exported(year: int = 2026, **options: object) -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("export_tax_year", year, stdout=out, **options)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_the_export_masks_tax_numbers_unless_somebody_may_see_them(programme: None, reviewer: User) -> None:
    masked = {row["legal_name"]: row for row in exported()}
    assert masked["Dora Inc."]["tax_number"] == "•••••3333"
    assert (masked["Dora Inc."]["gross_usd"], masked["Dora Inc."]["creators"]) == ("2000.00", "2")
    assert masked["Emil"]["form"] == ""
    with pytest.raises(CommandError, match="--as USER"):
        exported(full=True)
    with pytest.raises(CommandError, match="permission"):
        exported(full=True, by="reviewer")
    factories.staff("seer", "view_payee_details")
    assert "111223333" in {row["tax_number"] for row in exported(full=True, by="seer")}


def test_the_command_gives_totals_as_json_and_a_file(programme: None, tmp_path: Path) -> None:
    out, path = io.StringIO(), tmp_path / "1099.csv"
    call_command("export_tax_year", 2026, out=path, json=True, stdout=out)
    assert json.loads(out.getvalue())["reported"] == 3
    assert len(path.read_text().splitlines()) == 6
    with pytest.raises(CommandError, match="2030 is not entered"):
        call_command("export_tax_year", 2030)
