"""A lineup is written, replaced, frozen and exported."""

import csv
import datetime
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns import placements, verdicts
from campaigns.models import Delivery, Month, Placement, PlacementRun
from creators.models import Creator, ProgrammeTerms, Tier, VideoCounts
from pulse_site.refusal import Refused
from tests import factories
from tests.campaigns.counted import DAY, counted, lineup

pytestmark = pytest.mark.django_db
FEED = Path(__file__).parents[3] / "shared" / "data" / "videos-2020-11.csv"


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
