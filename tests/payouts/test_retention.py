"""Counts of long ago go, and never those that a lineup or a delivery has."""

import datetime
import io
import json
import random
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from campaigns import placements
from campaigns.explanation import explain, verdict
from campaigns.models import Delivery, Month, Placement, PlacementRun
from creators import recategorising
from creators.models import CategoryOrigin, ThinnedDay, Tier, VideoCounts
from payouts import retention, tasks, what_if
from payouts.models import Dispute
from pulse_site.feeds.run import import_file
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
LONG_AGO = datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def a_year_later(monkeypatch: pytest.MonkeyPatch) -> datetime.datetime:
    now = datetime.datetime(2027, 11, 1, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


@pytest.fixture
def by() -> User:
    return factories.staff("ada-min", "add_thinnedday")


def crowd(day: datetime.date = DAY, size: int = 60) -> list[VideoCounts]:
    return [factories.counts(day, views=1_000 * (size - number)) for number in range(size)]


def delivered(counts: VideoCounts, month: str = "2026-10") -> Delivery:
    return Delivery.objects.create(
        day=counts.day,
        campaign=factories.campaign(),
        video_id=counts.video_id,
        creator_id=counts.creator_id,
        impressions=10,
        verdict=Delivery.Verdict.NOT_IN_LINEUP,
        revenue_micros=0,
        month=Month.objects.filter(code=month).first() or factories.month(month),
    )


def close(closed_at: datetime.datetime = LONG_AGO) -> None:
    """Close every month, as two people do."""
    one, two = (User.objects.get_or_create(username=name)[0] for name in ("fiona", "frank"))
    Month.objects.update(status=Month.Status.REVIEW, reviewed_by=one)
    Month.objects.update(status=Month.Status.CLOSED, closed_by=two, closed_at=closed_at)


def left(day: datetime.date = DAY) -> set[int]:
    return set(VideoCounts.objects.filter(day=day).values_list("video_id", flat=True))


@pytest.mark.parametrize("seed", range(5))
def test_the_counts_of_every_lineup_row_and_of_every_delivery_are_still_there(seed: int) -> None:
    dice = random.Random(seed)
    for ahead in range(3):
        day = DAY + ahead * ONE_DAY
        rows = crowd(day, dice.randrange(1, 80))
        if dice.random() < 0.7:
            placements.recompute(day)
            if dice.random() < 0.5:  # money used it, and a correction is kept beside it
                PlacementRun.objects.filter(day=day).update(frozen=True)
                factories.counts(day, views=10**9)
                placements.recompute(day)
        for counts in dice.sample(rows, k=dice.randrange(len(rows))):
            delivered(counts)
    close()
    before = {row.pk: row.views for row in VideoCounts.objects.all()}
    lineups = {run.pk: run.digest for run in PlacementRun.objects.all()}
    needed = {(row.run.day, row.video_id) for row in Placement.objects.select_related("run")}
    needed |= set(Delivery.objects.values_list("day", "video_id"))
    told = retention.thin_old(days=60)
    after = {row.pk: row.views for row in VideoCounts.objects.all()}
    assert set(after) == needed
    assert all(before[key] == views for key, views in after.items())
    assert (told["removed"], told["waiting"]) == (len(before) - len(after), {})
    assert {run.pk: run.digest for run in PlacementRun.objects.all()} == lineups
    assert placements.tampered(PlacementRun.objects.all()) == []
    assert retention.thin_old(days=60)["days"] == 0


def test_a_day_that_nothing_used_goes_whole_and_younger_ones_stay(settings: Settings) -> None:
    settings.COUNTS_KEPT_DAYS = 400
    crowd()
    young = crowd(datetime.date(2027, 10, 31), 1)
    assert retention.thin_old() == {"days": 0, "removed": 0, "kept": 0, "waiting": {}}
    settings.COUNTS_KEPT_DAYS = 300
    tasks.thin_old_counts()
    assert [row.pk for row in VideoCounts.objects.all()] == [young[0].pk]
    assert (ThinnedDay.objects.get().removed, ThinnedDay.objects.get().kept) == (60, 0)


def test_it_is_off_unless_settings_say_how_long_counts_are_kept(settings: Settings) -> None:
    settings.COUNTS_KEPT_DAYS = 0
    crowd(size=1)
    tasks.thin_old_counts()
    assert left()
    with pytest.raises(Refused, match="60"):
        retention.thin_old()


@pytest.mark.parametrize("code", ["2026-10", "2026-11"], ids=["its own", "of a late delivery"])
def test_a_day_waits_until_its_months_are_closed(code: str) -> None:
    delivered(crowd()[0], code)
    for status in (Month.Status.OPEN, Month.Status.CALCULATED, Month.Status.REVIEW):
        Month.objects.update(status=status)
        with pytest.raises(Refused, match="not closed"):
            retention.thin(DAY)
    told = retention.thin_old(days=60)
    assert (told["days"], list(told["waiting"])) == (0, [str(DAY)])
    assert len(left()) == 60
    close()
    assert retention.thin(DAY)


def test_a_day_waits_while_statements_can_be_disputed(a_year_later: datetime.datetime) -> None:
    delivered(crowd()[0])
    close(a_year_later - 59 * ONE_DAY)
    with pytest.raises(Refused, match="can still be disputed"):
        retention.thin(DAY)


def test_a_day_waits_while_a_statement_is_disputed() -> None:
    counts = crowd()[0]
    month = delivered(counts).month
    close()
    Dispute.objects.create(creator=counts.creator, month=month, text="Why?")
    with pytest.raises(Refused, match="dispute"):
        retention.thin(DAY)


def test_who_removed_how_much_is_on_record_and_stays(by: User) -> None:
    placements.recompute(crowd()[0].day)
    out = io.StringIO()
    call_command("thin_counts", "--older-than", "90", "--as", by.username, "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"days": 1, "removed": 57, "kept": 3, "waiting": {}}
    thinned = ThinnedDay.objects.get()
    assert (thinned.day, thinned.removed, thinned.kept, thinned.thinned_by) == (DAY, 57, 3, by)
    event = AuditEvent.objects.get(action="counts.thin")
    assert (event.actor, event.detail) == (by, {"removed": 57, "kept": 3})
    with pytest.raises(IntegrityError), transaction.atomic():
        ThinnedDay.objects.update(removed=0)


def test_only_who_may_removes_counts(auditor: User) -> None:
    crowd(size=1)
    with pytest.raises(CommandError, match="add_thinnedday"):
        call_command("thin_counts", "--older-than", "90", "--as", auditor.username)
    assert left()


@pytest.fixture
def thinned() -> list[VideoCounts]:
    """Of sixty videos three are in the lineup, and an ad ran beside the fourth and an unsuitable one."""
    rows = crowd()
    VideoCounts.objects.filter(video_id=rows[9].video_id).update(tier=Tier.UNSUITABLE)
    placements.recompute(DAY)
    for counts in (rows[3], rows[9]):
        delivered(counts)
    close()
    retention.thin(DAY)
    return rows


def test_what_is_left_is_explained_in_words(thinned: list[VideoCounts]) -> None:
    best, beside = (explain(thinned[number].video_id, DAY) for number in (0, 3))
    assert (best["why"], best["rank"], best["population"]) == ("in_lineup", 1, 60)
    assert (beside["why"], beside["rank"], beside["in_lineup"]) == ("thinned", None, False)
    assert verdict(beside).startswith("Not in the lineup; most counts of that day were removed")
    with pytest.raises(Refused, match="any more"):
        explain(thinned[30].video_id, DAY)


def test_a_thinned_day_is_neither_ranked_nor_imported_nor_moved(
    thinned: list[VideoCounts], tmp_path: Path, by: User
) -> None:
    with pytest.raises(Refused, match="can't be computed again"):
        placements.recompute(DAY)
    assert PlacementRun.objects.get().lineup == 3
    path = tmp_path / "videos.csv"
    path.write_text("id,handle,published,views,likes,comments,shares\n1,a,2026-10-14,9,0,0,0\n")
    with pytest.raises(Refused, match="takes no file"):
        import_file("videos", path, name=path.name, options={"as_of": DAY, "market": "US"}, by=None)
    assert not what_if.lineups().exists()
    assert not recategorising.move(thinned[0].video, factories.category(), DAY, by, reason="It is a cat.")
    assert not VideoCounts.objects.filter(category_origin=CategoryOrigin.MOVE).exists()
