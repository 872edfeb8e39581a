"""How a file's header was read: shown to a person, corrected, remembered for the next file that has it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from pulse_site.feeds.feed import Column, Feed
from pulse_site.feeds.mapping import Columns, folded, numberless
from pulse_site.feeds.reading import AS_FOUND, Reading, Source
from pulse_site.models import HeaderMapping, Upload, User
from pulse_site.refusal import Refused

LONGEST_SAMPLE = 60
SHOWN_ROWS = 20  # of the first ones, among which a person finds the header
SHOWN_CELLS = 8


def fingerprint(header: Sequence[str]) -> str:
    """What a header is known by: its names in their order, by their letters and digits."""
    return hashlib.sha256("\n".join(map(folded, map(numberless, header))).encode()).hexdigest()


class Corrections:
    """What people said of the headers of a feed: for this upload, or else for an earlier one."""

    def __init__(self, upload: Upload) -> None:
        self.given: dict[str, str] | None = upload.options.get("columns")
        self.reading = Reading(**upload.options.get("reading", {}))
        self._remembered = {
            m.fingerprint: m for m in HeaderMapping.objects.select_related("by").filter(feed=upload.feed)
        }

    def remembered(self, header: Sequence[str]) -> HeaderMapping | None:
        return self._remembered.get(fingerprint(header)) if self.given is None else None

    def opened(self, path: Path, knows: Callable[[Sequence[str]], int]) -> Source:
        """The file, read as was said of it, or else of an earlier one with the same header.

        Such a header is found in whatever line and between whatever delimiters it stands; only an encoding
        or a sheet that nobody would guess is tried again.
        """
        source = Source(path, knows, self.reading, self._known)
        if self.reading != AS_FOUND:
            return source
        for reading in self._readings(source):
            with suppress(Refused):
                other = Source(path, knows, reading, self._known)
                if self._known(other.header):
                    return other
        return source

    def _readings(self, source: Source) -> Iterator[Reading]:
        """The remembered ones that would read it otherwise than it is."""
        same = self._remembered.get(fingerprint(source.header))
        for said in {
            tuple(sorted(m.reading.items())) for m in ([same] if same else self._remembered.values())
        }:
            reading = Reading(**dict(said))
            text = not source.sheet and reading.encoding not in ("", source.encoding)
            if text or (reading.sheet in source.sheets and reading.sheet != source.sheet):
                yield reading

    def _known(self, header: Sequence[str]) -> bool:
        return fingerprint(header) in self._remembered

    def of(self, header: Sequence[str]) -> dict[str, str]:
        """Header -> column, blank for none."""
        if self.given is not None:
            return self.given
        found = self._remembered.get(fingerprint(header))
        said = {folded(name): column for name, column in found.columns.items()} if found else {}
        return {name: said[folded(name)] for name in header if folded(name) in said}


def shown(feed: Feed, source: Source, columns: Columns, remembered: HeaderMapping | None) -> dict[str, Any]:
    """How the header was read, for people: kind, encoding, delimiter, sheet, sheets, header_line, head (line
    and cells of the first rows), headers (header, samples, column), columns (name, required, mapped),
    missing, remembered (by, at) and the fingerprint.

    A confidential feed shows no samples.
    """
    column_at = {at: name for name, places in columns.places.items() for at in places}
    return {
        "kind": "workbook" if source.sheet else "text",
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "sheets": source.sheets,
        "head": [(line, _shown_row(feed, cells)) for line, cells in source.head[:SHOWN_ROWS]],
        "header_line": source.header_line,
        "headers": [
            {
                "header": header,
                "samples": [] if feed.confidential else _samples(source, at),
                "column": column_at.get(at, ""),
            }
            for at, header in enumerate(source.header)
        ],
        **_mapped(columns.columns, set(column_at.values())),
        "remembered": remembered and {"by": str(remembered.by or ""), "at": remembered.at.isoformat()},
        "fingerprint": fingerprint(source.header),
    }


def corrected(
    mapping: Mapping[str, Any], columns: Sequence[Column], wanted: Mapping[str, str], by: User | None
) -> dict[str, Any]:
    """The mapping as a person wants it: header -> column, blank for none.

    Raises Refused for names that aren't there, for a column given to several headers that takes one only, and
    when a required column is missing.
    """
    headers = [entry | {"column": wanted.get(entry["header"], "")} for entry in mapping["headers"]]
    given = [column for column in {e["header"]: e["column"] for e in headers}.values() if column]
    takes_many = {column.name for column in columns if column.choose}
    _refuse(
        set(wanted) - {entry["header"] for entry in headers}, _("The file has no column named %(names)s.")
    )
    _refuse(set(given) - {column.name for column in columns}, _("Pulse reads no column named %(names)s."))
    _refuse(
        {name for name in given if given.count(name) > 1} - takes_many,
        _("Several columns of the file are given as %(names)s; choose one of them."),
    )
    found = _mapped(columns, set(given))
    _refuse(set(found["missing"]), _("Say which column of the file has %(names)s."))
    return {**mapping, **found, "headers": headers, "remembered": None, "by": by.pk if by else None}


def remember(upload: Upload) -> None:
    """Keep the corrections of an upload for the next file of its feed with the same header."""
    said = upload.options.get("reading", {})
    if upload.options.get("columns") or said:
        HeaderMapping.objects.update_or_create(
            feed=upload.feed,
            fingerprint=upload.mapping["fingerprint"],
            defaults={
                "columns": upload.options.get("columns", {}),
                "reading": {name: said[name] for name in ("encoding", "sheet") if said.get(name)},
                "by_id": upload.mapping.get("by") or upload.uploaded_by_id,
                "at": timezone.now(),
            },
        )


def _mapped(columns: Sequence[Column], given: set[str]) -> dict[str, Any]:
    return {
        "columns": [
            {"name": column.name, "required": column.required, "mapped": column.name in given}
            for column in columns
        ],
        "missing": [column.name for column in columns if column.required and column.name not in given],
    }


def _shown_row(feed: Feed, cells: Sequence[str]) -> list[str]:
    """The first cells of a row; of a confidential feed only which of them are filled."""
    short = [" ".join(cell.split())[:LONGEST_SAMPLE] for cell in cells[:SHOWN_CELLS]]
    return ["•••" if cell else "" for cell in short] if feed.confidential else short


def _samples(source: Source, at: int) -> list[str]:
    cells = (row[at] for row in source.samples if at < len(row))
    return [" ".join(cell.split())[:LONGEST_SAMPLE] for cell in cells]


def _refuse(names: set[str], message: str) -> None:
    if names:
        raise Refused(message % {"names": ", ".join(sorted(names))[:200]})
