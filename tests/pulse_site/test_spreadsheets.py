from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse_site.spreadsheets import harmless


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
