"""Lineups of counts in Parquet files: the same as the database's, by each engine; and what is refused."""

import datetime
import io
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from campaigns import placements
from campaigns.explanation import explain
from campaigns.models import Placement, PlacementRun
from creators import recategorising
from creators.models import Category, CategoryOrigin, Creator, Tier, Video, VideoCounts
from pulse_site.models import Run
from pulse_site.refusal import Refused
from tests import factories
from tests.campaigns.lake.written import NOON, of_database, row, write
from tests.pristine import POSTGRESQL

pytestmark = pytest.mark.django_db
DAY = factories.DAY
# Two workers with an executor each: processes of their own.
CLUSTER = "local-cluster[2,1,1024]"


def spark_is_there() -> bool:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return False
    return shutil.which("java") is not None


needs_spark = [
    pytest.mark.skipif(not spark_is_there(), reason="needs pyspark (make spark) and Java"),
    pytest.mark.skipif(
        POSTGRESQL, reason="it is run once, beside SQLite; DuckDB ties both databases together"
    ),
]
ENGINES = ["", pytest.param(CLUSTER, marks=needs_spark)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One session for all tests of the module: its processes take a while to start."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master(CLUSTER)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield
    session.stop()


@pytest.fixture(params=ENGINES, ids=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest, settings: Settings) -> str:
    if request.param:
        request.getfixturevalue("cluster")
    settings.SPARK_MASTER = request.param
    return request.param


def random_counts(seed: int, videos: int) -> None:
    """Few values, so that ties are the rule; another market and videos beyond the horizon among them."""
    dice = random.Random(seed)
    creators = [factories.creator(f"creator-{seed}-{n}") for n in range(3)]
    categories: list[Category | None] = [None, *Category.objects.all()[:3]]
    made = []
    for number in range(videos):
        published = NOON - datetime.timedelta(
            days=dice.choice([0, 1, 29, 30, 31]), microseconds=dice.choice([0, 1])
        )
        counts = {name: dice.choice([0, 1, 7]) for name in ("likes", "comments", "shares")}
        made.append(
            VideoCounts(
                day=DAY,
                video_id=seed * 1_000 + number + 1,
                creator=dice.choice(creators),
                category=dice.choice(categories),
                market=dice.choice(["US", "US", "US", "FR"]),
                tier=dice.choice([Tier.LIMITED, Tier.STANDARD, Tier.EXPANDED, Tier.UNSUITABLE]),
                published_at=published.replace(tzinfo=datetime.UTC),
                age_days=(DAY - published.date()).days,
                views=dice.choice([0, 1, 1_000, 10**13]),
                **counts,
            )
        )
    VideoCounts.objects.bulk_create(made)


@pytest.mark.parametrize("per_category", [False, True])
@pytest.mark.parametrize("basis_points", [0, 400, 10_000])
def test_every_engine_gives_the_digest_of_the_database(
    engine: str, per_category: bool, basis_points: int, tmp_path: Path
) -> None:
    terms = factories.terms()
    terms.cut_per_category, terms.lineup_basis_points = per_category, basis_points
    terms.save()
    for seed in range(1, 3 if engine else 9):
        VideoCounts.objects.all().delete()
        random_counts(seed, videos=seed * 23)
        of_counts = placements.recompute(DAY, files="")
        pattern = of_database(tmp_path)
        PlacementRun.objects.all().delete()
        VideoCounts.objects.all().delete()
        of_files = placements.recompute(DAY, files=pattern)
        assert of_files.pop("files") == pattern
        del of_counts["seconds"], of_files["seconds"]
        assert of_files == of_counts
        PlacementRun.objects.all().delete()


@pytest.mark.parametrize("per_category", [False, True])
def test_moves_of_staff_go_before_the_files_as_they_do_in_the_database(
    engine: str, per_category: bool, tmp_path: Path
) -> None:
    by, terms = factories.staff("otto"), factories.terms()
    terms.cut_per_category, terms.lineup_basis_points = per_category, 3_000
    terms.save()
    random_counts(1, videos=40)
    pattern = of_database(tmp_path)
    for number, to in ((2, Category.objects.all()[1]), (5, None), (7, Category.objects.all()[2])):
        counts = VideoCounts.objects.get(video_id=1_000 + number)
        video = factories.video(
            counts.video_id, creator=counts.creator, published_at=counts.published_at, market=counts.market
        )
        recategorising.move(video, to, DAY, by, reason="It is a cat.")
    of_counts = placements.recompute(DAY, files="")
    stored = {row.video_id: row for row in VideoCounts.objects.all()}
    PlacementRun.objects.all().delete()
    VideoCounts.objects.all().delete()
    of_files = placements.recompute(DAY, files=pattern)
    assert (of_files["digest"], of_files["inputs"]) == (of_counts["digest"], of_counts["inputs"])
    for row_ in VideoCounts.objects.all():
        moved = row_.video_id in (1_002, 1_005, 1_007)
        assert row_.category_id == stored[row_.video_id].category_id
        assert (row_.category_origin == CategoryOrigin.MOVE) == moved
    assert Video.objects.get(pk=1_002).category is None  # what the feeds say stays known
    told = explain(1_002, DAY)
    assert told["category_origin"] == "move"
    assert told["category_moved"]["reason"] == "It is a cat."


def test_a_move_asks_for_the_lineups_of_files_again_as_long_as_the_video_scores(tmp_path: Path) -> None:
    placements.recompute(DAY, files=str(write(tmp_path / "a.parquet", [row(id=1)])))
    old = factories.video(2, published_at=NOON.replace(tzinfo=datetime.UTC) - datetime.timedelta(days=31))
    for video in (factories.video(3), old):
        Run.objects.all().delete()
        recategorising.move(video, None, DAY, factories.staff(f"otto-{video.pk}"), reason="It is a cat.")
        assert Run.objects.filter(kind="recompute_placements").exists() == (video.pk == 3)


def test_only_the_lineup_comes_in_with_its_candidates_videos_and_counts(tmp_path: Path) -> None:
    rows = [row(views=views, id=views, handle="@Ann" if views == 25 else "bob") for views in range(1, 26)]
    placements.recompute(DAY, files=str(write(tmp_path / "a.parquet", rows)))
    assert Creator.objects.get().handle == "ann"
    assert Creator.objects.get().status == Creator.Status.CANDIDATE
    assert Video.objects.get().platform_id == VideoCounts.objects.get().video_id == 25
    assert Placement.objects.get().score == 25


def test_the_files_are_remembered_and_ranked_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [row(id=1)])
    placements.recompute(DAY, files=str(path))
    assert PlacementRun.objects.get().files == str(path)
    assert not placements.recompute(DAY)["changed"]
    write(path, [row(id=1), row(id=2, views=2_000)])
    assert placements.recompute(DAY)["changed"]
    assert Placement.objects.get().video_id == 2


