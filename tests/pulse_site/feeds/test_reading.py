import csv
import datetime
import hashlib
import io
import tracemalloc
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse_site.feeds.reading import DELIMITERS, Source
from pulse_site.refusal import Refused
from tests import hostile

# cp1252 texts keep ASCII after each accent: two of its letters may be one of UTF-8.
PLAIN = st.text("ab0@é€א\u00a0\u2028😀,;\t\"'\r\n ", max_size=8)
WESTERN = st.lists(st.sampled_from(["é ", "ü-", "a", ",", ";", "\t", '"', " ", "\n", "Œ."]), max_size=5).map(
    "".join
)
ENCODINGS = {"utf-8": PLAIN, "utf-8-sig": PLAIN, "utf-16": PLAIN, "cp1252": WESTERN}


def read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    source = Source(path)
    return source.header, list(source.rows())


def write(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[list[str]]]:
    """A file as bytes, and the rows that were written into it."""
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    rows = draw(st.lists(st.lists(ENCODINGS[encoding], min_size=3, max_size=3), max_size=6))
    # Python's writer leaves a line break bare that isn't the file's own line end.
    breaks = any(character in cell for row in rows for cell in row for character in "\r\n")
    minimal = not breaks and draw(st.booleans())
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=draw(st.sampled_from(DELIMITERS)),
        quoting=csv.QUOTE_MINIMAL if minimal else csv.QUOTE_ALL,
        lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])),
    )
    writer.writerow(["first name", "second", "third"])
    for row in rows:
        writer.writerow(row)
        if draw(st.booleans()):
            writer.writerow([])
    return out.getvalue().encode(encoding), rows


@given(written=files())
def test_rows_come_back_from_any_delimiter_quoting_encoding_and_line_end(
    written: tuple[bytes, list[list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content, rows = written
    header, found = read(write(tmp_path_factory.mktemp("reading"), content))
    assert header == ["first name", "second", "third"]
    assert [cells for _line, cells in found] == [row for row in rows if "".join(row).strip()]


def test_a_row_has_the_number_of_the_line_on_which_it_starts(tmp_path: Path) -> None:
    path = write(tmp_path, b'\n"a\nheader",b\n\n1,2\n"one\ntwo",3\n4,5')
    assert read(path) == (["a header", "b"], [(5, ["1", "2"]), (6, ["one\ntwo", "3"]), (8, ["4", "5"])])


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n"
    assert Source(write(tmp_path, content)).sha256 == hashlib.sha256(content).hexdigest()


def test_a_last_line_without_its_end_is_read_when_it_is_whole(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"a,b\n1,2"))[1] == [(2, ["1", "2"])]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        Source(tmp_path / "missing.csv")
    with pytest.raises(Refused, match="directory"):
        Source(tmp_path)


def test_an_endless_line_costs_little_memory(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n" + b"x" * 30_000_000)
    tracemalloc.start()
    with pytest.raises(Refused, match="Line 2 is longer"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_workbook_reads_like_the_same_rows_in_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "handle", "count", "day"])
    sheet.append([None, None, None, None])
    sheet.append(["6892505037482822918", "ada", 13_800_000, datetime.date(2026, 10, 15)])
    sheet.append([6892505037482822918, "b\nc", 1.5, datetime.datetime(2026, 10, 15, 12, 30)])
    path = tmp_path / "book.xlsx"
    book.save(path)
    header, rows = read(path)
    assert header == ["id", "handle", "count", "day"]
    assert rows == [
        (3, ["6892505037482822918", "ada", "13800000", "2026-10-15"]),
        # A spreadsheet has rounded this id: it must not pass for a number.
        (4, ["6.89250503748282E+18", "b\nc", "1.5", "2026-10-15 12:30:00"]),
    ]


def test_line_numbers_of_a_workbook_that_starts_further_down(tmp_path: Path) -> None:
    rows = b"".join(
        f'<row r="{number}"><c r="B{number}"><v>{number}</v></c><c r="C{number}"><v>7</v></c></row>'.encode()
        for number in (4, 5)
    )
    assert read(write(tmp_path, hostile.workbook(rows))) == (["4", "7"], [(5, ["5", "7"])])
