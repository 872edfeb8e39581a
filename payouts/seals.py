"""Seals: digests by which a row that was changed behind the database's back is found.

The guards refuse changes to transfers, decisions and audit events, but whoever owns the database can take a
guard away. So after each month and batch, and every night, the rows that came since are hashed in the order
of their ids, chained to the seal before them, and `verify` hashes them again: to change one row unseen, one
would have to forge every later seal, of which people hold copies. A whole stretch is hashed at a time; a
hash in each row would make all writers wait for one another.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Expression, Func, Max, QuerySet, TextField, Value

from creators.models import Decision
from payouts import ledger
from payouts.models import Checkpoint, Seal, Transfer
from pulse_site.models import AuditEvent

SUBJECTS: dict[str, type[models.Model]] = {
    Seal.Subject.TRANSFERS: Transfer,
    Seal.Subject.DECISIONS: Decision,
    Seal.Subject.EVENTS: AuditEvent,
}
CHUNK = 5_000  # rows
CHUNKS = 4  # of them at a time
# What PostgreSQL's JSON has as Python's does; a moment is text there (str), without a fraction of nothing.
PLAIN = (models.IntegerField, models.CharField, models.TextField, models.BooleanField, models.ForeignKey)
MOMENT = (
    """replace(to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '.000000', '') || '+00:00'"""
)
# Sorted, for PostgreSQL keeps the keys of a JSON column in an order of its own.
_as_json = json.JSONEncoder(default=str, sort_keys=True).encode


def digest(rows: Iterable[Sequence[object]], before: str = "") -> str:
    """SHA-256 over `rows`, a line of JSON each, continuing from the digest `before`; memory stays flat.

    JSON, so that no text can look like the end of its column: what is moved from a reason to a note shows.
    """
    return digest_of_lines(map(_as_json, rows), before)


def digest_of_lines(lines: Iterable[str], before: str = "") -> str:
    """The same for rows that are JSON already: what the database writes needs no object for each row."""
    sha256 = hashlib.sha256(before.encode())
    for line in lines:
        sha256.update(f"{line}\n".encode())
    return sha256.hexdigest()


class Line(Func):
    """A row as JSON, put together by the database: much faster than here.

    `template` is the JSON with a %s for each of `fields`: numbers, or words of our own that need no escape.
    """

    function, output_field = "FORMAT", TextField()

    def __init__(self, template: str, *fields: str | Expression) -> None:
        super().__init__(Value(template), *fields)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Older SQLite knows the function by this name only."""
        return self.as_sql(compiler, connection, function="PRINTF", **extra)


def lines(rows: QuerySet[Any], line: Line) -> Iterator[str]:
    """`rows` as a `line` each, in their order; thousands in a text, so that they are hashed at once."""
    written = iter(rows.values_list(line, flat=True).iterator(CHUNK))
    while some := list(islice(written, CHUNK)):
        yield "\n".join(some)


def seal() -> list[Seal]:
    """Seal the transfers, decisions and events that came since their last seal; returns the new seals."""
    return [made for subject in SUBJECTS if (made := _seal(subject))]


def broken() -> Iterator[Seal]:
    """The seals that no longer fit: the rows they cover were changed, or the seal itself was."""
    for subject in SUBJECTS:
        before, next_id = "", 1
        for kept in Seal.objects.filter(subject=subject).order_by("last_id"):
            found = _over(subject, next_id, kept.last_id, before)
            if (kept.first_id, kept.digest) != (next_id, found):
                yield kept
            before, next_id = kept.digest, kept.last_id + 1


def rebuild_checkpoints() -> int:
    """Add up every account anew over all sealed transfers, and return how many checkpoints there are.

    For when `verify` names checkpoints that differ, as after half of a restore: the transfers are the truth.
    """
    with transaction.atomic():
        _wait_for_writers(Transfer)
        Checkpoint.objects.all().delete()
        last = Seal.objects.filter(subject=Seal.Subject.TRANSFERS).aggregate(last=Max("last_id"))["last"]
        if last is not None:
            ledger.checkpoint(1, last)
        return Checkpoint.objects.count()


def _seal(subject: str) -> Seal | None:
    model = SUBJECTS[subject]
    with transaction.atomic():
        _wait_for_writers(model)
        last = Seal.objects.filter(subject=subject).order_by("-last_id").first()
        before, first_id = (last.digest, last.last_id + 1) if last else ("", 1)
        fresh = model._default_manager.filter(pk__gte=first_id)
        last_id = fresh.aggregate(last=Max("pk"))["last"]
        if last_id is None:
            return None
        if subject == Seal.Subject.TRANSFERS:
            ledger.checkpoint(first_id, last_id)
        return Seal.objects.create(
            subject=subject,
            first_id=first_id,
            last_id=last_id,
            rows=fresh.count(),
            digest=_over(subject, first_id, last_id, before),
        )


def _over(subject: str, first_id: int, last_id: int, before: str) -> str:
    model = SUBJECTS[subject]
    if connection.vendor == "postgresql" and (columns := _columns(model)):
        return digest_of_lines(_written(model, columns, first_id, last_id), before)
    rows = model._default_manager.filter(pk__range=(first_id, last_id)).order_by("pk")
    return digest(rows.values_list().iterator(CHUNK), before)


def _columns(model: type[models.Model]) -> str:
    """SQL of the columns of a row as `digest` has them; empty if PostgreSQL would write one otherwise."""
    columns: list[str] = []
    for field in model._meta.concrete_fields:
        if isinstance(field, models.DateTimeField):
            columns.append(MOMENT.format(column=field.column))
        elif isinstance(field, PLAIN):
            columns.append(str(field.column))
        else:
            return ""
    return ", ".join(columns)


def _written(model: type[models.Model], columns: str, first_id: int, last_id: int) -> Iterator[str]:
    """The rows as lines of JSON, thousands at a time, so that none becomes an object of Python."""
    rows = f"""
        SELECT json_build_array({columns})::text AS line FROM {model._meta.db_table}
         WHERE id BETWEEN chunk.first AND LEAST(chunk.first + %s, %s) ORDER BY id
    """  # noqa: S608 - names of our own
    chunks = f"""
        SELECT (SELECT string_agg(line, E'\\n') FROM ({rows}) row)
          FROM generate_series(%s::bigint, %s, %s) AS chunk(first)
    """  # noqa: S608
    with connection.chunked_cursor() as cursor:
        cursor.execute(chunks, [CHUNK - 1, last_id, first_id, last_id, CHUNK])
        while found := cursor.fetchmany(CHUNKS):
            for (lines,) in found:
                if lines:
                    yield _as_python_writes(lines)


def _as_python_writes(lines: str) -> str:
    """PostgreSQL leaves letters beyond ASCII as they are, Python escapes them."""
    if lines.isascii() and "\x7f" not in lines:
        return lines
    return "\n".join(_as_json(json.loads(line)) for line in lines.split("\n"))


def _wait_for_writers(model: type[models.Model]) -> None:
    """Ids are given before the commit: a row with a lower id than the last one seen must not come later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
