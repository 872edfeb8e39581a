"""What leaves the house as CSV or XLSX: harmless texts, and files of any length in flat memory.

There is one rule for texts that a spreadsheet would run, so that a lineup, a list of rejected rows and an
export can't differ in what they let pass. A workbook is written as it is sent, for the libraries keep it
whole, in memory or on a disk, before its first byte leaves.
"""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any, BinaryIO, cast
from xml.sax.saxutils import escape

# What Excel, LibreOffice or Sheets take for the start of a formula, also behind blanks and in full width.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[^\S\t\r]*[\t\r]")
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SHEET_ROWS = 1_000_000  # a sheet holds 1,048,576
CELL = 32_767  # characters that Excel takes
EXACT = 10**15  # from here on a spreadsheet rounds numbers, so that the number of a video becomes another's
EPOCH = datetime.datetime(1899, 12, 30)  # what a spreadsheet counts days from
CHUNK = 1 << 16
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# As they are, days (1) and moments (2); what stands around the formats must be there.
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf xfId="0"/><xf numFmtId="164" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would run, with a quote before it; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def restored(text: str) -> str:
    """The text without the quote that `harmless` put before it."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


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


def csv_document(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A whole CSV that is kept: the same rows give the same bytes; amounts may be negative."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell if _is_amount(cell) else harmless(cell) for cell in row])
    return f"\ufeff{lines.getvalue()}".encode()


def _is_amount(cell: Any) -> bool:
    """A negative amount of ours begins with what a formula may begin with, and is none."""
    return isinstance(cell, str) and cell.lstrip("-").replace(".", "", 1).isdecimal() and cell.isascii()


def xlsx_chunks(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The bytes of a workbook: numbers and days as such, every text harmless, a new sheet when one is full.

    A number that a spreadsheet would round is written as text.
    """
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
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and -EXACT < value < EXACT:
        return f"<c><v>{value}</v></c>"
    if isinstance(value, datetime.date):
        return _moment(value)
    text = escape(NO_XML.sub("", str(harmless(value)))[:CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _moment(value: datetime.date) -> str:
    """A day, or a moment in UTC, as the number of days that a spreadsheet shows as such."""
    if not isinstance(value, datetime.datetime):
        return f'<c s="1"><v>{(value - EPOCH.date()).days}</v></c>'
    moment = value.astimezone(datetime.UTC).replace(tzinfo=None) if value.tzinfo else value
    return f'<c s="2"><v>{(moment - EPOCH) / datetime.timedelta(days=1):.9f}</v></c>'


def _parts(sheets: int) -> Iterator[tuple[str, str]]:
    """What makes sheets a workbook: the parts that name them, which may come last."""
    numbers = range(1, sheets + 1)
    pages = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{pages}</sheets></workbook>',
    )
    yield "xl/styles.xml", _STYLES
    links = [
        ("xl/_rels/workbook.xml.rels", f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers
    ] + [("xl/_rels/workbook.xml.rels", "styles", "styles", "styles.xml")]
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
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
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
