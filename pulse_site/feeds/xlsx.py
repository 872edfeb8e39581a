"""Rows of a sheet of a workbook, as text, in a stream.

A workbook is a zip file of XML, and a few kilobytes may unpack into gigabytes. So nothing of it is ever held
as a whole: the sheet is parsed as it is unpacked, a row at a time, and the texts that cells only name by a
number wait in a file of their own. What no honest workbook needs (a document type, a cell as long as a book)
is refused.
"""

import datetime
import posixpath
import re
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from pulse_site.refusal import Refused

MAGIC = b"PK\x03\x04"
HARMLESS_BYTES = 300_000_000
LARGEST_BYTES = 4_000_000_000
LARGEST_RATIO = 40  # of what is unpacked to what is packed; sheets of numbers come to 10 or 20
MOST_COLUMNS = 16_384
MOST_SHEETS = 200
LONGEST_CELL = 131_072
CHUNK = 250_000
HELD_BYTES = 20_000_000  # of shared texts, in memory
HEAD = 20  # rows by which it is seen where the table stands in the sheet
EXACT_FLOATS = 2**53
EPOCHS = {False: datetime.datetime(1899, 12, 30), True: datetime.datetime(1904, 1, 1)}  # noqa: DTZ001
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_LETTERS = re.compile("[A-Z]{1,3}")
Start = Callable[[str, dict[str, str]], None]
Take = Callable[[str], None]
Row = tuple[int, list[str]]


