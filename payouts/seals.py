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

from django.db import connection, models, transaction
from django.db.models import Max
from django.db.models.expressions import RawSQL

from creators.models import Decision
from payouts import ledger
from payouts.models import Checkpoint, Seal, Transfer
from pulse_site.models import AuditEvent

SUBJECTS: dict[str, type[models.Model]] = {
    Seal.Subject.TRANSFERS: Transfer,
    Seal.Subject.DECISIONS: Decision,
    Seal.Subject.EVENTS: AuditEvent,
}
CHUNK = 5_000
# How PostgreSQL writes a column of each sort as Python's JSON has it; a moment is text there (str).
WRITTEN: tuple[tuple[type[models.Field], str], ...] = (
    (
        models.DateTimeField,
        """to_json(to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
                   || CASE WHEN {column} = date_trunc('second', {column}) THEN ''
                           ELSE to_char({column}, '.US') END || '+00:00')::text""",
    ),
    *(
        (kind, "to_json({column})::text")
        for kind in (
            models.IntegerField,
            models.CharField,
            models.TextField,
            models.BooleanField,
            models.ForeignKey,
        )
    ),
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
    rows = model._default_manager.filter(pk__range=(first_id, last_id)).order_by("pk")
    if connection.vendor == "postgresql" and (line := _line(model)):
        lines = rows.values_list(RawSQL(line, [], models.TextField()), flat=True).iterator(CHUNK)  # noqa: S611
        return digest_of_lines(map(_as_python_writes, lines), before)
    return digest(rows.values_list().iterator(CHUNK), before)


def _line(model: type[models.Model]) -> str:
    """SQL by which PostgreSQL writes a row as JSON as `digest` does; empty if a column is of another sort.

    A year's transfers are digested in a quarter of the time, for no value becomes an object of Python.
    """
    columns = []
    for field in model._meta.concrete_fields:
        written = next((sql for kind, sql in WRITTEN if isinstance(field, kind)), None)
        if written is None:
            return ""
        columns.append(f"COALESCE({written.format(column=field.column)}, 'null')")
    listed = " || ', ' || ".join(columns)
    return f"'[' || {listed} || ']'"


def _as_python_writes(line: str) -> str:
    """PostgreSQL leaves letters beyond ASCII as they are, Python escapes them."""
    return line if line.isascii() and "\x7f" not in line else _as_json(json.loads(line))


def _wait_for_writers(model: type[models.Model]) -> None:
    """Ids are given before the commit: a row with a lower id than the last one seen must not come later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
