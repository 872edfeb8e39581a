import csv
import datetime
import hashlib
import io
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import placements, ranking, verdicts
from campaigns.models import Delivery, Month, Placement, PlacementRun
from creators.models import Creator, ProgrammeTerms, Tier, VideoCounts
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
NOON = datetime.datetime.combine(DAY, datetime.time(12), datetime.UTC)
FEED = Path(__file__).parents[3] / "shared" / "data" / "videos-2020-11.csv"
_ids = count(1)


def counted(views: int = 1_000, of: Creator | None = None, **fields: Any) -> VideoCounts:
    """Counts of a video of today: its score is its views."""
    creator = of or Creator.objects.get_or_create(handle="someone")[0]
    fields.setdefault("video_id", next(_ids))
    rest: dict[str, Any] = {"likes": 0, "comments": 0, "shares": 0, "age_days": 0, "published_at": NOON}
    rest |= {"day": DAY, "market": "US", "tier": Tier.STANDARD, **fields}
    return VideoCounts.objects.create(creator=creator, views=views, **rest)


def lineup(run: PlacementRun | None = None) -> list[int]:
    run = run or PlacementRun.objects.current().get(day=DAY)
    return list(run.placements.order_by("rank").values_list("video_id", flat=True))


# Against a slow and obvious oracle ---------------------------------------------------------------------


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


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


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


# The real file -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not FEED.exists(), reason="the real file stands beside the repository")
def test_the_real_file_gives_the_same_lineup_on_every_database() -> None:
    call_command("import_videos", FEED, as_of=datetime.date(2020, 11, 8), stdout=io.StringIO())
    out = io.StringIO()
    call_command("recompute_placements", "--day", "2020-11-08", "--json", stdout=out)
    result = json.loads(out.getvalue())
    result.pop("seconds")
    assert result == {
        "day": "2020-11-08",
        "market": "US",
        "population": 4_733,
        "lineup": 190,
        "cutoff_score": 8_602_808,
        "inputs": "44c8c691d6cc6147675162553f38f2c6fbf0f2cb4b9908af71c4339f792fd4f3",
        "digest": "80d890bc777c6a7d8b486943c87b18d6594b37902e6ad81d82f94d1bd4e86ee6",
        "changed": True,
    }
    assert lineup(PlacementRun.objects.get())[0] == 6889962539422174470


# Again, instead, and never again -----------------------------------------------------------------------


def test_the_same_again_changes_nothing() -> None:
    counted()
    first = placements.recompute(DAY)
    kept = PlacementRun.objects.get()
    again = placements.recompute(DAY)
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["digest"] == first["digest"]
    assert PlacementRun.objects.get() == kept


def test_a_new_run_takes_the_place_of_the_old_one() -> None:
    counted()
    placements.recompute(DAY)
    better = counted(2_000)
    assert placements.recompute(DAY)["changed"]
    assert PlacementRun.objects.count() == 1
    assert list(Placement.objects.values_list("video_id", flat=True)) == [better.video_id]


def test_a_larger_population_is_a_change_even_when_the_lineup_stays() -> None:
    counted()
    first = placements.recompute(DAY)
    counted(1)
    again = placements.recompute(DAY)
    assert again["changed"]
    assert again["digest"] != first["digest"]


def test_a_new_lineup_judges_the_deliveries_beside_it_again() -> None:
    gaming = factories.category("gaming")
    video = factories.video(category=gaming)
    campaign = factories.campaign(categories=("gaming",))
    row = Delivery.objects.create(
        day=DAY,
        campaign=campaign,
        video=video,
        creator=video.creator,
        impressions=1_000,
        verdict=Delivery.Verdict.NOT_IN_LINEUP,
        revenue_micros=0,
        month=factories.month(),
    )
    counted(video_id=video.pk, category=gaming)
    placements.recompute(DAY)
    row.refresh_from_db()
    assert (row.verdict, row.rank) == (Delivery.Verdict.BILLABLE, 1)


def frozen_run() -> PlacementRun:
    counted()
    placements.recompute(DAY)
    PlacementRun.objects.update(frozen=True)
    return PlacementRun.objects.get()


