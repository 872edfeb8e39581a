"""Rules that the database itself keeps, as triggers on PostgreSQL and SQLite.

Constraints say what a row may be; guards say what may be done to it: rows that are never changed nor
deleted, months that take no more. Django rebuilds a SQLite table on many migrations and drops its triggers
with it, so every guard is installed again after each migrate, and `missing` tells whether one is gone.
An app lists its guards in its AppConfig as `guards`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class Guard:
    """One rule about one table.

    `postgresql` and `sqlite` hold the statements that create it; each may run again when it is there
    already, and may be none where the database has a constraint for it. `triggers` must then exist.
    """

    table: str
    triggers: tuple[str, ...]
    postgresql: tuple[str, ...]
    sqlite: tuple[str, ...]


def append_only(table: str, message: str = "") -> Guard:
    """Rows of `table` are never updated, deleted, replaced nor truncated."""
    text = message or f"{table} is append-only: correct it with a new row"
    name = f"{table}_append_only"
    return Guard(
        table=table,
        triggers=(f"{name}_update", f"{name}_delete"),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
            f"""CREATE OR REPLACE TRIGGER {name}_update BEFORE UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION {name}()""",
            f"""CREATE OR REPLACE TRIGGER {name}_delete BEFORE DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION {name}()""",
            f"""CREATE OR REPLACE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}()""",
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_{verb} BEFORE {verb.upper()} ON {table}
                BEGIN SELECT RAISE(ABORT, '{text}'); END"""
            for verb in ("update", "delete")
        ),
    )


def declared() -> Iterator[Guard]:
    """The guards of all apps, in the order in which the apps are installed."""
    for config in apps.get_app_configs():
        yield from getattr(config, "guards", ())


def install(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Create every declared guard whose table exists; runs after each migrate of the last app."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for guard in declared():
            if guard.table in tables:
                for statement in _statements(guard, connection):
                    cursor.execute(statement)


def stand_aside(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Take every guard away before a migrate on SQLite, which installs them again.

    A table is rebuilt there by being dropped and another one renamed, and SQLite refuses to rename anything
    while a trigger anywhere names a table that is gone for the moment.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for guard in declared():
                _drop(guard, cursor)


@contextmanager
def lifted(table: str, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Take the guards of `table` away and put them back; to be used in a transaction of its own.

    Nobody else sees the table without them: the triggers go and come with that transaction, which holds the
    table on PostgreSQL. For what keeps the meaning of guarded rows and changes how they are written.
    """
    connection = connections[using]
    guards = [guard for guard in declared() if guard.table == table]
    with connection.cursor() as cursor:
        for guard in guards:
            _drop(guard, cursor)
        yield
        for guard in guards:
            for statement in _statements(guard, connection):
                cursor.execute(statement)


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of triggers that should be in the database and are not."""
    connection = connections[using]
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    here = (guard for guard in declared() if _statements(guard, connection))
    return [name for guard in here for name in guard.triggers if name not in present]


def _drop(guard: Guard, cursor: CursorWrapper) -> None:
    relation = f" ON {guard.table}" if cursor.db.vendor == "postgresql" else ""
    for name in guard.triggers:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}{relation}")


def _statements(guard: Guard, connection: BaseDatabaseWrapper) -> Sequence[str]:
    return guard.postgresql if connection.vendor == "postgresql" else guard.sqlite
