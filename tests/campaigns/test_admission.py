"""What is decided about advertisers: the checklist before it, the rows and letters after it."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from campaigns import booking, checklist
from campaigns.models import Advertiser, AdvertiserCheck, AdvertiserDecision, Member
from pulse_site.models import AuditEvent, Mail, User
from pulse_site.refusal import Refused
from tests import applicants, factories

pytestmark = pytest.mark.django_db


def test_who_is_checked_and_agreed_is_approved_without_a_word(administrator: User) -> None:
    acme = applicants.checked(administrator)
    applicants.decide(acme, "approve", administrator)
    assert acme.admitted


def test_a_decision_keeps_who_when_from_where_to_where_and_why(administrator: User) -> None:
    acme = applicants.applied(administrator)
    applicants.decide(acme, "reject", administrator, reason=" Not open to you. ", note="A competitor.")
    row = AdvertiserDecision.objects.get()
    assert (row.action, row.from_status, row.to_status) == ("reject", "applied", "rejected")
    assert (row.reason, row.note, row.decided_by) == ("Not open to you.", "A competitor.", administrator)
    assert row.decided_at == acme.status_since


@pytest.mark.parametrize("item", AdvertiserCheck.Item)
def test_one_open_item_holds_an_approval_up(item: str, administrator: User) -> None:
    acme = applicants.checked(administrator)
    checklist.untick(acme, item, administrator)
    with pytest.raises(Refused, match="Acme"):
        applicants.decide(acme, "approve", administrator)
    applicants.decide(acme, "approve", administrator, note="A client for years.")
    assert acme.admitted


@pytest.mark.parametrize("field", Advertiser.DETAILS)
def test_a_tick_vouches_for_what_was_there(field: str, administrator: User) -> None:
    """Every field is vouched for by some item, and going stale holds an approval up."""
    acme = applicants.checked(administrator)
    checklist.outdate(acme, [field])
    with pytest.raises(Refused, match="Not everything is checked"):
        applicants.decide(acme, "approve", administrator)


def test_without_the_agreement_an_approval_is_held_up(administrator: User) -> None:
    acme = Advertiser.objects.create(name="Acme")
    for item in AdvertiserCheck.Item:
        checklist.tick(acme, item, administrator)
    with pytest.raises(Refused, match="Not everything is checked"):
        applicants.decide(acme, "approve", administrator)


@pytest.mark.parametrize("action", ["ask", "reject"])
def test_who_asks_or_rejects_says_why(action: str, administrator: User) -> None:
    acme = applicants.applied(administrator)
    with pytest.raises(Refused, match="Write what"):
        applicants.decide(acme, action, administrator, reason="  ")
    with pytest.raises(Refused, match="1001 characters"):
        applicants.decide(acme, action, administrator, reason="x" * 1_001)
    assert not AdvertiserDecision.objects.exists()


def test_who_was_rejected_may_be_asked_or_approved_after_all(administrator: User) -> None:
    acme = applicants.checked(administrator)
    applicants.decide(acme, "reject", administrator, reason="No.")
    applicants.decide(acme, "ask", administrator, reason="On second thoughts: who are you?")
    applicants.decide(acme, "approve", administrator)
    assert list(acme.decisions.order_by("pk").values_list("from_status", "to_status")) == [
        ("applied", "rejected"),
        ("rejected", "asked"),
        ("asked", "approved"),
    ]


def test_one_that_cannot_move_holds_back_all_and_nobody_is_written_to(administrator: User) -> None:
    acme = applicants.checked(administrator)
    factories.advertiser("Rival")
    Mail.objects.all().delete()
    with pytest.raises(Refused, match="Rival"):
        booking.admit(Advertiser.objects.all(), "approve", administrator)
    acme.refresh_from_db()
    assert acme.status == "applied"
    assert not AdvertiserDecision.objects.exists()
    assert not Mail.objects.exists()


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_decision_stays(verb: str, administrator: User) -> None:
    applicants.asked(administrator)
    rows = AdvertiserDecision.objects.all()
    with pytest.raises(IntegrityError, match="a decision stays"), transaction.atomic():
        rows.update(reason="Nothing") if verb == "update" else rows._raw_delete(rows.db)


def test_every_owner_is_told_and_nobody_else(administrator: User) -> None:
    acme = applicants.checked(administrator)
    factories.colleague("second", acme, Member.Role.OWNER)
    factories.colleague("viewer", acme, Member.Role.VIEWER)
    Mail.objects.all().delete()
    applicants.decide(acme, "approve", administrator)
    assert set(Mail.objects.values_list("to", "name")) == {
        ("ada@acme.example", "application_approved"),
        ("second@example.com", "application_approved"),
    }


def test_an_advertiser_without_people_is_told_at_its_billing_address(administrator: User) -> None:
    acme = Advertiser.objects.create(name="Acme", billing_email="bills@acme.example", language="fr")
    Advertiser.objects.create(name="Nobody to tell")
    booking.admit(Advertiser.objects.all(), "approve", administrator, note="By hand.")
    assert list(Mail.objects.values_list("to", "language")) == [("bills@acme.example", "fr")]
    assert acme.members.count() == 0


def test_ticks_are_audited_and_name_who_made_them(administrator: User, reviewer: User) -> None:
    acme = factories.advertiser("Acme", status="applied")
    checklist.tick(acme, "tax_number", administrator)
    checklist.tick(acme, "tax_number", reviewer)
    assert acme.checks.get().checked_by == reviewer
    checklist.untick(acme, "tax_number", reviewer)
    checklist.untick(acme, "tax_number", reviewer)
    events = AuditEvent.objects.order_by("pk").values_list("action", "actor_label", "detail__item")
    assert list(events) == [
        ("advertiser.check", "administrator", "tax_number"),
        ("advertiser.check", "reviewer", "tax_number"),
        ("advertiser.uncheck", "reviewer", "tax_number"),
    ]


@pytest.mark.parametrize("work", [checklist.tick, checklist.untick])
def test_what_is_no_item_is_refused(work: object, administrator: User) -> None:
    with pytest.raises(Refused, match="no item “shoes”"):
        work(factories.advertiser(), "shoes", administrator)  # type: ignore[operator]


def test_the_checklist_shows_what_each_item_vouches_for(administrator: User) -> None:
    acme = applicants.applied(administrator)
    checklist.tick(acme, "legal_name", administrator)
    first = checklist.lines(acme)[0]
    assert (first.values, first.holds) == (["Acme Inc.", "US"], True)
    assert [line.holds for line in checklist.lines(acme)[1:]] == [False] * 5


def test_ready_is_who_holds_every_item_and_the_version_of_that_day(administrator: User) -> None:
    acme = applicants.checked(administrator)
    today = datetime.datetime.now(datetime.UTC).date()
    assert list(Advertiser.objects.ready(today)) == [acme]
    assert not Advertiser.objects.ready(datetime.date(2019, 1, 1)).exists()