def test_a_video_that_only_the_files_count_is_explained_from_them(engine: str, tmp_path: Path) -> None:
    rows = [row(id=views, views=views * 10) for views in range(1, 31)]
    placements.recompute(DAY, files=str(write(tmp_path / "a.parquet", rows)))
    told = explain(10, DAY)
    assert (told["rank"], told["population"], told["places"], told["score"]) == (21, 30, 2, 100)
    assert (told["why"], told["places_below"], told["views_lacking"]) == ("below_cut", 19, 190)
    assert explain(30, DAY)["why"] == "in_lineup"
    with pytest.raises(Refused, match="No video 99"):
        explain(99, DAY)


BAD_ROWS = {
    "views": ({"views": -1}, "a.parquet: the views of video 7 is -1. A count is a whole number from 0"),
    "absurd": ({"likes": 10**13 + 1}, "the likes of video 7 is 10000000000001"),
    "missing": ({"shares": None}, "the shares of video 7 is missing"),
    "day": (
        {"day": datetime.date(2026, 10, 14)},
        "the day of video 7 is 2026-10-14. All counts must be of 2026-10-15",
    ),
    "future": (
        {"published": datetime.datetime(2026, 10, 16)},
        "the published of video 7 is 2026-10-16T00:00:00Z",
    ),
    "id": ({"id": 0}, "the id of video 0 is 0"),
    "tier": ({"tier": "splendid"}, "the tier of video 7 is splendid. Write one of: limited"),
    "category": ({"category": "knitting"}, "the category of video 7 is knitting. Write one of: beauty"),
    "handle": ({"handle": "a b"}, "the handle of video 7 is a b"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_refused_by_file_column_and_value(engine: str, case: str, tmp_path: Path) -> None:
    fields, message = BAD_ROWS[case]
    path = write(tmp_path / "a.parquet", [row(**{"id": 7, "views": 10**12, **fields})])
    with pytest.raises(Refused, match=".*") as refusal:
        placements.recompute(DAY, files=str(path))
    assert message in str(refusal.value)
    assert not PlacementRun.objects.exists() and not Creator.objects.exists()


BAD_FILES: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"likes": None}, "a.parquet has no column likes"),
    "text": ({"views": "VARCHAR"}, "a.parquet: the column views is of the type"),
    "fraction": ({"views": "DOUBLE"}, "a.parquet: the column views is of the type DOUBLE"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_without_a_column_or_with_another_type_is_refused(
    engine: str, case: str, tmp_path: Path
) -> None:
    types, message = BAD_FILES[case]
    path = write(tmp_path / "a.parquet", [row()], **types)
    with pytest.raises(Refused) as refusal:
        placements.recompute(DAY, files=str(path))
    assert message in str(refusal.value)


def test_no_file_an_unreadable_one_and_a_video_twice_are_refused(engine: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No file is found by"):
        placements.recompute(DAY, files=str(tmp_path / "*.parquet"))
    write(tmp_path / "a.parquet", [row(id=5)])
    write(tmp_path / "b.parquet", [row(id=5, market="FR")])
    with pytest.raises(Refused, match=r"Video 5 stands more than once in .*a\.parquet, .*b\.parquet"):
        placements.recompute(DAY, files=str(tmp_path / "*.parquet"))
    (tmp_path / "b.parquet").write_text("not Parquet at all")
    with pytest.raises(Refused, match=r"b\.parquet.*(can't be read|leave it out)"):
        placements.recompute(DAY, files=str(tmp_path / "*.parquet"))


def test_files_without_the_market_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [row(market="FR")])
    with pytest.raises(Refused, match="there are no counts of US"):
        placements.recompute(DAY, files=str(path))


def test_the_command_takes_a_pattern_and_refuses_with_a_reason(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [row()])
    call_command("recompute_placements", day=DAY, counts=str(tmp_path / "*.parquet"), stdout=io.StringIO())
    assert PlacementRun.objects.get().lineup == 1
    with pytest.raises(CommandError, match="No file is found"):
        call_command("recompute_placements", day=DAY, counts=str(tmp_path / "*.csv"))
