"""What forms, passwords and log-ins leave in the audit trail."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from campaigns.models import Advertiser, Campaign, Member
from creators.models import ProgrammeTerms
from pulse_site import sentences
from pulse_site.models import AuditEvent, User
from tests import factories
from tests.pulse_site.accounts.door import log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def newest(**fields: Any) -> AuditEvent:
    return AuditEvent.objects.filter(**fields).latest("pk")


def test_a_change_of_rights_names_what_was_given_and_taken(desk: Client, administrator: User) -> None:
    fiona = factories.staff("fiona", "prepare_batch")
    auditors = Group.objects.create(name="Auditors")
    approve = Permission.objects.get(codename="approve_batch")
    form = {
        "username": "fiona", "email": "fiona@example.com", "language": "en", "is_active": "on",
        "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
        "groups": [auditors.pk], "user_permissions": [approve.pk], "is_superuser": "on",
    }  # fmt: skip
    User.objects.filter(pk=fiona.pk).update(date_joined=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    assert desk.post(f"/admin/pulse_site/user/{fiona.pk}/change/", form).status_code == 302
    event = newest(action="permission.change")
    assert (event.actor, event.subject_label, event.area) == (administrator, "fiona", "people")
    assert event.detail["changed"] == {
        "is_superuser": [False, True],
        "is_staff": [True, False],
        "groups": [[], ["Auditors"]],
        "user_permissions": [["payouts.prepare_batch"], ["payouts.approve_batch"]],
    }
    assert desk.post(f"/admin/pulse_site/user/{fiona.pk}/change/", form).status_code == 302
    assert AuditEvent.objects.filter(action="permission.change").count() == 1  # nothing changed


def test_a_new_user_is_recorded_without_his_password(desk: Client) -> None:
    form = {
        "username": "new",
        "email": "new@example.com",
        "language": "en",
        "usable_password": "true",
        "password1": "very-secret-77",
        "password2": "very-secret-77",
    }
    assert desk.post("/admin/pulse_site/user/add/", form).status_code == 302
    event = newest(action="person.create")
    assert event.subject_label == "new"
    assert User.objects.get(username="new").password not in str(event.detail)
    assert "very-secret-77" not in str(event.detail)


def test_a_group_that_gets_a_permission_is_recorded(desk: Client) -> None:
    group = Group.objects.create(name="Closers")
    close = Permission.objects.get(codename="close_month")
    desk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Closers", "permissions": [close.pk]})
    assert newest(action="permission.change").detail["changed"] == {
        "permissions": [[], ["campaigns.close_month"]]
    }
    assert sentences.sentence(newest()) == "administrator changed what Closers may do: permissions"


def test_a_password_set_for_another_is_recorded(desk: Client, administrator: User) -> None:
    fiona = factories.user("fiona")
    address = f"/admin/pulse_site/user/{fiona.pk}/password/"
    form = {"usable_password": "true", "password1": "very-secret-77", "password2": "other"}
    desk.post(address, form)
    assert not AuditEvent.objects.filter(action="person.password").exists()
    desk.post(address, form | {"password2": "very-secret-77", "set-password": "x"})
    event = newest(action="person.password")
    assert (event.actor, event.subject_label, event.detail) == (administrator, "fiona", {})


def test_terms_are_recorded_as_proposed(desk: Client, administrator: User) -> None:
    page = desk.get("/admin/creators/programmeterms/add/").context["adminform"].form
    form = {name: page.get_initial_for_field(field, name) for name, field in page.fields.items()}
    form |= {
        "auto_approve_followers": "",
        "auto_reject_rules": "",
        "starts_on": "2127-01-01",
        "reason": "Half of it after a day.",
        "decay_permille": "[1000, 500]",
        "minimum_payout_micros": "60.00",
    }
    answer = desk.post("/admin/creators/programmeterms/add/", form)
    assert answer.status_code == 302, answer.context["errors"]
    assert ProgrammeTerms.objects.get(version=2).proposed_by == administrator
    event = newest(action="terms.propose")
    assert event.detail["changed"]["minimum_payout_micros"] == [50_000_000, 60_000_000]
    assert sentences.sentence(event) == (
        "administrator proposed the terms v2 from 2127-01-01 on: "
        "decay by age in days (per mille), minimum payout"
    )


def test_a_portal_member_is_recorded_with_the_advertiser(desk: Client, owner: User) -> None:
    acme = Advertiser.objects.get(name="Acme")
    member = Member.objects.get(user=owner)
    form = {
        "name": "Acme", "legal_name": "Acme Inc.", "language": "en", "payment_days": 30,
        "members-TOTAL_FORMS": 1, "members-INITIAL_FORMS": 1, "members-0-id": member.pk,
        "members-0-advertiser": acme.pk, "members-0-user": owner.pk, "members-0-role": "viewer",
    }  # fmt: skip
    assert desk.post(f"/admin/campaigns/advertiser/{acme.pk}/change/", form).status_code == 302
    assert newest(action="advertiser.change").detail["changed"] == {
        "legal_name": ["", "Acme Inc."],
        "members": [["owner (owner)"], ["owner (viewer)"]],
    }


def test_a_change_that_fails_leaves_no_event(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group.objects.create(name="Closers")

    def broken(*args: object, **kwargs: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr("pulse_site.admin.people.GroupAdmin.log_change", broken)  # after the event is written
    with pytest.raises(ArithmeticError):
        desk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Other"})
    assert not AuditEvent.objects.filter(action="permission.change").exists()


# Log-ins


def test_log_ins_of_staff_are_recorded(client: Client, reviewer: User, owner: User) -> None:
    log_in(client, "reviewer")
    assert newest().actor == reviewer
    log_in(Client(), "owner")
    assert AuditEvent.objects.filter(action="person.login").count() == 1


def test_failed_log_ins_of_staff_are_recorded_once_a_minute(
    client: Client, reviewer: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = AuditEvent.objects.filter(action="person.login_failed")
    names = ("reviewer", "reviewer@example.com", "owner", "no-one", "my-secret-typed-as-a-name")
    for name in names:
        log_in(client, name, "wrong")
    assert failed.values_list("actor", "actor_label", "subject_label").get() == (None, "", "reviewer")
    later = timezone.now() + datetime.timedelta(minutes=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    log_in(client, "reviewer", "wrong")
    assert failed.count() == 2


def test_what_a_campaign_was_changed_to_is_recorded_by_its_form(desk: Client) -> None:
    campaign = factories.campaign("C-1", status=Campaign.Status.DRAFT)
    form = {
        "reference": "C-1", "advertiser": campaign.advertiser_id, "name": campaign.name, "market": "US",
        "categories": [factories.category("gaming").pk, factories.category("fashion").pk],
        "tier": campaign.tier,
        "starts_on": "2026-10-01", "ends_on": "2026-10-31", "budget_micros": "5000", "cpm_micros": "10",
    }  # fmt: skip
    answer = desk.post(f"/admin/campaigns/campaign/{campaign.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    assert newest(action="campaign.change").detail["changed"] == {
        "budget_micros": [100_000_000_000, 5_000_000_000],
        "categories": [[], ["Fashion"]],
        "negotiated": [False, True],  # there is no such price on the rate card
    }
