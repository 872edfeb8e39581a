"""The day of a question about a million videos, against the best hand-written SQL of one day's lineup."""

from django.db import connection, transaction

from campaigns import placements
from creators.models import Creator
from payouts import what_if
from tests.bench import cpu
from tests.bench.test_placements import DAY, VIDEOS, by_hand, cut_then_rank, videos  # noqa: F401 - a fixture

RULES = {"lineup_basis_points": 500, "weight_comments": 30, "min_followers": 50_000}


def test_a_day_is_tried_in_a_small_multiple_of_its_lineup(videos: Creator) -> None:  # noqa: F811
    with transaction.atomic():
        floor = cpu.seconds(by_hand(cut_then_rank))
        transaction.set_rollback(True)
    placements.recompute(DAY)
    question = what_if.Question(DAY, "", RULES)
    ours = cpu.seconds(lambda: what_if.answer(what_if.DAY, question, lambda _permille, _step: None))
    print(
        f"\nwhat if, {VIDEOS:,} videos on {connection.vendor}: {ours:.2f} s CPU, "
        f"one lineup by hand {floor:.2f} s, ratio {ours / floor:.2f}"
    )
    assert ours <= 4 * floor
