"""How an advertiser comes in: the form that staff open, links, the application, answers, later changes."""

import datetime
from collections.abc import Callable

import pytest
import time_machine

from campaigns import checklist, invitations, onboarding
from campaigns.models import (
    Advertiser,
    AgreementAcceptance,
    ApplicationForm,
    Invitation,
    Member,
)
from pulse_site.models import AuditEvent, Mail, User
from pulse_site.refusal import Refused
from tests import applicants, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(administrator: User) -> None:
    onboarding.move_form("open", administrator)


def written() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("pk").values_list("to", "name"))


def ask(email: str = "ada@acme.example", source: str = "here") -> None:
    onboarding.ask_for_link(email, "en", source)


def test_the_form_is_closed_until_staff_open_it(administrator: User) -> None:
    assert not onboarding.form_is_open()
    onboarding.move_form("open", administrator)
    assert onboarding.form_is_open()
    onboarding.move_form("close", administrator)
    assert not onboarding.form_is_open()


def test_who_opened_the_form_and_when_is_kept_and_audited(administrator: User) -> None:
    onboarding.move_form("open", administrator)
    form = ApplicationForm.objects.get()
    assert form.changed_by == administrator
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.at >= form.changed_at) == (
        administrator,
        "applications.open",
        True,
    )


def test_what_is_open_is_not_opened_again(administrator: User, opened: None) -> None:
    with pytest.raises(Refused):
        onboarding.move_form("open", administrator)
    assert AuditEvent.objects.count() == 1


def test_while_it_is_closed_nobody_gets_a_link() -> None:
    with pytest.raises(Refused, match="closed"):
        ask()
    assert not Invitation.objects.exists()


def test_who_asks_gets_a_link_for_a_week(opened: None) -> None:
    ask(" Ada@Acme.example ")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.invited_by, invitation.advertiser) == (
        "ada@acme.example",
        None,
        None,
    )
    assert written() == [("ada@acme.example", "application_begun")]
    assert invitations.find(applicants.token(), to_apply=True) == invitation
    with time_machine.travel(invitation.expires_at):
        assert invitations.find(applicants.token(), to_apply=True) is None


def test_an_invitation_of_staff_works_while_the_form_is_closed(administrator: User) -> None:
    invitation = onboarding.invite("ada@acme.example", "fr", administrator)
    assert Mail.objects.get().language == "fr"
    assert applicants.apply(invitation).status == Advertiser.Status.APPLIED


def test_an_address_is_written_to_three_times_a_day_and_nobody_learns_that(opened: None) -> None:
    for _attempt in range(5):
        ask()
    assert len(written()) == 3
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1, minutes=1)):
        ask()
    assert len(written()) == 4


def test_from_one_place_ten_are_asked_for_a_day(opened: None) -> None:
    for number in range(10):
        ask(f"ada-{number}@acme.example")
    with pytest.raises(Refused, match="tomorrow"):
        ask("ada-10@acme.example")
    ask("ada-10@acme.example", source="elsewhere")
    assert len(written()) == 11


def test_in_all_as_many_are_sent_as_somebody_can_look_at(
    opened: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onboarding, "IN_ALL", 2)
    for number in range(2):
        ask(source=f"place {number}")
    with pytest.raises(Refused, match="tomorrow"):
        ask(source="place 2")


def test_an_application_makes_an_advertiser_its_owner_and_his_consent(administrator: User) -> None:
    invitation = onboarding.invite("ada@acme.example", "fr", administrator)
    ada = applicants.person("ada@acme.example", language="fr")
    made = onboarding.apply(invitation, ada, applicants.DETAILS, 1)
    assert {name: getattr(made, name) for name in Advertiser.DETAILS} == applicants.DETAILS
    assert (made.status, made.language) == (Advertiser.Status.APPLIED, "fr")
    assert Member.objects.get(advertiser=made).role == Member.Role.OWNER
    accepted = AgreementAcceptance.objects.get(advertiser=made)
    assert (accepted.agreement.version, accepted.accepted_by) == (1, ada)
    assert written()[-1] == ("ada@acme.example", "application_received")
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["invitation.send", "advertiser.apply", "advertiser.agree"]


def test_an_application_takes_no_field_that_is_not_the_applicants_to_say(administrator: User) -> None:
    invitation = onboarding.invite("ada@acme.example", "en", administrator)
    forged = applicants.DETAILS | {"status": "approved", "payment_days": 900, "id": 1_000}
    made = onboarding.apply(invitation, applicants.person("ada@acme.example"), forged, 1)
    made.refresh_from_db()
    assert (made.status, made.payment_days, made.pk == 1_000) == ("applied", 30, False)