class Book:
    """A workbook that can be read: the names of its `sheets`, and the rows of one of them, once: of that
    named `wanted`, else of the first.

    `permille` tells how much of the sheet was read. Raises Refused for what can't be unpacked safely.
    """

    def __init__(self, path: Path, wanted: str = "") -> None:
        self.permille = 0
        with _readable():
            self._archive = zipfile.ZipFile(path)
            self._measure()
            if "_rels/.rels" not in self._archive.namelist():
                raise Refused(
                    _("This is no workbook but a zip file. Unpack it, or save the table as XLSX or CSV.")
                )
            part = self._target("", "_rels/.rels", "officeDocument")
            self.sheets = list[str]()
            self.sheet, self._part, self._epoch = self._sheet(part, wanted)
            self._texts, self._dates = SharedTexts(), list[bool]()
            for kind, read in (("sharedStrings", self._texts.read), ("styles", self._read_styles)):
                if target := self._target(part, self._relations(part), kind):
                    read(self._chunks(target))

    def rows(self) -> Iterator[Row]:
        """Each row that isn't blank with its number; a row is as wide as the widest of the first ones."""
        with _readable():
            rows = Sheet(self._cell).rows(self._chunks(self._part))
            head = list(islice(rows, HEAD))
            first = min((_first_filled(cells) for _line, cells in head), default=0)
            width = max((len(cells) for _line, cells in head), default=0)
            for row in head:
                yield _fitted(row, first, width)
            for row in rows:
                yield _fitted(row, first, width)

    def _measure(self) -> None:
        members = self._archive.infolist()
        if {member.compress_type for member in members} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise zipfile.BadZipFile("packed in an unusual way")
        unpacked, packed = (sum(m.file_size for m in members), sum(m.compress_size for m in members))
        if unpacked > HARMLESS_BYTES and (unpacked > LARGEST_BYTES or unpacked > packed * LARGEST_RATIO):
            raise Refused(_("The workbook unpacks to %(size)s MB. Save the sheet as CSV.") % {
                "size": unpacked // 1_000_000
            })  # fmt: skip

    def _chunks(self, part: str) -> Iterator[bytes]:
        size = self._archive.getinfo(part).file_size
        with self._archive.open(part) as file:
            while chunk := file.read(CHUNK):
                self.permille = file.tell() * 1_000 // size
                yield chunk

    def _elements(self, part: str) -> Iterator[tuple[str, dict[str, str]]]:
        """The elements of a small part."""
        found: list[tuple[str, dict[str, str]]] = []
        parser = _parser(lambda name, attributes: found.append((name, attributes)))
        for chunk in self._chunks(part):
            parser.Parse(chunk)
            yield from found
            found.clear()

    def _relations(self, part: str) -> str:
        folder, name = posixpath.split(part)
        return posixpath.join(folder, "_rels", f"{name}.rels")

    def _target(self, part: str, relations: str, wanted: str) -> str:
        """The part that another one refers to by its kind or its id; blank when it doesn't."""
        for name, attributes in self._elements(relations):
            kind = attributes.get("Type", "").rpartition("/")[2]
            if name == "Relationship" and wanted in (kind, attributes.get("Id")):
                return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), attributes["Target"]))[
                    1:
                ]
        return ""

    def _sheet(self, part: str, wanted: str) -> tuple[str, str, datetime.datetime]:
        """Its name, its part, and the day from which the book counts."""
        since_1904, references = False, list[str]()
        for name, attributes in self._elements(part):
            if name == "workbookPr":
                since_1904 = attributes.get("date1904") in ("1", "true")
            if name == "sheet" and len(self.sheets) < MOST_SHEETS:
                self.sheets.append(attributes.get("name", ""))
                references.append(next(v for k, v in attributes.items() if k.rpartition(":")[2] == "id"))
        if not self.sheets:
            raise zipfile.BadZipFile("no sheet")
        if wanted and wanted not in self.sheets:
            raise Refused(_("The workbook has no sheet named %(name)s.") % {"name": wanted[:100]})
        at = self.sheets.index(wanted) if wanted else 0
        return self.sheets[at], self._target(part, self._relations(part), references[at]), EPOCHS[since_1904]

    def _read_styles(self, chunks: Iterator[bytes]) -> None:
        """For each style that a cell may have, whether it shows a number as a day."""
        custom: dict[str, bool] = {}
        within = ""

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal within
            if name in ("cellXfs", "cellStyleXfs", "dxfs"):
                within = name
            elif name == "numFmt" and within != "dxfs":
                code = _QUOTED.sub("", attributes.get("formatCode", "")).lower()
                custom[attributes.get("numFmtId", "")] = any(letter in code for letter in "dmyh")
            elif name == "xf" and within == "cellXfs":
                number = attributes.get("numFmtId", "0")
                self._dates.append(custom.get(number, number.isdigit() and int(number) in DATE_FORMATS))

        parser = _parser(start)
        for chunk in chunks:
            parser.Parse(chunk)

    def _cell(self, kind: str, style: str, text: str) -> str:
        """A cell as a person would type it; a number that a spreadsheet has rounded shows that it is."""
        if kind == "s":
            return self._texts[int(text)]
        if kind in ("str", "inlineStr", "e", "d") or not text:
            return text
        if kind == "b":
            return str(text == "1")
        if self._dates and self._dates[int(style)]:
            return self._moment(float(text))
        if len(text) < 16 and text.isdigit():
            return text
        number = float(text)
        exact = number.is_integer() and abs(number) < EXACT_FLOATS
        return str(int(number)) if exact else repr(number) if abs(number) < EXACT_FLOATS else f"{number:.14E}"

    def _moment(self, days: float) -> str:
        moment = self._epoch + datetime.timedelta(milliseconds=round(days * 86_400_000))
        return str(moment.date() if moment.time() == datetime.time() else moment)


class _Texts:
    """Gathers what is written within one cell or one shared text, without the readings of Asian ones."""

    def __init__(self) -> None:
        self.line = 0
        self._parts: list[str] = []
        self._length = 0
        self._open = self._aside = False

    def parse(self, chunks: Iterator[bytes]) -> Iterator[None]:
        """Parse a part, and stop after each chunk of it."""
        parser = _parser(self.start, self.end, self._characters)
        for chunk in chunks:
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)
        yield

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("v", "t"):
            self._open = not self._aside
        elif name == "rPh":
            self._aside = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._open = False
        elif name == "rPh":
            self._aside = False

    def taken(self) -> str:
        """What was gathered; then the next one begins."""
        text = "".join(self._parts)
        self._parts, self._length = [], 0
        return text

    def _characters(self, text: str) -> None:
        if self._open:
            self._parts.append(text)
            self._length += len(text)
            if self._length > LONGEST_CELL:
                raise Refused(
                    _("Line %(line)s has a cell of more than %(most)s characters.")
                    % {"line": self.line, "most": LONGEST_CELL}
                )


