"""An import from file to database: staged, judged, then previewed or applied.

Rows are read and staged before the transaction that writes, so that nobody waits for the parsing; what they
would change is found out inside it, so that nothing can come between the finding and the writing. A preview
is an import that stops there, and so says the same; its rows stay staged, and the import after it starts
with them. Where they are gone, or were read by other rules, they are staged again.
"""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pulse_site.feeds import feed as feeds
from pulse_site.feeds import guardrails, headers
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Progress
from pulse_site.feeds.guardrails import NotConfirmed
from pulse_site.feeds.mapping import Columns, Rejected, known
from pulse_site.feeds.reading import Record, Source, digest
from pulse_site.feeds.staging import Stage, drop_staged, take_turn
from pulse_site.models import Upload
from pulse_site.refusal import Refused

READ = 600  # permille of the progress when all rows are staged
KEPT = [
    "status",
    "summary",
    "sha256",
    "error",
    "applied_at",
    "before",
    "confirmed",
    "confirmed_by",
    "confirmed_at",
]


class NoUsableRow(Refused):
    """Each row is rejected; another reading of the file, or of its columns, may do better."""


class Import:
    """One import of one file; it reads the upload's feed and options, and keeps its outcome there.

    `rejects` is where the rejected rows are written as CSV; with `confirmed` every warning is taken.
    """

    def __init__(
        self,
        upload: Upload,
        path: Path,
        rejects: Path | None = None,
        progress: Progress | None = None,
        confirmed: bool = False,
    ) -> None:
        self.started = time.monotonic()
        self.upload = upload
        self.path = path
        self.rejects = rejects
        self.confirmed = confirmed
        self._read = True
        self.staged: dict[str, Any] = {}
        self.sha256 = ""
        self._tell = progress or (lambda permille, step: None)
        self.feed = feeds.named(upload.feed)(upload.options)
        self.feed.progress = lambda permille, step: self.progress(800 + permille * 3 // 20, step)
        self.columns = self.feed.columns
        if rejects and rejects.resolve() == path.resolve():
            raise Refused(_("The rejected rows can't be written over the file itself."))

    def preview(self) -> dict[str, Any]:
        if self.upload.pk and not self._waiting.exists():
            raise _settled()
        with Stage(self.columns, self._kept_under) as stage:
            self._fill(stage)
            summary = self._judge(stage) | {"sample": stage.sample(self.feed.sample)}
            if self.upload.pk:
                with transaction.atomic():
                    self._claim(Upload.Status.PREVIEWED)
                    self._keep(Upload.Status.PREVIEWED, summary, stage)
        return summary

    def apply(self) -> dict[str, Any]:
        self.feed.admit(self.upload.uploaded_by)
        with Stage(self.columns, self._kept_under if self.upload.staged else None) as stage:
            self._fill(stage)
            with transaction.atomic():
                take_turn()
                self._claim(Upload.Status.APPLIED)
                summary = self._judge(stage)
                self._confirm(summary)
                self.progress(800, _("writing"))
                self.feed.apply(self.upload)
                headers.remember(self.upload)
                summary["seconds"] = self._seconds
                self._keep(Upload.Status.APPLIED, summary, stage)
        if self.upload.staged:
            forget_staged(self.upload)
        self.feed.afterwards()
        self.progress(1000, _("done"))
        return summary

    def progress(self, permille: int, step: str) -> None:
        """Tell how far it is; where the rows were staged before, reading them has no part in it."""
        self._tell(permille if self._read else max(0, permille - READ) * 1000 // (1000 - READ), step)

    @property
    def _waiting(self) -> QuerySet[Upload]:
        """The stored upload, unless it is settled by now."""
        return Upload.objects.filter(pk=self.upload.pk, status__in=Upload.WAITING)

    @property
    def _kept_under(self) -> int | None:
        """Under which upload the staged rows are kept: a stored one, unless they are confidential."""
        return None if self.feed.confidential else self.upload.pk

    def _fill(self, stage: Stage) -> None:
        """Stage every row, or why it can't be used, unless that was done by the same rules before."""
        if stage.upload_id and self._staged_before(stage):
            self._read = False
            return
        source, columns = self.read_header()
        columns.require()
        with stage.filling([column.name for column in columns.present]):
            rows = self._load(stage, source, columns)
            self.sha256 = source.sha256
            self.staged = {"rows": rows, "rules": self._rules, "found": columns.found}
            if stage.upload_id:
                self.upload.staged = self.staged
                self._waiting.update(staged=self.staged)
        if not rows:
            raise Refused(_("The file has a header but no rows. Check whether it is the right one."))

    def _staged_before(self, stage: Stage) -> bool:
        self.staged, self.sha256 = self.upload.staged, digest(self.path)
        return bool(self.staged) and self.staged["rules"] == self._rules and stage.holds(self.staged["rows"])

    def read_header(self) -> tuple[Source, Columns]:
        """Find the header and its columns, and keep with the upload how that was done."""
        said = headers.Corrections(self.upload)
        source = said.opened(self.path, lambda cells: known(cells, self.columns, said.of(cells)))
        columns = Columns(source.header, self.columns, said.of(source.header))
        by = self.upload.mapping.get("by")
        shown = headers.shown(self.feed, source, columns, said.remembered(source.header))
        self.upload.mapping = shown | ({"by": by} if by else {})
        self._waiting.update(mapping=self.upload.mapping)
        return source, columns

    @property
    def _rules(self) -> str:
        """What the staged rows depend on: the file, the options, the columns, what these were read by."""
        columns = [(column.name, column.type, str(column.default)) for column in self.columns]
        rules = [self.sha256, self.upload.options, columns, self.feed.knowledge]
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()

    def _load(self, stage: Stage, source: Source, columns: Columns) -> int:
        rows = 0
        for batch in source.batches():
            rows += len(batch)
            stage.load(*_parsed(columns, batch))
            self.progress(source.permille * READ // 1000, _("reading"))
        return rows

    def _judge(self, stage: Stage) -> dict[str, Any]:
        """Find what the staged rows would change; raises Refused when none of them can be used."""
        self.progress(READ, _("checking"))
        stage.begin()
        duplicates = stage.settle_repeated(self.feed.key)
        self.feed.check(stage)
        if self.rejects:
            stage.write_rejected(self.rejects)
        reasons = stage.reasons()
        if not stage.has_rows():
            raise _no_usable_row(self.staged["rows"], stage)
        self.progress(650, _("checking"))
        stage.resolve(*self.feed.resolution())
        self.progress(750, _("checking"))
        changes = stage.changes()
        figures = {
            "rows": self.staged["rows"],
            "created": changes.get("created", 0),
            "updated": changes.get("updated", 0),
            "unchanged": changes.get("unchanged", 0),
            "duplicates": duplicates,
            "rejected": sum(reasons.values()),
            "reasons": reasons,
            "seconds": self._seconds,
            "columns": self.staged["found"],
            **self.feed.extras(),
            **guardrails.same_file(self.upload, self.sha256),
        }
        return figures | {"warnings": guardrails.warnings(self.feed, figures)}

    def _confirm(self, summary: dict[str, Any]) -> None:
        """Raise NotConfirmed when there are warnings that nobody took."""
        codes = [warning["code"] for warning in summary["warnings"]]
        if self.confirmed and codes:
            self.upload.confirmed, self.upload.confirmed_by = codes, self.upload.uploaded_by
            self.upload.confirmed_at = timezone.now()
        unconfirmed = [each for each in summary["warnings"] if each["code"] not in self.upload.confirmed]
        if unconfirmed:
            raise NotConfirmed(unconfirmed, summary)

    def _claim(self, status: str) -> None:
        """Give the upload its row, or move the stored one to `status` unless it is settled by now.

        It may be: this worker may have slept while another applied the upload, or a person cancelled it.
        """
        if not self.upload.pk:
            self.upload.save()
            return
        if not self._waiting.update(status=status):
            raise _settled()
        if self.upload.sha256 not in ("", self.sha256):
            raise Refused(_("The file isn't the one that was previewed; upload it again."))

    def _keep(self, status: str, summary: dict[str, Any], stage: Stage) -> None:
        self.upload.status = status
        self.upload.summary = summary
        self.upload.sha256 = self.sha256
        self.upload.error = ""
        self.upload.applied_at = timezone.now() if status == Upload.Status.APPLIED else None
        self.upload.save(update_fields=KEPT)
        stage.keep_rejected(self.upload)

    @property
    def _seconds(self) -> float:
        return round(time.monotonic() - self.started, 3)


def forget_staged(upload: Upload) -> None:
    """Drop what is staged of an upload; it is staged again where somebody needs it."""
    Upload.objects.filter(pk=upload.pk).update(staged={})
    upload.staged = {}
    drop_staged(upload.pk)


def _parsed(columns: Columns, batch: list[Record]) -> tuple[list[tuple[Any, ...]], list[Rejected]]:
    """All rows at once if they are all right, else one by one."""
    try:
        return columns.read(batch), []
    except Unusable:
        rows, rejected = [], []
    for record in batch:
        try:
            rows += columns.read([record])
        except Unusable:
            rejected.append(columns.complaint(*record))
    return rows, rejected


def _settled() -> Refused:
    return Refused(_("This upload is no longer waiting to be applied."))


def _no_usable_row(rows: int, stage: Stage) -> NoUsableRow:
    line, column, value, _reason, message = stage.first_rejected()
    return NoUsableRow(
        _("None of the %(rows)s rows can be used. First line %(line)s, %(column)s %(value)r: %(message)s")
        % {"rows": rows, "line": line, "column": column, "value": value, "message": message}
    )
