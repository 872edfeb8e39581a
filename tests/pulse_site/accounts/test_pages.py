"""The pages about one's own account: who gets what, in both languages, and the letters that follow."""

import re
from pathlib import Path

import allauth
import pytest
from allauth import urls
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse
from django.utils import translation

from pulse_site import mail
from pulse_site.models import Mail, User
from tests import factories
from tests.pulse_site.accounts.codes import app_of
from tests.pulse_site.accounts.door import PASSWORD, enter, is_in, log_in

pytestmark = pytest.mark.django_db
PEOPLE = ("nobody", "member", "reviewer")
# URL name -> the status of a GET for nobody and for who is logged in; 302 leads nobody to the log-in.
ACCESS = {
    "account": (302, 200),
    "account_login": (200, 302),
    "account_logout": (302, 200),
    "account_inactive": (200, 200),
    "account_signup": (200, 302),
    "account_reauthenticate": (302, 200),
    "account_email": (302, 200),
    "account_email_verification_sent": (302, 302),
    "account_change_password": (302, 200),
    "account_set_password": (302, 302),
    "account_reset_password": (200, 200),
    "account_reset_password_done": (200, 200),
    "account_reset_password_from_key": (200, 200),
    "account_reset_password_from_key_done": (200, 200),
    "account_confirm_login_code": (302, 302),
    "mfa_index": (302, 200),
    "mfa_authenticate": (302, 302),
    "mfa_reauthenticate": (302, 302),
    "mfa_activate_totp": (302, 302),
    "mfa_deactivate_totp": (302, 404),
    "mfa_view_recovery_codes": (302, 404),
    "mfa_generate_recovery_codes": (302, 302),
    "mfa_download_recovery_codes": (302, 404),
    "mfa_list_webauthn": (302, 200),
    "mfa_add_webauthn": (302, 302),
    "mfa_reauthenticate_webauthn": (302, 302),
    "mfa_remove_webauthn": (302, 302),
    "mfa_edit_webauthn": (302, 302),
    "mfa_login_webauthn": (302, 302),
    "usersessions_list": (302, 200),
}
KEYS = {
    "account_reset_password_from_key": ["1", "never-made"],
    "mfa_remove_webauthn": [1],
    "mfa_edit_webauthn": [1],
}


def names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        found |= names(pattern.url_patterns) if isinstance(pattern, URLResolver) else {str(pattern.name)}
    return found


def test_no_page_is_missing_from_the_table() -> None:
    assert names(urls.urlpatterns) | {"account"} == ACCESS.keys()


@pytest.mark.parametrize("name", ACCESS)
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_answers_each_person_as_the_table_says(
    name: str, person: str, client: Client, request: pytest.FixtureRequest
) -> None:
    if person != "nobody":
        client.force_login(request.getfixturevalue(person))
    address = reverse(name, args=KEYS.get(name, []))
    assert client.get(address).status_code == ACCESS[name][person != "nobody"]


def test_a_passkey_of_another_is_not_found(client: Client, reviewer: User, owner: User) -> None:
    key = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Hers", "credential": {}})
    log_in(client, "reviewer")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        assert client.get(reverse(name, args=[key.pk])).status_code == 404
        assert client.post(reverse(name, args=[key.pk]), {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.get().data["name"] == "Hers"


def test_every_page_that_allauth_has_words_for_has_our_own() -> None:
    """A page in another house's words and face would slip in with an update."""
    ours = Path(__file__).parents[3] / "templates"
    theirs = Path(allauth.__file__).parent / "templates"
    unreached = re.compile(r"phone|signup|login_code|trust|email\.|email_confirm\.|base_|verif|reset_code")
    pages = {
        page.relative_to(theirs)
        for app in ("account", "mfa", "usersessions")
        for page in (theirs / app).rglob("*.html")
        if "{% block content %}" in page.read_text() and not unreached.search(page.name)
    }
    assert len(pages) > 15
    assert [str(page) for page in sorted(pages) if not (ours / page).exists()] == []


def test_the_page_of_the_account_tells_how_one_logs_in(client: Client, reviewer: User) -> None:
    log_in(client, "reviewer")
    page = client.get(reverse("account")).content.decode()
    assert "reviewer@example.com" in page
    assert "not confirmed" not in page
    assert "Set up a second factor" in page
    assert "logged in on 1 device" in page
    app_of(reviewer)
    assert "Authenticator app" in client.get(reverse("account")).content.decode()


def test_name_and_language_are_changed_and_spoken_at_once(client: Client, reviewer: User) -> None:
    log_in(client, "reviewer")
    form = {
        "first_name": "Rita",
        "last_name": "Vue",
        "language": "fr",
        "is_superuser": "on",
        "email": "x@y.z",
    }
    page = client.post(reverse("account"), form, follow=True).content.decode()
    assert 'lang="fr"' in page
    assert "Rita Vue" in page
    reviewer.refresh_from_db()
    assert (reviewer.language, reviewer.is_superuser) == ("fr", False)
    assert reviewer.email == "reviewer@example.com"


def test_an_address_is_changed_by_a_code_sent_to_the_new_one(
    client: Client, reviewer: User, commits: None
) -> None:
    app_of(reviewer)  # which does not stand in the way
    client.force_login(reviewer)
    change, confirm = reverse("account_email"), reverse("account_email_verification_sent")
    asked = client.post(change, {"action_add": "", "email": "Rita@new.example"})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    client.post(asked["Location"], {"password": PASSWORD})
    letter = Mail.objects.get()
    assert letter.to == "rita@new.example"
    client.post(confirm, {"code": letter.subject.split()[-1]})
    reviewer.refresh_from_db()
    assert reviewer.email == "rita@new.example"
    assert EmailAddress.objects.values_list("email", "verified", "primary").get() == (
        "rita@new.example",
        True,
        True,
    )
    told = Mail.objects.latest("pk")
    assert (told.to, told.name) == ("reviewer@example.com", "email_changed")


def test_the_only_address_cannot_be_taken_away(client: Client, reviewer: User) -> None:
    log_in(client, "reviewer")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"action_remove": "", "email": "reviewer@example.com"})
    assert EmailAddress.objects.filter(user=reviewer).exists()


