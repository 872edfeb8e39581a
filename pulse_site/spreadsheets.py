"""What leaves the house as CSV or XLSX: harmless texts, and files of any length in flat memory.

There is one rule for texts that a spreadsheet would run, so that a lineup, a list of rejected rows and an
export can't differ in what they let pass. A workbook is written as it is sent, for the libraries keep it
whole, in memory or on a disk, before its first byte leaves.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO, cast
from xml.sax.saxutils import escape

# What Excel, LibreOffice or Sheets take for the start of a formula, also behind blanks and in full width.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[^\S\t\r]*[\t\r]")
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SHEET_ROWS = 1_000_000  # a sheet holds 1,048,576
CELL = 32_767  # characters that Excel takes
CHUNK = 1 << 16
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would run, with a quote before it; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def csv_chunks(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV that a spreadsheet can open: UTF-8 with its mark, every text harmless; some lines at a time."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    lines.write("\ufeff")
    for row in chain([header], rows):
        writer.writerow(map(harmless, row))
        if lines.tell() > CHUNK:
            yield lines.getvalue()
            lines.seek(0)
            lines.truncate()
    yield lines.getvalue()


def xlsx_chunks(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The bytes of a workbook: numbers as numbers, every text harmless, a new sheet when one is full."""
    out, left, sheets = _Outbox(), iter(rows), 0
    with zipfile.ZipFile(cast(BinaryIO, out), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        row: Sequence[Any] | None = next(left, None)
        while row is not None or not sheets:
            sheets += 1
            part = islice(left, SHEET_ROWS - 1)
            filled = chain([header], [row] if row is not None else (), part)
            with book.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                for text in _sheet(filled):
                    sheet.write(text.encode())
                    if out.waiting > CHUNK:
                        yield out.taken()
            row = next(left, None)
        for name, text in _parts(sheets):
            book.writestr(name, _XML + text)
    yield out.taken()


def _sheet(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'
    for row in rows:
        yield f"<row>{''.join(map(_cell, row))}</row>"
    yield "</sheetData></worksheet>"


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    text = escape(NO_XML.sub("", str(harmless(value)))[:CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _parts(sheets: int) -> Iterator[tuple[str, str]]:
    """What makes sheets a workbook: the parts that name them, which may come last."""
    numbers = range(1, sheets + 1)
    pages = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{pages}</sheets></workbook>',
    )
    links = [
        ("xl/_rels/workbook.xml.rels", f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers
    ]
    yield from _relations([("_rels/.rels", "r1", "officeDocument", "xl/workbook.xml")])
    yield from _relations(links)
    types = [
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    ]
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f"{''.join(types)}</Types>",
    )


def _relations(links: Sequence[tuple[str, str, str, str]]) -> Iterator[tuple[str, str]]:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for _name, key, kind, target in links
    )
    yield links[0][0], f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


class _Outbox:
    """A file that can't be rewound: what was written waits here to be sent."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.waiting = 0

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        self.waiting += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing to do: what waits is taken when it is much."""

    def taken(self) -> bytes:
        sent, self.pieces, self.waiting = b"".join(self.pieces), [], 0
        return sent
