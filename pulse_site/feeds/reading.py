"""A file, whatever its making, becomes a header and rows of text cells, each with its line number.

The file is gone through once as bytes: that gives its SHA-256 and its encoding, and keeps out what could
only do harm (binary files, endless lines) before anything is parsed. Then the rows are streamed, so that
memory stays flat. What is wrong with the file as a whole raises Refused, with the line and a remedy.
"""

import codecs
import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from itertools import chain, islice
from pathlib import Path

from django.utils.translation import gettext as _

from pulse_site.feeds import xlsx
from pulse_site.feeds.kinds import refuse_others
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import restored

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = (
    "utf-8",
    "utf-16",
    "cp1252",
    "cp1250",
    "cp1251",
    "shift_jis",
    "gb18030",
)  # that a person may choose
BATCH = 500  # rows: few enough to stay in the caches, and out of the way of the garbage collector
HEAD = 20  # rows among which the header is looked for
SAMPLES = 3
MOST_COLUMNS = 1_000
Record = tuple[int, list[str]]  # line, cells
CHUNK = 1_000_000
NAMELESS = -1  # the line of the header of a file that has none
_LINE_BREAK = re.compile("\r\n|\r|\n")
# What a file of rejected rows begins with (rejected.py), before the file's own columns.
REASONS = ["rejected line", "rejected column", "rejected because"]
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Survey:
    """What one pass over the bytes tells: `sha256`, `is_workbook`, and of a text its `encoding` and whether
    it `ends_whole` (the last line has its end). An `encoding` that a person says is taken instead."""

    def __init__(self, path: Path, encoding: str = "") -> None:
        digest = hashlib.sha256()
        self._said = encoding
        with path.open("rb") as file:
            chunk = file.read(CHUNK)
            self._begin(chunk)
            while chunk:
                digest.update(chunk)
                self._examine(chunk)
                chunk = file.read(CHUNK)
        self.sha256 = digest.hexdigest()
        if not self.is_workbook:
            self._decode(b"", final=True)

    def _begin(self, start: bytes) -> None:
        self.is_workbook = start.startswith(xlsx.MAGIC)
        refuse_others(start)
        marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "")
        marked = marked or ("utf-16-le" if _is_unmarked_utf16(start[:64]) else "")
        self.encoding = marked if marked.startswith(self._said) else self._said
        self.encoding = self.encoding or "utf-8"
        if self.encoding == "utf-16" and not marked:
            self.encoding = "utf-16-le"
        self.ends_whole = True
        self._decoder = codecs.getincrementaldecoder(self.encoding)()
        self._ascii = True
        self._lines = 0

    def _examine(self, chunk: bytes) -> None:
        if self.is_workbook:
            return
        if b"\0" in chunk and not self.encoding.startswith("utf-16"):
            raise _binary(self._lines + chunk[: chunk.index(b"\0")].count(b"\n") + 1)
        # A line without an end within one chunk is longer than any row; so no more than two are ever held.
        if len(chunk) == CHUNK and b"\n" not in chunk and b"\r" not in chunk:
            raise Refused(
                _("Line %(line)s is longer than a million characters. Check its quotes and line ends.")
                % {"line": self._lines + 1}
            )
        self._decode(chunk)
        self._lines += chunk.count(b"\n")

    def _decode(self, chunk: bytes, final: bool = False) -> None:
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            self._undecodable(error, final)
            return
        self._ascii = self._ascii and text.isascii()
        if text:
            self.ends_whole = text[-1] in "\r\n"
        if "\0" in text:
            raise _binary(self._lines + text[: text.index("\0")].count("\n") + 1)

    def _undecodable(self, error: UnicodeDecodeError, final: bool) -> None:
        """Text that is ASCII up to a byte that isn't UTF-8 is taken for cp1252; all else is broken."""
        line = self._lines + error.object[: error.start].count(b"\n") + 1
        if final and not self._said:
            raise cut_off(line)
        if (
            not self._said
            and self.encoding == "utf-8"
            and self._ascii
            and error.object[: error.start].isascii()
        ):
            self.encoding = "cp1252"
            self._decoder = codecs.getincrementaldecoder("cp1252")()
            self._decode(error.object)
        else:
            raise Refused(
                _("Line %(line)s has bytes that aren't %(encoding)s. Save the file again as CSV UTF-8.")
                % {"line": line, "encoding": self.encoding.upper()}
            )


