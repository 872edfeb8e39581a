"""What is wrong with invoices is named; what closed before there were invoices is no breach."""

# ruff: noqa: F811 - fixtures

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from campaigns.invoices import files
from campaigns.models import Advertiser, Allocation, Invoice, InvoiceLine, Payment
from creators.models import Creator
from payouts import invoicing, ledger, seals
from payouts.models import Account, Transfer
from payouts.verification import verify
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests.payouts.behind import behind_the_back, broken, tamper
from tests.payouts.programme import close, day, deliver
from tests.payouts.test_invoicing import acme, ada, at, october, received  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


def without_invoices() -> None:
    """As the database of a programme that closed its months before there were invoices."""
    with behind_the_back(), connection.cursor() as cursor:
        for table in ("allocation", "payment", "invoicefile", "invoiceline", "invoice"):
            cursor.execute(f"DELETE FROM campaigns_{table}")
        cursor.execute("UPDATE payouts_entry SET received_on = NULL")


def test_months_that_were_closed_before_there_were_invoices_are_no_breach_and_can_be_issued(
    october: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    received(october, finance_one, finance_two, 50_000_000)
    without_invoices()
    seals.seal()
    assert verify() == []
    assert [month.code for month in invoicing.without_documents()] == ["2026-10"]
    issued = invoicing.issue_closed("2026-10", finance_two)
    assert (issued["invoices"], issued["credit_notes"], issued["payments"]) == (1, 1, 1)
    assert Invoice.objects.with_balance().invoices().get().open_micros == 40_000_000
    seals.seal()
    assert verify() == []
    assert invoicing.issue_closed("2026-10", finance_two)["payments"] == 0


def test_once_a_month_has_invoices_a_later_one_without_is_a_breach(
    october: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(october.campaigns.get(), ada, 1_000, day=day(10, 11))
    with at(datetime.datetime(2026, 12, 8, tzinfo=datetime.UTC)):
        close(finance_one, finance_two, "2026-11")
    without_invoices()
    invoicing.issue_closed("2026-10", finance_two)
    seals.seal()
    assert "invoices and credit notes" in set(broken())
    invoicing.issue_closed("2026-11", finance_two)
    assert "invoices and credit notes" not in set(broken())


def test_documents_of_a_month_that_is_open_are_refused(october: Advertiser, finance_two: User) -> None:
    with pytest.raises(Refused, match="2026-11 is not closed"):
        invoicing.issue_closed("2026-11", finance_two)


TAMPERED = [
    ("UPDATE campaigns_invoiceline SET amount_micros = amount_micros + 10000", "totals of documents"),
    ("UPDATE campaigns_invoiceline SET amount_micros = amount_micros + 10000", "invoices and credit notes"),
    ("UPDATE campaigns_invoiceline SET impressions = impressions + 1", "invoices and credit notes"),
    ("UPDATE campaigns_invoice SET serial = 2 WHERE kind = 'invoice'", "numbers of documents"),
    ("UPDATE campaigns_invoice SET number = 'INV-1' WHERE kind = 'invoice'", "names of documents"),
    ("UPDATE campaigns_invoice SET total_micros = total_micros + 10000", "totals of documents"),
    ("UPDATE campaigns_invoice SET total_micros = total_micros + 10000", "amounts of documents"),
    (
        "UPDATE campaigns_invoice SET carried_from_micros = 1, carried_to_micros = 1 WHERE kind = 'invoice'",
        "what documents carry",
    ),
    ("UPDATE campaigns_allocation SET amount_micros = 200000000", "settled invoices"),
    (
        "UPDATE campaigns_allocation SET amount_micros = amount_micros + 1 WHERE payment_id IS NOT NULL",
        "allocated payments",
    ),
    ("UPDATE campaigns_payment SET amount_micros = amount_micros + 1", "payments of advertisers"),
    ("DELETE FROM campaigns_allocation; DELETE FROM campaigns_payment", "payments of advertisers"),
    ("UPDATE campaigns_invoicefile SET content = 'x'", "files of documents"),
]


@pytest.mark.parametrize(("statement", "rule"), TAMPERED)
def test_what_was_changed_behind_the_databases_back_is_named(
    statement: str, rule: str, october: Advertiser, finance_one: User, finance_two: User
) -> None:
    received(october, finance_one, finance_two, 30_000_000)
    files.render_month("2026-10")
    seals.seal()
    assert verify() == []
    for each in statement.split("; "):
        tamper(each)
    assert rule in set(broken())


@pytest.mark.parametrize("model", [Invoice, InvoiceLine, Payment, Allocation])
def test_documents_and_what_settles_them_are_never_changed_nor_deleted(
    model: Any, october: Advertiser, finance_one: User, finance_two: User
) -> None:
    received(october, finance_one, finance_two, 30_000_000)
    field = "number" if model is Invoice else "amount_micros"
    value = "X" if model is Invoice else 1
    for act in (lambda: model.objects.update(**{field: value}), lambda: model.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_documents_are_what_the_ledger_says_for_each_campaign(
    october: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    account = Account.objects.get(advertiser=october)
    total = Invoice.objects.aggregate(sum=Sum("total_micros"))["sum"]
    assert total == 110_000_000
    assert -ledger.balance(account) == 90_000_000
    assert Transfer.objects.get(kind="credit").amount_micros == 10_000_000
