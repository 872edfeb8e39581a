from decimal import Decimal

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from pulse_site.money import dollars, nearest_cent

AMOUNTS = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000001"),
        (10_000, "$0.01"),
        (10_010, "$0.01001"),
        (1_234_560_000, "$1,234.56"),
        (-5_000_000, "-$5.00"),
        (9_223_372_036_854_775_807, "$9,223,372,036,854.775807"),
    ],
)
def test_an_amount_is_written_in_dollars(micros: int, text: str) -> None:
    assert dollars(micros) == text


@given(AMOUNTS)
def test_an_amount_is_never_rounded(micros: int) -> None:
    assert Decimal(dollars(micros).replace("$", "").replace(",", "")) * 1_000_000 == micros


def test_the_filter_writes_amounts_and_leaves_missing_ones_empty() -> None:
    template = Template("{% load money %}{{ billed|dollars }}|{{ missing|dollars }}")
    assert template.render(Context({"billed": 1_500_000, "missing": None})) == "$1.50|"


@pytest.mark.parametrize(
    ("micros", "cents"),
    [
        (0, 0),
        (4_999, 0),
        (5_000, 1),
        (14_999, 1),
        (-5_000, 0),
        (-5_001, -1),
        (2**62 + 5_000, (2**62 + 10_000) // 10_000),
    ],
)
def test_an_estimate_is_rounded_to_the_nearest_cent(micros: int, cents: int) -> None:
    assert nearest_cent(micros) == cents * 10_000