def test_a_frozen_lineup_stays_and_what_would_differ_is_kept_beside_it() -> None:
    kept = frozen_run()
    better = counted(2_000)
    result = placements.recompute(DAY)
    assert (result["changed"], result["changes"], result["beside"]) == (
        False,
        ["inputs", "rows"],
        kept.digest,
    )
    assert result["difference"] == {
        "population": [1, 2],
        "cutoff_score": [1_000, 2_000],
        "entered": 1,
        "left": 1,
        "moved": 0,
    }
    assert PlacementRun.objects.current().get() == kept
    correction = kept.corrections.get()
    assert (correction.superseded, lineup(correction)) == (True, [better.video_id])
    assert lineup(kept) != lineup(correction)


def test_a_correction_is_kept_once_and_gives_way_to_a_newer_one() -> None:
    kept = frozen_run()
    counted(2_000)
    first = placements.recompute(DAY)
    correction = kept.corrections.get()
    assert placements.recompute(DAY)["digest"] == first["digest"]
    assert kept.corrections.get() == correction
    counted(3_000)
    assert placements.recompute(DAY)["difference"]["population"] == [1, 3]
    assert kept.corrections.get().cutoff_score == 3_000
    assert PlacementRun.objects.count() == 2


def test_the_command_says_that_a_used_lineup_stays_and_what_differs() -> None:
    frozen_run()
    counted(2_000)
    out = io.StringIO()
    call_command("recompute_placements", "--day", DAY.isoformat(), stdout=out)
    assert "changes       inputs, rows" in out.getvalue()
    assert "cutoff_score: [1000, 2000], entered: 1, left: 1" in out.getvalue()
    assert out.getvalue().strip().endswith("so it stays; this one is kept beside it.")


def test_what_changed_is_named_terms_inputs_or_rows() -> None:
    counted()
    placements.recompute(DAY)
    low = counted(1)
    assert placements.recompute(DAY)["changes"] == ["inputs", "rows"]
    VideoCounts.objects.filter(video_id=low.video_id).update(likes=1)
    again = placements.recompute(DAY)
    assert (again["changed"], again["changes"]) == (False, ["inputs"])
    assert "changes" not in placements.recompute(DAY)
    terms = ProgrammeTerms.objects.get()
    terms.pk, terms.version, terms.starts_on = None, 2, DAY
    terms.save()
    assert placements.recompute(DAY)["changes"] == ["terms", "rows"]


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


def test_a_frozen_lineup_computed_again_alike_is_no_change() -> None:
    frozen_run()
    assert not placements.recompute(DAY)["changed"]


def test_a_lineup_by_which_a_month_was_reviewed_stays() -> None:
    billed = counted()
    placements.recompute(DAY)
    month = factories.month()
    Delivery.objects.create(
        day=DAY,
        campaign=factories.campaign(),
        video_id=factories.video(billed.video_id, creator=billed.creator).pk,
        creator=billed.creator,
        impressions=1_000,
        billed_impressions=1_000,
        verdict=Delivery.Verdict.BILLABLE,
        revenue_micros=10_000_000,
        month=month,
    )
    Month.objects.filter(pk=month.pk).update(status=Month.Status.REVIEW)
    counted(2_000)
    assert placements.recompute(DAY)["changes"] == ["inputs", "rows"]
    assert lineup() == [billed.video_id]
    Month.objects.filter(pk=month.pk).update(status=Month.Status.OPEN)
    assert placements.recompute(DAY)["changed"]
    assert PlacementRun.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda run: PlacementRun.objects.update(population=9),
        lambda run: PlacementRun.objects.update(superseded=True),
        lambda run: PlacementRun.objects.update(frozen=False),
        lambda run: run.delete(),
        lambda run: run.placements.update(score=9),
        lambda run: run.placements.all().delete(),
    ],
)
def test_the_database_itself_keeps_a_frozen_lineup(change: Callable[[PlacementRun], Any]) -> None:
    run = frozen_run()
    with pytest.raises(IntegrityError), transaction.atomic():
        change(run)
    assert PlacementRun.objects.update(frozen=True) == 1


