"""Each letter about applications and teams, in both languages."""

from collections.abc import Callable

import pytest

from campaigns import invitations, onboarding, team
from campaigns.models import Advertiser
from pulse_site.models import Mail, User
from tests import applicants, factories

pytestmark = pytest.mark.django_db
BRAND = "Cédar & <Clay>"


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ada(language: str) -> User:
    return applicants.person(language=language)


@pytest.fixture
def brand(ada: User, administrator: User) -> Advertiser:
    """Ada's application; whoever invites does so in her language."""
    invitation = onboarding.invite(ada.email, ada.language, administrator)
    return onboarding.apply(invitation, ada, applicants.DETAILS | {"name": BRAND}, 1)


def _received(brand: Advertiser, by: User) -> None:
    pass


def _asked(brand: Advertiser, by: User) -> None:
    applicants.decide(brand, "ask", by, reason="Why & how?")


def _approved(brand: Advertiser, by: User) -> None:
    applicants.decide(brand, "approve", by, reason="Why & how?", note="Known.")


def _rejected(brand: Advertiser, by: User) -> None:
    applicants.decide(brand, "reject", by, reason="Why & how?")


def _team_invited(brand: Advertiser, by: User) -> None:
    ada = brand.members.get().user
    team.invite(brand, "bob@example.com", "finance", ada)


def _colleague(brand: Advertiser) -> User:
    bob = factories.colleague("bob", brand, "editor")
    bob.language = brand.language
    bob.save()
    return bob


def _removed(brand: Advertiser, by: User) -> None:
    team.remove(_colleague(brand).memberships.get(), by)


def _role(brand: Advertiser, by: User) -> None:
    team.change_role(_colleague(brand).memberships.get(), "finance", by)


Step = Callable[[Advertiser, User], None]
# letter -> the step after which it is sent, and what stands in it: in English, in French, in both.
LETTERS: dict[str, tuple[Step, str, str, list[str]]] = {
    "application_received": (
        _received,
        f"We have received the application of {BRAND}",
        f"Nous avons bien reçu la demande de {BRAND}",
        ["Ada Byron", "/application/"],
    ),
    "application_asked": (
        _asked,
        f"A question about the application of {BRAND}",
        f"Une question sur la demande de {BRAND}",
        ["Why & how?", "/application/"],
    ),
    "application_approved": (
        _approved,
        f"{BRAND} is approved: welcome to Pulse",
        f"{BRAND} est accepté\u00a0: bienvenue sur Pulse",
        ["Why & how?", "/campaigns/", "/team/"],
    ),
    "application_rejected": (
        _rejected,
        f"The application of {BRAND} was not accepted",
        f"La demande de {BRAND} n’a pas été acceptée",
        ["Why & how?"],
    ),
    "team_invited": (
        _team_invited,
        f"Join the team of {BRAND} on Pulse",
        f"Rejoignez l’équipe de {BRAND} sur Pulse",
        ["Ada Byron", "financ", "/join/"],
    ),
    "team_removed": (
        _removed,
        f"You are no longer in the team of {BRAND}",
        f"Vous ne faites plus partie de l’équipe de {BRAND}",
        ["bob"],
    ),
    "team_role": (
        _role,
        f"Your role in the team of {BRAND}",
        f"Votre rôle dans l’équipe de {BRAND}",
        ["bob", "financ"],
    ),
}


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_speaks_its_readers_language(
    name: str, language: str, brand: Advertiser, administrator: User
) -> None:
    step, english, french, both = LETTERS[name]
    step(brand, administrator)
    letter = Mail.objects.order_by("-pk")[0]
    assert (letter.name, letter.language) == (name, language)
    assert letter.subject == (french if language == "fr" else english)
    assert letter.body.startswith("Bonjour" if language == "fr" else "Hello")
    for text in [*both, "\n\nPulse\nhttp"]:
        assert text in letter.body
    assert "&amp;" not in letter.body


@pytest.mark.parametrize(
    ("english", "french", "invited"),
    [
        ("Your invitation to advertise with Pulse", "Votre invitation à annoncer sur Pulse", True),
        ("Your application to Pulse", "Votre demande auprès de Pulse", False),
    ],
)
def test_a_link_to_apply_speaks_the_language_that_was_chosen(
    english: str, french: str, invited: bool, language: str, administrator: User
) -> None:
    if invited:
        onboarding.invite("new@acme.example", language, administrator)
    else:
        onboarding.move_form("open", administrator)
        onboarding.ask_for_link("new@acme.example", language, "here")
    letter = Mail.objects.get()
    assert letter.subject == (french if language == "fr" else english)
    assert letter.body.startswith("Bonjour" if language == "fr" else "Hello")
    assert invitations.find(applicants.token(), to_apply=True)
    assert "UTC" in letter.body


def test_who_has_no_address_is_not_written_to(brand: Advertiser, administrator: User) -> None:
    bob = _colleague(brand)
    User.objects.filter(pk=bob.pk).update(email="")
    Mail.objects.all().delete()
    team.remove(bob.memberships.get(), administrator)
    assert not Mail.objects.exists()