class Sheet(_Texts):
    """The rows of a sheet, out of its XML; `value` reads a cell by its kind, its style and its text."""

    def __init__(self, value: Callable[[str, str, str], str]) -> None:
        super().__init__()
        self._value = value
        self._done: list[Row] = []
        self._cells: list[str] = []
        self._at = 0
        self._kind = self._style = ""
        self._calculated = False

    def rows(self, chunks: Iterator[bytes]) -> Iterator[Row]:
        """Each row that isn't blank, up to its last cell that isn't."""
        for _chunk in self.parse(chunks):
            yield from self._done
            self._done.clear()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._at = _column(attributes.get("r", "")) or self._at + 1
            if self._at > MOST_COLUMNS:
                raise Refused(
                    _("Line %(line)s has more columns than a sheet can have.") % {"line": self.line}
                )
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._calculated = False
        elif name == "f":
            self._calculated = True
        elif name == "row":
            self.line = int(attributes.get("r") or self.line + 1)
            self._at, self._cells = 0, []
        else:
            super().start(name, attributes)

    def end(self, name: str) -> None:
        if name == "c":
            told = self.taken()
            if self._calculated and not told and self._kind == "n":
                raise _uncalculated(self.line)
            text = self._value(self._kind, self._style, told).replace("\0", "")
            if text.strip():
                self._cells += [""] * (self._at - 1 - len(self._cells))
                self._cells.append(text)
        elif name == "row" and self._cells:
            self._done.append((self.line, self._cells))
        else:
            super().end(name)


class SharedTexts(_Texts):
    """The texts that cells name by a number: few in memory, many in a file."""

    def __init__(self) -> None:
        super().__init__()
        self._file = SpooledTemporaryFile(max_size=HELD_BYTES)  # noqa: SIM115 - it goes with the book
        self._ends = array("Q", [0])

    def __getitem__(self, number: int) -> str:
        self._file.seek(self._ends[number])
        return self._file.read(self._ends[number + 1] - self._ends[number]).decode()

    def read(self, chunks: Iterator[bytes]) -> None:
        for _chunk in self.parse(chunks):
            pass

    def end(self, name: str) -> None:
        if name == "si":
            self._ends.append(self._ends[-1] + self._file.write(self.taken().encode()))
        else:
            super().end(name)


def _parser(start: Start, end: Take = lambda name: None, characters: Take = lambda text: None) -> Any:
    """A parser that tells names without their prefixes, and refuses what may hold entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def _refuse_document_type(*declaration: object) -> None:
    raise Refused(
        _("The workbook declares a document type, which no spreadsheet does. Save it again as XLSX.")
    )


@contextmanager
def _readable() -> Iterator[None]:
    """What is wrong with a workbook, whatever it is, as one refusal."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OverflowError,
        LookupError,
        ValueError,
        StopIteration,
        OSError,
    ) as error:
        raise Refused(
            _("The workbook can't be opened (%(error)s). Save it again as XLSX or CSV.")
            % {"error": str(error)[:100] or type(error).__name__}
        ) from None


def _uncalculated(line: int) -> Refused:
    return Refused(
        _(
            "Line %(line)s has a formula without its result, as programs write it that don't calculate. Open "
            "the workbook in a spreadsheet, save it, and give it again."
        )
        % {"line": line}
    )


def _column(reference: str) -> int:
    """The number of the column of a cell such as B7; 0 when it doesn't say."""
    found = _LETTERS.match(reference)
    number = 0
    for letter in found[0] if found else "":
        number = number * 26 + ord(letter) - 64
    return number


def _first_filled(cells: list[str]) -> int:
    return next(at for at, cell in enumerate(cells) if cell)


def _fitted(row: Row, first: int, width: int) -> Row:
    line, cells = row
    return line, cells[first:] + [""] * (width - len(cells))
