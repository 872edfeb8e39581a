"""Lays out charts that the server draws as SVG: no script, no inline style, and they print.

All sizes are whole units of the drawing's own view box; the style sheet gives them colours, the page puts
the numbers beside them in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulse_site.countchart import round_up

BAR = 8
SLOT = 10  # a bar and the gap after it
HEIGHT = 1_000


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
    top = top or round_up(max((*(value for _label, value in values), *line), default=0))
    bars = [
        Bar(x=number * SLOT, y=HEIGHT - value * HEIGHT // top, height=value * HEIGHT // top, label=label)
        for number, (label, value) in enumerate(values)
    ]
    points = (
        f"{number * SLOT + BAR // 2},{HEIGHT - value * HEIGHT // top}" for number, value in enumerate(line)
    )
    return BarChart(top, max(len(bars), len(line), 1) * SLOT, bars, " ".join(points))
