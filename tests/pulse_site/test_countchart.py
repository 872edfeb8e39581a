"""Columns and rows of counts, placed on a drawing of whole units."""

from pulse_site.countchart import FLOOR, LEFT, NAMES, ROW, TOP, WIDTH, ColumnChart, RowChart


def test_columns_share_the_width_and_stack_up_from_the_floor() -> None:
    chart = ColumnChart(("people", "robot"), [("Mon", (30, 10)), ("Tue", (0, 0)), ("Wed", (0, 20))])
    monday, tuesday, wednesday = chart.columns
    assert chart.top == 40
    assert [column.total for column in chart.columns] == [40, 0, 20]
    people, robot = monday.parts
    assert (people.tone, robot.tone) == ("people", "robot")
    assert people.y + people.height == FLOOR
    assert robot.y + robot.height == people.y
    assert robot.y == TOP
    assert tuesday.parts == []
    assert [part.tone for part in wednesday.parts] == ["robot"]
    assert LEFT <= people.x < people.x + people.width <= WIDTH


def test_a_year_of_days_has_a_column_each_and_marks_for_a_few() -> None:
    chart = ColumnChart(("days",), [(str(day), (day,)) for day in range(1, 367)])
    assert len(chart.columns) == 366
    assert sum(column.marked for column in chart.columns) <= 8
    assert all(part.width >= 1 for column in chart.columns for part in column.parts)


def test_lines_of_the_axis_stand_at_whole_numbers() -> None:
    assert ColumnChart(("few",), [("Mon", (3,))]).lines == [(TOP, 10), ((TOP + FLOOR) // 2, 5)]


def test_nothing_counted_is_nothing_to_draw() -> None:
    assert not ColumnChart(("none",), [("Mon", (0,))])
    assert not ColumnChart(("none",), [])
    assert not RowChart(("none",), [])


def test_rows_stand_below_one_another_and_the_fullest_takes_the_room() -> None:
    chart = RowChart(("good", "rest"), [("Gaming", (750, 250), "75 %"), ("A" * 40, (0, 1_000), "0 %")], 1_000)
    gaming, long = chart.rows
    good, rest = gaming.parts
    assert chart.height == 2 * ROW
    assert good.x == NAMES
    assert rest.x == good.x + good.width
    assert abs(good.width - 3 * rest.width) <= 3
    assert [part.tone for part in long.parts] == ["rest"]
    assert long.parts[0].width == good.width + rest.width
    assert len(long.name) == 26
    assert long.name.endswith("…")
