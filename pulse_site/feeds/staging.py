"""A file's rows in the database: as they were read, then judged, then as what they would change.

The rows of a previewed upload stand in tables of their own (`feed_staged_17`), so that applying it parses
nothing again; those of a command and of a confidential feed stand in temporary ones. Either way they are
only read: a feed sees them through the view feed_rows, which hides the lines of feed_left_out, so that a
preview and the import after it begin with the same rows. feed_rejected says why lines were rejected,
feed_ready what the others would change.

This is the one place where the databases differ: PostgreSQL loads through COPY, SQLite through executemany,
and each has its own way to take turns and to read a moment from seconds.
"""

# ruff: noqa: S608 - names in the statements come from the feeds' declarations, never from a file

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self, TextIO

from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from pulse_site.feeds.feed import Column
from pulse_site.models import RejectedRow, Upload
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import harmless

KEPT_REJECTED_ROWS = 1_000_000
BLOCK = 250_000  # characters
SLICES = 8  # of a long statement, so that its progress can be told
_STAGED = "feed_staged"
_MADE_OF_THEM = (
    "feed_rejected",
    "feed_left_out",
    "feed_ready",
    "feed_repeated",
    "feed_judged",
    "feed_counts",
)
_REJECTED = 'line, "column", value, reason, message'
_REJECTED_TYPES = 'line bigint, "column" text, value text, reason text, message text'
_TURN = 5_702_887  # any number, the same for all imports


