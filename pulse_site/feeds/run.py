"""An import from file to database: staged, judged, then previewed or applied.

Rows are read and staged before the transaction that writes, so that nobody waits for the parsing; what they
would change is found out inside it, so that nothing can come between the finding and the writing. A preview
is an import that stops there, and so says the same.
"""

import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pulse_site.feeds import feed as feeds
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.mapping import Columns, Record, Rejected
from pulse_site.feeds.reading import Source
from pulse_site.feeds.staging import Stage, take_turn
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

BATCH = 2_000
ABANDONED_AFTER = datetime.timedelta(days=7)
Progress = Callable[[int, str], None]


def import_file(
    feed: str,
    path: Path,
    *,
    name: str,
    options: Mapping[str, Any],
    by: User | None,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Import a file, or with `dry_run` say what importing it would do.

    `feed` is the feed's name, `name` the file's; `options` are the feed's, and `columns` (header -> column)
    corrects what the header says. `rejects` is where all rejected rows are written as CSV; `progress` is
    called with the permille done and the step. Returns the summary: rows, created, updated, unchanged,
    duplicates, rejected, reasons (reason -> count), seconds, columns (header -> column), imported_before
    (when the same file was last applied with the same options), the feed's own figures and, of a preview, a
    sample. Raises Refused when the file or the options can't be used, or no row; nothing is written then.
    """
    upload = Upload(feed=feed, name=name, options=_storable(options), uploaded_by=by)
    work = _Import(upload, path, rejects, progress)
    return work.preview() if dry_run else work.apply()


def preview(upload: Upload, progress: Progress | None = None) -> dict[str, Any]:
    """Say what applying a stored upload would do, and keep that and its rejected rows with it.

    Returns the summary of import_file; raises Refused as it does, and keeps the reason.
    """
    with _refusal_kept(upload):
        work = _Import(upload, Path(upload.file.path), progress=progress)
        work.feed.admit(upload.uploaded_by)
        return work.preview()


def apply(upload: Upload, progress: Progress | None = None) -> dict[str, Any]:
    """Import a stored upload.

    Returns the summary of import_file; raises Refused as it does, and also for an upload that was applied
    or cancelled, or whose file is not the one that was previewed.
    """
    with _refusal_kept(upload):
        summary = _Import(upload, Path(upload.file.path), progress=progress).apply()
    forget(upload)
    return summary


def forget(upload: Upload) -> None:
    """Remove the stored file of a settled upload if its feed is confidential; may run again."""
    settled = upload.status not in Upload.WAITING
    if settled and upload.file and feeds.named(upload.feed).confidential:
        upload.file.delete(save=False)
        Upload.objects.filter(pk=upload.pk).update(file="")


def forget_old() -> None:
    """Cancel confidential uploads that nobody applied within some days, and forget whatever is settled."""
    stored = Upload.objects.filter(feed__in=feeds.confidential()).exclude(file="")
    long_ago = timezone.now() - ABANDONED_AFTER
    stored.filter(status__in=Upload.WAITING, uploaded_at__lt=long_ago).update(status=Upload.Status.CANCELLED)
    for upload in stored.exclude(status__in=Upload.WAITING):
        forget(upload)


class _Import:
    """One import of one file; it reads the upload's feed and options, and keeps its outcome there."""

    def __init__(
        self, upload: Upload, path: Path, rejects: Path | None = None, progress: Progress | None = None
    ) -> None:
        self.started = time.monotonic()
        self.upload = upload
        self.rejects = rejects
        self.progress = progress or (lambda permille, step: None)
        self.feed = feeds.named(upload.feed)(upload.options)
        if rejects and rejects.resolve() == path.resolve():
            raise Refused(_("The rejected rows can't be written over the file itself."))
        self.source = Source(path)
        self.columns = Columns(self.source.header, self.feed.columns, upload.options.get("columns", {}))
        self.rows = 0

    def preview(self) -> dict[str, Any]:
        with self._stage() as stage:
            self._read(stage)
            summary = self._judge(stage) | {"sample": stage.sample(self.feed.sample)}
            if self.upload.pk:
                with transaction.atomic():
                    self._claim(Upload.Status.PREVIEWED)
                    self._keep(Upload.Status.PREVIEWED, summary, stage)
        return summary

    def apply(self) -> dict[str, Any]:
        self.feed.admit(self.upload.uploaded_by)
        with self._stage() as stage:
            self._read(stage)
            with transaction.atomic():
                take_turn()
                self._claim(Upload.Status.APPLIED)
                summary = self._judge(stage)
                self.progress(800, _("writing"))
                self.feed.apply(self.upload)
                summary["seconds"] = self._seconds
                self._keep(Upload.Status.APPLIED, summary, stage)
        self.feed.afterwards()
        self.progress(1000, _("done"))
        return summary

    def _stage(self) -> Stage:
        return Stage(self.feed.columns, [column.name for column in self.columns.present])

    def _read(self, stage: Stage) -> None:
        """Stage every row, or why it can't be used."""
        records = self.source.rows()
        while batch := list(islice(records, BATCH)):
            self.rows += len(batch)
            stage.load(*self._parse(batch))
            self.progress(self.source.permille * 6 // 10, _("reading"))
        if not self.rows:
            raise Refused(_("The file has a header but no rows."))

    def _parse(self, batch: list[Record]) -> tuple[list[tuple[Any, ...]], list[Rejected]]:
        """All rows at once if they are all right, else one by one."""
        try:
            return self.columns.read(batch), []
        except Unusable:
            rows, rejected = [], []
        for record in batch:
            try:
                rows += self.columns.read([record])
            except Unusable:
                rejected.append(self.columns.complaint(*record))
        return rows, rejected

    def _judge(self, stage: Stage) -> dict[str, Any]:
        """Find what the staged rows would change; raises Refused when none of them can be used."""
        self.progress(600, _("checking"))
        stage.settle()
        duplicates = stage.settle_repeated(self.feed.key)
        self.feed.check(stage)
        if self.rejects:
            stage.write_rejected(self.rejects)
        reasons = stage.reasons()
        if not stage.has_rows():
            raise _no_usable_row(self.rows, stage)
        stage.resolve(*self.feed.resolution())
        changes = stage.changes()
        return {
            "rows": self.rows,
            "created": changes.get("created", 0),
            "updated": changes.get("updated", 0),
            "unchanged": changes.get("unchanged", 0),
            "duplicates": duplicates,
            "rejected": sum(reasons.values()),
            "reasons": reasons,
            "seconds": self._seconds,
            "columns": self.columns.found,
            **self.feed.extras(),
            **self._imported_before(),
        }

    def _claim(self, status: str) -> None:
        """Give the upload its row, or move the stored one to `status` unless it is settled by now.

        It may be: this worker may have slept while another applied the upload, or a person cancelled it.
        """
        if not self.upload.pk:
            self.upload.save()
            return
        if not Upload.objects.filter(pk=self.upload.pk, status__in=Upload.WAITING).update(status=status):
            raise Refused(_("This upload is no longer waiting to be applied."))
        if self.upload.sha256 not in ("", self.source.sha256):
            raise Refused(_("The file isn't the one that was previewed; upload it again."))

    def _keep(self, status: str, summary: dict[str, Any], stage: Stage) -> None:
        self.upload.status = status
        self.upload.summary = summary
        self.upload.sha256 = self.source.sha256
        self.upload.applied_at = timezone.now() if status == Upload.Status.APPLIED else None
        self.upload.save()
        stage.keep_rejected(self.upload)

    def _imported_before(self) -> dict[str, str]:
        earlier = Upload.objects.filter(
            feed=self.upload.feed,
            sha256=self.source.sha256,
            options=self.upload.options,
            status=Upload.Status.APPLIED,
        ).order_by("applied_at").exclude(pk=self.upload.pk).last()  # fmt: skip
        if earlier is None or earlier.applied_at is None:
            return {}
        return {"imported_before": earlier.applied_at.isoformat(timespec="seconds")}

    @property
    def _seconds(self) -> float:
        return round(time.monotonic() - self.started, 3)


@contextmanager
def _refusal_kept(upload: Upload) -> Iterator[None]:
    """A stored upload remembers why it was refused, unless it is already settled."""
    try:
        yield
    except Refused as refusal:
        waiting = Upload.objects.filter(pk=upload.pk, status__in=Upload.WAITING)
        waiting.update(status=Upload.Status.REFUSED, error=str(refusal))
        upload.refresh_from_db(fields=["status"])
        forget(upload)
        raise


def _no_usable_row(rows: int, stage: Stage) -> Refused:
    line, column, value, _reason, message = stage.first_rejected()
    return Refused(
        _("None of the %(rows)s rows can be used. First line %(line)s, %(column)s %(value)r: %(message)s")
        % {"rows": rows, "line": line, "column": column, "value": value, "message": message}
    )


def _storable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON keeps them: days as text."""
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in options.items()
        if value is not None
    }
