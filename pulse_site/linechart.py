"""Lays out a line chart that the server draws as SVG: no script, no inline style, and it prints."""

import datetime
from collections.abc import Sequence

WIDTH = 720
HEIGHT = 180
MARGIN = 8


class LineChart:
    """`points` of (day, value), in order of the days, placed on a drawing of WIDTH by HEIGHT units."""

    width = WIDTH
    height = HEIGHT

    def __init__(self, points: Sequence[tuple[datetime.date, int]]) -> None:
        self.points = points
        self.dots = [self._place(day, value) for day, value in points]

    def __bool__(self) -> bool:
        """One point makes no line."""
        return len(self.points) > 1

    @property
    def line(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.dots)

    @property
    def area(self) -> str:
        floor = HEIGHT - MARGIN
        return f"{self.dots[0][0]},{floor} {self.line} {self.dots[-1][0]},{floor}"

    def _place(self, day: datetime.date, value: int) -> tuple[int, int]:
        first, last = self.points[0][0], self.points[-1][0]
        values = [value for _day, value in self.points]
        low, high = min(values), max(values)
        return (
            MARGIN + (WIDTH - 2 * MARGIN) * (day - first).days // max((last - first).days, 1),
            HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (value - low) // max(high - low, 1),
        )
