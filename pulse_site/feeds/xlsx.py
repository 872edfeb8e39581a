"""Rows of a workbook's first sheet, as text.

A workbook is a zip file of XML: a few kilobytes may unpack into gigabytes, and one cell at the far corner
of a sheet makes a table of 17 thousand million cells. Both are measured first, in a stream.
"""

import datetime
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine
from django.utils.translation import gettext as _

from pulse_site.refusal import Refused

MAGIC = b"PK\x03\x04"
LARGEST_BYTES = 300_000_000
LARGEST_CELLS = 10_000_000
CHUNK = 1_000_000
EXACT_FLOATS = 2**53
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row of the first sheet with its number; raises Refused for what can't be unpacked safely."""
    try:
        _measure(path)
        workbook = python_calamine.load_workbook(str(path))
        for line, cells in enumerate(workbook.get_sheet_by_index(0).iter_rows(), start=1):
            yield line, list(map(_text, cells))
    except (
        zipfile.BadZipFile,
        python_calamine.CalamineError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise Refused(
            _("The workbook can't be opened (%(error)s). Save it again as XLSX or CSV.") % {"error": error}
        ) from None


def _measure(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > LARGEST_BYTES:
            raise Refused(_("The workbook unpacks to more than 300 MB. Save the sheet as CSV."))
        for member in members:
            width, height = _extent(archive, member)
            if width * height > LARGEST_CELLS:
                raise Refused(_("The sheet spans more than ten million cells. Save the rows as CSV."))


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    """The furthest column and row of the cells of a sheet; reading it also proves its declared size."""
    width = height = 0
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(CHUNK):
            for letters, digits in set(_CELL.findall(tail + chunk)):
                width, height = max(width, _column(letters)), max(height, int(digits))
            tail = chunk[-32:]
    return width, height


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:
    """A cell as a person would type it; a number that a spreadsheet has rounded shows that it is."""
    if isinstance(cell, float):
        exact = cell.is_integer() and abs(cell) < EXACT_FLOATS
        return str(int(cell)) if exact else repr(cell) if abs(cell) < EXACT_FLOATS else f"{cell:.14E}"
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell).replace("\0", "")
