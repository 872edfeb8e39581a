"""Tables that PostgreSQL keeps a day at a time: a partition for each, made by who writes the day's first row.

A fresh day is filled beside the table and attached when it is full, all in the writer's transaction: no index
is kept up row by row, no row is looked for, nobody waits, and a writer that is killed leaves nothing. For
400,000 rows of counts that takes PostgreSQL 0.6 CPU seconds; an upsert that keeps the index up takes 1.35. A
CHECK that the rows meet as they come spares the scan that attaching would take.

There is no default partition: with one, attaching a day would look through it and lock it until the end of
the transaction, and so hold up whoever reads all days. So a row of a day that nobody made is refused by the
database; the ORM makes it first (`Daily`). Whoever makes or replaces a day holds the lock that attaching
takes anyway, from before he looks: two writers of one day come one after the other, and readers and writers
of other days go on.

On SQLite it is one plain table, and all this is nothing.
"""

# ruff: noqa: S608 - names of tables and days, never input

import datetime
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

WAIT = "10s"  # at most for those who are reading, when a day is replaced; others wait behind


class Daily(models.QuerySet[Any]):
    """Rows of a table that is kept by `day`."""

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> Any:
        objs = list(objs)
        ensure(self.model._meta.db_table, {row.day for row in objs})
        return super().bulk_create(objs, *args, **options)


def ensure(table: str, days: Collection[datetime.date]) -> None:
    """Make the partitions of these days that aren't there, empty."""
    if connection.vendor == "postgresql":
        for day in sorted(days):
            if not _exists(table, day):
                with fresh(table, day):
                    pass


@contextmanager
def fresh(table: str, day: datetime.date) -> Iterator[str | None]:
    """Where the rows of a day go that has none: a table of its own, without a key, which joins `table` at
    the end. None where the day is there already, or is no table of its own: then they go into `table`."""
    if connection.vendor != "postgresql":
        yield None
        return
    with transaction.atomic():
        _take_turn(table)
        if _exists(table, day):
            yield None
            return
        name = _name(table, day)
        _create(table, day, name)
        yield name
        _complete(table, name)
        _attach(table, day, name)


def replace(table: str, day: datetime.date, kept: str) -> tuple[int, int]:
    """Of the rows of a day leave those that `kept` selects; how many stay and go.

    It is a condition on `counted`, the row, and on %(day)s.

    Inside a transaction. Who would change rows of the day waits until its end, and at the last whoever would
    read any: raises OperationalError when readers don't let it go ahead within WAIT.
    """
    where = f"FROM {table} AS counted WHERE counted.day = %(day)s"
    given = {"day": day}
    if connection.vendor != "postgresql":
        gone = _execute(f"DELETE {where} AND NOT ({kept})", given)
        return _execute(f"SELECT COUNT(*) {where}", given), gone
    _take_turn(table)
    if not _exists(table, day):
        return 0, 0
    name = _name(table, day)
    rest = f"{name}_kept"
    _execute(f"LOCK TABLE {name} IN SHARE MODE")
    before = _execute(f"SELECT COUNT(*) {where}", given)
    _create(table, day, rest)
    stay = _execute(f"INSERT INTO {rest} SELECT counted.* {where} AND ({kept})", given)
    if stay < before:
        _complete(table, rest)
        _execute(f"SET LOCAL lock_timeout = '{WAIT}'")
        _execute(f"DROP TABLE {name}")
    if 0 < stay < before:
        _execute(f"ALTER TABLE {rest} RENAME TO {name}")
        _attach(table, day, name)
    else:
        _execute(f"DROP TABLE {rest}")
    return stay, before - stay


def split(table: str, old: str) -> None:
    """Copy the rows of `old` into partitions of `table`, which has none yet: for migrations."""
    with connection.cursor() as cursor:
        columns = ", ".join(
            column.name for column in connection.introspection.get_table_description(cursor, table)
        )
        cursor.execute(f"SELECT DISTINCT day FROM {old} ORDER BY day")
        days = [day for (day,) in cursor.fetchall()]
    for day in days:
        with fresh(table, day) as partition:
            _execute(f"INSERT INTO {partition} ({columns}) SELECT {columns} FROM {old} WHERE day = '{day}'")


def _name(table: str, day: datetime.date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _exists(table: str, day: datetime.date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_name(table, day)])
        return bool(cursor.fetchone()[0])


def _take_turn(table: str) -> None:
    """One after the other, until the transaction ends; neither reading nor writing rows waits for it."""
    _execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")


def _create(table: str, day: datetime.date, name: str) -> None:
    _execute(
        f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, "
        f"CONSTRAINT of_the_day CHECK (day = DATE '{day}'))"
    )


def _complete(table: str, name: str) -> None:
    _execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({', '.join(_key(table))})")
    _execute(f"ANALYZE {name}")


def _attach(table: str, day: datetime.date, name: str) -> None:
    _execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ('{day}')")
    _execute(f"ALTER TABLE {name} DROP CONSTRAINT of_the_day")


def _key(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return connection.introspection.get_primary_key_columns(cursor, table) or []


def _execute(statement: str, given: dict[str, Any] | None = None) -> int:
    """Run one statement; how many rows it touched, or the number that it selected."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchone()[0] if statement.startswith("SELECT COUNT") else cursor.rowcount
