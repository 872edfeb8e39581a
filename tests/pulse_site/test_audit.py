"""The audit trail: written with the step itself or not at all, and never changed."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from campaigns.models import Campaign
from pulse_site import audit, guards
from pulse_site.models import AuditEvent, User
from tests import factories

pytestmark = pytest.mark.django_db
TABLE = "pulse_site_auditevent"


@pytest.fixture
def event(administrator: User) -> AuditEvent:
    audit.record(administrator, "month.close", factories.month(), revenue_micros=1_230_000)
    return AuditEvent.objects.get()


def refused(act: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            act()
    except DatabaseError:
        return True
    return False


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_event_keeps_the_names_as_they_were(event: AuditEvent, administrator: User) -> None:
    User.objects.filter(pk=administrator.pk).update(username="renamed")
    event.refresh_from_db()
    assert (event.actor, event.actor_label) == (administrator, "administrator")
    assert (event.subject_type, event.subject_key, event.subject_label) == (
        "campaigns.month",
        "2026-10",
        "2026-10",
    )
    assert (event.area, event.detail) == ("money", {"revenue_micros": 1_230_000})


def test_pulse_itself_is_an_actor_without_a_name() -> None:
    audit.record(None, "month.close", factories.month())
    assert AuditEvent.objects.values_list("actor", "actor_label").get() == (None, "")


def test_an_action_that_no_app_declares_is_an_error(administrator: User) -> None:
    with pytest.raises(LookupError, match=r"'month.explode'.*audited\.py"):
        audit.record(administrator, "month.explode", factories.month())


def test_an_event_goes_when_the_change_goes(administrator: User) -> None:
    def change_and_break() -> None:
        with transaction.atomic():
            audit.record(administrator, "month.close", factories.month())
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        change_and_break()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("count", [1, 30])
def test_many_rows_are_recorded_in_one_statement(
    administrator: User, django_assert_num_queries: Callable[..., object], count: int
) -> None:
    for number in range(count):
        factories.campaign(f"C-{number}", budget_micros=(number + 1) * 1_000_000)
    assert connection.features.supports_json_field  # SQLite is asked once
    with django_assert_num_queries(1):
        recorded = audit.record_all(
            administrator,
            "campaign.pause",
            Campaign.objects.all(),
            label=Concat("reference", Value(" "), "name"),
            changed={"status": (F("status"), "paused")},
            budget_micros=F("budget_micros"),
            day="2026-10-15",
        )
    assert recorded == count
    first = Campaign.objects.earliest("pk")
    event = AuditEvent.objects.earliest("pk")
    assert (event.actor, event.actor_label, event.area) == (administrator, "administrator", "advertisers")
    assert (event.subject_type, event.subject_key, event.subject_label) == (
        "campaigns.campaign",
        str(first.pk),
        str(first),
    )
    assert event.detail == {
        "budget_micros": 1_000_000,
        "day": "2026-10-15",
        "changed": {"status": ["booked", "paused"]},
    }


def test_one_row_and_many_rows_are_recorded_alike(administrator: User) -> None:
    campaign = factories.campaign()
    changed = {"status": ("booked", "paused")}
    audit.record(administrator, "campaign.pause", campaign, changed=changed, cpm_micros=10_000_000)
    audit.record_all(
        administrator,
        "campaign.pause",
        Campaign.objects.all(),
        label=Concat("reference", Value(" "), "name"),
        changed=changed,
        cpm_micros=F("cpm_micros"),
    )
    fields = [field.name for field in AuditEvent._meta.fields if field.name not in ("id", "at")]
    one, other = AuditEvent.objects.order_by("pk").values(*fields)
    assert one == other


def test_no_rows_are_no_events(administrator: User) -> None:
    chosen = Campaign.objects.none()
    assert audit.record_all(administrator, "campaign.pause", chosen, label=F("name")) == 0


def test_a_snapshot_never_holds_a_password(administrator: User) -> None:
    told = audit.snapshot(administrator)
    assert "password" not in told
    assert administrator.password not in map(str, told.values())


def test_differences_are_what_changed_and_what_was_given_and_taken() -> None:
    before = {"name": "a", "share": 1, "groups": ["one", "two"], "decay": [1, 2]}
    after = {"name": "a", "share": 2, "groups": ["three", "two"], "decay": [1, 3]}
    assert audit.differences(before, after) == {
        "share": [1, 2],
        "groups": [["one"], ["three"]],
        "decay": [[1, 2], [1, 3]],
    }
    assert audit.differences({}, {"name": "a", "note": "", "groups": [], "off": False, "none": 0}) == {
        "name": [None, "a"],
        "none": [None, 0],
    }


@pytest.mark.parametrize(
    "act",
    [
        lambda event: AuditEvent.objects.update(action="month.review"),
        lambda event: AuditEvent.objects.all().delete(),
        lambda event: event.delete(),
        lambda event: event.save(),
        lambda event: execute(f"UPDATE {TABLE} SET actor_label = 'x'"),
        lambda event: execute(f"DELETE FROM {TABLE}"),
    ],
)
def test_an_event_is_never_changed_nor_deleted(event: AuditEvent, act: Callable[..., object]) -> None:
    assert refused(lambda: act(event))
    assert AuditEvent.objects.get().actor_label == "administrator"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_an_event_is_never_replaced(event: AuditEvent) -> None:
    assert refused(lambda: execute(f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE}"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
def test_the_events_are_never_emptied(event: AuditEvent) -> None:
    assert refused(lambda: execute(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {TABLE}"))


def test_a_missing_guard_of_the_events_is_named() -> None:
    relation = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    execute(f"DROP TRIGGER {TABLE}_append_only_update{relation}")
    assert guards.missing() == [f"{TABLE}_append_only_update"]
    guards.install()
    assert guards.missing() == []