@dataclass(frozen=True)
class Reading:
    """What a person says of how a file is read; what is blank is found out.

    `delimiter` and `encoding` are a text's, `sheet` names a workbook's; `header_line` is where the names of
    the columns stand, NAMELESS where the file has none.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_line: int = 0


AS_FOUND = Reading()


class Source:
    """A file that can be read: its `header` and the `header_line` it stands in, its `sha256`, its `head`
    (the first rows that aren't blank), some `samples` (rows below the header), a workbook's `sheets`, and its
    rows, once.

    `knows` tells how many cells of a row name a column, `remembered` whether a row is a header of before. The
    header is the row that is remembered; else the first row in which any cell is known, where the rows before
    it are narrower, like the title of a report; else the first that isn't blank. `reading` overrules that.
    """

    def __init__(
        self,
        path: Path,
        knows: Callable[[Sequence[str]], int],
        reading: Reading = AS_FOUND,
        remembered: Callable[[Sequence[str]], bool] = lambda cells: False,
    ) -> None:
        self.path = path
        self.knows = lambda cells: knows(_names(cells))
        self.remembered = lambda cells: remembered(_names(cells))
        self.reading = reading
        try:
            self._size = path.stat().st_size
            self._survey = Survey(path, reading.encoding)
        except OSError as error:
            raise unreadable(path, error) from None
        self.sha256 = self._survey.sha256
        self.sheet = self.delimiter = self.encoding = ""
        self.sheets: list[str] = []
        self._file: BufferedReader | None = None
        if self._survey.is_workbook:
            self._open_workbook()
        else:
            self._open_text()

    @property
    def permille(self) -> int:
        """How much of the file has been read."""
        if self._file is None:
            return self._book.permille
        if self._file.closed:
            return 1000
        return self._file.tell() * 1000 // self._size

    def rows(self) -> Iterator[Record]:
        """The rows below the header, each with the line on which it starts; blank ones are left out.

        Raises Refused for a quote that is never closed and for a file that ends in the middle of a row.
        """
        return chain.from_iterable(self.batches())

    def batches(self) -> Iterator[list[Record]]:
        """The same, some hundred rows at a time: that saves a third of the work."""
        line, cells = 0, [""] * len(self.header)
        for batch in self._batches:
            if self.gave_reasons:
                batch = list(map(_own, batch))  # noqa: PLW2901
            if batch:
                line, cells = batch[-1]
            filled = [
                record
                for record in batch
                # The first cell is seldom blank.
                if record[0] > self.header_line and ((record[1] and record[1][0].strip()) or _filled(record))
            ]
            if filled:
                yield filled
        if not self._survey.ends_whole and len(cells) < len(self.header):
            raise cut_off(line)

    def _open_workbook(self) -> None:
        self._book = xlsx.Book(self.path, self.reading.sheet)
        self.sheet, self.sheets = self._book.sheet, self._book.sheets
        rows = self._book.rows()
        head = list(islice(filter(_filled, rows), HEAD))
        self._begin(head)
        self._batches = _in_batches(chain(head, rows))

    def _open_text(self) -> None:
        self.encoding = self._survey.encoding
        given = self.reading.delimiter
        heads = {delimiter: self._head(delimiter) for delimiter in ([given] if given else DELIMITERS)}
        self.delimiter = max(heads, key=lambda delimiter: self._promise(heads[delimiter]))
        self._begin(heads[self.delimiter])
        self._batches = self._text_batches(self.delimiter, BATCH)

    def _begin(self, head: list[Record]) -> None:
        if not head:
            raise Refused(_("The file is empty; it needs a header and rows."))
        self.head, at = head, self._header_in(head)
        self.header_line, cells = head[at] if at >= 0 else _nameless(head)
        self.gave_reasons = _names(cells[: len(REASONS)]) == REASONS
        self.header = _names(cells[len(REASONS) :] if self.gave_reasons else cells)
        if len(cells) > MOST_COLUMNS:
            raise Refused(
                _("The header has %(columns)s columns, more than %(most)s. Save the needed ones alone.")
                % {"columns": len(cells), "most": MOST_COLUMNS}
            )
        below = head[at + 1 : at + 1 + SAMPLES]
        self.samples = [cells for _line, cells in (map(_own, below) if self.gave_reasons else below)]

    def _header_in(self, head: Sequence[Record]) -> int:
        """Its place among the first rows, NAMELESS if it isn't there."""
        if wanted := self.reading.header_line:
            return self._said_in(head, wanted)
        again = next((at for at, (_line, cells) in enumerate(head) if self.remembered(cells)), None)
        if again is not None:
            return again
        widths = [sum(map(bool, map(str.strip, cells))) for _line, cells in head]
        at = next((at for at, (_line, cells) in enumerate(head) if self.knows(cells)), 0)
        return at if all(width < widths[at] for width in widths[:at]) else 0

    def _said_in(self, head: Sequence[Record], wanted: int) -> int:
        if wanted == NAMELESS:
            return NAMELESS
        lines = [line for line, _cells in head]
        if wanted not in lines:
            raise Refused(
                _("Line %(line)s can't hold the names of the columns; choose one of the first rows.")
                % {"line": wanted}
            )
        return lines.index(wanted)

    def _promise(self, head: Sequence[Record]) -> tuple[bool, int, int]:
        """How well a delimiter does: whether its header is remembered, columns that are known in it, and
        cells in the first row."""
        if not head:
            return False, 0, 0
        try:
            at = self._header_in(head)
        except Refused:
            return False, 0, 0
        header = head[at][1] if at >= 0 else []
        return self.remembered(header), self.knows(header), len(head[0][1])

    def _head(self, delimiter: str) -> list[Record]:
        """The first rows that aren't blank, if this is the delimiter, up to where it can't be."""
        head: list[Record] = []
        with suppress(Refused):
            records = chain.from_iterable(self._text_batches(delimiter, HEAD))
            for record in islice(filter(_filled, records), HEAD):
                head.append(record)  # noqa: PERF402 - what came before a refusal is wanted
        return head

    def _text_batches(self, delimiter: str, size: int) -> Iterator[list[Record]]:
        line = 1
        with self.path.open("rb") as self._file:
            reader = csv.reader(self._decoded(self._file), delimiter=delimiter, strict=True)
            while True:
                rows: list[list[str]] = []
                wrong = ""
                try:
                    rows.extend(islice(reader, size))  # keeps what came before an error
                except csv.Error as error:
                    wrong = str(error)
                if not wrong and reader.line_num == line - 1 + len(rows):
                    yield list(zip(range(line, line + len(rows)), rows, strict=True))
                else:
                    records, line = _numbered(rows, line)
                    yield records
                if wrong:
                    raise _misquoted(line, wrong)
                if len(rows) < size:
                    return
                line = reader.line_num + 1

    def _decoded(self, file: BufferedReader) -> TextIOWrapper:
        return TextIOWrapper(file, encoding=self._survey.encoding, newline="")


def digest(path: Path) -> str:
    """The SHA-256 of a file; raises Refused when it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def _in_batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _numbered(rows: Sequence[list[str]], line: int) -> tuple[list[Record], int]:
    """Rows of which some have line breaks in their cells, with their lines; and the line after them."""
    records = []
    for cells in rows:
        records.append((line, cells))
        line += 1 + sum(len(_LINE_BREAK.findall(cell)) for cell in cells)
    return records, line


def unreadable(path: Path, error: OSError) -> Refused:
    return Refused(_("%(path)s can't be read: %(error)s.") % {"path": path, "error": error.strerror})


def _own(record: Record) -> Record:
    """A row of a file of rejected rows, as it was in the file that it was rejected of."""
    line, cells = record
    return line, list(map(restored, cells[len(REASONS) :]))


def _names(cells: Sequence[str]) -> list[str]:
    """The names of columns; one that is blank, or came before, is told apart by the number of its column."""
    names, seen = [], set[str]()
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.split())
        names.append(f"{name} ({number})".lstrip() if name in seen or not name else name)
        seen.add(name)
    return names


def _nameless(head: Sequence[Record]) -> Record:
    return NAMELESS, [""] * max(len(cells) for _line, cells in head)


def _is_unmarked_utf16(start: bytes) -> bool:
    """Whether each second byte is 0, as it is where a database wrote a Western text without a mark."""
    return len(start) > 3 and not any(start[1::2]) and all(start[::2])


def _binary(line: int) -> Refused:
    return Refused(
        _("Line %(line)s has a NUL: this is a binary file. Save its table as CSV (UTF-8) or XLSX.")
        % {"line": line}
    )


def _filled(record: Record) -> bool:
    return any(map(str.strip, record[1]))


def cut_off(line: int) -> Refused:
    return Refused(
        _("The file ends in the middle of line %(line)s: it was cut off. Get the whole file again.")
        % {"line": line}
    )


def _misquoted(line: int, error: str) -> Refused:
    if "unexpected end" in error or "field limit" in error:
        return Refused(
            _(
                "A quote that opens on line %(line)s is never closed: the file was cut off, or a cell has a "
                "quote that isn't doubled. Correct it, or get the whole file again."
            )
            % {"line": line}
        )
    return Refused(
        _("Line %(line)s can't be split into cells (%(error)s). Quotes within a cell must be doubled.")
        % {"line": line, "error": error}
    )
