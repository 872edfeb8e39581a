"""Invoices in the admin: read, downloaded, paid by way of a manual entry, and reminded of."""

import datetime
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.invoices import letters, settling
from campaigns.models import Advertiser, Invoice, Payment
from payouts.models import Entry
from pulse_site.models import AuditEvent, Mail, User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
LIST = "admin:campaigns_invoice_changelist"


def grant(user: User, *codenames: str) -> User:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def page(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def acme(finance_one: User, finance_two: User) -> Advertiser:
    """Billed $100 for October, issued on 20 November and due in 30 days."""
    made = factories.advertiser("Acme", billing_email="ap@acme.example", language="fr")
    deliver(factories.campaign("A-1", advertiser=made), factories.enrolled("ada"), 10_000)
    close(finance_one, finance_two)
    return made


@pytest.fixture
def late(acme: Advertiser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoice]:
    """Acme's invoice, three days overdue; the whole clock is moved, as events take their time from it."""
    invoice = acme.invoices.get()
    assert invoice.due_on
    now = datetime.datetime.combine(invoice.due_on, datetime.time(9), datetime.UTC)
    now += datetime.timedelta(days=3)
    monkeypatch.setattr(timezone, "now", lambda: now)
    with time_machine.travel(now, tick=False):
        yield invoice


def test_a_payment_is_recorded_from_the_invoice_and_approved_by_another_person(
    client: Client, acme: Advertiser, finance_one: User, finance_two: User
) -> None:
    invoice = acme.invoices.get()
    client.force_login(grant(finance_one, "view_invoice", "view_entry", "view_account"))
    form = page(client, reverse("admin:campaigns_invoice_pay", args=[invoice.pk]))
    assert 'value="100.00"' in form and invoice.number in form
    sides = (Entry._meta.get_field(f"{side}_account").related_model for side in ("debit", "credit"))
    account = next(sides)
    given = {
        "reason": "received",
        "debit_account": account.objects.get(kind="bank").pk,
        "credit_account": acme.account.pk,
        "amount_micros": "60.00",
        "received_on": "2026-11-19",
        "bank_reference": "WIRE 4711",
        "invoice": invoice.pk,
        "note": "",
    }
    assert client.post(reverse("admin:payouts_entry_add"), given).status_code == 302
    entry = Entry.objects.get()
    shown = page(client, reverse("admin:payouts_entry_change", args=[entry.pk]))
    assert "WIRE 4711" in shown and invoice.number in shown
    client.force_login(grant(finance_two, "view_invoice", "view_entry", "view_transfer"))
    move = f"{reverse('admin:payouts_entry_move', args=['approve'])}?ids={entry.pk}"
    assert "done" in client.post(move, follow=True).content.decode()
    shown = page(client, reverse("admin:campaigns_invoice_change", args=[invoice.pk]))
    assert "partly paid" in shown and "$40.00" in shown and "WIRE 4711" in shown


def test_the_form_says_what_is_wrong_with_a_payment(
    client: Client, acme: Advertiser, finance_one: User
) -> None:
    rival = factories.invoice(factories.advertiser("Rival"))
    client.force_login(grant(finance_one, "view_invoice", "view_entry", "view_account"))
    page(client, reverse("admin:campaigns_invoice_pay", args=[acme.invoices.get().pk]))
    account = Entry._meta.get_field("debit_account").related_model
    given = {
        "reason": "received",
        "debit_account": account.objects.get(kind="bank").pk,
        "credit_account": acme.account.pk,
        "amount_micros": "60.00",
        "invoice": rival.pk,
    }
    answer = client.post(reverse("admin:payouts_entry_add"), given).content.decode()
    assert "was not issued to this advertiser" in answer


@pytest.mark.parametrize(
    ("query", "found"), [("state=overdue", True), ("state=paid", False), ("q=INV-", True), ("q=Riv", False)]
)
def test_the_list_is_filtered_and_aged(
    query: str, found: bool, client: Client, late: Invoice, administrator: User
) -> None:
    client.force_login(administrator)
    shown = page(client, f"{reverse(LIST)}?{query}")
    assert (f">{late.number}<" in shown) is found
    assert "Still to be paid" in shown and "1–30 days" in shown


def test_a_reminder_goes_out_once_a_day_in_the_advertisers_language(
    client: Client, late: Invoice, finance_one: User
) -> None:
    client.force_login(grant(finance_one, "view_invoice", "remind_invoice"))
    address = f"{reverse('admin:campaigns_invoice_move', args=['remind'])}?ids={late.pk}"
    assert "ap@acme.example" in page(client, address)
    client.post(address)
    mail = Mail.objects.get(name="invoice_reminder")
    assert (mail.to, mail.language) == ("ap@acme.example", "fr")
    assert late.number in mail.subject and "100,00" in mail.body
    event = AuditEvent.objects.get(action="invoice.remind")
    assert (event.actor, event.detail["amount_micros"]) == (finance_one, 100_000_000)
    assert "A reminder went out today." in page(client, address)
    with pytest.raises(Refused, match="today"):
        letters.remind(Invoice.objects.all(), finance_one)
    assert "Reminders" in page(client, reverse("admin:campaigns_invoice_change", args=[late.pk]))


def test_what_is_not_overdue_is_not_reminded_of(acme: Advertiser, finance_one: User) -> None:
    with pytest.raises(Refused, match="not overdue"):
        letters.remind(acme.invoices.all(), finance_one)
    assert not Mail.objects.exists()


def test_a_paid_invoice_is_not_reminded_of(late: Invoice, finance_one: User) -> None:
    settling.receive(late.advertiser, "entry:9", late.amount_micros, received_on=factories.DAY)
    with pytest.raises(Refused, match="not overdue"):
        letters.remind(Invoice.objects.filter(pk=late.pk), finance_one)


@pytest.mark.parametrize("format", ["pdf", "csv"])
def test_staff_download_the_stored_file(
    format: str, client: Client, acme: Advertiser, auditor: User, reviewer: User
) -> None:
    address = reverse("admin:campaigns_invoice_file", args=[acme.invoices.get().pk, format])
    client.force_login(reviewer)
    assert client.get(address).status_code == 403
    client.force_login(auditor)
    assert client.get(address).content == client.get(address).content
    assert client.get(address.replace(format, "exe")).status_code == 404


def test_the_start_page_the_advertiser_and_the_month_show_invoices(
    client: Client, late: Invoice, administrator: User
) -> None:
    client.force_login(administrator)
    assert "Overdue invoices" in page(client, reverse("admin:index"))
    assert late.number in page(
        client, reverse("admin:campaigns_advertiser_change", args=[late.advertiser_id])
    )
    assert "1 document is still to be rendered" in page(
        client, reverse("admin:campaigns_month_change", args=[late.month_id])
    )


def test_payments_are_listed_with_what_waits(client: Client, acme: Advertiser, auditor: User) -> None:
    settling.receive(acme, "entry:9", 130_000_000, received_on=factories.DAY, bank_reference="WIRE 1")
    client.force_login(auditor)
    shown = page(client, reverse("admin:campaigns_payment_changelist"))
    assert "$130.00" in shown and "$30.00" in shown
    shown = page(client, reverse("admin:campaigns_payment_change", args=[Payment.objects.get().pk]))
    assert "WIRE 1" in shown and acme.invoices.get().number in shown
