"""Lays out charts that the server draws as SVG: no script, no inline style, and they print.

All sizes are whole units of the drawing's own view box; the style sheet gives them colours, the page puts
the numbers beside them in words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

BAR = 8
SLOT = 10  # a bar and the gap after it
HEIGHT = 1_000
ROUND_STEPS = (10, 12, 16, 20, 24, 30, 40, 50, 60, 80)  # even, for a whole number in the middle


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int
    label: str


@dataclass(frozen=True)
class BarChart:
    """Bars from left to right below a round `top` that the highest of them does not pass.

    `line` is a second series over the same places, as the points of a polyline; empty where there is none.
    """

    top: int
    width: int
    bars: list[Bar]
    line: str = ""

    @property
    def middle(self) -> int:
        return self.top // 2


def bar_chart(values: Sequence[tuple[str, int]], line: Sequence[int] = (), *, top: int = 0) -> BarChart:
    """A chart of (label, value of 0 or more) pairs; `line` are values to compare them with, one by one.

    With the `top` of another chart it is drawn on the same scale, so that it may stand before it.
    """
    top = top or _round_up(max((*(value for _label, value in values), *line), default=0))
    bars = [
        Bar(x=number * SLOT, y=HEIGHT - value * HEIGHT // top, height=value * HEIGHT // top, label=label)
        for number, (label, value) in enumerate(values)
    ]
    points = (
        f"{number * SLOT + BAR // 2},{HEIGHT - value * HEIGHT // top}" for number, value in enumerate(line)
    )
    return BarChart(top, max(len(bars), len(line), 1) * SLOT, bars, " ".join(points))


def _round_up(value: int) -> int:
    """The least of 10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100, 120, ... that is not below `value`."""
    steps: Iterable[int] = (step * 10**power for power in count() for step in ROUND_STEPS)
    return next(step for step in steps if step >= value)
