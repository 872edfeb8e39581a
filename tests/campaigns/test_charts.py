from hypothesis import given
from hypothesis import strategies as st

from campaigns.charts import HEIGHT, bar_chart


@given(st.lists(st.integers(min_value=0, max_value=10**12), max_size=40))
def test_every_bar_stands_on_the_axis_within_the_drawing(values: list[int]) -> None:
    chart = bar_chart([("", value) for value in values])
    assert all(bar.y + bar.height == HEIGHT and bar.y >= 0 for bar in chart.bars)
    assert all(0 <= bar.x < chart.width for bar in chart.bars)
    assert max(values, default=0) <= chart.top


def test_the_scale_ends_at_a_round_number() -> None:
    assert [bar_chart([("", value)]).top for value in (0, 10, 11, 247, 51, 81)] == [10, 10, 12, 300, 60, 100]


def test_a_chart_of_nothing_can_still_be_drawn() -> None:
    assert bar_chart([]).width > 0
