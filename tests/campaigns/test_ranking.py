"""Who is in: ranked against a slow oracle, at the cut, per category; and the digest of what was ranked."""

import datetime
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import placements, ranking
from campaigns.models import Placement, PlacementRun
from creators.models import ProgrammeTerms, Tier, VideoCounts
from tests import factories
from tests.campaigns.counted import DAY, NOON, counted, lineup, rolled_back

pytestmark = pytest.mark.django_db


def oracle(
    rows: list[VideoCounts], terms: ProgrammeTerms
) -> tuple[int, dict[int | None, tuple[int, int | None]], list[tuple[int, int, int]]]:
    """Population; population and cut-off score by category; (rank, video, score) of the lineup."""
    population = [row for row in rows if row.age_days <= 30]
    groups: dict[int | None, list[VideoCounts]] = {} if terms.cut_per_category else {None: population}
    for row in population if terms.cut_per_category else ():
        if row.category_id is not None:
            groups.setdefault(row.category_id, []).append(row)
    cuts: dict[int | None, tuple[int, int | None]] = {}
    lineup = []
    for category, members in groups.items():
        ranked = []
        for row in members:
            points = row.views + 5 * row.likes + 10 * row.comments + 20 * row.shares
            score = points * terms.decay_permille[row.age_days] // 1000
            ranked.append((-score, -row.published_at.timestamp(), row.video_id, row.tier))
        ranked.sort()
        within = [
            (rank, video, -minus_score, tier)
            for rank, (minus_score, _newer, video, tier) in enumerate(ranked, start=1)
            if 10_000 * (rank - 1) < terms.lineup_basis_points * len(ranked)
        ]
        cuts[category] = (len(ranked), within[-1][2] if within else None)
        lineup += [row[:3] for row in within if row[3] != Tier.UNSUITABLE]
    return len(population), cuts, sorted(lineup)


ROWS = st.tuples(
    st.sampled_from([0, 1, 7, 1000]),  # few values: ties are the rule
    st.integers(0, 2),
    st.integers(0, 1),
    st.integers(0, 1),
    st.sampled_from([0, 1, 29, 30, 31, 400]),
    st.sampled_from([Tier.LIMITED, Tier.STANDARD, Tier.STANDARD, Tier.UNSUITABLE]),
    st.integers(0, 2),
    st.sampled_from(["gaming", "gaming", "pets", ""]),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(ROWS, max_size=80),
    basis_points=st.sampled_from([0, 1, 400, 2_500, 10_000]),
    per_category=st.booleans(),
    guess=st.sampled_from([None, 0, 1, 7, 50, 20_000]),
)
def test_the_lineup_is_what_an_obvious_sort_would_give(
    rows: list[tuple[Any, ...]], basis_points: int, per_category: bool, guess: int | None
) -> None:
    """Whatever the sample makes Pulse guess of the score at the cut."""
    with rolled_back(), guessing(guess):
        terms = factories.terms()
        terms.lineup_basis_points = basis_points
        terms.cut_per_category = per_category
        terms.save()
        creator = factories.creator()
        made = [
            VideoCounts(
                day=DAY,
                video_id=1_000 - number,
                creator=creator,
                market="US",
                category=factories.category(slug) if slug else None,
                tier=tier,
                published_at=NOON + datetime.timedelta(microseconds=seconds * 500_000),
                age_days=age,
                views=views,
                likes=likes,
                comments=comments,
                shares=shares,
            )
            for number, (views, likes, comments, shares, age, tier, seconds, slug) in enumerate(rows)
        ]
        VideoCounts.objects.bulk_create(made)
        counted(market="FR")
        counted(day=DAY - datetime.timedelta(days=1))
        if not rows:
            return
        result = placements.recompute(DAY)
        run = PlacementRun.objects.get()
        ranked = list(run.placements.order_by("rank", "video_id").values_list("rank", "video_id", "score"))
        population, cuts, expected = oracle(made, terms)
        assert (result["population"], ranked) == (population, expected)
        assert result["lineup"] == len(expected)
        assert {category: placements.cut_of(run, category) for category in cuts} == {
            category: (size, ranking.places(terms, size), score) for category, (size, score) in cuts.items()
        }
        assert result["cutoff_score"] == (None if per_category else cuts[None][1])


