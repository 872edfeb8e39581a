"""Invoices and credit notes as a month closes: who gets which, exact to the micro, numbered without gaps."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import placements
from campaigns.models import (
    MICROS_PER_CENT,
    Advertiser,
    Campaign,
    Invoice,
    InvoiceLine,
    Month,
    Payment,
    PlacementRun,
)
from creators.models import Creator
from payouts import corrections, entries, invoice_checks, invoicing, ledger, months, seals
from payouts.models import Account, Correction, Entry
from payouts.verification import verify
from pulse_site.models import AuditEvent, Run, User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, day, deliver

pytestmark = pytest.mark.django_db
CREDIT_NOTE, INVOICE = Invoice.Kind.CREDIT_NOTE, Invoice.Kind.INVOICE


@pytest.fixture
def acme() -> Advertiser:
    return factories.advertiser(
        "Acme",
        legal_name="Acme Inc.",
        street="1 Main Street",
        city="Albany",
        region="NY",
        postal_code="12207",
        country="US",
        tax_number="12-3456789",
        payment_days=14,
        language="fr",
    )


@pytest.fixture
def ada() -> Creator:
    return factories.enrolled("ada")


def digest_lineups() -> None:
    for run in PlacementRun.objects.all():
        PlacementRun.objects.filter(pk=run.pk).update(digest=placements.digest(run))


def credit(one: User, two: User, campaign: Campaign, micros: int, code: str = "2026-10", **more: Any) -> None:
    """A credit to the campaign's advertiser alone, prepared and approved."""
    made = corrections.prepare(
        one,
        reason=more.pop("reason", "goodwill"),
        origin=Month.objects.get(code=code),
        campaign=campaign,
        creator=more.pop("creator", None),
        micros=micros,
        **more,
    )
    corrections.approve(made, two)


def lines(invoice: Invoice) -> list[tuple[Any, ...]]:
    return list(
        invoice.lines.values_list("kind", "reference", "origin", "reason", "impressions", "amount_micros")
    )


def test_each_billed_advertiser_gets_one_invoice_with_a_line_for_each_campaign(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign("B-2", advertiser=acme, cpm_micros=9_990_000), ada, 1_001)
    deliver(factories.campaign("A-1", advertiser=acme, purchase_order="PO 7"), ada, 30)
    other = deliver(factories.campaign("Z-9"), ada, 1_000).campaign
    deliver(factories.campaign("N-0"), ada, 1_000, verdict="not_booked")
    digest_lineups()
    close(finance_one, finance_two)
    first, second = Invoice.objects.order_by("pk")
    assert (first.number, second.number) == ("INV-2026-000001", "INV-2026-000002")
    assert (first.advertiser, second.advertiser) == (acme, other.advertiser)
    assert lines(first) == [
        ("billed", "A-1", "2026-10", "", 30, 300_000),
        ("billed", "B-2", "2026-10", "", 1_001, 9_999_990),
    ]
    line = first.lines.get(reference="A-1")
    assert (line.purchase_order, line.cpm_micros, line.name) == ("PO 7", 10_000_000, "Campaign A-1")
    assert (first.total_micros, first.carried_to_micros, first.amount_micros) == (
        10_299_990,
        9_990,
        10_290_000,
    )
    assert (first.issued_on, first.due_on) == (datetime.date(2026, 11, 20), datetime.date(2026, 12, 4))
    seals.seal()
    assert verify() == []


def test_a_document_keeps_whom_it_was_made_out_to(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(advertiser=acme), ada, 1_000)
    close(finance_one, finance_two)
    Advertiser.objects.filter(pk=acme.pk).update(legal_name="Another", street="", language="en")
    made = Invoice.objects.get()
    assert made.address == ["Acme Inc.", "1 Main Street", "Albany, NY 12207", "US"]
    assert (made.tax_number, made.language) == ("12-3456789", "fr")


def test_an_address_abroad_has_its_postal_code_before_the_town() -> None:
    made = Invoice(name="Marque", city="Paris", postal_code="75001", region="IdF", country="FR")
    assert made.address == ["Marque", "75001 Paris", "FR"]


