"""The portal's pages of invoices: what is due, each document with its lines, and the files."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns.invoices import settling
from campaigns.models import Advertiser, Invoice, InvoiceFile
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
DOLLAR = 1_000_000


@pytest.fixture(autouse=True)
def on_10_december(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime(2026, 12, 10, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def acme(owner: User) -> Advertiser:
    """$100 overdue since nine days, of which $40 are paid; $50 due on 1 January."""
    made = owner.memberships.get().advertiser
    factories.invoice(made, 100 * DOLLAR)
    factories.invoice(made, 50 * DOLLAR, due_on=datetime.date(2027, 1, 1))
    settling.receive(
        made, "entry:1", 40 * DOLLAR, received_on=datetime.date(2026, 12, 1), bank_reference="WIRE 4711"
    )
    return made


@pytest.fixture
def browser(bookkeeper: User) -> Client:
    client = Client()
    client.force_login(bookkeeper)
    return client


def shown(browser: Client, name: str, of: Advertiser, *keys: object) -> str:
    answer = browser.get(reverse(f"portal:{name}", args=[of.pk, *keys]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_list_says_what_is_to_be_paid_overdue_and_due_next(acme: Advertiser, browser: Client) -> None:
    page = shown(browser, "invoices", acme)
    assert "<dt>To be paid</dt><dd>$110.00</dd>" in page
    assert "<dt>Overdue</dt><dd>$60.00</dd>" in page
    assert "next due on Jan. 1, 2027" in page
    assert 'class="badge overdue">overdue<' in page
    assert "Demo Bank" in page


def test_before_the_first_invoice_the_page_says_when_it_comes(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    page = shown(client, "invoices", owner.memberships.get().advertiser)
    assert "You are billed once a month" in page


def test_an_invoice_shows_its_lines_what_was_paid_and_how_to_pay_the_rest(
    acme: Advertiser, browser: Client
) -> None:
    first = acme.invoices.order_by("pk").first()
    assert first
    page = shown(browser, "invoice", acme, first.pk)
    assert "overdue since 9 days" in page
    assert "<dt>Still open</dt><dd>$60.00</dd>" in page
    assert "WIRE 4711" in page and "$40.00" in page
    assert f'<span class="code">{first.number}</span>' in page
    assert "10,000" in page  # impressions


def test_a_credit_note_says_what_it_was_set_off_against(acme: Advertiser, browser: Client) -> None:
    note = factories.invoice(acme, 5 * DOLLAR, kind=Invoice.Kind.CREDIT_NOTE)
    settling.settle("SELECT %s AS id", [acme.pk])
    page = shown(browser, "invoice", acme, note.pk)
    assert "Set off against" in page and "INV-2026-000001" in page
    assert "Invalid traffic: data centre" in page
    assert "<dt>Overdue</dt><dd>$55.00</dd>" in shown(browser, "invoices", acme)


@pytest.mark.parametrize(("format", "start"), [("pdf", b"%PDF-"), ("csv", b"\xef\xbb\xbfDocument,")])
def test_a_file_is_made_once_and_served_from_its_row(
    format: str, start: bytes, acme: Advertiser, browser: Client
) -> None:
    pk = acme.invoices.order_by("pk").values_list("pk", flat=True)[0]
    address = reverse("portal:invoice_file", args=[acme.pk, pk, format])
    first, second = browser.get(address), browser.get(address)
    assert first.content == second.content
    assert first.content.startswith(start)
    assert first["Content-Disposition"] == f'attachment; filename="INV-2026-000001.{format}"'
    assert InvoiceFile.objects.count() == 2  # both formats at once


def test_a_file_that_cannot_be_made_yet_is_said_so(
    acme: Advertiser, browser: Client, settings: Settings
) -> None:
    settings.INVOICE_ISSUER = ""
    pk = acme.invoices.order_by("pk").values_list("pk", flat=True)[0]
    answer = browser.get(reverse("portal:invoice_file", args=[acme.pk, pk, "pdf"]), follow=True)
    assert "not ready yet" in answer.content.decode()


def test_a_years_documents_are_one_file_that_adds_up(acme: Advertiser, browser: Client) -> None:
    factories.invoice(acme, 5 * DOLLAR, kind=Invoice.Kind.CREDIT_NOTE)
    factories.invoice(factories.advertiser("Rival"), 7 * DOLLAR)
    answer = browser.get(reverse("portal:invoice_year", args=[acme.pk, 2026]))
    rows = b"".join(answer).decode().removeprefix("\ufeff").splitlines()[1:]
    assert sum(int(row.rpartition(",")[2].replace(".", "").strip("'")) for row in rows) == 145 * DOLLAR
    assert browser.get(reverse("portal:invoice_year", args=[acme.pk, 2025])).status_code == 404


def test_a_long_list_asks_no_more_than_a_short_one(acme: Advertiser, browser: Client) -> None:
    def queries(name: str, *keys: object) -> int:
        with CaptureQueriesContext(connection) as asked:
            shown(browser, name, acme, *keys)
        return len(asked)

    pk = acme.invoices.order_by("pk").values_list("pk", flat=True)[0]
    queries("invoices")
    few = queries("invoices"), queries("invoice", pk)
    for number in range(20):
        factories.invoice(acme, DOLLAR)
        settling.receive(
            acme, f"entry:{number + 2}", DOLLAR, received_on=datetime.date(2026, 12, 2),
            invoice=Invoice.objects.get(pk=pk),
        )  # fmt: skip
    assert (queries("invoices"), queries("invoice", pk)) == few
    assert max(few) <= 9
