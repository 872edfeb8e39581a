"""Rejected rows as a file that can be corrected and given again.

Each row goes out as it came, behind three columns that say what is wrong with it; readers of feeds cut those
off again (reading.py). The file is read a second time for that, beside the list of what was rejected: both
are in the order of the lines, so that neither is ever held as a whole. Where the file is gone, or holds what
not everybody may see, the list goes out by itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from pulse_site.feeds import feed as feeds
from pulse_site.feeds.reading import REASONS, Reading, Source
from pulse_site.models import RejectedRow, Upload
from pulse_site.refusal import Refused

COLUMNS = ("line", "column", "value", "reason", "message")
CHUNK = 2_000
Rows = Iterator[Sequence[Any]]


def lines(upload: Upload) -> tuple[Sequence[str], Rows]:
    """The header and the rows of all that was rejected of an upload, in the order of the lines."""
    found = upload.rejected_rows.order_by("line", "id")
    source = _source(upload)
    if source is None:
        return COLUMNS, found.values_list(*COLUMNS).iterator(CHUNK)
    return (*REASONS, *source.header), _beside(source, found)


def _source(upload: Upload) -> Source | None:
    if not upload.file or not upload.mapping or feeds.named(upload.feed).confidential:
        return None
    found = upload.mapping
    reading = Reading(found["encoding"], found["delimiter"], found["sheet"], found["header_line"])
    with suppress(Refused):
        return Source(Path(upload.file.path), lambda cells: 0, reading)
    return None


def _beside(source: Source, found: QuerySet[RejectedRow]) -> Rows:
    rejected = found.values_list("line", "column", "message").iterator(CHUNK)
    wanted = next(rejected, None)
    for line, cells in source.rows():
        while wanted and wanted[0] < line:
            wanted = next(rejected, None)
        if wanted is None:
            return
        if wanted[0] == line:
            yield (*wanted, *cells)