def test_the_database_lets_a_lineup_go_that_money_has_not_used() -> None:
    counted()
    placements.recompute(DAY)
    PlacementRun.objects.get().placements.update(score=9)
    PlacementRun.objects.get().delete()
    assert not Placement.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.placements.update(score=9),
        lambda run: run.placements.update(creator=factories.creator()),
        lambda run: run.placements.update(category=None),
        lambda run: run.placements.update(tier=Tier.LIMITED),
        lambda run: run.placements.all().delete(),
        lambda run: PlacementRun.objects.update(population=9),
        lambda run: PlacementRun.objects.update(lineup=9),
        lambda run: PlacementRun.objects.update(cutoff_score=9),
    ],
)
def test_a_changed_lineup_no_longer_fits_its_digest(change: Callable[[PlacementRun], Any]) -> None:
    counted(category=factories.category())
    placements.recompute(DAY)
    assert placements.tampered(PlacementRun.objects.all()) == []
    change(PlacementRun.objects.get())
    assert placements.tampered(PlacementRun.objects.all()) == [PlacementRun.objects.get()]


def elsewhere(act: Callable[[], Any]) -> Any:
    """Do it over a connection of its own, whose work is committed for all to see."""

    def committed() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(committed).result()


@pytest.fixture
def committed_counts() -> Iterator[None]:
    elsewhere(counted)
    yield
    for model in (Placement, PlacementRun, VideoCounts, Creator):
        elsewhere(model.objects.all().delete)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_of_two_at_once_the_one_that_saw_the_newer_counts_comes_last(
    committed_counts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_has_ranked, hold = threading.Event(), verdicts.hold_open_months

    def rank_and_tarry() -> None:
        if not first_has_ranked.is_set():
            first_has_ranked.set()
            time.sleep(0.5)
        hold()

    def second() -> bool:
        first_has_ranked.wait()
        counted(2_000)
        return placements.recompute(DAY)["changed"]

    monkeypatch.setattr(verdicts, "hold_open_months", rank_and_tarry)
    acts: list[Callable[[], Any]] = [lambda: placements.recompute(DAY)["changed"], second]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(elsewhere, acts)) == [True, True]
    assert PlacementRun.objects.get().cutoff_score == 2_000


def test_a_day_without_counts_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="import_videos FILE --as-of 2026-10-15 --market US"):
        placements.recompute(DAY)
    with pytest.raises(CommandError, match="There are no counts"):
        call_command("recompute_placements", "--day", "2026-10-15")


def test_a_day_before_the_first_terms_is_refused() -> None:
    with pytest.raises(Refused, match="No terms"):
        placements.recompute(datetime.date(2019, 12, 31))


def test_the_work_is_a_few_statements_however_many_videos_there_are() -> None:
    for _ in range(60):
        counted()
    placements.recompute(DAY)
    counted(2_000)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        placements.recompute(DAY)
    assert len(queries) < 40


# What others read --------------------------------------------------------------------------------------


def test_the_lineup_is_exported_by_rank_and_safe_for_a_spreadsheet() -> None:
    counted(2_000, of=factories.creator("=cmd"), video_id=5, category=factories.category("pets"))
    for video_id in range(10, 35):
        counted(1_000, of=Creator.objects.get_or_create(handle="plain")[0], video_id=video_id)
    placements.recompute(DAY)
    out = io.StringIO()
    call_command("export_lineup", "--day", "2026-10-15", stdout=out)
    assert list(csv.reader(io.StringIO(out.getvalue()))) == [
        ["rank", "video", "creator", "category", "score"],
        ["1", "5", "'=cmd", "pets", "2000"],
        ["2", "10", "plain", "", "1000"],
    ]


def test_an_export_takes_the_place_of_a_file_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "lineup.csv"
    target.write_text("as it was")
    with pytest.raises(CommandError, match="There is no lineup"):
        call_command("export_lineup", "--day", "2026-10-15", "--out", str(target))
    assert target.read_text() == "as it was"
    counted()
    placements.recompute(DAY)
    call_command("export_lineup", "--day", "2026-10-15", "--out", str(target))
    assert target.read_text().startswith("rank,video,creator,category,score\n1,")
    assert [path.name for path in tmp_path.iterdir()] == ["lineup.csv"]
