"""What the links of invitations open, for whom, and what the public page tells."""

import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from campaigns import invitations, onboarding, team
from campaigns.models import Advertiser, Invitation, Member
from pulse_site.models import Mail, User
from tests import applicants, factories

pytestmark = pytest.mark.django_db
ACCOUNT = {"first_name": "Ada", "last_name": "Byron", "password": "three-plain-words"}
CONSENT = {"version": "1", "agreed": "on"}


@pytest.fixture
def opened(administrator: User) -> None:
    onboarding.move_form("open", administrator)


@pytest.fixture
def application(administrator: User) -> str:
    """The page that the link of an invitation to apply opens."""
    onboarding.invite("ada@acme.example", "en", administrator)
    return reverse("portal:application_form", args=[applicants.token()])


@pytest.fixture
def joining(owner: User) -> str:
    """The page that the link of an invitation to Acme's team opens."""
    team.invite(owner.memberships.get().advertiser, "ada@acme.example", "editor", owner)
    return reverse("portal:join", args=[applicants.token()])


def start(client: Client, email: str = "ada@acme.example", **fields: str) -> str:
    answer = client.post(reverse("portal:apply"), {"email": email, **fields}, follow=True)
    return answer.content.decode()


def test_a_closed_form_says_so_kindly_and_asks_for_nothing(client: Client) -> None:
    page = client.get(reverse("portal:apply"))
    assert "Applications are closed" in page.content.decode()
    assert '<input type="email"' not in page.content.decode()
    assert "closed" in start(client)
    assert not Invitation.objects.exists()


def test_the_public_page_says_the_same_whoever_asks(client: Client, opened: None, owner: User) -> None:
    told = {start(client, email).replace(email, "x") for email in (owner.email, "ada@acme.example")}
    assert len({page.split("<main")[1] for page in told}) == 1
    assert Mail.objects.count() == 2


def test_a_program_that_fills_in_every_field_learns_nothing_and_gets_nothing(
    client: Client, opened: None
) -> None:
    assert "Look into your mail" in start(client, fax="555-0100")
    assert not Invitation.objects.exists()


def test_too_many_from_one_place_are_told_to_wait(client: Client, opened: None) -> None:
    for number in range(onboarding.FROM_ONE):
        start(client, f"ada-{number}@acme.example")
    assert "Too many applications" in start(client, "one-more@acme.example")
    assert Invitation.objects.count() == onboarding.FROM_ONE
    sources = set(Invitation.objects.values_list("source", flat=True))
    assert len(sources) == 1
    assert "127.0.0.1" not in sources.pop()


@pytest.mark.parametrize("kind", ["application_form", "join"])
def test_a_link_that_is_no_longer_good_looks_like_one_that_never_was(
    kind: str, client: Client, owner: User, administrator: User
) -> None:
    acme = owner.memberships.get().advertiser

    def sent() -> Invitation:
        if kind == "join":
            return team.invite(acme, "ada@acme.example", "viewer", owner)
        return onboarding.invite("ada@acme.example", "en", administrator)

    pages = []
    for spoil in ("used", "taken back", "expired", "unknown"):
        made, token = sent(), applicants.token()
        if spoil == "used":
            Invitation.objects.filter(pk=made.pk).update(accepted_at=made.created_at)
        elif spoil == "taken back":
            invitations.take_back(made, owner)
        address = reverse(f"portal:{kind}", args=["unknown" if spoil == "unknown" else token])
        with time_machine.travel(made.created_at + datetime.timedelta(days=8 if spoil == "expired" else 0)):
            page = client.get(address)
        pages.append((page.status_code, page.content.decode().split("<main")[1]))
    assert pages == [pages[0]] * 4
    assert pages[0][0] == 404


def test_a_link_of_one_kind_opens_no_page_of_the_other(
    client: Client, application: str, joining: str
) -> None:
    for address in (application.replace("apply", "join"), joining.replace("join", "apply")):
        assert client.get(address).status_code == 404


def test_a_new_person_applies_and_is_logged_in_at_his_application(client: Client, application: str) -> None:
    page = client.get(application)
    assert page["Cache-Control"].startswith("max-age=0")
    answer = client.post(application, applicants.DETAILS | ACCOUNT | CONSENT, follow=True)
    acme = Advertiser.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("portal:application", args=[acme.pk])
    assert "We are looking at it" in answer.content.decode()
    ada = acme.members.get(role=Member.Role.OWNER).user
    assert (ada.email, ada.get_full_name(), ada.check_password(ACCOUNT["password"])) == (
        "ada@acme.example",
        "Ada Byron",
        True,
    )
    assert ada.emailaddress_set.get().verified


