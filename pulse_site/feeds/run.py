"""The doors of every import: a file at once, or an upload step by step.

An upload is previewed, its columns corrected, its warnings confirmed, applied, undone, or cancelled; each
step is one function here, for a page, a background run and a command alike.
"""

import datetime
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pulse_site import audit
from pulse_site.encryption import EncryptedFile, decrypted
from pulse_site.feeds import feed as feeds
from pulse_site.feeds import headers
from pulse_site.feeds.feed import Feed, Progress
from pulse_site.feeds.guardrails import NotConfirmed
from pulse_site.feeds.importing import Import, NoUsableRow, forget_staged
from pulse_site.feeds.mapping import MissingColumns
from pulse_site.feeds.reading import Reading
from pulse_site.feeds.staging import staged_uploads, take_turn
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

__all__ = [
    "NotConfirmed",
    "apply",
    "cancel",
    "confirm",
    "correct",
    "import_file",
    "inspect",
    "preview",
    "read_otherwise",
    "undo",
]
ABANDONED_AFTER = datetime.timedelta(days=7)


def import_file(
    feed: str,
    path: Path,
    *,
    name: str,
    options: Mapping[str, Any],
    by: User | None,
    dry_run: bool = False,
    confirmed: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Import a file, or with `dry_run` say what importing it would do.

    `feed` is the feed's name, `name` the file's; `options` are the feed's, and `columns` (header -> column)
    corrects what the header says; `confirmed` takes the warnings. `rejects` is where all rejected rows are
    written as CSV; `progress` is called with the permille done and the step. Returns the summary: rows,
    created, updated, unchanged, duplicates, rejected, reasons (reason -> count), seconds, columns (header ->
    column), imported_before (when the same file was last applied with the same options), warnings (code,
    figures, message of each), the feed's own figures and, of a preview, a sample. Raises Refused when the
    file or the options can't be used, or no row, and NotConfirmed when there are warnings; nothing is written
    then.
    """
    upload = Upload(feed=feed, name=name, options=_storable(options), uploaded_by=by)
    work = Import(upload, path, rejects, progress, confirmed)
    return work.preview() if dry_run else work.apply()


def preview(upload: Upload, progress: Progress | None = None) -> dict[str, Any]:
    """Say what applying a stored upload would do; keep that, its rejected rows and its staged rows with it.

    Returns the summary of import_file; raises Refused as it does, and keeps the reason. An upload that lacks
    columns (MissingColumns), or has no usable row as it is read (NoUsableRow), goes on waiting, for a person
    may say how it is read.
    """
    with _refusal_kept(upload), _stored(upload) as path:
        work = Import(upload, path, progress=progress)
        work.feed.admit(upload.uploaded_by)
        return work.preview()


def inspect(upload: Upload) -> dict[str, Any]:
    """How the header of a stored upload was read (headers.shown), missing columns or not; raises Refused when
    it can't be."""
    if "head" not in upload.mapping:
        with suppress(MissingColumns), _stored(upload) as path:
            Import(upload, path).read_header()
    return upload.mapping


def correct(upload: Upload, columns: Mapping[str, str], by: User | None) -> None:
    """Say which column each header is (blank for none); the upload then waits for another preview.

    What is applied so is remembered for the next file with this header. Raises Refused for a mapping that
    can't be, and for an upload that is settled.
    """
    mapping = headers.corrected(inspect(upload), _feed(upload).columns, columns, by)
    wanted = {entry["header"]: entry["column"] for entry in mapping["headers"]}
    with transaction.atomic():
        _move(
            upload,
            Upload.Status.UPLOADED,
            options=upload.options | {"columns": wanted},
            mapping=mapping,
            summary={},
            error="",
            confirmed=[],
        )
        upload.rejected_rows.all().delete()


def read_otherwise(upload: Upload, reading: Reading, by: User | None) -> None:
    """Read the head of the file as a person says; the upload then waits for its columns and a preview.

    Raises Refused, and leaves the upload as it was, when the file can't be read like that.
    """
    said = {name: value for name, value in asdict(reading).items() if value}
    options = {name: value for name, value in upload.options.items() if name not in ("columns", "reading")}
    options |= {"reading": said} if said else {}
    tried = Upload(feed=upload.feed, options=options)
    try:
        with _stored(upload) as path:
            Import(tried, path).read_header()
    except Refused as refusal:
        raise Refused(_("The file can’t be read like that: %(why)s") % {"why": refusal}) from None
    with transaction.atomic():
        _move(
            upload,
            Upload.Status.UPLOADED,
            options=options,
            mapping=tried.mapping | {"by": by.pk if by else None},
            summary={},
            error="",
            confirmed=[],
        )
        upload.rejected_rows.all().delete()


def confirm(upload: Upload, codes: Collection[str], by: User | None) -> None:
    """Take the warnings with these codes, as `by`; raises Refused for an upload that is settled."""
    _move(
        upload,
        Upload.Status.PREVIEWED,
        confirmed=sorted(codes),
        confirmed_by=by,
        confirmed_at=timezone.now(),
    )


def apply(upload: Upload, progress: Progress | None = None) -> dict[str, Any]:
    """Import a stored upload.

    Returns the summary of import_file; raises Refused as it does, and also for an upload that was applied
    or cancelled, or whose file is not the one that was previewed. NotConfirmed leaves it previewed, with the
    warnings as they are by now.
    """
    with _refusal_kept(upload), _stored(upload) as path:
        summary = Import(upload, path, progress=progress).apply()
    forget(upload)
    return summary


def at_rest(feed: str, file: File) -> File:
    """A given file as it is stored: encrypted, if its feed is confidential."""
    return EncryptedFile(file) if feeds.named(feed).confidential else file


def cancel(upload: Upload) -> None:
    """Leave an upload; raises Refused when it is settled already."""
    _move(upload, Upload.Status.CANCELLED)
    forget(upload)


def obstacles(upload: Upload) -> list[str]:
    """What stands in the way of undoing an upload, in words for people; nothing does when it is empty."""
    if upload.status != Upload.Status.APPLIED:
        return [_("Only what was applied can be undone.")]
    return _feed(upload).obstacles(upload)


def undo(upload: Upload, by: User | None, progress: Progress | None = None) -> dict[str, Any]:
    """Take back an applied import, as long as nothing was built on it.

    Returns what was taken back, which stands in the summary as `undone` too. Raises Refused with what stands
    in the way.
    """
    feed = _feed(upload)
    feed.progress = progress or feed.progress
    with transaction.atomic():
        take_turn()
        upload.refresh_from_db()
        if reasons := obstacles(upload):
            raise Refused(" ".join(reasons))
        undone: dict[str, Any] = feed.undo(upload, by)
        upload.status, upload.undone_by, upload.undone_at = Upload.Status.UNDONE, by, timezone.now()
        upload.summary |= {"undone": undone}
        upload.save()
        audit.record(by, "upload.undo", upload, **undone)
    return undone


def forget(upload: Upload) -> None:
    """Drop what is staged of a settled upload, and its file if the feed is confidential; may run again."""
    if upload.status in Upload.WAITING:
        return
    if upload.staged:
        forget_staged(upload)
    if upload.file and feeds.named(upload.feed).confidential:
        upload.file.delete(save=False)
        Upload.objects.filter(pk=upload.pk).update(file="")


def forget_old() -> None:
    """Cancel confidential uploads that nobody applied within some days; forget what is settled, and the
    staged rows of whatever waits so long."""
    long_ago = timezone.now() - ABANDONED_AFTER
    stored = Upload.objects.filter(feed__in=feeds.confidential()).exclude(file="")
    stored.filter(status__in=Upload.WAITING, uploaded_at__lt=long_ago).update(status=Upload.Status.CANCELLED)
    for upload in stored.exclude(status__in=Upload.WAITING):
        forget(upload)
    fresh = Upload.objects.filter(status__in=Upload.WAITING, uploaded_at__gte=long_ago)
    for upload_id in staged_uploads() - set(fresh.values_list("pk", flat=True)):
        forget_staged(Upload(pk=upload_id))


@contextmanager
def _stored(upload: Upload) -> Iterator[Path]:
    """Where the bytes of the stored file can be read, as they were given."""
    path = Path(upload.file.path)
    if not feeds.named(upload.feed).confidential:
        yield path
        return
    with ExitStack() as stack:
        try:
            plain = stack.enter_context(decrypted(path))
        except ValueError:
            raise Refused(_("The file was encrypted by a key that is gone; upload it again.")) from None
        yield plain


def _feed(upload: Upload) -> Feed:
    return feeds.named(upload.feed)(upload.options)


def _move(upload: Upload, status: str, **fields: Any) -> None:
    """Move an upload that waits; raises Refused when it is settled by now."""
    fields |= {"status": status}
    if not Upload.objects.filter(pk=upload.pk, status__in=Upload.WAITING).update(**fields):
        raise Refused(_("This upload is no longer waiting to be applied."))
    for name, value in fields.items():
        setattr(upload, name, value)


@contextmanager
def _refusal_kept(upload: Upload) -> Iterator[None]:
    """A stored upload remembers why it was refused, unless it is already settled.

    Where a person can still help, by naming columns or by confirming, it goes on waiting.
    """
    waiting = Upload.objects.filter(pk=upload.pk, status__in=Upload.WAITING)
    try:
        yield
    except (MissingColumns, NoUsableRow) as refusal:
        waiting.update(status=Upload.Status.UPLOADED, error=str(refusal))
        raise
    except NotConfirmed as unconfirmed:
        waiting.update(status=Upload.Status.PREVIEWED, summary=unconfirmed.summary)
        raise
    except Refused as refusal:
        waiting.update(status=Upload.Status.REFUSED, error=str(refusal))
        upload.refresh_from_db(fields=["status", "staged"])
        forget(upload)
        raise


def _storable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON keeps them: days as text."""
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in options.items()
        if value is not None
    }
