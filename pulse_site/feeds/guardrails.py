"""What is so unlikely about an import that it takes a second confirmation, which says why.

A file of another kind, of the wrong day or with half of it missing is readable all the same; the damage would
be found weeks later. So the figures of a preview are held against limits (settings IMPORT_WARN_...), and what
is beyond them is only written when a person, or a script by its flag, says that it is meant. An import that
changes nothing needs no confirmation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from pulse_site.feeds.feed import Feed, Warned
from pulse_site.models import Upload
from pulse_site.refusal import Refused

FEW_ROWS = 10  # so many bad rows are a slip of the pen, whatever part of the file they are


class NotConfirmed(Refused):
    """There are warnings that nobody has confirmed; `summary` is the import's, with all of them."""

    def __init__(self, unconfirmed: list[dict[str, Any]], summary: dict[str, Any]) -> None:
        super().__init__(" ".join([each["message"] for each in unconfirmed]))
        self.summary = summary


def warnings(feed: Feed, figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What should be confirmed before an import with these figures: code, figures, message of each."""
    if not figures["created"] and not figures["updated"]:
        return []
    found = [*_rejected(figures), *_applied_before(figures), *feed.warnings(figures)]
    return [asdict(each) for each in found]


def same_file(upload: Upload, sha256: str) -> dict[str, Any]:
    """The last other upload with the same bytes that was applied: upload, at, as_of, by; empty without one.

    The same file as of another day is only told; with the same options it would undo later corrections.
    """
    same = (
        Upload.objects.filter(feed=upload.feed, sha256=sha256, status=Upload.Status.APPLIED)
        .exclude(pk=upload.pk)
        .select_related("uploaded_by")
        .order_by("applied_at")
    )
    earlier = same.filter(options=upload.options).last() or same.last()
    if earlier is None or earlier.applied_at is None:
        return {}
    told = {
        "upload": earlier.pk,
        "at": earlier.applied_at.isoformat(timespec="seconds"),
        "as_of": earlier.options.get("as_of", ""),
        "by": str(earlier.uploaded_by or ""),
    }
    return {
        "same_file": told,
        **({"imported_before": told["at"]} if earlier.options == upload.options else {}),
    }


def percent(part: int, whole: int) -> float:
    """To one decimal, rounded down: never more than it is."""
    return part * 1_000 // whole / 10 if whole else 0.0


def _rejected(figures: Mapping[str, Any]) -> Iterator[Warned]:
    rejected, rows, limit = figures["rejected"], figures["rows"], settings.IMPORT_WARN_REJECTED_PERCENT
    if rejected >= FEW_ROWS and rejected * 100 > rows * limit:
        found = {"rejected": rejected, "rows": rows, "percent": percent(rejected, rows), "limit": limit}
        yield Warned(
            "rejected",
            found,
            _("%(rejected)s of %(rows)s rows are rejected (%(percent)s %%, expected at most %(limit)s %%).")
            % found,
        )


def _applied_before(figures: Mapping[str, Any]) -> Iterator[Warned]:
    if figures["updated"] and "imported_before" in figures:
        yield Warned(
            "applied_before",
            figures["same_file"],
            _("The same file was applied before, on %(day)s; it would undo what came since.")
            % {"day": figures["imported_before"][:10]},
        )
