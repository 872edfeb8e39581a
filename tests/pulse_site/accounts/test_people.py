"""People: made, told apart by their addresses, and let in again when their second factor is lost."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from payouts.demo.people import PASSWORD, staff
from pulse_site.accounts import people, second_factors
from pulse_site.models import AuditEvent, Mail, User
from pulse_site.refusal import Refused
from tests.pulse_site.accounts.codes import app_of, code, secret_of
from tests.pulse_site.accounts.door import enter, is_in, log_in

pytestmark = pytest.mark.django_db
STRONG = "very-secret-77"


def test_a_person_who_was_invited_logs_in_at_once(client: Client) -> None:
    made = people.create("Zoe@Example.com ", STRONG, first_name="Zoé", last_name="Vue", language="fr")
    assert (made.email, made.username, made.language) == ("zoe@example.com", "zoe_vue", "fr")
    log_in(client, "zoe@example.com", STRONG)
    assert is_in(client)
    assert people.create("zoe@other.example", STRONG, first_name="Zoé", last_name="Vue").username != "zoe_vue"


def test_an_address_is_one_person_s(reviewer: User) -> None:
    with pytest.raises(Refused, match="log in instead"):
        people.create("REVIEWER@example.com", STRONG)
    EmailAddress.objects.all().delete()
    with pytest.raises(Refused):
        people.create("reviewer@example.com", STRONG)


@pytest.mark.parametrize("weak", ["short", "password1234", "zoe@example.com"])
def test_a_weak_password_makes_nobody(weak: str) -> None:
    with pytest.raises(ValidationError):
        people.create("zoe@example.com", weak)
    assert not User.objects.filter(email="zoe@example.com").exists()
    assert not EmailAddress.objects.filter(email="zoe@example.com").exists()


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def test_staff_add_a_person_who_then_confirms_his_address(desk: Client) -> None:
    form = {
        "username": "new", "email": "New@example.com", "language": "fr", "usable_password": "true",
        "password1": STRONG, "password2": STRONG,
    }  # fmt: skip
    assert "required" in desk.post("/admin/pulse_site/user/add/", form | {"email": ""}).content.decode()
    taken = desk.post("/admin/pulse_site/user/add/", form | {"email": "ADMINISTRATOR@example.com"})
    assert "administrator has this address already" in taken.content.decode()
    assert desk.post("/admin/pulse_site/user/add/", form).status_code == 302
    fresh = Client()
    assert log_in(fresh, "new", STRONG)["Location"] == reverse("account_email_verification_sent")
    assert (Mail.objects.get().to, Mail.objects.get().language) == ("new@example.com", "fr")


def test_an_address_that_staff_changed_is_confirmed_again(desk: Client, reviewer: User) -> None:
    form = {"username": "reviewer", "email": "rita@new.example", "language": "en", "is_active": "on",
            "is_staff": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}  # fmt: skip
    answer = desk.post(f"/admin/pulse_site/user/{reviewer.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    fresh = Client()
    assert log_in(fresh, "reviewer")["Location"] == reverse("account_email_verification_sent")
    assert Mail.objects.get().to == "rita@new.example"
    assert not is_in(fresh)


def test_lost_second_factors_are_taken_away_and_every_session_ends(desk: Client, reviewer: User) -> None:
    secret = app_of(reviewer)
    RecoveryCodes.activate(reviewer)
    inside = Client()
    log_in(inside, "reviewer")
    enter(inside, code(secret))
    ask = f"/admin/pulse_site/user/move/forget/?ids={reviewer.pk}"
    page = desk.get(f"/admin/pulse_site/user/{reviewer.pk}/change/").content.decode()
    assert ask in page
    assert "TOTP Authenticator, Recovery codes" in page
    assert desk.get(ask).status_code == 200
    desk.post(ask)
    assert not Authenticator.objects.exists()
    assert inside.get("/admin/").status_code == 302
    event = AuditEvent.objects.get(action="person.second_factors_forgotten")
    assert (event.actor_label, event.subject_label) == ("administrator", "reviewer")
    assert Mail.objects.get().name == "second_factors_forgotten"
    assert ask not in desk.get(f"/admin/pulse_site/user/{reviewer.pk}/change/").content.decode()


def test_the_last_administrator_is_let_in_again_by_a_command(
    administrator: User, capsys: pytest.CaptureFixture[str]
) -> None:
    app_of(administrator)
    call_command("forget_second_factors", "administrator", "--as", "administrator", "--json")
    assert json.loads(capsys.readouterr().out) == {"taken": 1}
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("forget_second_factors", "administrator", "--as", "administrator")
    with pytest.raises(CommandError, match="no active user"):
        call_command("forget_second_factors", "nobody", "--as", "administrator")


def test_nobody_takes_his_own_away_there(desk: Client, administrator: User) -> None:
    app_of(administrator)
    ask = f"/admin/pulse_site/user/move/forget/?ids={administrator.pk}"
    assert "page of your account" in desk.get(ask).content.decode()
    desk.post(ask)
    assert Authenticator.objects.exists()


def test_staff_find_who_lacks_a_second_factor(
    desk: Client, reviewer: User, owner: User, member: User
) -> None:
    app_of(reviewer)

    def listed(value: str) -> set[str]:
        page = desk.get(f"/admin/pulse_site/user/?second_factor={value}")
        return {person.username for person in page.context["cl"].result_list}

    assert listed("yes") == {"reviewer"}
    assert listed("missing") == {"administrator", "owner"}


def test_secrets_are_sealed_and_sealed_anew_by_new_keys(reviewer: User, settings: Settings) -> None:
    secret = app_of(reviewer)
    codes = RecoveryCodes.activate(reviewer).get_unused_codes()
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    assert second_factors.seal_anew() == 2
    settings.ENCRYPTION_KEYS = [new]
    assert secret_of(reviewer) == secret
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == codes


def test_the_demo_s_people_log_in(client: Client, db: None) -> None:
    for _again in range(2):
        made = staff()
    for name in made:
        log_in(client, name, PASSWORD)
        assert is_in(client), name
        client.post(reverse("account_logout"))
