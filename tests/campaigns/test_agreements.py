import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns import agreements, booking
from campaigns.models import Advertiser, Agreement, AgreementAcceptance, Campaign
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.datetime.now(datetime.UTC).date()
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def second() -> Agreement:
    return Agreement.objects.create(version=2, starts_on=TODAY, text_en="Anew.", text_fr="Du neuf.")


def test_version_one_is_there_in_both_languages() -> None:
    first = agreements.current()
    assert first.version == 1
    assert first.text_en.startswith("1. What this is.")
    assert first.text_fr.startswith("1. Objet.")
    assert first.text_en.count("\n\n") == first.text_fr.count("\n\n") == 8


def test_a_version_is_in_force_from_its_first_day_on(second: Agreement) -> None:
    assert agreements.current(TODAY - ONE_DAY).version == 1
    assert agreements.current(TODAY) == agreements.current() == second


def test_accepting_twice_is_accepting_once(owner: User, second: Agreement) -> None:
    acme = owner.memberships.get().advertiser
    assert agreements.acceptance(acme) is None
    for _time in range(2):
        agreements.accept(acme, 2, owner)
    found = agreements.acceptance(acme)
    assert found is not None
    assert (found.accepted_by, found.agreement) == (owner, second)
    assert AuditEvent.objects.filter(action="advertiser.agree", detail={"version": 2}).count() == 1


def test_a_version_that_is_not_in_force_is_not_accepted(owner: User, second: Agreement) -> None:
    with pytest.raises(Refused, match="Another version"):
        agreements.accept(owner.memberships.get().advertiser, 1, owner)


@pytest.mark.parametrize(("action", "status"), [("submit", "draft"), ("book", "submitted")])
def test_before_an_owner_accepted_a_new_version_nothing_more_is_booked(
    action: str, status: str, owner: User, administrator: User, second: Agreement
) -> None:
    acme = owner.memberships.get().advertiser
    factories.campaign("RUNNING", advertiser=acme)
    soon = timezone.localdate() + datetime.timedelta(days=7)
    order = {"starts_on": soon, "ends_on": soon, "negotiated": True}
    campaign = factories.campaign("NEXT", advertiser=acme, status=status, booked_at=None, **order)
    factories.creative(campaign)
    chosen = Campaign.objects.filter(pk=campaign.pk)
    with pytest.raises(Refused, match="NEXT"):
        booking.move(chosen, action, administrator)
    agreements.accept(acme, 2, owner)
    assert booking.move(chosen, action, administrator) == 1


def test_what_runs_may_be_paused_under_the_version_that_was_accepted(
    owner: User, administrator: User, second: Agreement
) -> None:
    factories.campaign(advertiser=owner.memberships.get().advertiser)
    assert booking.move(Campaign.objects.all(), "pause", administrator) == 1


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_version_that_somebody_accepted_stays_as_it_is(verb: str, owner: User) -> None:
    first = Agreement.objects.filter(version=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        first.update(text_en="Pay twice.") if verb == "update" else first._raw_delete(first.db)


def test_a_version_that_nobody_accepted_may_be_corrected(owner: User, second: Agreement) -> None:
    assert Agreement.objects.filter(version=2).update(text_en="Anew, again.") == 1


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_an_acceptance_stays(verb: str, owner: User) -> None:
    rows = AgreementAcceptance.objects.all()
    with pytest.raises(IntegrityError, match="stays accepted"), transaction.atomic():
        rows.update(accepted_by=owner) if verb == "update" else rows._raw_delete(rows.db)


def test_who_is_in_agreement_is_who_accepted_that_very_version(owner: User, second: Agreement) -> None:
    acme, other = owner.memberships.get().advertiser, factories.advertiser()
    agreements.accept(acme, 2, owner)
    assert list(Advertiser.objects.in_agreement(TODAY)) == [acme]
    assert set(Advertiser.objects.in_agreement(TODAY - ONE_DAY)) == {acme, other}
