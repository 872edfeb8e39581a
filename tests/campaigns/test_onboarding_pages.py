"""What an applicant and an owner see and do: the application, the company, the agreement, the team."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import checklist, team
from campaigns.models import Advertiser, Agreement, Invitation, Member
from pulse_site.models import Mail, User
from tests import applicants, factories

pytestmark = pytest.mark.django_db
TODAY = datetime.datetime.now(datetime.UTC).date()


@pytest.fixture
def ada(client: Client) -> Client:
    """Ada's browser; she applied for Acme."""
    client.force_login(applicants.person())
    return client


@pytest.fixture
def acme(owner: User) -> Advertiser:
    return owner.memberships.get().advertiser


@pytest.fixture
def portal(client: Client, owner: User) -> Client:
    """The browser of Acme's owner."""
    client.force_login(owner)
    return client


def page(client: Client, name: str, of: Advertiser, *keys: Any) -> str:
    return client.get(reverse(f"portal:{name}", args=[of.pk, *keys])).content.decode()


def post(client: Client, name: str, of: Advertiser, /, *keys: Any, **answers: Any) -> str:
    address = reverse(f"portal:{name}", args=[of.pk, *keys])
    return client.post(address, answers, follow=True).content.decode()


def test_an_applicant_sees_each_step_and_never_a_note(ada: Client, administrator: User) -> None:
    acme = applicants.checked(administrator)
    assert "We are looking at it" in page(ada, "application", acme)
    applicants.decide(acme, "ask", administrator, reason="Who <b>are</b> you?", note="Looks odd")
    asked = page(ada, "application", acme)
    assert "We have a question" in asked
    assert "Who &lt;b&gt;are&lt;/b&gt; you?" in asked
    applicants.decide(acme, "reject", administrator, reason="No answer.", note="Gave up")
    assert "It was not accepted" in page(ada, "application", acme)
    applicants.decide(acme, "approve", administrator, reason="After all.")
    shown = page(ada, "application", acme)
    assert "Approved: welcome" in shown
    assert reverse("portal:team", args=[acme.pk]) in shown
    for text in ("Who &lt;b&gt;", "No answer.", "After all.", "Agreement accepted, version 1"):
        assert text in shown
    for secret in ("Looks odd", "Gave up", "administrator"):
        assert secret not in shown


def test_an_applicant_answers_and_corrects_in_one_go(ada: Client, administrator: User) -> None:
    acme = applicants.asked(administrator)
    answers = applicants.DETAILS | {"tax_number": "98-7654321", "message": "Now it is right."}
    assert "Thank you" in post(ada, "application", acme, **answers)
    acme.refresh_from_db()
    assert (acme.status, acme.tax_number) == ("applied", "98-7654321")
    assert "Now it is right." in page(ada, "application", acme)


@pytest.mark.parametrize("missing", ["message", "tax_number"])
def test_an_answer_that_lacks_something_says_where(missing: str, ada: Client, administrator: User) -> None:
    acme = applicants.asked(administrator)
    answers = applicants.DETAILS | {"message": "Here."}
    del answers[missing]
    shown = post(ada, "application", acme, **answers)
    assert shown.count("This field is required.") == 1
    assert ("<details open>" in shown) == (missing == "tax_number")
    acme.refresh_from_db()
    assert acme.status == "asked"


def test_who_only_looks_on_reads_the_question_and_cannot_answer(client: Client, administrator: User) -> None:
    acme = applicants.asked(administrator)
    client.force_login(factories.colleague("viewer", acme, Member.Role.VIEWER))
    shown = page(client, "application", acme)
    assert "What is your tax number?" in shown
    assert "<textarea" not in shown
    assert client.post(reverse("portal:application", args=[acme.pk])).status_code == 403


def test_what_is_answered_already_is_not_answered_twice(ada: Client, administrator: User) -> None:
    acme = applicants.applied(administrator)
    shown = post(ada, "application", acme, **applicants.DETAILS, message="Hello?")
    assert "can make this move" in shown
    assert not acme.decisions.exists()


def test_an_owner_changes_the_company_and_staff_are_to_check_it(
    portal: Client, acme: Advertiser, administrator: User
) -> None:
    checklist.tick(acme, "tax_number", administrator)
    assert "Saved." in post(portal, "company", acme, **applicants.DETAILS)
    acme.refresh_from_db()
    assert acme.legal_name == "Acme Inc."
    assert Advertiser.objects.to_check_again().exists()
    assert "Nothing was changed." in post(portal, "company", acme, **applicants.DETAILS)


def test_a_company_without_a_name_is_not_saved(portal: Client, acme: Advertiser) -> None:
    assert "This field is required." in post(portal, "company", acme, **applicants.DETAILS | {"name": " "})
    acme.refresh_from_db()
    assert acme.legal_name == ""