def test_an_address_that_is_another_s_stays_his(client: Client, reviewer: User, owner: User) -> None:
    log_in(client, "reviewer")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"action_add": "", "email": "owner@example.com"})
    letter = Mail.objects.get()  # only its holder learns of it
    client.post(reverse("account_email_verification_sent"), {"code": letter.subject.split()[-1]}, follow=True)
    reviewer.refresh_from_db()
    assert reviewer.email == "reviewer@example.com"
    assert EmailAddress.objects.get(email="owner@example.com", verified=True).user == owner


def test_a_new_password_ends_the_other_sessions(client: Client, reviewer: User) -> None:
    other = Client()
    for each in (client, other):
        log_in(each, "reviewer")
    form = {"oldpassword": PASSWORD, "password1": "very-secret-77", "password2": "very-secret-77"}
    weak = client.post(
        reverse("account_change_password"), form | {"password1": "short", "password2": "short"}
    )
    assert "too short" in weak.content.decode()
    client.post(reverse("account_change_password"), form)
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302
    assert Mail.objects.get().name == "password_changed"


def test_one_logs_out_everywhere_else(client: Client, reviewer: User) -> None:
    other = Client()
    for each in (client, other):
        log_in(each, "reviewer")
    assert UserSession.objects.count() == 2
    client.post(reverse("usersessions_list"))
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


LETTERS = [
    "email_confirmation",
    "email_confirmation_signup",
    "email_changed",
    "email_deleted",
    "password_changed",
    "password_reset",
    "password_reset_key",
    "password_set",
    "recovery_codes_generated",
    "totp_activated",
    "totp_deactivated",
    "webauthn_added",
    "webauthn_removed",
    "second_factors_forgotten",
]
# What is never sent: nobody signs up, codes are not sent instead of passwords, unknown addresses get nothing.
NEVER = {"account_already_exists", "unknown_account", "login_code", "password_reset_code", "email_confirm"}


def test_every_letter_that_allauth_sends_has_our_words() -> None:
    theirs = Path(allauth.__file__).parent / "templates"
    sent = {
        letter.name.removesuffix("_message.txt")
        for app in ("account", "mfa")
        for letter in (theirs / app / "email").glob("*_message.txt")
    }
    assert sent - NEVER - {"base"} == set(LETTERS) - {"second_factors_forgotten"}


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_reads_in_both_languages(name: str, db: None) -> None:
    person = factories.user("rita", first_name="Zoé", last_name="O'Hara & Co")
    facts = {
        "user": person, "username": "rita", "code": "ABC-DEF", "ip": "192.0.2.1", "user_agent": "Firefox",
        "timestamp": person.date_joined, "from_email": "a@b.c", "to_email": "d@e.f", "deleted_email": "a@b.c",
        "password_reset_url": "https://pulse.example/x",
    }  # fmt: skip
    english, french = (mail.post("rita@example.com", name, language, **facts) for language in ("en", "fr"))
    for letter in (english, french):
        assert letter.subject.strip() == letter.subject != ""
        assert "Zoé O'Hara & Co" in letter.body
        assert "&#" not in letter.body
        assert "\n\n\n" not in letter.body
        assert "{" not in letter.subject + letter.body
    assert english.subject != french.subject


def test_a_letter_is_in_the_language_of_its_reader_whoever_acts(client: Client, reviewer: User) -> None:
    User.objects.filter(pk=reviewer.pk).update(language="fr")
    with translation.override(None):
        client.post(reverse("account_reset_password"), {"email": "reviewer@example.com"})
    assert Mail.objects.get().language == "fr"


def test_a_code_by_e_mail_is_no_second_factor(client: Client, reviewer: User) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_request_login_code")
    log_in(client, "reviewer")
    client.post(reverse("account_logout"))
    enter(client, "ABC-DEF")
    assert not is_in(client)
