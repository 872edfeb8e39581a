"""Logging in: one door, every step of it, and how often it may be tried."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.test import Client
from django.urls import reverse

from pulse_site.accounts import people
from pulse_site.models import Mail, User
from tests import factories
from tests.pulse_site.accounts.codes import app_of, code
from tests.pulse_site.accounts.door import CODE, LOG_IN, PASSWORD, enter, is_in, log_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["reviewer", "Reviewer", "reviewer@example.com", "REVIEWER@example.com"])
def test_a_person_logs_in_by_his_name_or_his_address(client: Client, reviewer: User, name: str) -> None:
    assert log_in(client, name)["Location"] == reverse("admin:index")
    assert is_in(client)


def test_staff_arrive_in_the_back_office_and_others_in_the_portal(
    client: Client, reviewer: User, owner: User
) -> None:
    assert log_in(client, "owner")["Location"] == reverse("portal:home")
    client.post(reverse("account_logout"))
    assert not is_in(client)
    assert log_in(client, "reviewer", next="/admin/creators/")["Location"] == "/admin/creators/"


def test_nobody_is_led_to_another_site(client: Client, reviewer: User) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert "evil" not in log_in(client, "reviewer", next=elsewhere)["Location"]
        client.post(reverse("account_logout"))


@pytest.mark.parametrize("door", ["/admin/login/", "/log-in/", "/admin/", "/admin/creators/creator/", "/"])
def test_every_door_leads_to_the_one_log_in(client: Client, door: str) -> None:
    assert client.get(door, follow=True).request["PATH_INFO"] == LOG_IN


def test_the_admin_s_own_page_lets_nobody_in(client: Client, administrator: User, reviewer: User) -> None:
    form = {
        "username": "administrator",
        "password": PASSWORD,
        "this_is_the_login_form": "1",
        "next": "/admin/",
    }
    client.post("/admin/login/", form)
    assert not is_in(client)
    log_in(client, "reviewer")
    client.post("/admin/login/", form)
    assert client.session["_auth_user_id"] == str(reviewer.pk)


def test_who_is_no_staff_is_told_so_at_the_admin(client: Client, owner: User) -> None:
    log_in(client, "owner")
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_log_in_without_the_second_factor_is_not_one(client: Client, reviewer: User) -> None:
    secret = app_of(reviewer)
    assert log_in(client, "reviewer")["Location"] == CODE
    assert not is_in(client)
    assert client.get("/admin/").status_code == 302
    assert enter(client, "000000").status_code == 200
    assert not is_in(client)
    assert enter(client, code(secret))["Location"] == reverse("admin:index")
    assert is_in(client)


def test_the_way_back_is_kept_through_the_second_factor(client: Client, reviewer: User) -> None:
    secret = app_of(reviewer)
    log_in(client, "reviewer", next="/admin/creators/")
    assert enter(client, code(secret))["Location"] == "/admin/creators/"


def test_a_code_lets_in_once(client: Client, reviewer: User) -> None:
    secret = app_of(reviewer)
    with time_machine.travel("2026-11-25 10:00:10+00:00", tick=False):
        log_in(client, "reviewer")
        enter(client, code(secret))
        client.post(reverse("account_logout"))
        log_in(client, "reviewer")
        enter(client, code(secret))
        assert not is_in(client)


def test_a_recovery_code_stands_in_for_the_second_factor_once(client: Client, reviewer: User) -> None:
    app_of(reviewer)
    recovery = RecoveryCodes.activate(reviewer).get_unused_codes()[0]
    for lets_in in (True, False):
        log_in(client, "reviewer")
        enter(client, recovery)
        assert is_in(client) is lets_in
        client.post(reverse("account_logout"))


def test_wrong_passwords_are_counted_for_all_processes_together(client: Client, reviewer: User) -> None:
    """In the database: each process by itself would take as many again."""
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    for _attempt in range(5):
        assert "not correct" in log_in(client, "reviewer", "wrong").content.decode()
    for fresh in (client, Client()):
        assert "Too many failed login attempts" in log_in(fresh, "reviewer").content.decode()
        assert not is_in(fresh)
    assert log_in(Client(), "owner", "wrong").status_code == 200


def test_whoever_guesses_at_many_names_is_stopped_too(client: Client, db: None) -> None:
    answers = [log_in(client, f"name-{number}", "wrong").content.decode() for number in range(12)]
    assert "Too many failed login attempts" not in answers[9]
    assert "Too many failed login attempts" in answers[10]


def test_wrong_codes_are_counted_too(client: Client, reviewer: User) -> None:
    secret = app_of(reviewer)
    log_in(client, "reviewer")
    for _attempt in range(5):
        enter(client, "000000")
    assert "Too many failed login attempts" in enter(client, code(secret)).content.decode()
    other = Client()
    log_in(other, "reviewer")
    assert not is_in(other)
    enter(other, code(secret))
    assert not is_in(other)


def test_who_was_switched_off_is_told_so_and_stays_out(client: Client, reviewer: User) -> None:
    log_in(client, "reviewer")
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302
    fresh = Client()
    assert log_in(
        fresh,
        "reviewer",
    )["Location"] == reverse("account_inactive")
    assert not is_in(fresh)


def test_an_address_is_confirmed_by_a_code_before_the_first_log_in(client: Client, reviewer: User) -> None:
    EmailAddress.objects.all().delete()
    page = reverse("account_email_verification_sent")
    assert log_in(client, "reviewer")["Location"] == page
    assert not is_in(client)
    letter = Mail.objects.get()
    assert letter.to == "reviewer@example.com"
    sent = re.search(r"^    (\S+)$", letter.body, re.MULTILINE)
    assert sent
    assert client.post(page, {"code": "WRONG1"}).status_code == 200
    assert not is_in(client)
    assert client.post(page, {"code": sent[1]})["Location"] == reverse("admin:index")
    assert is_in(client)
    assert EmailAddress.objects.get().verified


def test_another_code_may_be_sent_for_after_a_while(client: Client, reviewer: User) -> None:
    EmailAddress.objects.all().delete()
    page = reverse("account_email_verification_sent")
    with time_machine.travel("2026-11-25 10:00:00+00:00", tick=False) as clock:
        log_in(client, "reviewer")
        assert client.post(page, {"action": "resend"}).status_code == 429
        clock.shift(11)
        assert client.post(page, {"action": "resend"}).status_code == 302
    assert len(set(Mail.objects.values_list("subject", flat=True))) == 2


def test_who_has_no_address_is_told_whom_to_ask(client: Client, reviewer: User) -> None:
    EmailAddress.objects.all().delete()
    User.objects.filter(pk=reviewer.pk).update(email="")
    log_in(client, "reviewer")
    assert not is_in(client)
    assert "Ask an administrator" in client.get(LOG_IN).content.decode()


def test_pulse_speaks_a_person_s_language_from_log_in_on(client: Client, reviewer: User) -> None:
    User.objects.filter(pk=reviewer.pk).update(language="fr")
    log_in(client, "reviewer")
    assert 'lang="fr"' in client.get("/admin/").content.decode()


def test_the_switch_of_languages_is_remembered(client: Client, reviewer: User) -> None:
    log_in(client, "reviewer")
    client.post(reverse("set_language"), {"language": "fr", "next": "/admin/"})
    assert 'lang="fr"' in client.get("/admin/").content.decode()
    reviewer.refresh_from_db()
    assert reviewer.language == "fr"
    client.post(reverse("set_language"), {"language": "xx", "next": "/admin/"})
    reviewer.refresh_from_db()
    assert reviewer.language == "fr"


def test_nobody_signs_up(client: Client, db: None) -> None:
    form = {"email": "x@example.com", "username": "x", "password1": "very-secret-77"}
    for answer in (client.get(reverse("account_signup")), client.post(reverse("account_signup"), form)):
        assert "By invitation" in answer.content.decode()
    assert not User.objects.filter(username="x").exists()


def test_a_password_alone_does_not_open_what_a_link_by_e_mail_reset(client: Client, reviewer: User) -> None:
    """A new password by e-mail takes the place of the password, not of the second factor."""
    app_of(reviewer)
    client.post(reverse("account_reset_password"), {"email": "reviewer@example.com"})
    link = re.search(r"https?://[^/]+(/\S+)", Mail.objects.get().body)
    assert link
    form = client.get(link[1])["Location"]
    client.post(form, {"password1": "very-secret-77", "password2": "very-secret-77"})
    assert not is_in(client)
    assert log_in(client, "reviewer", "very-secret-77")["Location"] == CODE
    assert client.get(link[1]).status_code == 200  # used up: the page says so
    assert "not good any more" in client.get(link[1]).content.decode()


def test_whether_an_address_is_known_is_not_told(client: Client, reviewer: User) -> None:
    answers = [
        client.post(reverse("account_reset_password"), {"email": email})
        for email in ("reviewer@example.com", "nobody@example.com")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Mail.objects.count() == 1


def test_two_people_with_one_address_are_told_apart_by_who_confirmed_it(client: Client) -> None:
    first, second = factories.user("first"), factories.user("second")
    EmailAddress.objects.filter(user=second).delete()
    User.objects.filter(pk=second.pk).update(email="first@example.com")
    assert people.holder_of("First@example.com ") == first