@pytest.mark.parametrize(
    "missing", [*(name for name in applicants.DETAILS if name != "region"), *ACCOUNT, "agreed"]
)
def test_an_application_without_what_is_needed_says_where_and_keeps_the_rest(
    missing: str, client: Client, application: str
) -> None:
    answers = applicants.DETAILS | ACCOUNT | CONSENT
    del answers[missing]
    page = client.post(application, answers).content.decode()
    assert page.count("This field is required.") == 1
    assert "Not sent yet" in page
    assert missing == "legal_name" or "Acme Inc." in page
    assert not User.objects.filter(email="ada@acme.example").exists()
    assert Invitation.objects.standing(datetime.datetime.now(datetime.UTC)).exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "short", "too short"),
        ("password", "password123456", "too common"),
        ("country", "XX", "Select a valid choice"),
        ("website", "nowhere", "Enter a valid URL"),
        ("billing_email", "bea", "valid email"),
        ("version", "2", "Another version"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    field: str, value: str, words: str, client: Client, application: str
) -> None:
    answers = applicants.DETAILS | ACCOUNT | CONSENT | {field: value}
    page = client.post(application, answers, follow=True).content.decode()
    assert words in page
    assert not Advertiser.objects.exists()
    assert not User.objects.filter(email="ada@acme.example").exists()


def test_a_name_is_one_line(client: Client, application: str) -> None:
    client.post(application, applicants.DETAILS | ACCOUNT | CONSENT | {"name": "Acme\n  Pay here"})
    assert Advertiser.objects.get().name == "Acme Pay here"


def test_the_language_in_which_somebody_applies_is_his(client: Client, application: str) -> None:
    client.post(reverse("set_language"), {"language": "fr"})
    client.post(application, applicants.DETAILS | ACCOUNT | CONSENT)
    assert Advertiser.objects.get().language == "fr"
    assert User.objects.get(email="ada@acme.example").language == "fr"
    assert Mail.objects.order_by("-pk")[0].language == "fr"


def test_who_has_an_account_logs_in_first_and_then_needs_no_other(
    client: Client, administrator: User, owner: User
) -> None:
    onboarding.invite(owner.email, "en", administrator)
    address = reverse("portal:application_form", args=[applicants.token()])
    page = client.get(address).content.decode()
    assert f"{reverse('portal:login')}?next={address}" in page
    assert client.post(address, applicants.DETAILS | ACCOUNT | CONSENT).status_code == 200
    assert Advertiser.objects.count() == 1
    client.force_login(owner)
    client.post(address, applicants.DETAILS | CONSENT)
    assert owner.memberships.count() == 2


@pytest.mark.parametrize("kind", ["application", "joining"])
def test_a_link_does_not_serve_who_is_logged_in_under_another_address(
    kind: str, client: Client, stranger: User, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue(kind)
    client.force_login(stranger)
    answers = applicants.DETAILS | ACCOUNT | CONSENT
    for page in (client.get(address), client.post(address, answers)):
        assert page.status_code == 403
        assert "somebody else" in page.content.decode()
        assert "ada@acme.example" not in page.content.decode()
        assert "Acme" not in page.content.decode().split("<main")[1]
    assert stranger.memberships.count() == 1
    assert Invitation.objects.standing(datetime.datetime.now(datetime.UTC)).exists()


def test_looking_at_a_link_uses_nothing_up(client: Client, joining: str) -> None:
    """A mail server's scanner opens every link before its reader does."""
    for _time in range(3):
        assert client.get(joining).status_code == 200
    assert Invitation.objects.standing(datetime.datetime.now(datetime.UTC)).exists()


def test_a_new_colleague_makes_an_account_and_is_in_the_team(
    client: Client, joining: str, owner: User
) -> None:
    assert "Join the team of Acme" in client.get(joining).content.decode()
    answer = client.post(joining, ACCOUNT, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("portal:campaigns", args=[Advertiser.objects.get().pk])
    assert User.objects.get(email="ada@acme.example").memberships.get().role == "editor"
    assert client.get(joining).status_code == 404


def test_a_colleague_with_an_account_only_says_yes(client: Client, joining: str) -> None:
    ada = applicants.person()
    assert "Log in first" in client.get(joining).content.decode()
    client.force_login(ada)
    assert 'name="password"' not in client.get(joining).content.decode()
    client.post(joining)
    assert ada.memberships.get().role == "editor"


def test_a_weak_password_makes_neither_account_nor_member(client: Client, joining: str) -> None:
    page = client.post(joining, ACCOUNT | {"password": "short"}).content.decode()
    assert "too short" in page
    assert not User.objects.filter(email="ada@acme.example").exists()
    assert Member.objects.count() == 1


def test_an_applicant_is_let_in_by_nothing_but_his_own_link(client: Client, application: str) -> None:
    factories.advertiser("Rival")
    client.post(application, applicants.DETAILS | ACCOUNT | CONSENT)
    for each in Advertiser.objects.all():
        asked = client.get(reverse("portal:application", args=[each.pk])).status_code
        assert asked == (404 if each.name == "Rival" else 200)