def _used(invitation: Invitation, by: User) -> None:
    applicants.apply(invitation)


def _taken_back(invitation: Invitation, by: User) -> None:
    invitations.take_back(invitation, by)


def _expired(invitation: Invitation, by: User) -> None:
    past = datetime.timedelta(days=30)
    Invitation.objects.update(
        created_at=invitation.created_at - past, expires_at=invitation.expires_at - past
    )


@pytest.mark.parametrize("spoil", [_used, _taken_back, _expired])
def test_a_link_that_stands_no_more_takes_no_application(
    spoil: Callable[[Invitation, User], None], administrator: User
) -> None:
    invitation = onboarding.invite("ada@acme.example", "en", administrator)
    ada = applicants.person("ada@acme.example")
    spoil(invitation, administrator)
    before = Advertiser.objects.count()
    with pytest.raises(Refused, match="no longer good"):
        onboarding.apply(invitation, ada, applicants.DETAILS, 1)
    assert Advertiser.objects.count() == before


def test_an_application_under_another_version_of_the_agreement_is_refused_whole(administrator: User) -> None:
    invitation = onboarding.invite("ada@acme.example", "en", administrator)
    with pytest.raises(Refused, match="Another version"):
        onboarding.apply(invitation, applicants.person("ada@acme.example"), applicants.DETAILS, 2)
    assert not Advertiser.objects.exists()
    assert Invitation.objects.standing(invitation.created_at).exists()


def test_two_applicants_may_bear_the_same_name(administrator: User) -> None:
    names = {
        applicants.apply(onboarding.invite(f"{person}@acme.example", "en", administrator)).name
        for person in ("ada", "bob")
    }
    assert names == {"Acme"}


def test_an_answer_comes_with_corrections_and_goes_back_into_the_queue(administrator: User) -> None:
    acme = applicants.asked(administrator)
    ada = acme.members.get().user
    onboarding.answer(acme, ada, "Now it is right.", {"tax_number": "12-7654321"})
    acme.refresh_from_db()
    assert (acme.status, acme.tax_number) == (Advertiser.Status.APPLIED, "12-7654321")
    newest = acme.decisions.order_by("-pk")[0]
    assert (newest.action, newest.reason, newest.decided_by) == ("answer", "Now it is right.", ada)


def test_without_a_message_nothing_is_answered_nor_changed(administrator: User) -> None:
    acme = applicants.asked(administrator)
    with pytest.raises(Refused):
        onboarding.answer(acme, acme.members.get().user, "  ", {"tax_number": "12-7654321"})
    acme.refresh_from_db()
    assert (acme.status, acme.tax_number) == (Advertiser.Status.ASKED, applicants.DETAILS["tax_number"])


def test_what_is_not_asked_is_not_answered(owner: User) -> None:
    acme = owner.memberships.get().advertiser
    with pytest.raises(Refused, match="Acme"):
        onboarding.answer(acme, owner, "Here I am.", {"city": "Salem"})
    acme.refresh_from_db()
    assert acme.city == ""


def test_a_change_is_audited_with_what_was_there_before(owner: User) -> None:
    acme = owner.memberships.get().advertiser
    assert onboarding.change(acme, owner, {"legal_name": "Acme Ltd", "name": "Acme"}) == ["legal_name"]
    event = AuditEvent.objects.get(action="advertiser.change")
    assert (event.actor, event.detail["changed"]) == (owner, {"legal_name": ["", "Acme Ltd"]})
    assert onboarding.change(acme, owner, {"legal_name": "Acme Ltd"}) == []
    assert AuditEvent.objects.count() == 1


def test_what_was_checked_of_a_field_that_changes_is_to_be_checked_again(
    owner: User, administrator: User
) -> None:
    acme = owner.memberships.get().advertiser
    for item in ("legal_name", "billing"):
        checklist.tick(acme, item, administrator)
    onboarding.change(acme, owner, {"billing_email": "bills@acme.example"})
    stale = {line.item for line in checklist.lines(acme) if line.check and not line.holds}
    assert stale == {"billing"}
    assert list(Advertiser.objects.to_check_again()) == [acme]
    checklist.tick(acme, "billing", administrator)
    assert not Advertiser.objects.to_check_again().exists()


def test_the_queue_is_answered_oldest_first(administrator: User) -> None:
    for number, days in enumerate((1, 3, 2)):
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
        factories.advertiser(f"Brand {number}", status="applied", status_since=since)
    names = [each.name for each in Advertiser.objects.waiting_longest_first()]
    assert names == ["Brand 1", "Brand 2", "Brand 0"]
