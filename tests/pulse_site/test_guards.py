"""Rules that the database keeps: they hold every way round, and they survive migrations."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, models, transaction

from campaigns.models import Month
from creators.models import Decision
from pulse_site import guards
from tests import factories

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite alone does this")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL alone does this")


@pytest.fixture
def decision(db: None) -> Decision:
    return Decision.objects.create(
        creator=factories.creator(),
        action="queue",
        from_status="candidate",
        to_status="pending",
        reason="true",
    )


def run(sql: str) -> Callable[[Decision], object]:
    def act(_decision: Decision) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return act


def rewrite_and_save(decision: Decision) -> None:
    decision.reason = "rewritten"
    decision.save()


# Foreign keys that are still to be checked would stop a TRUNCATE before its guard does.
AT_ONCE = "SET CONSTRAINTS ALL IMMEDIATE;"
REPLACE = """INSERT OR REPLACE INTO creators_decision
    (id, creator_id, action, from_status, to_status, reason, note, decided_at)
    SELECT id, creator_id, action, from_status, to_status, 'rewritten', note, decided_at
    FROM creators_decision"""


@pytest.mark.parametrize(
    "way_round",
    [
        pytest.param(rewrite_and_save, id="save"),
        pytest.param(lambda decision: decision.delete(), id="delete"),
        pytest.param(lambda _: Decision.objects.update(reason="rewritten"), id="queryset update"),
        pytest.param(lambda _: Decision.objects.all().delete(), id="queryset delete"),
        pytest.param(lambda made: Decision.objects.bulk_update([made], ["action"]), id="bulk update"),
        pytest.param(run("UPDATE creators_decision SET reason = 'rewritten'"), id="raw update"),
        pytest.param(run("DELETE FROM creators_decision"), id="raw delete"),
        pytest.param(run(REPLACE), id="replace", marks=on_sqlite),
        pytest.param(run(f"{AT_ONCE} TRUNCATE creators_decision"), id="truncate", marks=on_postgresql),
        pytest.param(run(f"{AT_ONCE} TRUNCATE creators_creator CASCADE"), id="cascade", marks=on_postgresql),
    ],
)
def test_a_decision_stays_as_it_is_every_way_round(
    decision: Decision, way_round: Callable[[Decision], object]
) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        way_round(decision)
    assert list(Decision.objects.values_list("pk", "reason")) == [(decision.pk, "true")]


def test_nobody_can_drop_a_creator_with_decisions(decision: Decision) -> None:
    with pytest.raises(models.ProtectedError):
        decision.creator.delete()


@pytest.mark.django_db
def test_every_guard_is_there_after_the_migrations() -> None:
    assert guards.missing() == []


@pytest.mark.django_db
def test_a_missing_guard_is_named_and_comes_back_with_the_next_migrate() -> None:
    dropped = "creators_decision_append_only_update"
    with connection.cursor() as cursor:
        on_table = "ON creators_decision" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {dropped} {on_table}")
    assert guards.missing() == [dropped]
    call_command("migrate", verbosity=0)
    assert guards.missing() == []


@on_postgresql
@pytest.mark.django_db
def test_a_guard_that_is_switched_off_counts_as_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE creators_decision DISABLE TRIGGER creators_decision_append_only_delete")
    assert guards.missing() == ["creators_decision_append_only_delete"]


@on_sqlite
def test_guards_come_back_after_a_migration_has_rebuilt_their_table(decision: Decision) -> None:
    rebuild(Decision)
    assert set(guards.missing()) == set(guards.append_only("creators_decision").triggers)
    call_command("migrate", verbosity=0)
    assert guards.missing() == []
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Decision.objects.update(reason="rewritten")


@on_sqlite
def test_a_table_that_the_guards_of_others_name_can_be_rebuilt_by_a_migration(decision: Decision) -> None:
    with pytest.raises(OperationalError, match="error in trigger"), transaction.atomic():
        rebuild(Month)
    guards.stand_aside()
    rebuild(Month)
    call_command("migrate", verbosity=0)
    assert guards.missing() == []


def rebuild(model: type[models.Model]) -> None:
    """What Django does on SQLite for most changes of a model: a new table, all rows copied."""
    editor = connection.schema_editor()
    editor.deferred_sql = []
    editor._remake_table(model)
