"""A file's rows in temporary tables: feed_rows, feed_rejected, and what they would change, feed_ready.

This is the one place where the databases differ: PostgreSQL loads through COPY, SQLite through executemany,
and each has its own way to take turns and to read a moment from seconds.
"""

# ruff: noqa: S608 - names in the statements come from the feeds' declarations, never from a file

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TextIO

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from pulse_site.feeds.feed import Column
from pulse_site.models import RejectedRow, Upload
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import harmless

KEPT_REJECTED_ROWS = 10_000
_TABLES = ("feed_rows", "feed_rejected", "feed_ready", "feed_repeated", "feed_judged")
_REJECTED = 'line, "column", value, reason, message'
_TURN = 5_702_887  # any number, the same for all imports


def execute(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def select(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def take_turn() -> None:
    """Let one import write at a time, until the transaction ends.

    On SQLite the transaction has had the only turn since it began.
    """
    if connection.vendor == "postgresql":
        select("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def moment(seconds: str) -> str:
    """SQL for the moment that lies so many seconds after 1970 (UTC)."""
    return (
        f"to_timestamp({seconds})"
        if connection.vendor == "postgresql"
        else f"datetime({seconds}, 'unixepoch')"
    )


class Stage:
    """The temporary tables of one import; they go when it ends.

    `columns` are the feed's; the file has those named in `present`, the others are filled with their default.
    """

    def __init__(self, columns: Sequence[Column], present: Sequence[str]) -> None:
        self.columns = columns
        self.present = present

    def __enter__(self) -> Self:
        self._drop()
        columns = ", ".join(map(_definition, self.columns))
        execute(f"CREATE TEMPORARY TABLE feed_rows (line bigint, {columns})")
        execute(
            """CREATE TEMPORARY TABLE feed_rejected
               (line bigint, "column" text, value text, reason text, message text)"""
        )
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(DatabaseError):  # within a broken transaction they go with it
            self._drop()

    def load(self, rows: Sequence[tuple[Any, ...]], rejected: Sequence[tuple[Any, ...]]) -> None:
        """Add rows (line, then a value a present column) and rejected rows (line, column, value, reason,
        message)."""
        if rows:
            _load("feed_rows", ", ".join(("line", *self.present)), rows)
        if rejected:
            _load("feed_rejected", _REJECTED, rejected)

    def settle(self) -> None:
        """All rows are in: let the database look at them before it plans what to do with them."""
        execute("ANALYZE feed_rows")

    def judge(self, columns: Mapping[str, str]) -> None:
        """Make feed_judged (line and `columns`, name -> type) for what a feed finds out in Python."""
        definitions = ", ".join(f"{name} {type}" for name, type in columns.items())
        execute(f"CREATE TEMPORARY TABLE feed_judged (line bigint, {definitions})")
        self.judged = ", ".join(("line", *columns))

    def load_judged(self, rows: Sequence[tuple[Any, ...]], rejected: Sequence[tuple[Any, ...]]) -> None:
        """Add to feed_judged, and move the rejected rows (as in `load`) out of feed_rows."""
        if rows:
            _load("feed_judged", self.judged, rows)
        if rejected:
            _load("feed_rejected", _REJECTED, rejected)
            execute("DELETE FROM feed_rows WHERE line IN (SELECT line FROM feed_rejected)")

    def reject(
        self,
        column: str,
        reason: str,
        message: str,
        where: str,
        parameters: Sequence[Any] = (),
        figure: str = "''",
    ) -> int:
        """Move the rows of feed_rows for which `where` holds to the rejected ones; returns how many.

        `figure` is SQL for what the message ends with, such as the number that the row should keep to.
        """
        moved = execute(
            f"""INSERT INTO feed_rejected ({_REJECTED})
                SELECT line, %s, CAST("{column}" AS text), %s, %s || CAST({figure} AS text)
                  FROM feed_rows WHERE {where}""",
            [column, reason, message, *parameters],
        )
        if moved:
            execute("DELETE FROM feed_rows WHERE line IN (SELECT line FROM feed_rejected)")
        return moved

    def settle_repeated(self, key: Sequence[str]) -> int:
        """Of rows with the same key keep one where they agree, reject all where they don't.

        Returns how many rows were left out as mere repetitions.
        """
        names = ", ".join(key)
        execute(
            f"""CREATE TEMPORARY TABLE feed_repeated AS
                SELECT {names}, min(line) AS first_line FROM feed_rows GROUP BY {names} HAVING count(*) > 1"""
        )
        if not select("SELECT 1 FROM feed_repeated LIMIT 1"):
            return 0
        repeated = f"({names}) IN (SELECT {names} FROM feed_repeated)"
        differs = " OR ".join(
            f"min({column.name}) <> max({column.name}) OR count({column.name}) NOT IN (0, count(*))"
            for column in self.columns
            if column.compared and column.name not in key
        )
        self.reject(
            key[0],
            "conflict",
            _("Several rows have it and don't agree; keep the right one."),
            f"({names}) IN"
            f" (SELECT {names} FROM feed_rows WHERE {repeated} GROUP BY {names} HAVING {differs})",
        )
        return execute(
            f"DELETE FROM feed_rows WHERE {repeated} AND line NOT IN (SELECT first_line FROM feed_repeated)"
        )

    def has_rows(self) -> bool:
        return bool(select("SELECT 1 FROM feed_rows LIMIT 1"))

    def resolve(self, selection: str, parameters: Sequence[Any]) -> None:
        """Make feed_ready: what each row would change."""
        execute(f"CREATE TEMPORARY TABLE feed_ready AS {selection}", parameters)
        execute("ANALYZE feed_ready")

    def changes(self) -> dict[str, int]:
        """How many rows of feed_ready create, update, or change nothing."""
        return dict(select("SELECT change, count(*) FROM feed_ready GROUP BY change"))

    def reasons(self) -> dict[str, int]:
        """How many rows were rejected for which reason."""
        return dict(select("SELECT reason, count(*) FROM feed_rejected GROUP BY reason ORDER BY reason"))

    def first_rejected(self) -> tuple[Any, ...]:
        """line, column, value, reason, message."""
        return select(f"SELECT {_REJECTED} FROM feed_rejected ORDER BY line LIMIT 1")[0]

    def sample(self, columns: Sequence[str], rows: int = 10) -> list[dict[str, Any]]:
        """The first rows that would change something, in values that JSON keeps."""
        names = ("change", *columns)
        found = select(
            f"""SELECT {", ".join(names)} FROM feed_ready
                ORDER BY CASE change WHEN 'unchanged' THEN 1 ELSE 0 END, line LIMIT {rows}"""
        )
        return [
            {
                name: value if isinstance(value, int | None) else str(value)
                for name, value in zip(names, row, strict=True)
            }
            for row in found
        ]

    def keep_rejected(self, upload: Upload) -> None:
        """Keep the first rejected rows with the upload; the summary counts them all."""
        RejectedRow.objects.filter(upload=upload).delete()
        execute(
            f"""INSERT INTO {RejectedRow._meta.db_table} (upload_id, {_REJECTED})
                SELECT %s, {_REJECTED} FROM feed_rejected ORDER BY line LIMIT %s""",
            [upload.pk, KEPT_REJECTED_ROWS],
        )

    def write_rejected(self, path: Path) -> None:
        """All rejected rows as CSV, streamed; what a spreadsheet would run as a formula is defused."""
        with _opened(path) as file, connection.chunked_cursor() as cursor:
            writer = csv.writer(file)
            writer.writerow(["line", "column", "value", "reason", "message"])
            cursor.execute(f"SELECT {_REJECTED} FROM feed_rejected ORDER BY line")
            for line, *texts in cursor:
                writer.writerow([line, *map(harmless, texts)])

    def _drop(self) -> None:
        for table in _TABLES:
            execute(f"DROP TABLE IF EXISTS {table}")


def _definition(column: Column) -> str:
    default = "" if column.default is None else f" DEFAULT '{column.default}'"
    return f"{column.name} {column.type}{default}"


def _load(table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if connection.vendor == "postgresql":
        _copy(table, columns, rows)
    else:
        _insert(table, columns, rows)


def _copy(table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """CSV says a missing value and a blank text alike; only rejected rows have blank texts."""
    blanks = ', FORCE_NOT_NULL ("column", value)' if table == "feed_rejected" else ""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT csv{blanks})"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.getvalue())


def _insert(table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    values = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor, _deferred(cursor):
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)


@contextmanager
def _deferred(cursor: CursorWrapper) -> Iterator[None]:
    """One transaction for many rows, begun plainly: Django's would lock the real database from the start."""
    if connection.in_atomic_block:
        yield
        return
    cursor.execute("BEGIN")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Refused(
            _("%(path)s can't be written: %(error)s.") % {"path": path, "error": error.strerror}
        ) from None
