"""The budget: what is beyond it is not billed, whatever the order in which it comes."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import budgets, verdicts
from campaigns.models import Campaign, Creative, Delivery, Month, Placement, PlacementRun
from creators.models import Video
from pulse_site.feeds.run import import_file
from pulse_site.models import AuditEvent, Upload, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
PRICE = 10_000  # micros an impression, at a CPM of $10.00
Verdict = Delivery.Verdict
HEADER = "day,campaign,video,impressions,creative"


def give(folder: Path, lines: list[str], **more: Any) -> dict[str, Any]:
    path = folder / "deliveries.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return import_file("deliveries", path, name=path.name, options={}, by=None, confirmed=True, **more)


def lineup(day: datetime.date, videos: list[Video]) -> None:
    run = PlacementRun.objects.create(
        day=day, market="US", terms=factories.terms(), population=100, lineup=len(videos)
    )
    for rank, video in enumerate(videos, start=1):
        Placement.objects.create(
            run=run, rank=rank, video=video, creator=video.creator, category=video.category, tier=2, score=9
        )


@pytest.fixture
def videos() -> list[Video]:
    """Videos 1, 2 and 3, the first two in the lineups of three days."""
    made = [factories.video(number, category=factories.category()) for number in (1, 2, 3)]
    for number in range(3):
        lineup(DAY + number * ONE_DAY, made[:2])
    return made


def campaign(reference: str, bought: int, **fields: Any) -> Campaign:
    """A campaign whose budget pays for so many impressions, and not quite for one more."""
    return factories.campaign(reference, budget_micros=bought * PRICE + PRICE - 1, **fields)


def creative(of: Campaign, reference: str) -> Creative:
    return Creative.objects.create(
        campaign=of,
        reference=reference,
        name=reference,
        url="https://acme.example/ad.mp4",
        landing_url="https://acme.example/",
        added_by=User.objects.get_or_create(username="agency")[0],
    )


def bills(of: Campaign) -> list[tuple[str, int, int]]:
    """Verdict, billed impressions and revenue of each delivery in the order in which it is billed."""
    rows = of.deliveries.order_by("day", "video", "creative_number")
    return list(rows.values_list("verdict", "billed_impressions", "revenue_micros"))


def test_the_row_that_crosses_the_budget_is_billed_in_part_and_those_behind_it_not_at_all(
    videos: list[Video], tmp_path: Path
) -> None:
    acme = campaign("ACME", 250)
    lines = [
        "2026-10-15,ACME,1,100,",
        "2026-10-15,ACME,2,100,",
        "2026-10-16,ACME,1,80,",
        "2026-10-16,ACME,2,1,",
    ]
    summary = give(tmp_path, lines)
    assert bills(acme) == [
        ("billable", 100, 100 * PRICE),
        ("billable", 100, 100 * PRICE),
        ("billable", 50, 50 * PRICE),
        ("over_budget", 0, 0),
    ]
    assert summary["over_budget"] == {"ACME": 31}


def test_an_earlier_day_that_comes_later_is_billed_first(videos: list[Video], tmp_path: Path) -> None:
    acme = campaign("ACME", 150)
    give(tmp_path, ["2026-10-16,ACME,1,100,"])
    assert bills(acme) == [("billable", 100, 100 * PRICE)]
    give(tmp_path, ["2026-10-15,ACME,1,120,"])
    assert bills(acme) == [("billable", 120, 120 * PRICE), ("billable", 30, 30 * PRICE)]


def test_what_frees_budget_bills_what_waited_for_it(videos: list[Video], tmp_path: Path) -> None:
    acme = campaign("ACME", 150)
    give(tmp_path, ["2026-10-15,ACME,1,150,", "2026-10-16,ACME,1,100,"])
    assert bills(acme)[1] == ("over_budget", 0, 0)
    give(tmp_path, ["2026-10-15,ACME,1,90,"])
    assert bills(acme) == [("billable", 90, 90 * PRICE), ("billable", 60, 60 * PRICE)]
    Placement.objects.filter(run__day=DAY, video=1).delete()
    verdicts.recheck(day=DAY)  # only that day was asked for, but its budget is everybody's
    assert bills(acme) == [("not_in_lineup", 0, 0), ("billable", 100, 100 * PRICE)]


def test_a_raised_budget_bills_what_was_beyond_the_old_one(
    videos: list[Video], tmp_path: Path, client: Client, administrator: User
) -> None:
    acme = campaign("ACME", 150)
    give(tmp_path, ["2026-10-15,ACME,1,200,"])
    client.force_login(administrator)
    address = f"{reverse('admin:campaigns_campaign_move', args=['raise_budget'])}?ids={acme.pk}"
    assert client.post(address, {"budget": "2.00"}).status_code == 302
    assert bills(acme) == [("billable", 200, 200 * PRICE)]
    assert verdicts.recheck() == 0
    event = AuditEvent.objects.get(action="campaign.change")
    assert event.detail["changed"] == {"budget_micros": [151 * PRICE - 1, 200 * PRICE]}


@pytest.mark.parametrize(
    ("status", "dollars", "why"), [("booked", 1, "only be raised"), ("submitted", 9, "not booked")]
)
def test_a_budget_is_not_lowered_and_only_that_of_a_booked_campaign_raised(
    status: str, dollars: int, why: str, administrator: User
) -> None:
    acme = campaign("ACME", 150, status=status)
    with pytest.raises(Refused, match=why):
        budgets.raise_to(Campaign.objects.all(), dollars * 1_000_000, administrator)
    assert Campaign.objects.get(pk=acme.pk).budget_micros == acme.budget_micros


def test_what_a_settled_month_billed_counts_first_and_stays(videos: list[Video], tmp_path: Path) -> None:
    acme = campaign("ACME", 150)
    give(tmp_path, ["2026-10-16,ACME,1,100,"])
    Month.objects.filter(code="2026-10").update(status=Month.Status.REVIEW)
    give(tmp_path, ["2026-10-15,ACME,1,100,"])
    assert bills(acme) == [("billable", 50, 50 * PRICE), ("billable", 100, 100 * PRICE)]
    assert list(acme.deliveries.order_by("day").values_list("month", flat=True)) == ["2026-11", "2026-10"]


def test_a_preview_says_how_much_is_beyond_the_budget_and_so_does_the_import(
    videos: list[Video], tmp_path: Path
) -> None:
    campaign("ACME", 150)
    campaign("RIVAL", 1_000)
    give(tmp_path, ["2026-10-15,ACME,1,100,"])
    lines = [
        "2026-10-15,ACME,1,120,",
        "2026-10-16,ACME,1,50,",
        "2026-10-16,ACME,3,7,",
        "2026-10-16,RIVAL,1,9,",
    ]
    assert give(tmp_path, lines, dry_run=True)["over_budget"] == {"ACME": 20}
    assert give(tmp_path, lines)["over_budget"] == {"ACME": 20}
    assert give(tmp_path, lines)["over_budget"] == {}  # nothing changes, so nothing is touched


def test_each_creative_is_a_delivery_of_its_own(videos: list[Video], tmp_path: Path) -> None:
    acme = campaign("ACME", 1_000)
    first, second = creative(acme, "A-1"), creative(acme, "A-2")
    lines = ["2026-10-15,ACME,1,10,A-2", "2026-10-15,ACME,1,20,A-1", "2026-10-16,ACME,1,30,"]
    assert give(tmp_path, lines)["created"] == 3
    rows = acme.deliveries.order_by("day", "creative_number").values_list("creative_number", "impressions")
    assert list(rows) == [(first.pk, 20), (second.pk, 10), (0, 30)]
    assert give(tmp_path, lines)["unchanged"] == 3
    assert give(tmp_path, ["2026-10-15,ACME,1,11,A-2"])["updated"] == 1
    assert acme.deliveries.aggregate(n=Sum("impressions"))["n"] == 61


@pytest.mark.parametrize(
    ("before", "line", "reason"),
    [
        (None, "2026-10-15,ACME,1,10,A-9", "unknown_creative"),
        (None, "2026-10-15,ACME,1,10,R-1", "unknown_creative"),  # a rival's
        ("2026-10-15,ACME,1,10,", "2026-10-15,ACME,1,10,A-1", "told_otherwise"),
        ("2026-10-15,ACME,1,10,A-1", "2026-10-15,ACME,1,10,", "told_otherwise"),
        ("2026-10-15,ACME,1,0,", "2026-10-15,ACME,1,10,A-1", None),
        ("2026-10-15,ACME,1,10,A-2", "2026-10-15,ACME,1,10,A-1", None),
        ("2026-10-16,ACME,1,10,", "2026-10-15,ACME,1,10,A-1", None),
    ],
)
def test_a_creative_must_be_the_campaigns_own_and_is_not_counted_twice(
    before: str | None, line: str, reason: str | None, videos: list[Video], tmp_path: Path
) -> None:
    acme = campaign("ACME", 1_000)
    creative(acme, "A-1")
    creative(acme, "A-2")
    creative(campaign("RIVAL", 1_000), "R-1")
    if before:
        give(tmp_path, [before])
    summary = give(tmp_path, [line, "2026-10-17,ACME,2,1,"])
    assert summary["reasons"] == ({reason: 1} if reason else {})
    if reason:
        rejected = Upload.objects.latest("id").rejected_rows.get()
        assert (rejected.column, rejected.value) == ("creative", line.rpartition(",")[2] or "0")


@dataclass(frozen=True)
class Given:
    """One row of a file: which campaign, day, video and creative, how many impressions."""

    campaign: int
    day: int
    video: int
    creative: int
    impressions: int

    @property
    def key(self) -> tuple[int, int, int, int]:
        return self.campaign, self.day, self.video, self.creative


ROWS = st.builds(
    Given, st.integers(0, 1), st.integers(0, 2), st.integers(1, 3), st.integers(1, 2), st.integers(0, 60)
)
FILES = st.lists(
    st.lists(ROWS, min_size=1, max_size=6, unique_by=lambda row: row.key), min_size=1, max_size=5
)
BUDGETS = st.tuples(st.integers(0, 200), st.integers(0, 200))


Bill = dict[tuple[int, ...], tuple[str, int]]


def told_slowly(rows: dict[tuple[int, ...], int], budgets: Sequence[int], settled: Bill) -> Bill:
    """The rule in plain words: what is settled is paid; go through the others while there is money."""
    left, found = list(budgets), dict(settled)
    for (of, *_key), (_verdict, billed) in settled.items():
        left[of] -= billed
    for key in sorted(rows.keys() - settled.keys()):
        of, _day, video, _creative = key
        if video == 3:
            found[key] = (Verdict.NOT_IN_LINEUP, 0)
            continue
        billed = min(rows[key], left[of])
        left[of] -= billed
        found[key] = (Verdict.OVER_BUDGET if rows[key] and not billed else Verdict.BILLABLE, billed)
    return found


class Programme:
    """Two campaigns with two creatives each; what came so far, and what a review has settled of it."""

    def __init__(self, folder: Path, budgets: Sequence[int]) -> None:
        self.folder, self.rows, self.settled = folder, dict[tuple[int, ...], int](), Bill()
        self.campaigns = [campaign(f"C{number}", bought) for number, bought in enumerate(budgets)]
        self.names = {
            creative(of, f"C{number}-{each}").pk: (number, each)
            for number, of in enumerate(self.campaigns)
            for each in (1, 2)
        }

    def take(self, file: list[Given]) -> None:
        """What a review has settled is rejected, as are files of nothing else."""
        taken = {
            row.key: row.impressions
            for row in file
            if self.rows.get(row.key, row.impressions) == row.impressions or row.key not in self.settled
        }
        lines = [
            f"{DAY + row.day * ONE_DAY},C{row.campaign},{row.video},{row.impressions},"
            f"C{row.campaign}-{row.creative}"
            for row in file
        ]
        if taken:
            give(self.folder, lines)
            self.rows |= taken

    def review(self) -> None:
        self.settled = self.bill()
        Month.objects.filter(code="2026-10").update(status=Month.Status.REVIEW)

    def bill(self) -> Bill:
        found = {}
        for row in Delivery.objects.all():
            assert row.revenue_micros == row.billed_impressions * PRICE
            number, each = self.names[row.creative_number]
            key = (number, (row.day - DAY).days, row.video_id, each)
            found[key] = (str(Verdict(row.verdict)), row.billed_impressions)
        return found


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=FILES, bought=BUDGETS, raised=st.integers(0, 100), reviewed_after=st.integers(0, 5))
def test_what_is_billed_is_what_the_rule_says_told_slowly(
    files: list[list[Given]],
    bought: tuple[int, int],
    raised: int,
    reviewed_after: int,
    videos: list[Video],
    tmp_path: Path,
) -> None:
    """Whatever comes in which file, in which order, before or in a review; and after budgets were raised."""
    with transaction.atomic():
        programme = Programme(tmp_path, bought)
        for number, file in enumerate(files):
            if number == reviewed_after:
                programme.review()
            programme.take(file)
        assert programme.bill() == told_slowly(programme.rows, bought, programme.settled)
        assert verdicts.recheck() == 0
        more = [each + raised for each in bought]
        for of, each in zip(programme.campaigns, more, strict=True):
            Campaign.objects.filter(pk=of.pk).update(budget_micros=each * PRICE + 1)
        verdicts.recheck()
        assert programme.bill() == told_slowly(programme.rows, more, programme.settled)
        transaction.set_rollback(True)
