import datetime
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from pulse_site import spreadsheets
from pulse_site.spreadsheets import harmless, restored


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "\u00a0-1", "＝1"]
)
def test_what_a_spreadsheet_would_run_gets_a_quote(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "1=1", "a-b", "'=1", -5, Decimal("-0.5"), None, True])
def test_anything_else_stays_as_it_is(text: object) -> None:
    assert harmless(text) is text


@given(st.text())
def test_no_text_starts_with_a_formula_behind_its_blanks(text: str) -> None:
    assert str(harmless(text)).lstrip(" \n\u00a0")[:1] not in set("=+-@\t\r")


def workbook(rows: list[list[object]]) -> list[list[tuple[object, ...]]]:
    content = b"".join(spreadsheets.xlsx_chunks(["a", "b"], rows))
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


def test_a_workbook_keeps_texts_and_numbers() -> None:
    rows = [["<é&🦆>\nx", 12_345_678_901], [" =1+1", -1], ["a\x00b\x0b", 0]]
    assert workbook(rows) == [
        [("a", "b"), ("<é&🦆>\nx", 12_345_678_901), ("' =1+1", -1), ("ab", 0)],
    ]
    assert workbook([]) == [[("a", "b")]]


def test_what_a_spreadsheet_would_round_is_text_and_days_are_days() -> None:
    moment = datetime.datetime(2026, 10, 31, 23, 59, 58, tzinfo=datetime.UTC)
    rows = [[10**15 - 1, -(10**15)], [Decimal("-1234.56"), None], [moment.date(), moment], [True, ""]]
    assert workbook(rows) == [
        [
            ("a", "b"),
            (10**15 - 1, "-1000000000000000"),
            (-1234.56, None),
            (datetime.datetime(2026, 10, 31), moment.replace(tzinfo=None)),
            ("True", None),
        ]
    ]


@given(st.text())
def test_what_was_made_harmless_is_restored(text: str) -> None:
    assert restored(harmless(text)) == text or text.startswith("'")


def test_a_workbook_goes_on_in_a_new_sheet_when_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 2)
    sheets = workbook([[str(number), number] for number in range(5)])
    assert [row[1] for sheet in sheets for row in sheet[1:]] == list(range(5))
    assert [len(sheet) for sheet in sheets] == [3, 3, 2]


def test_the_readers_of_our_feeds_read_our_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"".join(spreadsheets.xlsx_chunks(["a"], [["x"], [1]])))
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    assert book.get_sheet_by_index(0).to_python() == [["a"], ["x"], [1.0]]


def test_a_workbook_is_sent_while_it_is_read() -> None:
    read = []

    def rows() -> Iterator[list[object]]:
        for number in range(20_000):
            read.append(number)
            yield [f"{hash(str(number))}", number]

    chunks = spreadsheets.xlsx_chunks(["a", "b"], rows())
    first = next(chunks)
    assert first.startswith(b"PK")
    assert len(read) < 20_000