@contextmanager
def guessing(score: int | None) -> Iterator[None]:
    """The sample says this score of every group that it knows, or it is too small to say any."""

    def guesses(terms: ProgrammeTerms, *_rest: Any) -> dict[int | None, int]:
        if score is None:
            return {}
        return {factories.category("gaming").pk: score} if terms.cut_per_category else {None: score}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ranking, "_guesses", guesses)
        yield


@pytest.mark.parametrize("per_category", [False, True])
def test_a_sample_leaves_few_to_be_ranked(monkeypatch: pytest.MonkeyPatch, per_category: bool) -> None:
    monkeypatch.setattr(ranking, "SAMPLED_FROM", 1)
    monkeypatch.setattr(ranking, "MARGIN", 1)
    monkeypatch.setattr(ranking, "SAMPLE", {"postgresql": "TABLESAMPLE SYSTEM (100)", "sqlite": ""})
    ProgrammeTerms.objects.update(cut_per_category=per_category)
    creator, gaming = factories.creator(), factories.category("gaming")
    VideoCounts.objects.bulk_create(
        VideoCounts(
            day=DAY, video_id=views + 1, creator=creator, market="US", category=gaming, tier=Tier.STANDARD,
            published_at=NOON, age_days=0, views=views, likes=0, comments=0, shares=0,
        )
        for views in range(1_000)
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        (cut,) = ranking.rank(factories.terms(), DAY, "US").by_category.values()
        cursor.execute("SELECT COUNT(*) FROM lineup_ranked")
        assert cursor.fetchone() == (47,)
    assert cut == (1_000, 40, 960)


@pytest.mark.parametrize(("population", "size"), [(1, 1), (24, 1), (25, 1), (26, 2), (50, 2), (51, 3)])
def test_a_video_is_in_when_fewer_than_four_percent_rank_above_it(population: int, size: int) -> None:
    for views in range(population):
        counted(views)
    result = placements.recompute(DAY)
    assert (result["population"], result["lineup"]) == (population, size)
    assert result["cutoff_score"] == population - size


def test_videos_beyond_the_horizon_leave_an_empty_lineup_without_a_cut() -> None:
    counted(age_days=31)
    result = placements.recompute(DAY)
    assert (result["population"], result["lineup"], result["cutoff_score"]) == (0, 0, None)


def test_an_unsuitable_video_leaves_its_rank_empty() -> None:
    counted(3_000, tier=Tier.UNSUITABLE)
    second = counted(2_000)
    for _ in range(24):
        counted(1)
    placements.recompute(DAY)
    assert list(Placement.objects.values_list("rank", "video_id")) == [(2, second.video_id)]


def test_a_tie_goes_to_the_newer_and_then_to_the_lower_id() -> None:
    late, early = counted(video_id=8, published_at=NOON), counted(video_id=9, published_at=NOON)
    old = counted(video_id=7, published_at=NOON - datetime.timedelta(seconds=1))
    terms = factories.terms()
    terms.lineup_basis_points = 10_000
    terms.save()
    placements.recompute(DAY)
    assert lineup() == [late.video_id, early.video_id, old.video_id]


# Cut per category --------------------------------------------------------------------------------------


@pytest.fixture
def per_category() -> ProgrammeTerms:
    terms = factories.terms()
    terms.cut_per_category = True
    terms.save()
    return terms


def test_each_category_is_cut_by_itself_and_says_where(per_category: ProgrammeTerms) -> None:
    gaming, pets = factories.category("gaming"), factories.category("pets")
    games = [counted(9_000 - number, category=gaming) for number in range(26)]
    animals = [counted(100 - number, category=pets) for number in range(3)]
    result = placements.recompute(DAY)
    run = PlacementRun.objects.get()
    assert list(run.placements.order_by("rank", "video_id").values_list("rank", "video_id")) == [
        (1, games[0].video_id),
        (1, animals[0].video_id),
        (2, games[1].video_id),
    ]
    assert (result["population"], result["lineup"], result["cutoff_score"]) == (29, 3, None)
    assert result["cutoff_scores"] == {"gaming": 8_999, "pets": 100}
    cuts = run.cuts.order_by("category__slug").values_list("category__slug", "population", "lineup")
    assert list(cuts) == [("gaming", 26, 2), ("pets", 3, 1)]


def test_a_video_without_category_is_then_ranked_among_none_and_counts_in_the_market(
    per_category: ProgrammeTerms,
) -> None:
    counted(9_000)
    placed = counted(1, category=factories.category("pets"))
    result = placements.recompute(DAY)
    run = PlacementRun.objects.get()
    assert (result["population"], lineup()) == (2, [placed.video_id])
    assert placements.cut_of(run, None) is None
    assert placements.cut_of(run, factories.category("gaming").pk) == (0, 0, None)


def test_a_day_without_categories_has_an_empty_lineup_then(per_category: ProgrammeTerms) -> None:
    counted(9_000)
    result = placements.recompute(DAY)
    assert (result["population"], result["lineup"], result["cutoff_scores"]) == (1, 0, {})


def test_the_digest_of_cuts_per_category_has_a_line_for_each(per_category: ProgrammeTerms) -> None:
    counted(7, video_id=5, of=factories.creator("ada"), category=factories.category("pets"))
    counted(9, video_id=6, of=factories.creator("bob"), category=factories.category("gaming"))
    text = (
        f"{DAY}\tUS\t1\t2\t2\t\n"
        "gaming\t1\t1\t9\n"
        "pets\t1\t1\t7\n"
        "1\t5\tada\tpets\t2\t7\n"
        "1\t6\tbob\tgaming\t2\t9\n"
    )
    assert placements.recompute(DAY)["digest"] == hashlib.sha256(text.encode()).hexdigest()


def test_a_frozen_cut_stays_and_a_changed_one_no_longer_fits_the_digest(per_category: ProgrammeTerms) -> None:
    counted(category=factories.category("pets"))
    placements.recompute(DAY)
    run = PlacementRun.objects.get()
    with rolled_back():
        run.cuts.update(population=9)
        assert placements.tampered(PlacementRun.objects.all()) == [run]
    PlacementRun.objects.update(frozen=True)
    for change in (lambda: run.cuts.update(population=9), lambda: run.cuts.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# What was counted -------------------------------------------------------------------------------------


def test_a_day_that_is_moved_by_other_weights_has_the_same_inputs() -> None:
    counted(age_days=31)
    counted(likes=9)
    before = placements.recompute(DAY)
    ProgrammeTerms.objects.update(weight_likes=9, decay_permille=[1000])
    after = placements.recompute(DAY)
    assert after["inputs"] == before["inputs"]
    assert after["changes"] == ["rows"]


@pytest.mark.parametrize(
    "change",
    [
        {"views": 1_001},
        {"likes": 1},
        {"comments": 1},
        {"shares": 1},
        {"tier": Tier.LIMITED},
        {"age_days": 1},
        {"published_at": NOON - datetime.timedelta(seconds=1)},
        {"video_id": 8},
    ],
    ids=str,
)
def test_the_inputs_are_known_by_every_count(change: dict[str, Any]) -> None:
    counted(video_id=7)
    before = placements.recompute(DAY)["inputs"]
    VideoCounts.objects.update(**change)
    assert placements.recompute(DAY)["inputs"] != before
    VideoCounts.objects.update(category=factories.category())
    assert placements.recompute(DAY)["inputs"] != before


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 2**63 - 1),
            st.lists(st.integers(0, 10**13), min_size=4, max_size=4),
            st.sampled_from(["", "gaming", "pets"]),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda row: row[0],
    ),
    per_category=st.booleans(),
)
def test_the_digest_of_inputs_is_what_the_module_says(
    rows: list[tuple[int, list[int], str]], per_category: bool
) -> None:
    with rolled_back():
        total = 0
        for number, (video, (views, likes, comments, shares), slug) in enumerate(rows):
            published = NOON - datetime.timedelta(days=number)
            counted(
                views, video_id=video, likes=likes, comments=comments, shares=shares, age_days=number,
                published_at=published, category=factories.category(slug) if slug else None,
            )  # fmt: skip
            t = 60013 * views + 50021 * likes + 40503 * comments + 30011 * shares
            t += 20011 * int(published.timestamp()) + 10007 * number + 9973 * Tier.STANDARD
            t += zlib.crc32(slug.encode()) if slug else 0
            total += (video % 2147483629) * (t % 2147483647) % 137438953447
        text = f"{len(rows)}\t{total}\n"
        factories.ProgrammeTerms.objects.update(cut_per_category=per_category)
        assert ranking.rank(factories.terms(), DAY, "US").inputs == hashlib.sha256(text.encode()).hexdigest()
