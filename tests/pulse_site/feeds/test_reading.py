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
    source = Source(path, lambda cells: 0)
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
    assert Source(write(tmp_path, content), lambda cells: 0).sha256 == hashlib.sha256(content).hexdigest()


def test_a_last_line_without_its_end_is_read_when_it_is_whole(tmp_path: Path) -> None:
    assert read(write(tmp_path, b"a,b\n1,2"))[1] == [(2, ["1", "2"])]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        Source(tmp_path / "missing.csv", lambda cells: 0)
    with pytest.raises(Refused, match="directory"):
        Source(tmp_path, lambda cells: 0)


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


scalars = st.one_of(
    st.none(),
    st.text("ab é'=+-@<&>\"\n😀", max_size=6),
    st.integers(-(10**14), 10**14),
    st.floats(-(10**9), 10**9).map(lambda number: round(number, 6)),
    st.dates(datetime.date(1950, 1, 1), datetime.date(2100, 1, 1)),
    st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2100, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
    st.booleans(),
)


def typed(cell: object) -> str:
    """A cell as a person would type it."""
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return str(cell.date())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


@given(rows=st.lists(st.lists(scalars, min_size=3, max_size=3), max_size=5))
def test_what_was_written_into_a_workbook_comes_out_of_it(
    rows: list[list[object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["first", "second", "third"])
    for row in rows:
        sheet.append([None] * 3)
        for column, cell in enumerate(row, 1):
            written = sheet.cell(sheet.max_row + (column == 1), column, cell)
            if isinstance(cell, str):
                written.data_type = "s"  # openpyxl takes =1 for a formula
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    book.save(path)
    found = [cells for _line, cells in read(path)[1]]
    wanted = [list(map(typed, row)) for row in rows]
    assert found == [[cell if cell.strip() else "" for cell in row] for row in wanted if "".join(row).strip()]


def test_the_value_of_a_formula_is_read_and_not_its_text(tmp_path: Path) -> None:
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'
    assert read(write(tmp_path, hostile.workbook(rows))) == (["1"], [(2, ["2"])])


def test_readings_beside_a_text_are_left_out_and_pieces_are_joined(tmp_path: Path) -> None:
    text = b"<is><r><t>a</t></r><r><t>da</t></r><rPh><t>X</t></rPh></is>"
    rows = b'<row r="1"><c r="A1" t="inlineStr">' + text + b"</c></row>"
    assert read(write(tmp_path, hostile.workbook(rows)))[0] == ["ada"]


def test_a_long_workbook_costs_little_memory(tmp_path: Path) -> None:
    row = b'<row><c><v>1</v></c><c t="inlineStr"><is><t>ada</t></is></c></row>'
    path = write(tmp_path, hostile.workbook(row * 100_000))
    tracemalloc.start()
    assert sum(1 for _row in Source(path, lambda cells: 0).rows()) == 99_999
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_line_numbers_of_a_workbook_that_starts_further_down(tmp_path: Path) -> None:
    rows = b"".join(
        f'<row r="{number}"><c r="B{number}"><v>{number}</v></c><c r="C{number}"><v>7</v></c></row>'.encode()
        for number in (4, 5)
    )
    assert read(write(tmp_path, hostile.workbook(rows))) == (["4", "7"], [(5, ["5", "7"])])
