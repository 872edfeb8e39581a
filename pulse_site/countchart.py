"""Lays out charts of counts that the server draws as SVG: no script, no inline style, and they print.

Columns stand side by side on a floor below a round top (days, ages), rows one below the other (people,
categories); either may be stacked of several parts. The style sheet gives each tone its colour, in light and
dark, and the numbers stand beside the drawing in a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count, pairwise

WIDTH = 720
HEIGHT = 220
FLOOR = 192  # the line on which columns stand; the marks of the axis are below
TOP = 14
LEFT = 44  # for the numbers of the axis
MOST_MARKS = 8
ROW = 26
NAMES = 176  # for the names of rows
NUMBERS = 84  # for their numbers, on the right
LONGEST_NAME = 26
ROUND_STEPS = (10, 12, 16, 20, 24, 30, 40, 50, 60, 80)  # even, for a whole number in the middle


@dataclass(frozen=True)
class Part:
    """A rectangle of the drawing, of a tone."""

    x: int
    y: int
    width: int
    height: int
    tone: str


@dataclass(frozen=True)
class Column:
    """A column with its name, its total, and its parts from the floor up."""

    name: str
    total: int
    middle: int
    parts: list[Part]
    marked: bool


@dataclass(frozen=True)
class Row:
    """A row with its name, what is written behind it, and its parts from left to right."""

    name: str
    told: str
    baseline: int
    end: int
    parts: list[Part]


class ColumnChart:
    """`columns` of (name, a count for each of `tones`), the first tone at the bottom."""

    width, height, floor, left = WIDTH, HEIGHT, FLOOR, LEFT
    axis = FLOOR + 18

    def __init__(self, tones: Sequence[str], columns: Sequence[tuple[str, Sequence[int]]]) -> None:
        self.tones, self.given = tones, columns
        self.most = max((sum(counts) for _name, counts in columns), default=0)
        self.top = round_up(self.most)

    def __bool__(self) -> bool:
        return self.most > 0

    @property
    def lines(self) -> list[tuple[int, int]]:
        """The lines of the axis: y, number."""
        return [(self._y(number), number) for number in (self.top, self.top // 2)]

    @cached_property
    def columns(self) -> list[Column]:
        every = -(-len(self.given) // MOST_MARKS)
        return [
            self._column(at, name, counts, at % every == 0) for at, (name, counts) in enumerate(self.given)
        ]

    def _column(self, at: int, name: str, counts: Sequence[int], marked: bool) -> Column:
        begins, ends = (LEFT + (WIDTH - LEFT) * n // len(self.given) for n in (at, at + 1))
        gap = min((ends - begins) // 5, 12)
        heights = [self._y(total) for total in accumulate(counts, initial=0)]
        parts = [
            Part(begins + gap, high, max(ends - begins - 2 * gap, 1), low - high, tone)
            for tone, (low, high) in zip(self.tones, pairwise(heights), strict=True)
            if low > high
        ]
        return Column(name, sum(counts), (begins + ends) // 2, parts, marked)

    def _y(self, number: int) -> int:
        return FLOOR - (FLOOR - TOP) * number // self.top


class RowChart:
    """`rows` of (name, a count for each of `tones`, what is written behind); `full` is the widest row."""

    width = WIDTH

    def __init__(
        self, tones: Sequence[str], rows: Sequence[tuple[str, Sequence[int], str]], full: int | None = None
    ) -> None:
        self.tones, self.given = tones, rows
        self.full = full or max((sum(counts) for _name, counts, _told in rows), default=0)
        self.height = ROW * len(rows)
        self.left = NAMES - 10

    def __bool__(self) -> bool:
        return self.full > 0 and bool(self.given)

    @property
    def rows(self) -> list[Row]:
        return [self._row(at, *row) for at, row in enumerate(self.given)]

    def _row(self, at: int, name: str, counts: Sequence[int], told: str) -> Row:
        room = WIDTH - NAMES - NUMBERS
        places = [NAMES + room * total // self.full for total in accumulate(counts, initial=0)]
        parts = [
            Part(begins, at * ROW + 5, ends - begins, ROW - 10, tone)
            for tone, (begins, ends) in zip(self.tones, pairwise(places), strict=True)
            if ends > begins
        ]
        short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        return Row(short, told, at * ROW + ROW * 2 // 3 + 1, places[-1] + 8, parts)


def round_up(value: int) -> int:
    """The least of 10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100, 120, ... that is not below `value`."""
    steps: Iterable[int] = (step * 10**power for power in count() for step in ROUND_STEPS)
    return next(step for step in steps if step >= value)