def execute(statement: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def select(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
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


def moment_of(micros: str) -> str:
    """SQL for the moment that lies so many microseconds after 1970 (UTC), exactly."""
    seconds, rest = f"({micros}) / 1000000", f"({micros}) %% 1000000"
    if connection.vendor == "postgresql":
        return f"(to_timestamp({seconds}) + {rest} * interval '1 microsecond')"
    return f"({moment(seconds)} || CASE WHEN {rest} > 0 THEN printf('.%%06d', {rest}) ELSE '' END)"


def slices(table: str) -> Iterator[tuple[int, str]]:
    """`table` in some parts, for a statement that takes long: how many of a thousand are done before each,
    and the condition of its rows, where the table is called n.

    The parts lie one behind the other where they are stored, so that each row is looked at once.
    """
    if connection.vendor == "postgresql":
        end = select("SELECT pg_relation_size(%s) / current_setting('block_size')::int", [table])[0][0]
        place, at = "n.ctid", "'({},0)'::tid"
    else:
        end = (select(f"SELECT max(rowid) FROM {table}")[0][0] or 0) + 1
        place, at = "n.rowid", "{}"
    parts = min(SLICES, end) or 1
    for part in range(parts):
        first, behind = (at.format(end * each // parts) for each in (part, part + 1))
        yield part * 1_000 // parts, f"{place} >= {first} AND {place} < {behind}"


def staged_uploads() -> set[int]:
    """The uploads whose rows stand in tables of their own."""
    names = (name.removeprefix(f"{_STAGED}_") for name in connection.introspection.table_names())
    return {int(name) for name in names if name.isdigit()}


def drop_staged(upload_id: int) -> None:
    """Drop the tables of an upload, if it has any."""
    for table in _tables(upload_id):
        _drop_table(table)


class Stage:
    """The tables of one import.

    `columns` are the feed's; the file has those named in `present`, the others are filled with their default.
    With an `upload_id` the rows stay in the upload's own tables when the import ends, until `drop_staged`.
    """

    def __init__(self, columns: Sequence[Column], upload_id: int | None = None) -> None:
        self.columns = columns
        self.upload_id = upload_id
        self.rows, self.rejected = _tables(upload_id)

    def __enter__(self) -> Self:
        self._drop()
        _remember_more(True)
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(DatabaseError):  # within a broken transaction they go with it
            self._drop()
            _remember_more(False)

    def holds(self, rows: int) -> bool:
        """Whether the upload's tables are there with so many rows; a crash of PostgreSQL empties them."""
        if self.upload_id not in staged_uploads():
            return False
        return rows == sum(select(f"SELECT count(*) FROM {table}")[0][0] for table in _tables(self.upload_id))

    @contextmanager
    def filling(self, present: Sequence[str]) -> Iterator[None]:
        """Make new tables, to be loaded with the columns `present` meanwhile.

        On PostgreSQL one transaction, so that a killed import leaves no table; on SQLite one a batch, so that
        others can write meanwhile.
        """
        with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
            self._create()
            self._rows = Loader(self.rows, ", ".join(("line", *present)))
            self._rejected = Loader(self.rejected, _REJECTED)
            yield
            self._rows.flush()
            self._rejected.flush()
            execute(f"ANALYZE {self.rows}")

    def load(self, rows: Sequence[tuple[Any, ...]], rejected: Sequence[tuple[Any, ...]]) -> None:
        """Add rows (line, then a value a present column) and rejected rows (line, column, value, reason,
        message)."""
        self._rows.load(rows)
        self._rejected.load(rejected)

    def begin(self) -> None:
        """All rows are in: make what the feed judges them by."""
        names = ", ".join(column.name for column in self.columns)
        execute("CREATE TEMPORARY TABLE feed_left_out (line bigint PRIMARY KEY)")
        execute(
            f"""CREATE TEMPORARY VIEW feed_rows AS SELECT line, {names} FROM {self.rows} staged
                WHERE NOT EXISTS (SELECT 1 FROM feed_left_out o WHERE o.line = staged.line)"""
        )
        execute(f"CREATE TEMPORARY TABLE feed_rejected ({_REJECTED_TYPES})")
        execute(f"INSERT INTO feed_rejected SELECT {_REJECTED} FROM {self.rejected}")

    def judge(self, columns: Mapping[str, str]) -> None:
        """Make feed_judged (line and `columns`, name -> type) for what a feed finds out in Python."""
        definitions = ", ".join(f"{name} {type}" for name, type in columns.items())
        execute(f"CREATE TEMPORARY TABLE feed_judged (line bigint, {definitions})")
        self.judged = ", ".join(("line", *columns))

    def load_judged(self, rows: Sequence[tuple[Any, ...]], rejected: Sequence[tuple[Any, ...]]) -> None:
        """Add to feed_judged, and move the rejected rows (as in `load`) out of feed_rows."""
        _load("feed_judged", self.judged, rows)
        if rejected:
            _load("feed_rejected", _REJECTED, rejected)
            self._leave_out("SELECT line FROM feed_rejected")

    def reject(
        self,
        column: str,
        reason: str,
        message: str,
        where: str,
        parameters: Sequence[Any] = (),
        figure: str = "''",
    ) -> int:
        """Reject the rows of feed_rows for which `where` holds; returns how many.

        `figure` is SQL for what the message ends with, such as the number that the row should keep to.
        """
        moved = execute(
            f"""INSERT INTO feed_rejected ({_REJECTED})
                SELECT line, %s, CAST("{column}" AS text), %s, %s || CAST({figure} AS text)
                  FROM feed_rows WHERE {where}""",
            [column, reason, message, *parameters],
        )
        if moved:
            self._leave_out("SELECT line FROM feed_rejected")
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
        return self._leave_out(
            f"""SELECT line FROM feed_rows
                WHERE {repeated} AND line NOT IN (SELECT first_line FROM feed_repeated)"""
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

    def _leave_out(self, lines: str) -> int:
        return execute(
            f"INSERT INTO feed_left_out SELECT line FROM ({lines}) l WHERE true ON CONFLICT DO NOTHING"
        )

    def _create(self) -> None:
        kind = (
            "TEMPORARY" if self.upload_id is None else "UNLOGGED" if connection.vendor == "postgresql" else ""
        )
        for table in (self.rows, self.rejected):
            _drop_table(table)
        execute(f"CREATE {kind} TABLE {self.rows} (line bigint, {', '.join(map(_definition, self.columns))})")
        execute(f"CREATE {kind} TABLE {self.rejected} ({_REJECTED_TYPES})")

    def _drop(self) -> None:
        """Drop all that goes with the import."""
        execute("DROP VIEW IF EXISTS feed_rows")
        for table in (*_MADE_OF_THEM, *_tables(None)):
            _drop_table(table)


def _drop_table(name: str) -> None:
    """Also where a worker that sleeps still looks at it."""
    execute(f"DROP TABLE IF EXISTS {name}{' CASCADE' if connection.vendor == 'postgresql' else ''}")


def _tables(upload_id: int | None) -> tuple[str, str]:
    """The tables of an upload's rows and of its rejected rows; without an upload the temporary ones."""
    name = _STAGED if upload_id is None else f"{_STAGED}_{upload_id}"
    return name, f"{name}_rejected"


def _remember_more(yes: bool) -> None:
    """Let the database sort and join a million rows in memory rather than in files."""
    if connection.vendor == "postgresql":
        execute("SET work_mem = '64MB'" if yes else "RESET work_mem")


def _definition(column: Column) -> str:
    default = "" if column.default is None else f" DEFAULT '{column.default}'"
    return f"{column.name} {column.type}{default}"


class Loader:
    """Rows on their way into a table: gathered into blocks on PostgreSQL, a batch at a time on SQLite."""

    def __init__(self, table: str, columns: str) -> None:
        self.table = table
        self.columns = columns
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)

    def load(self, rows: Sequence[tuple[Any, ...]]) -> None:
        if connection.vendor == "postgresql":
            if (plain := _plain(rows)) is not None:
                self._text.write(plain)
            else:
                self._writer.writerows(rows)
            if self._text.tell() > BLOCK:
                self.flush()
        elif rows:
            marks = ", ".join(["%s"] * len(rows[0]))
            with connection.cursor() as cursor, _deferred(cursor):
                cursor.executemany(f"INSERT INTO {self.table} ({self.columns}) VALUES ({marks})", rows)

    def flush(self) -> None:
        """CSV says a missing value and a blank text alike; only rejected rows have blank texts."""
        if not self._text.tell():
            return
        blanks = ', FORCE_NOT_NULL ("column", value)' if self.columns == _REJECTED else ""
        statement = f"COPY {self.table} ({self.columns}) FROM STDIN (FORMAT csv{blanks})"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(self._text.getvalue())
        self._text.seek(0)
        self._text.truncate()


def _plain(rows: Sequence[tuple[Any, ...]]) -> str | None:
    """The rows as CSV if all their values are texts that need no quotes: a quarter of a writer's work."""
    try:
        text = "\n".join(map(",".join, rows)) + "\n" * bool(rows)
    except TypeError:
        return None
    commas, lines = text.count(","), text.count("\n")
    if lines != len(rows) or commas != sum(map(len, rows)) - lines or '"' in text or "\r" in text:
        return None
    return text


def _load(table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
    loader = Loader(table, columns)
    loader.load(rows)
    loader.flush()


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
