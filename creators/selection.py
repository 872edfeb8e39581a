"""Freeze a selection of creators, so that every statement of a move speaks of the same rows.

A queryset is a question, and a move changes its answer: creators chosen because they wait no longer wait
after the first statement. So their ids are written into a temporary table, and their rows are locked on the
way (on PostgreSQL; on SQLite the transaction is the only writer as it is). However many there are, they
never pass through Python.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import Combinable, RawSQL

from creators.models import Creator

_serial = itertools.count(1)


@contextmanager
def frozen(creators: QuerySet[Creator]) -> Iterator[QuerySet[Creator]]:
    """The same creators as a set that stays as it is, locked until the transaction ends.

    Must be used inside a transaction. The rows are locked in the order of their ids, so that two selections
    that share some wait for each other instead of running into a deadlock.
    """
    table = f"frozen_creators_{next(_serial)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {table} (creator_id bigint PRIMARY KEY)")
        locked = Creator.objects.filter(pk__in=creators.values("pk")).order_by("pk").select_for_update()
        insert_from(locked, table, creator_id="pk")
        yield Creator.objects.filter(pk__in=RawSQL(f"SELECT creator_id FROM {table}", ()))  # noqa: S608, S611
        cursor.execute(f"DROP TABLE {table}")


def analyze(table: str) -> None:
    """Tell PostgreSQL of the many rows that were just written: it would plan the next statement for none."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {table}")


def insert_from(source: QuerySet[Any], table: str, **columns: str | Combinable) -> int:
    """INSERT .. SELECT: one row of `table` for each row of `source`; returns how many.

    `columns` says for each column what goes into it: a field of the row or an expression.
    """
    rows: QuerySet[Any, Any] = source.values_list(*columns.values())
    try:
        select, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {select}", parameters)
        return cursor.rowcount
