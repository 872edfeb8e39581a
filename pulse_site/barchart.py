"""Lays out a bar chart of losses and gains that the server draws as SVG: no script, no inline style."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 560
HEIGHT = 270
FLOOR = 246  # the line on which the bars stand; the marks of the axis are below
HEADROOM = 26  # above the highest bar, for its number
GAP = 3


@dataclass(frozen=True)
class Bar:
    """A bar's place on the drawing, its count, and whether it is of gain or loss."""

    x: int
    y: int
    width: int
    height: int
    count: int
    tone: str

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def top(self) -> int:
        """Where its number stands."""
        return self.y - 5

    @property
    def short(self) -> str:
        """The count in the few letters that there is room for."""
        for power, unit in ((9, "B"), (6, "M"), (3, "K")):
            if self.count >= 10**power:
                return f"{self.count // 10**power}{unit}"
        return str(self.count)


class ChangeChart:
    """`classes` of relative change (from, to: percent, the last without end; count), placed side by side.

    Those that changed nothing have no bar: they would dwarf all others.
    """

    width = WIDTH
    height = HEIGHT
    floor = FLOOR
    axis = FLOOR + 16

    def __init__(self, classes: Sequence[Mapping[str, Any]]) -> None:
        self.changed = [each for each in classes if (each["from"], each["to"]) != (0, 0)]
        self.most = max((each["count"] for each in self.changed), default=0)
        self.step = WIDTH // max(len(self.changed), 1)

    def __bool__(self) -> bool:
        return self.most > 0

    @property
    def bars(self) -> list[Bar]:
        return [self._bar(at, each) for at, each in enumerate(self.changed)]

    @property
    def marks(self) -> list[tuple[int, int]]:
        """Where on the axis which percentage is: x, percent; where one class ends and the next begins."""
        return [(at * self.step, each["from"]) for at, each in enumerate(self.changed) if at]

    def _bar(self, at: int, each: Mapping[str, Any]) -> Bar:
        height = (FLOOR - HEADROOM) * each["count"] // max(self.most, 1)
        height = max(height, 2 if each["count"] else 0)
        return Bar(
            x=at * self.step + GAP,
            y=FLOOR - height,
            width=self.step - 2 * GAP,
            height=height,
            count=each["count"],
            tone="gain" if each["from"] >= 0 else "loss",
        )