def test_what_is_taken_back_is_on_a_credit_note_and_settles_the_invoice(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    ours = factories.campaign("A-1", advertiser=acme)
    deliver(ours, ada, 10_000)
    for micros in (4_000_000, 6_000_000):
        credit(finance_one, finance_two, ours, micros, detail="late start")
    digest_lineups()
    close(finance_one, finance_two)
    invoice, note = Invoice.objects.with_balance().order_by("pk")
    assert (note.kind, note.number, note.due_on) == (CREDIT_NOTE, "CN-2026-000001", None)
    assert lines(note) == [("corrected", "A-1", "2026-10", "goodwill", 0, 10_000_000)]
    assert note.lines.get().detail == "late start"
    assert (invoice.amount_micros, invoice.open_micros) == (100_000_000, 90_000_000)
    assert (note.amount_micros, note.open_micros) == (10_000_000, 0)
    seals.seal()
    assert verify() == []


def test_a_correction_after_the_close_is_on_the_documents_of_the_month_that_it_is_posted_in(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    ours = factories.campaign("A-1", advertiser=acme, ends_on=day(30, 11))
    deliver(ours, ada, 10_000)
    digest_lineups()
    close(finance_one, finance_two)
    credit(finance_one, finance_two, ours, 3_000_000, creator=ada, reason="dispute")
    credit(finance_one, finance_two, ours, -1_000_000, creator=ada, reason="dispute")
    deliver(ours, ada, 2_000, day=day(10, 11))
    with at(datetime.datetime(2026, 12, 8, tzinfo=datetime.UTC)):
        digest_lineups()
        close(finance_one, finance_two, "2026-11")
    invoice, note = Invoice.objects.filter(month="2026-11").order_by("pk")
    assert lines(invoice) == [
        ("billed", "A-1", "2026-11", "", 2_000, 20_000_000),
        ("corrected", "A-1", "2026-10", "dispute", 0, 1_000_000),
    ]
    assert lines(note) == [("corrected", "A-1", "2026-10", "dispute", 0, 3_000_000)]
    assert (invoice.issued_on, invoice.number) == (datetime.date(2026, 12, 8), "INV-2026-000002")
    seals.seal()
    assert verify() == []


def test_a_month_in_which_nobody_was_billed_has_no_documents(
    ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(), ada, 1_000, verdict="not_booked")
    close(finance_one, finance_two)
    assert not Invoice.objects.exists()
    assert not Run.objects.filter(kind=invoicing.RENDERING).exists()


def test_numbers_begin_again_with_the_year(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    ours = factories.campaign(advertiser=acme, ends_on=day(31, 12))
    for code, now in (("2026-10", "2026-11-20"), ("2026-11", "2026-12-20"), ("2026-12", "2027-01-08")):
        deliver(ours, ada, 1_000, day=datetime.date.fromisoformat(f"{code}-15"))
        with at(datetime.datetime.fromisoformat(f"{now}T12:00+00:00")):
            close(finance_one, finance_two, code)
    found = list(Invoice.objects.order_by("pk").values_list("number", flat=True))
    assert found == ["INV-2026-000001", "INV-2026-000002", "INV-2027-000001"]


def test_a_close_that_is_rolled_back_takes_no_number(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(advertiser=acme), ada, 1_000)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    with transaction.atomic():
        months.close("2026-10", finance_two)
        transaction.set_rollback(True)
    assert not Invoice.objects.exists()
    months.close("2026-10", finance_two)
    assert Invoice.objects.get().number == "INV-2026-000001"


def test_issuing_twice_issues_once(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(advertiser=acme), ada, 1_000)
    month = close(finance_one, finance_two)
    assert invoicing.issue(month, finance_two) == 0
    assert invoicing.issue_closed("2026-10", finance_two)["invoices"] == 1
    assert InvoiceLine.objects.count() == 1


def test_each_document_is_in_the_audit_trail_and_a_run_renders_them(
    acme: Advertiser, ada: Creator, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(advertiser=acme), ada, 1_000)
    close(finance_one, finance_two)
    event = AuditEvent.objects.get(action="invoice.issue")
    assert (event.actor, event.subject_label) == (finance_two, "INV-2026-000001")
    assert event.detail == {"amount_micros": 10_000_000}
    assert Run.objects.get(kind=invoicing.RENDERING).arguments == {"code": "2026-10"}


@contextmanager
def at(now: datetime.datetime) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: now)
        yield


class Bookkeeper:
    """What any sequence of months must come to, told by one running sum of exact micros."""

    def __init__(self) -> None:
        self.exact = 0

    def add(self, micros: int) -> int:
        before = self.exact // MICROS_PER_CENT
        self.exact += micros
        return (self.exact // MICROS_PER_CENT - before) * MICROS_PER_CENT


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 40_000)), min_size=1, max_size=8))
def test_over_any_months_an_advertiser_is_asked_for_the_exact_total_less_what_is_carried(
    months_of: list[tuple[int, int]],
) -> None:
    """Each month bills and credits some micros; documents are written by the statements of the close."""
    with transaction.atomic():
        _bill(months_of)
        transaction.set_rollback(True)


def _bill(months_of: list[tuple[int, int]]) -> None:
    campaign, books, by = factories.campaign(), Bookkeeper(), factories.user()
    for number, (billed, credited) in enumerate(months_of):
        month = factories.month(f"{2020 + number // 12}-{number % 12 + 1:02}")
        _earn(month, campaign, billed)
        if credited:
            _credit(month, campaign, credited)
        invoicing.issue(month, by)
        asked = {each.kind: each for each in Invoice.objects.filter(month=month)}
        assert (INVOICE in asked, CREDIT_NOTE in asked) == (billed > 0, credited > 0)
        if billed:
            assert asked[INVOICE].amount_micros == books.add(billed)
        if credited:
            assert asked[CREDIT_NOTE].amount_micros == -books.add(-credited)
    ours = list(campaign.advertiser.invoices.order_by("pk"))
    asked_for = sum(each.signed_micros for each in ours)
    assert asked_for == books.exact // MICROS_PER_CENT * MICROS_PER_CENT
    assert asked_for + (ours[-1].carried_to_micros if ours else 0) == books.exact
    assert not {breach.rule for breach in verify()} & set(invoice_checks.STATEMENTS) - {
        "documents of closed months"
    }


