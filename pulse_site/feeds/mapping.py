"""Header names become columns, and a row of cells becomes a row of values.

Names are compared by their letters and digits alone, so that `Subscribers count`, `subscribers_count` and
a header with a line break in it are the same. A person may correct what was found.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Column
from pulse_site.feeds.reading import Record
from pulse_site.refusal import Refused

SHOWN_HEADERS = 12
LONGEST_VALUE = 300
SECRET = "•••"  # noqa: S105 - what is kept of a cell that nobody may read
_NUMBER = re.compile(r" ?\([0-9]+\)$")
Rejected = tuple[int, str, str, str, str]  # line, column, value, reason, message


def folded(name: str) -> str:
    """The letters and digits of a header name, in lower case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def numberless(header: str) -> str:
    """A name as the file has it, without the number by which it is told apart from another (reading.py)."""
    return _NUMBER.sub("", header)


def known(cells: Sequence[str], columns: Sequence[Column], corrections: Mapping[str, str]) -> int:
    """How many of the cells name one of the columns, or are named by a person."""
    names = {folded(name) for column in columns for name in (column.name, *column.aliases)}
    return sum(folded(numberless(cell)) in names or bool(corrections.get(cell)) for cell in cells)


class MissingColumns(Refused):
    """The header lacks columns that the feed can't do without; a person may say where they are."""


class Columns:
    """Where a file's header has the columns of a feed.

    `corrections` (header -> column name, or blank for none) overrule what the names say.
    """

    def __init__(
        self, header: Sequence[str], columns: Sequence[Column], corrections: Mapping[str, str]
    ) -> None:
        self.header = header
        self.columns = columns
        self.secrets = any(column.secret for column in columns)
        self.places = {column.name: self._places(column, corrections) for column in columns}
        self.present = [column for column in columns if self.places[column.name]]
        self._plan = [self._step(column) for column in self.present]

    @property
    def missing(self) -> list[str]:
        """The required columns that the header doesn't have."""
        return [column.name for column in self.columns if column.required and column not in self.present]

    def require(self) -> None:
        """Raise MissingColumns unless all required columns are there."""
        if self.missing:
            shown = ", ".join(repr(name[:40]) for name in self.header[:SHOWN_HEADERS])
            raise MissingColumns(
                _("No column for %(missing)s in the header: it has %(header)s. Name the columns in the first "
                  "line (%(missing)s).")
                % {"missing": ", ".join(self.missing), "header": shown}
            )  # fmt: skip

    @property
    def found(self) -> dict[str, str]:
        """Header -> name of the column that is read from it."""
        return {self.header[at]: name for name, places in self.places.items() for at in places}

    def read(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        """The values of the present columns of each row, after its line; what is plain stays a text.

        Raises Unusable when anything is wrong with any row. A column at a time: that halves the cost.
        """
        if not records:
            return []
        lines, rows = zip(*records, strict=True)
        if set(map(len, rows)) != {len(self.header)}:
            raise Unusable("cells", _("Some rows have more or fewer cells than the header."))
        across = list(zip(*rows, strict=True))
        values = []
        for pick, parse, plain in self._plan:
            picked = pick(across)
            cells = picked if isinstance(picked[0], str) else list(zip(*picked, strict=True))
            values.append((plain and plain(cells)) or map(parse, cells))
        return list(zip(map(str, lines), *values, strict=True))

    def complaint(self, line: int, cells: Sequence[str]) -> Rejected:
        """Which cell of a row that `read` refused is to blame, and why."""
        if len(cells) != len(self.header):
            shown = "" if self.secrets else " | ".join(cells)[:LONGEST_VALUE]
            return line, "", shown, "cells", self._wrong_width(cells)
        for column, (pick, parse, _plain) in zip(self.present, self._plan, strict=True):
            picked = pick(cells)
            shown = " | ".join(picked) if isinstance(picked, tuple) else picked
            if column.required and not shown.strip(" |"):
                return line, column.name, "", "missing", _("Fill this cell.")
            try:
                parse(picked)
            except Unusable as unusable:
                shown = SECRET if column.secret else shown
                return line, column.name, shown[:LONGEST_VALUE], unusable.reason, unusable.message
        raise AssertionError(f"line {line} was refused without a reason")

    def _places(self, column: Column, corrections: Mapping[str, str]) -> list[int]:
        names = [folded(name) for name in (column.name, *column.aliases)]
        matches = []
        for at, header in enumerate(self.header):
            if header in corrections:
                rank = 0 if corrections[header] == column.name else None
            else:
                name = folded(numberless(header))
                rank = names.index(name) if name in names else None
            if rank is not None:
                matches.append((rank, at))
        places = [at for _rank, at in sorted(matches)]
        return places if column.choose else places[:1]

    def _step(self, column: Column) -> tuple[Callable[[Any], Any], Callable[[Any], Any], Any]:
        """How a row's value of `column` comes about: what to pick of the cells, how to read that, and how to
        read many of them at once."""
        places, choose = self.places[column.name], column.choose
        pick = itemgetter(*places)
        parse = column.parse if column.required else _optional(column.parse, column.default)
        if choose and len(places) > 1:
            return pick, lambda cells: parse(choose(cells)), None
        return pick, parse, column.parse_plain

    def _wrong_width(self, cells: Sequence[str]) -> str:
        return _("It has %(cells)s cells, the header has %(header)s; check its quotes and delimiters.") % {
            "cells": len(cells),
            "header": len(self.header),
        }  # fmt: skip


def _optional(parse: Callable[[str], Any], default: Any) -> Callable[[str], Any]:
    return lambda cell: default if not cell or cell.isspace() else parse(cell)
