"""Roles are groups that every migrate brings up to date; no role both prepares and approves."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from pulse_site import roles
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
# Whoever may do the first must not be given the second by the same role.
TWO_PERSONS = [
    ("add_programmeterms", "approve_programmeterms"),
    ("review_month", "close_month"),
    ("prepare_batch", "approve_batch"),
    ("prepare_correction", "approve_correction"),
    ("prepare_entry", "approve_entry"),
    ("propose_payee_change", "approve_payee_change"),
]


def may(role: str) -> set[str]:
    return set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))


def test_a_migrate_makes_every_role() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.LABELS) == set(roles.declared())


def test_every_permission_that_a_role_names_exists() -> None:
    known = set(Permission.objects.values_list("content_type__app_label", "codename"))
    named = {
        (label, codename)
        for label, table, _secret in roles._tables()
        for codenames in table.values()
        for codename in codenames
        if codename != roles.LOOK
    }
    assert named - known == set()


@pytest.mark.parametrize("role", roles.LABELS)
def test_no_role_prepares_and_approves_the_same(role: str) -> None:
    assert [pair for pair in TWO_PERSONS if may(role) >= set(pair)] == []


def test_an_auditor_sees_everything_but_bank_details_and_changes_nothing() -> None:
    views = Permission.objects.filter(
        codename__startswith="view_",
        content_type__app_label__in=["pulse_site", "creators", "campaigns", "payouts"],
    ).exclude(codename="view_payee_details")
    assert may(roles.AUDITOR) == set(views.values_list("codename", flat=True))


def test_a_reviewer_decides_one_by_one_and_a_senior_one_in_bulk_and_against_the_rules() -> None:
    both = {"review_creator"}
    senior = {"review_in_bulk", "override_eligibility"}
    assert may(roles.REVIEWER) & (both | senior) == both
    assert may(roles.SENIOR_REVIEWER) >= both | senior


def test_a_migrate_brings_what_is_missing_and_leaves_what_an_administrator_added() -> None:
    group = Group.objects.get(name=roles.REVIEWER)
    added = Permission.objects.get(codename="add_creator")
    lost = Permission.objects.get(codename="review_creator")
    group.permissions.add(added)
    group.permissions.remove(lost)
    call_command("migrate", verbosity=0)
    assert {added.codename, lost.codename} <= may(roles.REVIEWER)


def test_a_person_in_a_role_may_what_the_role_may() -> None:
    rita: User = factories.user("rita", is_staff=True)
    rita.groups.add(Group.objects.get(name=roles.REVIEWER))
    assert rita.has_perm("creators.review_creator")
    assert not rita.has_perm("creators.override_eligibility")
    assert not rita.has_perm("payouts.view_transfer")
