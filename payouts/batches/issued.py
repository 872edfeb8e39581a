"""Which payment files left the house: a memory outside the database, which no backup of it takes back.

A restored backup doesn't know what was paid after it was made, and would pay it again. So each batch has two
files in ISSUED_ROOT: a manifest, written and flushed to the disk before the payment files are committed, and
an empty mark, made after the commit and before the first byte is served. A manifest without its mark was left
by a process that was killed: nothing of it has left the house, and it is adopted, or replaced when somebody
dropped out meanwhile. A mark that the database knows nothing of says that the database was restored: nothing
is prepared or filed any more until that is cleared up, for under another number the same money would go too.

Each database has its own folder, named for the moment of its first migration, which a backup keeps.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from payouts.models import PaymentFile, PayoutBatch
from pulse_site.refusal import Refused

Manifest = dict[str, Any]


def manifest(batch: PayoutBatch, files: Iterable[PaymentFile]) -> Manifest:
    """What is remembered of a batch: its digest, the moment, and each file with its SHA-256 and sums."""
    assert batch.filed_at is not None and batch.effective_on is not None  # noqa: S101
    return {
        "batch": batch.reference,
        "digest": batch.digest,
        "filed_at": batch.filed_at.isoformat(),
        "effective_on": batch.effective_on.isoformat(),
        "files": [
            {
                "name": file.name,
                "sha256": file.sha256,
                "payments": file.payments,
                "total_micros": file.total_micros,
            }
            for file in files
        ],
    }


def write(batch: PayoutBatch, said: Manifest) -> None:
    """Write the manifest before the files are committed; one that was left behind is adopted or replaced.

    Raises Refused when the batch's files were issued before, or the folder can't be written.
    """
    require_not_issued(batch)
    path = _manifest_path(batch.reference)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and _read(path) != said:
            path.unlink()
        if not path.exists():
            _create(path, json.dumps(said, indent=1))
    except OSError as error:
        raise _unwritable(error) from error


def mark(batch: PayoutBatch) -> None:
    """Say that the files may leave the house; before they do.

    Raises Refused when the manifest is not theirs.
    """
    path = _manifest_path(batch.reference)
    if _read(path) != manifest(batch, batch.files.defer("content")):
        raise Refused(
            _("The manifest %(path)s is not the one of these files; nothing is handed out. Find out why.")
            % {"path": path}
        )
    try:
        if not _mark_path(batch.reference).exists():
            _create(_mark_path(batch.reference), "")
    except FileExistsError:
        pass  # by another process at the same moment
    except OSError as error:
        raise _unwritable(error) from error


def left_behind(batch: PayoutBatch) -> Manifest | None:
    """The manifest of an attempt at the same approved payments that was killed before its commit."""
    found = _read(_manifest_path(batch.reference))
    return found if found and found.get("digest") == batch.digest else None


def require_not_issued(batch: PayoutBatch) -> None:
    """Raises Refused when this batch's files left the house before."""
    if _mark_path(batch.reference).exists():
        raise _restored(batch.reference)


def require_all_known() -> None:
    """Raises Refused when files left the house that this database doesn't know."""
    if unknown := unknown_batches():
        raise _restored(unknown[0])


def unknown_batches() -> list[str]:
    """References of batches whose files left the house, and of which this database has no files."""
    marked = {path.stem for path in folder().glob("*.issued")}
    known = PayoutBatch.objects.filter(reference__in=marked, files__isnull=False)
    return sorted(marked - set(known.values_list("reference", flat=True)))


def breaches() -> Iterator[str]:
    """What `verify` says: manifests that lack or differ, and files that only the manifests know."""
    for batch in PayoutBatch.objects.filter(files__isnull=False).distinct().order_by("pk"):
        if _read(_manifest_path(batch.reference)) != manifest(batch, batch.files.defer("content")):
            yield f"the files of {batch} are not those of its manifest {_manifest_path(batch.reference)}"
    for reference in unknown_batches():
        yield f"the files of {reference} were issued, this database does not know them: is it a backup?"


def folder() -> Path:
    """Where the manifests of this database stand."""
    first = MigrationRecorder(connection).migration_qs.order_by("id").values_list("applied", flat=True)[0]
    return Path(settings.ISSUED_ROOT) / f"{first:%Y%m%dT%H%M%S%f}"


def _manifest_path(reference: str) -> Path:
    return folder() / f"{reference}.json"


def _mark_path(reference: str) -> Path:
    return folder() / f"{reference}.issued"


def _read(path: Path) -> Manifest | None:
    """None for a manifest that isn't there, or that a process was killed in the middle of."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _create(path: Path, text: str) -> None:
    """Make the file, which must not be there, and see it on the disk, with its name."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def _unwritable(error: OSError) -> Refused:
    return Refused(
        _("ISSUED_ROOT can't be written (%(error)s); no payment file is made without it.")
        % {"error": error.strerror}
    )


def _restored(reference: str) -> Refused:
    return Refused(
        _(
            "The payment files of batch %(batch)s were issued, and this database doesn't know that: it was "
            "restored from an older backup. Restore a later one, or ask the bank what was paid, book it by "
            "manual entries, and then move %(path)s away."
        )
        % {"batch": reference, "path": _mark_path(reference)}
    )