def _earn(month: Month, campaign: Campaign, micros: int) -> None:
    amounts = {"revenue_micros": micros, "enrolled_micros": 0, "share_micros": 0}
    month.earnings.create(campaign=campaign, creator=factories.creator(), impressions=1, **amounts)


def _credit(month: Month, campaign: Campaign, micros: int) -> None:
    one, two = factories.user(), factories.user()
    correction = Correction.objects.create(reason="other", prepared_by=one)
    correction.adjustments.create(origin=month, campaign=campaign, revenue_micros=micros, enrolled_micros=0)
    Correction.objects.filter(pk=correction.pk).update(status="approved", approved_by=two)
    correction.adjustments.update(month=month)


@pytest.fixture
def october(acme: Advertiser, ada: Creator, finance_one: User, finance_two: User) -> Advertiser:
    """Closed: Acme was billed $100 and credited $10."""
    ours = factories.campaign("A-1", advertiser=acme)
    deliver(ours, ada, 10_000)
    credit(finance_one, finance_two, ours, 10_000_000)
    digest_lineups()
    close(finance_one, finance_two)
    return acme


def received(of: Advertiser, one: User, two: User, micros: int, **more: Any) -> Entry:
    entries.open_accounts()
    bank, own = Account.objects.get(kind="bank"), Account.objects.get(advertiser=of)
    sides = {"debit_account": bank, "credit_account": own}
    if more.get("reason") == "given_back":
        sides = {"debit_account": own, "credit_account": bank}
    made = entries.prepare(Entry(**{"reason": "received", "amount_micros": micros, **sides, **more}), one)
    entries.approve(made, two)
    return made


def test_a_payment_settles_an_invoice_once_it_is_approved_by_another_person(
    october: Advertiser, finance_one: User, finance_two: User
) -> None:
    invoice = Invoice.objects.invoices().get()
    made = received(
        october,
        finance_one,
        finance_two,
        90_000_000,
        received_on=day(18, 11),
        bank_reference="WIRE 4711",
        invoice=invoice,
    )
    payment = Payment.objects.get()
    assert (payment.transfer_key, payment.received_on, str(payment)) == (
        f"entry:{made.pk}",
        day(18, 11),
        "WIRE 4711",
    )
    assert Invoice.objects.with_balance().get(pk=invoice.pk).status == Invoice.State.PAID
    assert ledger.balance(Account.objects.get(advertiser=october)) == 0
    assert AuditEvent.objects.get(action="payment.receive").detail["amount_micros"] == 90_000_000
    seals.seal()
    assert verify() == []


def test_an_entry_that_is_not_approved_settles_nothing(
    october: Advertiser, finance_one: User, finance_two: User
) -> None:
    entries.open_accounts()
    sides = {
        "debit_account": Account.objects.get(kind="bank"),
        "credit_account": Account.objects.get(advertiser=october),
    }
    made = entries.prepare(Entry(reason="received", amount_micros=1_000_000, **sides), finance_one)
    with pytest.raises(Refused, match="another person"):
        finance_one.user_permissions.set(finance_two.user_permissions.all())
        entries.approve(made, User.objects.get(pk=finance_one.pk))
    entries.reject(made, finance_two)
    assert not Payment.objects.exists()


def test_a_payment_that_is_given_back_opens_the_invoice_again(
    october: Advertiser, finance_one: User, finance_two: User
) -> None:
    received(october, finance_one, finance_two, 90_000_000)
    received(october, finance_one, finance_two, 20_000_000, reason="given_back")
    assert Invoice.objects.with_balance().invoices().get().open_micros == 20_000_000
    seals.seal()
    assert verify() == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"received_on": datetime.date(2026, 11, 21)}, "in the future"),
        ({"kind": CREDIT_NOTE}, "is a credit note"),
        ({"rival": True}, "was not issued to this advertiser"),
    ],
)
def test_what_a_payment_cannot_be_is_refused(
    more: dict[str, Any], why: str, october: Advertiser, finance_one: User, finance_two: User
) -> None:
    if kind := more.pop("kind", None):
        more["invoice"] = Invoice.objects.get(kind=kind)
    if more.pop("rival", None):
        more["invoice"] = factories.invoice(factories.advertiser("Rival"), month=factories.month("2026-09"))
    with pytest.raises(Refused, match=why):
        received(october, finance_one, finance_two, 1_000_000, **more)
    assert not Payment.objects.exists()


def test_only_an_advertisers_money_has_a_bank_reference(october: Advertiser, finance_one: User) -> None:
    entries.open_accounts()
    sides = {f"{side}_account": Account.objects.get(kind=kind) for side, kind in
             (("debit", "bank"), ("credit", "suspense"))}  # fmt: skip
    with pytest.raises(Refused, match="Only an advertiser's money"):
        entries.prepare(
            Entry(reason="unidentified", amount_micros=1, bank_reference="X", **sides), finance_one
        )
