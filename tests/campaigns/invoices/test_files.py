"""Invoices as files: what they say, that they are made once, and that their readers are told once."""

import csv
import datetime
import hashlib
import io

import pytest
from django.utils import timezone
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from campaigns.invoices import files, pdf, sheet
from campaigns.models import Advertiser, Invoice, InvoiceFile, Member
from pulse_site import runs
from pulse_site.models import Mail, Run
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
CREDIT_NOTE = Invoice.Kind.CREDIT_NOTE


@pytest.fixture
def acme() -> Advertiser:
    return factories.advertiser("Acme", billing_email="ap@acme.example")


@pytest.fixture
def invoice(acme: Advertiser) -> Invoice:
    return factories.invoice(acme, 1_234_560_000)


def text(invoice: Invoice) -> str:
    file = files.file_of(invoice, "pdf")
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(bytes(file.content))).pages)


def rows(invoice: Invoice) -> list[dict[str, str]]:
    content = bytes(files.file_of(invoice, "csv").content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_the_pdf_says_who_owes_whom_what_for_what_by_when(invoice: Invoice) -> None:
    found = text(invoice)
    for part in ("INV-2026-000001", "Acme", "$1,234.56", "Dec. 1, 2026", "Pulse Demo Inc.", "Demo Bank",
                 "123,456", "$10.00", "Payable within 30 days."):  # fmt: skip
        assert part in found, part


def test_it_is_in_the_language_that_the_advertiser_had(acme: Advertiser) -> None:
    Advertiser.objects.update(language="fr")
    acme.refresh_from_db()
    made = factories.invoice(acme, 1_234_560_000)
    assert "1\u202f234,56\u00a0$" in text(made)
    assert Mail.objects.get().language == "fr"


def test_the_same_document_gives_the_same_bytes(invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pdf.render(invoice), sheet.render(invoice)
    later = timezone.now() + datetime.timedelta(days=400)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert (pdf.render(invoice), sheet.render(invoice)) == first


def test_a_credit_note_says_why_and_takes_off(acme: Advertiser) -> None:
    note = factories.invoice(acme, 5_000_000, kind=CREDIT_NOTE)
    assert "Invalid traffic: data centre" in text(note)
    (row,) = rows(note)
    assert (row["Amount (USD)"], row["Due on"], row["Reason"]) == (
        "-5.000000",
        "",
        "Invalid traffic: data centre",
    )


def test_what_is_carried_has_rows_of_its_own(acme: Advertiser) -> None:
    line = factories.invoice(acme).lines.get()
    made = Invoice.objects.create(
        kind="invoice", year=2027, serial=1, number="INV-2027-000001", advertiser=acme, language="en",
        month=factories.month("2027-01"), name="Acme", issued_on=factories.DAY, due_on=factories.DAY,
        total_micros=15_000, carried_from_micros=6_000, carried_to_micros=1_000, amount_micros=20_000,
    )  # fmt: skip
    line.pk, line.invoice, line.amount_micros = None, made, 15_000
    line.save(force_insert=True)
    found = [(row["Section"], row["Amount (USD)"]) for row in rows(made)]
    assert found == [
        ("Campaigns", "0.015000"),
        ("Carried from the last document", "0.006000"),
        ("Carried to the next document", "-0.001000"),
    ]
    assert "Payable on receipt." in text(made)


def test_a_name_that_would_run_as_a_formula_is_harmless(invoice: Invoice) -> None:
    line = invoice.lines.get()
    line.pk, line.name = None, "=cmd|' /C calc'!A0"
    line.save(force_insert=True)
    assert rows(invoice)[1]["Campaign"].startswith("'=")


def test_a_month_is_rendered_and_told_once(acme: Advertiser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 2)
    month = factories.month()
    for number in range(5):
        factories.invoice(factories.advertiser(billing_email=f"{number}@example.com"), month=month)
    steps: list[int] = []
    result = files.render_month("2026-10", steps.append)
    assert (result["documents"], steps) == (5, [400, 800, 1000])
    assert InvoiceFile.objects.count() == 10
    assert {mail.to for mail in Mail.objects.all()} == {f"{number}@example.com" for number in range(5)}
    assert files.render_month("2026-10")["documents"] == 0
    assert Mail.objects.count() == 5


def test_a_run_that_was_killed_goes_on_and_tells_nobody_twice(
    acme: Advertiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", 2)
    month = factories.month()
    for _number in range(5):
        factories.invoice(factories.advertiser(billing_email="x@example.com"), month=month)

    def killed(permille: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.render_month("2026-10", killed)
    assert (InvoiceFile.objects.count(), Mail.objects.count()) == (4, 2)
    files.render_month("2026-10")
    assert (InvoiceFile.objects.count(), Mail.objects.count()) == (10, 5)


def test_the_run_renders_in_the_background(invoice: Invoice) -> None:
    run = runs.start("render_invoices", key="x", arguments={"code": invoice.month_id})
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result["documents"]) == (Run.Status.DONE, 1)


def test_a_file_fits_its_digest(invoice: Invoice) -> None:
    file = files.file_of(invoice, "pdf")
    assert file.sha256 == hashlib.sha256(bytes(file.content)).hexdigest()
    assert list(files.tampered()) == []


def test_without_an_issuer_nothing_is_rendered(invoice: Invoice, settings: Settings) -> None:
    settings.INVOICE_BANK = ""
    with pytest.raises(Refused, match="INVOICE_BANK"):
        files.file_of(invoice, "pdf")
    with pytest.raises(Refused, match="INVOICE_BANK"):
        files.render_month(invoice.month_id)
    assert not Mail.objects.exists()


def test_without_a_billing_email_the_members_who_see_invoices_are_told() -> None:
    acme = factories.advertiser()
    for role in Member.Role:
        factories.colleague(f"the-{role}", acme, role)
    files.file_of(factories.invoice(acme), "csv")
    assert {mail.to for mail in Mail.objects.all()} == {"the-owner@example.com", "the-finance@example.com"}


def test_the_mail_leads_to_the_invoice(invoice: Invoice) -> None:
    files.file_of(invoice, "csv")
    mail = Mail.objects.get()
    assert mail.subject == "Invoice INV-2026-000001: $1,234.56"
    assert f"/a/{invoice.advertiser_id}/invoices/{invoice.pk}/" in mail.body
    assert "Dec. 1, 2026" in mail.body
