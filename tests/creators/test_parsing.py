"""The quick parser of follower files against a slow and obvious one, whatever the file looks like."""

import csv
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creators.followers import LARGEST_COUNT, FollowersFeed
from pulse_site.feeds.importing import _parsed
from pulse_site.feeds.mapping import Columns, known
from pulse_site.feeds.reading import DELIMITERS, Source

COLUMNS = FollowersFeed({"as_of": "2026-10-15"}).columns
UNITS = {"K": 3, "M": 6, "B": 9}
FINE = "abcdefghijklmnopqrstuvwxyz0123456789_.-"
handles = st.one_of(
    st.text(FINE, min_size=1, max_size=12),
    st.text("aZ@ .é\n\t'", max_size=6),
    st.text("a", min_size=63, max_size=66),
)
numbers = st.integers(0, 3 * LARGEST_COUNT)
cells = st.one_of(
    numbers.map(str),
    numbers.map(lambda number: f"{number:,}"),
    numbers.map(lambda number: f"{number:,}".replace(",", "\u00a0")),
    st.tuples(st.integers(0, 999), st.integers(0, 99), st.sampled_from("KMB")).map(
        lambda n: f"{n[0]}.{n[1]:02}{n[2]}"
    ),
    numbers.map(lambda number: f" {number} "),
    st.sampled_from(["", "-5", "1.234", "many", "1e6", "٣", "=1+1", "0007", "1_000", "9" * 25]),
)


def slowly(handle: str, cell: str) -> tuple[str, int] | None:
    """The handle and the count of a row, or None for a row that must be rejected."""
    name = handle.strip()
    name = (name[1:] if name.startswith("@") else name).lower()
    if not 1 <= len(name) <= 64 or not all(letter.isalnum() or letter in "_.-" for letter in name):
        return None
    text = cell.strip()
    for blank in ("\u00a0", ","):
        groups = text.split(blank)
        if len(groups) > 1 and all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3:
            text = "".join(groups)
    power = UNITS.get(text[-1:], 0)
    whole, _point, fraction = (text[:-1] if power else text).partition(".")
    if (
        not (whole.isascii() and whole.isdigit())
        or (fraction and not fraction.isdigit())
        or (fraction and not power)
    ):
        return None
    count = Fraction(f"{whole}.{fraction or 0}") * 10**power
    return (name, int(count)) if count.denominator == 1 and count <= LARGEST_COUNT else None


@given(
    rows=st.lists(st.tuples(handles, cells), min_size=1, max_size=8),
    delimiter=st.sampled_from(DELIMITERS),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    turned=st.booleans(),
)
def test_every_row_is_read_or_rejected_as_the_obvious_parser_does(
    rows: list[tuple[str, str]],
    delimiter: str,
    end: str,
    encoding: str,
    quoting: int,
    turned: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if any(mark in handle for handle, _cell in rows for mark in "\n\r"):
        quoting = csv.QUOTE_ALL  # Python's writer leaves a line break bare that isn't the file's own
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    for row in [("Tiktoker", "Subscribers count"), *rows]:
        writer.writerow(row[::-1] if turned else row)
    path: Path = tmp_path_factory.mktemp("parsing") / "file"
    path.write_bytes(out.getvalue().encode(encoding))
    source = Source(path, lambda cells: known(cells, COLUMNS, {}))
    columns = Columns(source.header, COLUMNS, {})
    records = list(source.rows())
    found, rejected = _parsed(columns, records)
    order = {column.name: at for at, column in enumerate(columns.present, 1)}

    def stored(row: tuple[Any, ...]) -> tuple[str, int]:
        return row[order["handle"]], int(row[order["followers"]])

    filled = [row for row in rows if "".join(row).strip()]
    assert [stored(row) for row in found] == [expected for row in filled if (expected := slowly(*row))]
    assert len(found) + len(rejected) == len(filled)
    # One at a time or all at once: the short roads end where the long one does.
    alone = [part for record in records for part in _parsed(columns, [record])[0]]
    assert [(row[0], *stored(row)) for row in alone] == [(row[0], *stored(row)) for row in found]
