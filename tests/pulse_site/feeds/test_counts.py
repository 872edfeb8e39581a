import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.counts import LARGEST, count, most_exact

SEPARATORS = (",", " ", "\u00a0", "\u202f", "'")
read = count()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("13800000", 13_800_000),
        (" 13800000 ", 13_800_000),
        ("13,800,000", 13_800_000),
        ("13 800 000", 13_800_000),
        ("13\u00a0800\u00a0000", 13_800_000),
        ("13\u202f800\u202f000", 13_800_000),
        ("13.800.000", 13_800_000),
        ("13.8M", 13_800_000),
        ("145.6K", 145_600),
        ("78.9m", 78_900_000),
        ("13,8 M", 13_800_000),
        ("1.1B", 1_100_000_000),
        ("0", 0),
        ("007", 7),
        ("1234.0", 1_234),
        ("97000.000000", 97_000),
    ],
)
def test_a_count_is_read_exactly(cell: str, value: int) -> None:
    assert read(cell) == value


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("-5", "negative"),
        ("−5", "negative"),
        ("-1.2M", "negative"),
        ("(5)", "negative"),
        ("1.9", "fractional"),
        ("1.2345K", "fractional"),
        ("1.234", "ambiguous"),
        ("123.000", "ambiguous"),
        ("1,234K", "ambiguous"),
        ("99999999999999", "absurd"),
        ("9" * 19, "absurd"),
        ("9" * 30, "absurd"),
        ("9" * 5_000, "unreadable"),
        ("999999B", "absurd"),
        ("", "unreadable"),
        ("1e6", "unreadable"),
        ("1.38E+07", "unreadable"),
        ("12,34", "unreadable"),
        ("1,234 567", "unreadable"),
        ("1_000", "unreadable"),
        ("NaN", "unreadable"),
        ("Infinity", "unreadable"),
        ("１２３", "unreadable"),
        ("²", "unreadable"),
        ("=1+1", "unreadable"),
        ("12 followers", "unreadable"),
        ("0x10", "unreadable"),
    ],
)
def test_what_may_mean_something_else_is_refused_with_its_reason(cell: str, reason: str) -> None:
    with pytest.raises(Unusable) as unusable:
        read(cell)
    assert unusable.value.reason == reason


def test_a_feed_sets_what_is_absurd() -> None:
    assert count(10)("10") == 10
    with pytest.raises(Unusable, match="Above 10"):
        count(10)("11")


@given(st.integers(0, LARGEST), st.sampled_from(SEPARATORS))
def test_grouped_digits_read_like_plain_ones(value: int, separator: str) -> None:
    assert read(f"{value:,}".replace(",", separator)) == read(str(value)) == value


@given(st.integers(0, 999_999), st.integers(0, 9_999), st.integers(1, 4), st.sampled_from("KkMmBb"))
@example(145, 6, 1, "K")
def test_a_rounded_count_is_exact_or_refused(whole: int, fraction: int, digits: int, unit: str) -> None:
    """Against fractions: slow, and plainly right."""
    cell = f"{whole}.{fraction % 10**digits:0{digits}}{unit}"
    value = Fraction(cell[:-1]) * {"k": 10**3, "m": 10**6, "b": 10**9}[unit.lower()]
    if value.denominator == 1 and value <= LARGEST:
        assert read(cell) == value
    else:
        with pytest.raises(Unusable):
            read(cell)


@given(st.text("0123456789.,' \u00a0kMB-+e", max_size=12))
def test_whatever_is_read_is_what_its_digits_say(cell: str) -> None:
    """No accepted text means another number: its digits, its one decimal mark, its unit."""
    try:
        value = read(cell)
    except Unusable:
        return
    text = cell.strip().lower()
    power = {"k": 3, "m": 6, "b": 9}.get(text[-1], 0)
    decimal = re.fullmatch(r"(\d+)[.,](\d+)\s?[kmb]|(\d+)\.(0+)", text)
    if decimal:
        whole, fraction = (part for part in decimal.groups() if part is not None)
        assert value == Decimal(f"{whole}.{fraction}") * 10**power
    else:
        assert value == int(re.sub(r"\D", "", text)) * 10**power


@pytest.mark.parametrize(
    ("cells", "chosen"),
    [
        (("13.8M", "13800000"), "13800000"),
        (("13750123", "13.8M"), "13750123"),
        (("13.8M", ""), "13.8M"),
        (("5", "5"), "5"),
        ((" ", ""), ""),
    ],
)
def test_the_exact_one_of_two_columns_is_read(cells: tuple[str, str], chosen: str) -> None:
    assert most_exact(cells) == chosen


def test_two_exact_columns_that_differ_are_refused() -> None:
    with pytest.raises(Unusable) as unusable:
        most_exact(("1200", "1,300"))
    assert unusable.value.reason == "ambiguous"
