"""A file, whatever its making, becomes a header and rows of text cells, each with its line number.

The file is gone through once as bytes: that gives its SHA-256 and its encoding, and keeps out what could
only do harm (binary files, endless lines) before anything is parsed. Then the rows are streamed, so that
memory stays flat. What is wrong with the file as a whole raises Refused, with the line and a remedy.
"""

import codecs
import csv
import hashlib
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from django.utils.translation import gettext as _

from pulse_site.feeds import xlsx
from pulse_site.refusal import Refused

DELIMITERS = (",", ";", "\t")
CHUNK = 1_000_000
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Survey:
    """What one pass over the bytes tells: `sha256`, `is_workbook`, and of a text its `encoding` and whether
    it `ends_whole` (the last line has its end)."""

    def __init__(self, path: Path) -> None:
        digest = hashlib.sha256()
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
        self.encoding = next(
            (name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8"
        )
        self.ends_whole = True
        self._decoder = codecs.getincrementaldecoder(self.encoding)()
        self._ascii = True
        self._lines = 0

    def _examine(self, chunk: bytes) -> None:
        if self.is_workbook:
            return
        if b"\0" in chunk and self.encoding != "utf-16":
            raise Refused(_("This is a binary file. Save it as CSV (UTF-8) or XLSX."))
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
            raise Refused(_("This is a binary file. Save it as CSV (UTF-8) or XLSX."))

    def _undecodable(self, error: UnicodeDecodeError, final: bool) -> None:
        """Text that is ASCII up to a byte that isn't UTF-8 is taken for cp1252; all else is broken."""
        line = self._lines + error.object[: error.start].count(b"\n") + 1
        if final:
            raise cut_off(line)
        if self.encoding == "utf-8" and self._ascii and error.object[: error.start].isascii():
            self.encoding = "cp1252"
            self._decoder = codecs.getincrementaldecoder("cp1252")()
            self._decode(error.object)
        else:
            raise Refused(
                _("Line %(line)s has bytes that aren't %(encoding)s. Save the file again as CSV UTF-8.")
                % {"line": line, "encoding": self.encoding.upper()}
            )


class Source:
    """A file that can be read: its `header`, its `sha256`, and its rows, once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._size = path.stat().st_size
            self._survey = Survey(path)
        except OSError as error:
            raise Refused(
                _("%(path)s can't be read: %(error)s.") % {"path": path, "error": error.strerror}
            ) from None
        self.sha256 = self._survey.sha256
        self._file: BufferedReader | None = None
        self._records = xlsx.rows(path) if self._survey.is_workbook else self._text_records()
        self.header = self._header()

    @property
    def permille(self) -> int:
        """How much of the file has been read; a workbook is read as a whole."""
        if self._file is None or self._file.closed:
            return 1000
        return self._file.tell() * 1000 // self._size

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows below the header, each with the line on which it starts; blank ones are left out.

        Raises Refused for a quote that is never closed and for a file that ends in the middle of a row.
        """
        line, cells = 0, [""] * len(self.header)
        for line, cells in self._records:
            if any(map(str.strip, cells)):
                yield line, cells
        if not self._survey.ends_whole and len(cells) < len(self.header):
            raise cut_off(line)

    def _header(self) -> list[str]:
        for _line, cells in self._records:
            if any(map(str.strip, cells)):
                return [" ".join(cell.split()) for cell in cells]
        raise Refused(_("The file is empty; it needs a header and rows."))

    def _text_records(self) -> Iterator[tuple[int, list[str]]]:
        delimiter = max(DELIMITERS, key=self._width)
        line = 1
        with self.path.open("rb") as self._file:
            reader = csv.reader(self._decoded(self._file), delimiter=delimiter, strict=True)
            try:
                for cells in reader:
                    yield line, cells
                    line = reader.line_num + 1
            except csv.Error as error:
                raise _misquoted(line, str(error)) from None

    def _width(self, delimiter: str) -> int:
        """How many cells the first line has that isn't blank, if this is the delimiter."""
        with self.path.open("rb") as file:
            records = csv.reader(self._decoded(file), delimiter=delimiter, strict=True)
            try:
                return next((len(cells) for cells in records if any(map(str.strip, cells))), 0)
            except csv.Error:
                return 0

    def _decoded(self, file: BufferedReader) -> TextIOWrapper:
        return TextIOWrapper(file, encoding=self._survey.encoding, newline="")


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
