"""What passwords, addresses and second factors leave in the audit trail."""

import datetime

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from pulse_site import sentences
from pulse_site.models import AuditEvent, Mail, User
from tests.pulse_site.accounts.codes import app_of, code
from tests.pulse_site.accounts.door import PASSWORD, enter, log_in

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    """What happened to people, in words, the oldest first."""
    return [sentences.sentence(event) for event in AuditEvent.objects.filter(area="people").order_by("pk")]


def change_password(client: Client, old: str, new: str) -> None:
    form = {"oldpassword": old, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), form)


def test_each_step_of_a_member_of_staff_is_recorded(client: Client, reviewer: User, commits: None) -> None:
    log_in(client, "reviewer")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))
    change_password(client, PASSWORD, "very-secret-77")
    assert told() == [
        "reviewer logged in",
        "reviewer added an authenticator app",
        "reviewer made recovery codes",
        "reviewer made recovery codes",
        "reviewer removed the authenticator app",
        "reviewer changed the password of reviewer",
    ]
    assert secret not in str(list(AuditEvent.objects.values()))
    with translation.override("fr"):
        assert "logged in" not in str(told())


def test_a_wrong_second_factor_behind_a_right_password_is_recorded_once_a_minute(
    client: Client, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    app_of(reviewer)
    log_in(client, "reviewer")
    for _attempt in range(3):
        enter(client, "000000")
    alarm = "somebody knew the password of reviewer and not the second factor"
    assert told() == [alarm]
    later = timezone.now() + datetime.timedelta(minutes=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    enter(client, "000000")
    assert told() == [alarm, alarm]


def test_who_is_no_staff_fills_no_table(client: Client, owner: User, commits: None) -> None:
    """His steps are recorded, each once a minute."""
    log_in(client, "owner")
    change_password(client, PASSWORD, "very-secret-77")
    change_password(client, "very-secret-77", PASSWORD)
    assert told() == ["owner changed the password of owner"]
    enter(client, "000000")
    log_in(Client(), "owner", "wrong")
    assert len(told()) == 1


def test_a_password_set_by_e_mail_is_recorded(client: Client, reviewer: User) -> None:
    client.post(reverse("account_reset_password"), {"email": "reviewer@example.com"})
    link = next(line for line in Mail.objects.get().body.split() if "/key/" in line)
    form = client.get(link.removeprefix(settings.SITE_URL))["Location"]
    client.post(form, {"password1": "very-secret-77", "password2": "very-secret-77"})
    assert told() == ["reviewer set a new password by e-mail"]


def test_a_changed_address_is_recorded_before_and_after(client: Client, reviewer: User) -> None:
    log_in(client, "reviewer")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"action_add": "", "email": "rita@new.example"})
    code_sent = Mail.objects.get().subject.split()[-1]
    client.post(reverse("account_email_verification_sent"), {"code": code_sent})
    event = AuditEvent.objects.get(action="person.address")
    assert event.detail["changed"] == {"email": ["reviewer@example.com", "rita@new.example"]}