def test_a_new_version_of_the_agreement_is_shown_until_an_owner_accepts_it(
    portal: Client, acme: Advertiser, member: User
) -> None:
    banner = "A new version of the agreement is in force"
    assert banner not in page(portal, "campaigns", acme)
    Agreement.objects.create(version=2, starts_on=TODAY, text_en="Anew & more.", text_fr="Du neuf.")
    assert banner in page(portal, "campaigns", acme)
    assert "Anew &amp; more." in page(portal, "agreement", acme)
    viewer = Client()
    viewer.force_login(member)
    assert banner in page(viewer, "campaigns", acme)
    assert "An owner of your account" in page(viewer, "agreement", acme)
    assert "Another version" in post(portal, "agreement", acme, version="1")
    assert "Another version" in post(portal, "agreement", acme, version="two")
    assert "You accepted the agreement" in post(portal, "agreement", acme, version="2")
    assert banner not in page(portal, "campaigns", acme)


def test_an_owner_invites_and_sees_who_is_invited(portal: Client, acme: Advertiser) -> None:
    told = post(portal, "team", acme, email="ada@acme.example", role="editor")
    assert "We have sent an invitation to ada@acme.example" in told
    shown = page(portal, "team", acme)
    assert "ada@acme.example" in shown.split("Invited")[1]
    assert Mail.objects.get().to == "ada@acme.example"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"email": "ada", "role": "editor"}, "valid email"),
        ({"email": "ada@acme.example", "role": "king"}, "Select a valid choice"),
        ({"email": "owner@example.com", "role": "viewer"}, "in your team already"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_in_words(
    answers: dict[str, str], words: str, portal: Client, acme: Advertiser
) -> None:
    assert words in post(portal, "team", acme, **answers)
    assert not Invitation.objects.exists()


def test_inviting_says_the_same_of_a_known_and_an_unknown_address(
    portal: Client, acme: Advertiser, stranger: User
) -> None:
    pages = []
    for email in (stranger.email, "nobody1@example.com"):
        told = post(portal, "team", acme, email=email, role="viewer")
        pages.append(told.count(email))
        Invitation.objects.all().delete()
    assert pages[0] == pages[1] > 0


def test_an_expired_invitation_says_so_and_is_sent_again(
    portal: Client, acme: Advertiser, owner: User
) -> None:
    made = team.invite(acme, "ada@acme.example", "viewer", owner)
    month = datetime.timedelta(days=30)
    Invitation.objects.update(created_at=made.created_at - month, expires_at=made.expires_at - month)
    assert "expired" in page(portal, "team", acme)
    assert "We have sent a new link" in post(portal, "invitation_send", acme, made.pk)
    assert "expired" not in page(portal, "team", acme)
    assert "ten minutes" in post(portal, "invitation_send", acme, made.pk)
    assert "is taken back" in post(portal, "invitation_take_back", acme, made.pk)
    assert "ada@acme.example" not in page(portal, "team", acme)


def test_an_owner_changes_a_role_and_removes(portal: Client, acme: Advertiser, member: User) -> None:
    key = member.memberships.get().pk
    assert "Saved." in post(portal, "member", acme, key, role="finance")
    assert member.memberships.get().role == "finance"
    assert "member is no longer in the team." in post(portal, "member_remove", acme, key)
    assert not member.memberships.exists()


def test_a_role_that_is_none_changes_nothing(portal: Client, acme: Advertiser, member: User) -> None:
    post(portal, "member", acme, member.memberships.get().pk, role="king")
    assert member.memberships.get().role == "viewer"


def test_the_last_owner_is_told_why_he_stays(portal: Client, acme: Advertiser, owner: User) -> None:
    key = owner.memberships.get().pk
    for name, keys in (("member_remove", [key]), ("leave", [])):
        assert "A team needs an owner" in post(portal, name, acme, *keys)
    assert "A team needs an owner" in post(portal, "member", acme, key, role="viewer")
    assert owner.memberships.get().role == "owner"


def test_an_owner_who_gives_up_ownership_goes_on_at_the_campaigns(
    portal: Client, acme: Advertiser, owner: User
) -> None:
    factories.colleague("second", acme, Member.Role.OWNER)
    address = reverse("portal:member", args=[acme.pk, owner.memberships.get().pk])
    answer = portal.post(address, {"role": "viewer"})
    assert answer["Location"] == reverse("portal:campaigns", args=[acme.pk])


def test_anybody_may_leave_and_sees_no_more_of_it(client: Client, acme: Advertiser, member: User) -> None:
    client.force_login(member)
    assert "You left the team of Acme." in post(client, "leave", acme)
    assert client.get(reverse("portal:campaigns", args=[acme.pk])).status_code == 404


def test_who_acts_for_several_advertisers_chooses_and_switches(
    portal: Client, acme: Advertiser, owner: User
) -> None:
    other = factories.advertiser("Zenith", status="applied")
    Member.objects.create(advertiser=other, user=owner, role=Member.Role.VIEWER)
    for shown in (portal.get(reverse("portal:home")).content.decode(), page(portal, "campaigns", acme)):
        assert reverse("portal:campaigns", args=[acme.pk]) in shown
        assert reverse("portal:application", args=[other.pk]) in shown


@pytest.mark.parametrize("name", ["team", "company", "application", "agreement"])
def test_a_page_asks_as_much_for_twenty_colleagues_as_for_two(
    name: str, portal: Client, acme: Advertiser, owner: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        factories.colleague(f"colleague-{number}", acme, Member.Role.VIEWER)
        team.invite(acme, f"guest-{number}@example.com", "viewer", owner)
    with django_assert_max_num_queries(10):
        page(portal, name, acme)
