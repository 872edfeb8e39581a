import pytest

from pulse_site.feeds import cells, counts
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Column
from pulse_site.feeds.mapping import Columns
from pulse_site.refusal import Refused

COLUMNS = (
    Column("handle", cells.text(20), aliases=("tiktoker", "user name"), type="text"),
    Column("followers", counts.count(), aliases=("subscribers count",), choose=counts.most_exact),
    Column("as_of", cells.day, aliases=("date",), type="date", required=False, default="2026-10-15"),
)


def columns(*header: str, **corrections: str) -> Columns:
    found = Columns(header, COLUMNS, corrections)
    found.require()
    return found


@pytest.mark.parametrize("name", ["Tiktoker", "USER_NAME", "user name", "User-Name:", "username", "handle"])
def test_a_header_is_found_whatever_its_case_blanks_and_punctuation(name: str) -> None:
    assert columns(name, "Followers").read([(2, ["ada", "5"])]) == [("2", "ada", 5)]


def test_the_exact_one_of_two_columns_of_the_same_name_is_read() -> None:
    found = columns("Tiktoker", "Subscribers count", "Subscribers count")
    assert found.read([(2, ["ada", "13.8M", "13800001"])]) == [("2", "ada", 13_800_001)]


def test_where_several_headers_name_a_column_that_cannot_choose_the_first_alias_wins() -> None:
    assert columns("user name", "tiktoker", "followers").found == {
        "tiktoker": "handle",
        "followers": "followers",
    }


def test_a_person_may_correct_what_was_found() -> None:
    found = columns("who", "handle", "followers", who="handle", handle="")
    assert found.read([(2, ["ada", "x", "5"])]) == [("2", "ada", 5)]


def test_missing_columns_are_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"No column for followers in the header: it has 'handle', 'fans'"):
        columns("handle", "fans")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (["ada"], (7, "", "ada", "cells")),
        (["ada", "5", "", "x"], (7, "", "ada | 5 |  | x", "cells")),
        (["", "5", ""], (7, "handle", "", "missing")),
        (["ada", " ", ""], (7, "followers", "", "missing")),
        (["ada", "-5", ""], (7, "followers", "-5", "negative")),
        (["ada", "5", "2126-01-01"], (7, "as_of", "2126-01-01", "future_date")),
        (["ada", "5", "1999-01-01"], (7, "as_of", "1999-01-01", "bad_date")),
        (["ada", "5", "31.10.2026"], (7, "as_of", "31.10.2026", "bad_date")),
    ],
)
def test_a_row_that_cannot_be_used_names_its_line_column_value_and_reason(
    row: list[str], complaint: tuple[int, str, str, str]
) -> None:
    found = columns("handle", "followers", "date")
    with pytest.raises(Unusable):
        found.read([(6, ["bob", "1", ""]), (7, row)])
    assert found.complaint(7, row)[:4] == complaint
