"""A chart of losses and gains: to scale, and nothing that happened is too small to be seen."""

from pulse_site.barchart import FLOOR, HEADROOM, WIDTH, ChangeChart

CLASSES = [(-100, -50, 40), (-50, 0, 80), (0, 0, 9_000), (0, 50, 1), (50, None, 1_234_567)]


def chart(classes: list[tuple[int, int | None, int]]) -> ChangeChart:
    return ChangeChart([{"from": low, "to": high, "count": count} for low, high, count in classes])


def test_bars_are_to_scale_side_by_side_and_leave_out_what_did_not_change() -> None:
    bars = chart(CLASSES[:3]).bars
    assert [(bar.count, bar.tone) for bar in bars] == [(40, "loss"), (80, "loss")]
    assert [bar.height for bar in bars] == [(FLOOR - HEADROOM) // 2, FLOOR - HEADROOM]
    assert all(bar.y + bar.height == FLOOR for bar in bars)
    assert bars[0].x + bars[0].width < bars[1].x < WIDTH
    assert [bar.tone for bar in chart(CLASSES).bars] == ["loss", "loss", "gain", "gain"]


def test_what_is_rare_is_seen_and_what_is_not_there_is_not() -> None:
    bars = chart([*CLASSES, (60, 70, 0)]).bars
    assert [bar.height > 0 for bar in bars] == [True, True, True, True, False]
    assert [bar.short for bar in bars] == ["40", "80", "1", "1M", "0"]


def test_the_axis_says_where_a_class_begins() -> None:
    marks = chart(CLASSES).marks
    assert [percent for _x, percent in marks] == [-50, 0, 50]
    assert [x for x, _percent in marks] == [WIDTH // 4, WIDTH // 2, 3 * (WIDTH // 4)]


def test_there_is_no_picture_of_nothing() -> None:
    assert not chart([])
    assert not chart([(-100, 0, 0), (0, 0, 5)])
    assert chart(CLASSES)
