"""Seals: digests by which a row that was changed behind the database's back is found and named.

The guards refuse changes to transfers, decisions and audit events, but whoever owns the database can take a
guard away. So after each month and batch, and every night, the rows that came since are hashed in the order
of their ids, chained to the seal before them, and `verify` hashes them again: to change one row unseen, one
would have to forge every later seal, of which people hold copies. A whole stretch is hashed at a time; a
hash in each row would make all writers wait for one another.

Rows are hashed as PostgreSQL's COPY writes them in its binary format: it tells each value's length, so that
none can look like the end of another, and costs a third of any text. The marks of a seal, some bytes of the
hash of each row by itself, are looked at only where a stretch no longer fits, and then say which rows it is.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max, Q, QuerySet

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
MOST = 1_000_000  # rows under one seal
MARK = 8  # bytes
NAMED = 20  # rows of a seal
# What comes before the rows and after them in the binary format of COPY.
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
# Those that COPY writes as `_field` does.
PLAIN = (
    models.BigAutoField,
    models.BigIntegerField,
    models.CharField,
    models.TextField,
    models.BooleanField,
    models.DateField,
)
Rows = QuerySet[Any, Sequence[Any]]  # values_list, in an order that is always the same
# Sorted, for PostgreSQL keeps the keys of a JSON column in an order of its own.
_as_json = json.JSONEncoder(default=str, sort_keys=True).encode


def digest(*rows: Rows, before: str = "") -> str:
    """SHA-256 over the rows of one or several queries, continuing from the digest `before`, in hexadecimal.

    Memory stays flat, and every database comes to the same digest.
    """
    return _sha256(map(_written, rows), before)


def digest_of_json(*rows: Rows, before: str = "") -> str:
    """The same over a line of JSON for each row, the older form, of seals without marks."""
    sha256 = hashlib.sha256(before.encode())
    for each in rows:
        for row in each.iterator(CHUNK):
            sha256.update(f"{_as_json(row)}\n".encode())
    return sha256.hexdigest()


def seal() -> list[Seal]:
    """Seal the transfers, decisions and events that came since their last seal; returns the new seals."""
    made: list[Seal] = []
    for subject in SUBJECTS:
        while fresh := _seal(subject):
            made.append(fresh)
    return made


@dataclass(frozen=True)
class Broken:
    """A seal that no longer fits, for rows under it were changed, or it was itself.

    `changed` are the ids of rows that are not as they were sealed, `gone` says where some are missing; both
    are empty of a seal without marks.
    """

    seal: Seal
    changed: list[int]
    gone: list[str]

    def __str__(self) -> str:
        kept = self.seal
        told = {"changed or added": [str(pk) for pk in self.changed[:NAMED]], "gone": self.gone[:NAMED]}
        which = "; ".join(f"{said}: {', '.join(rows)}" for said, rows in told.items() if rows)
        stretch = f"the {kept.subject} {kept.first_id} to {kept.last_id} do not fit their seal {kept.pk}"
        return f"{stretch}: {which}" if which else stretch


def broken(*subjects: str) -> Iterator[Broken]:
    """The seals that no longer fit, of all subjects if none is given."""
    for subject in subjects or SUBJECTS:
        before, next_id = "", 1
        seals = Seal.objects.filter(subject=subject).annotate(marked=Q(marks__isnull=False))
        for kept in seals.order_by("last_id"):
            rows = _rows(subject, next_id, kept.last_id)
            again = digest if kept.marked else digest_of_json
            if (kept.first_id, kept.digest) != (next_id, again(rows, before=before)):
                yield Broken(kept, *_compared(rows, bytes(kept.marks)) if kept.marks else ([], []))
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
        fresh = model._default_manager.filter(pk__gte=first_id).order_by("pk").values_list("pk", flat=True)
        last_id = fresh[MOST - 1 : MOST].first() or fresh.last()
        if last_id is None:
            return None
        if subject == Seal.Subject.TRANSFERS:
            ledger.checkpoint(first_id, last_id)
        marks = bytearray()
        lines = _marked(_written(_rows(subject, first_id, last_id)), marks)
        sealed = _sha256([lines], before)
        return Seal.objects.create(
            subject=subject,
            first_id=first_id,
            last_id=last_id,
            rows=len(marks) // MARK,
            digest=sealed,
            marks=bytes(marks),
        )


def _rows(subject: str, first_id: int, last_id: int) -> Rows:
    found = SUBJECTS[subject]._default_manager.filter(pk__range=(first_id, last_id))
    return found.order_by("pk").values_list()


def _sha256(parts: Iterable[Iterable[bytes]], before: str) -> str:
    sha256 = hashlib.sha256(before.encode())
    for lines in parts:
        for line in lines:
            sha256.update(line)
        sha256.update(_TRAILER)
    return sha256.hexdigest()


def _marked(lines: Iterable[bytes], marks: bytearray) -> Iterator[bytes]:
    """The same lines; the mark of each is added to `marks`."""
    for line in lines:
        marks += _mark(line)
        yield line


def _mark(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()[:MARK]


def _compared(rows: Rows, marks: bytes) -> tuple[list[int], list[str]]:
    """The ids of the rows that are not as they were marked, and in front of which ids some are gone."""
    places = {marks[at : at + MARK]: at // MARK for at in range(0, len(marks), MARK)}
    unknown: list[int] = []
    gone: list[str] = []
    place = since = 0
    for line in _written(rows):
        found = places.get(_mark(line))
        pk = int.from_bytes(line[6:14], "big")  # behind the count of fields and its own length
        if found is None:
            since += 1
            unknown.append(pk)
            continue
        if found > place + since:
            gone.append(f"before {pk}")
        place, since = found + 1, 0
    if len(places) > place + since:
        gone.append("at the end")
    return unknown, gone


def _written(rows: Rows) -> Iterator[bytes]:
    """Each row as COPY writes it in its binary format; none becomes an object of Python on PostgreSQL."""
    if connection.vendor == "postgresql" and all(map(_is_plain, rows.model._meta.concrete_fields)):
        with connection.cursor() as cursor:
            sql = cursor.mogrify(*rows.query.sql_with_params())
            with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT binary)") as copy:
                lines = iter(copy)
                first = bytes(next(lines)).removeprefix(_HEADER)
                yield from (line for line in chain([first], lines) if line not in (b"", _TRAILER))
    else:
        yield from map(_line, rows.iterator(CHUNK))


def _is_plain(field: Any) -> bool:
    while field.remote_field:
        field = field.target_field
    return isinstance(field, PLAIN)


def _line(row: Sequence[object]) -> bytes:
    return b"".join((len(row).to_bytes(2, "big"), *map(_field, row)))


def _field(value: object) -> bytes:
    if value is None:
        return b"\xff\xff\xff\xff"
    if isinstance(value, bool):
        content = value.to_bytes(1, "big")
    elif isinstance(value, int):
        content = value.to_bytes(8, "big", signed=True)
    elif isinstance(value, datetime.datetime):
        content = ((value - _EPOCH) // datetime.timedelta(microseconds=1)).to_bytes(8, "big", signed=True)
    elif isinstance(value, datetime.date):
        content = (value - _EPOCH.date()).days.to_bytes(4, "big", signed=True)
    else:
        content = (value if isinstance(value, str) else _as_json(value)).encode()
    return len(content).to_bytes(4, "big") + content


def _wait_for_writers(model: type[models.Model]) -> None:
    """Ids are given before the commit: a row with a lower id than the last one seen must not come later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
