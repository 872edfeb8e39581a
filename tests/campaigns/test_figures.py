"""The figures of a report against the same told row by row."""

import datetime
from collections import defaultdict
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import figures, periods
from campaigns.figures import By, Figures
from campaigns.models import Campaign, Creative, Delivery, PlacementRun
from creators.models import Video
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
EVER = periods.Period("all", "")
Verdict = Delivery.Verdict


def deliver(campaign: Campaign, billed: int, **fields: Any) -> Delivery:
    """Impressions of which `billed` are billed; all of them unless more are given."""
    video = fields.pop("video", None) or factories.video()
    fields = {"day": DAY, "impressions": billed, "verdict": Verdict.BILLABLE, "rank": 7, **fields}
    fields.setdefault("month", factories.month())
    return Delivery.objects.create(
        campaign=campaign,
        video=video,
        creator=video.creator,
        billed_impressions=billed,
        revenue_micros=billed * (campaign.cpm_micros // 1_000),
        **fields,
    )


def creative(of: Campaign, name: str) -> Creative:
    return Creative.objects.create(
        campaign=of,
        reference=name,
        name=f"The {name}",
        url="https://acme.example/ad.mp4",
        landing_url="https://acme.example/",
        added_by=User.objects.get_or_create(username="agency")[0],
    )


def lined_up(day: datetime.date, population: int) -> None:
    PlacementRun.objects.create(
        day=day, market="US", terms=factories.terms(), population=population, lineup=1, digest="0" * 64
    )


def told(report: figures.Report) -> list[tuple[Any, ...]]:
    return [(line.label or line.key, line.impressions, line.billed, line.micros) for line in report.lines]


def test_a_report_tells_what_was_delivered_by_each_of_its_parts() -> None:
    acme, other = factories.campaign("ACME"), factories.campaign("OTHER", cpm_micros=20_000_000)
    clip, ad = factories.video(11, creator=factories.creator("ada")), creative(acme, "A-1")
    gaming = factories.category("gaming")
    deliver(acme, 1_000, video=clip, category=gaming, creative_number=ad.pk)
    deliver(acme, 500, impressions=800, video=clip, category=gaming, day=DAY + ONE_DAY)
    deliver(acme, 0, impressions=70, verdict=Verdict.NOT_IN_LINEUP, rank=None, video=clip)
    deliver(other, 200, video=factories.video(12, creator=factories.creator("bob")))
    deliver(factories.campaign("RIVAL"), 9_999)
    both = [acme, other]

    def by(kind: By) -> list[tuple[Any, ...]]:
        return told(figures.report(both, kind, EVER))

    assert by(By.DAY) == [
        (DAY, 1_270, 1_200, 14_000_000),
        (DAY + ONE_DAY, 800, 500, 5_000_000),
    ]
    assert by(By.CAMPAIGN) == [
        ("Campaign ACME", 1_870, 1_500, 15_000_000),
        ("Campaign OTHER", 200, 200, 4_000_000),
    ]
    assert by(By.CATEGORY) == [
        (gaming.name, 1_800, 1_500, 15_000_000),
        ("Outside the lineup", 270, 200, 4_000_000),
    ]
    assert by(By.CREATIVE) == [
        ("The A-1", 1_000, 1_000, 10_000_000),
        ("Not told by the ad server", 1_070, 700, 9_000_000),
    ]
    assert by(By.VIDEO) == [("@ada", 1_870, 1_500, 15_000_000), ("@bob", 200, 200, 4_000_000)]
    report = figures.report(both, By.DAY, EVER)
    assert report.totals == Figures(2_070, 1_700, 19_000_000, suitable=2_000)
    assert (report.totals.ecpm_micros, report.totals.suitable_permille) == (11_176_470, 966)
    assert [(reason.label, reason.impressions) for reason in report.reasons] == [
        ("the budget was used up", 300),
        ("the video was not in that day's lineup", 70),
    ]


def test_the_median_rank_is_that_within_which_half_of_the_billed_impressions_ran() -> None:
    campaign = factories.campaign()
    deliver(campaign, 500, rank=1)
    deliver(campaign, 499, rank=9)
    deliver(campaign, 1, rank=40, day=DAY + ONE_DAY)
    deliver(campaign, 0, impressions=9_000, rank=50, verdict=Verdict.TIER)
    lined_up(DAY, 100)
    lined_up(DAY + ONE_DAY, 201)
    lined_up(DAY + 2 * ONE_DAY, 9_000)
    report = figures.report([campaign], By.DAY, EVER)
    assert (report.rank, report.population) == (1, 150)
    assert [line.rank for line in report.lines] == [1, 40]
    deliver(campaign, 1, rank=9)
    assert figures.report([campaign], By.VIDEO, EVER).rank == 9


def test_a_period_is_compared_with_the_one_before() -> None:
    campaign = factories.campaign()
    for number in range(4):
        deliver(campaign, 100 * (number + 1), day=DAY + number * ONE_DAY)
    report = figures.report([campaign], By.DAY, periods.custom(DAY + 2 * ONE_DAY, DAY + 4 * ONE_DAY))
    assert report.totals.billed == 700
    assert report.before is not None
    assert report.before.billed == 300
    assert [day.billed for day in report.running_days] == [300, 400, 0]
    assert [day.billed for day in report.running_days_before] == [0, 100, 200]
    assert figures.report([campaign], By.DAY, EVER).before is None


def test_what_was_billed_in_a_month_is_told_by_that_month_whatever_its_day() -> None:
    campaign = factories.campaign()
    deliver(campaign, 100)
    deliver(campaign, 20, month=factories.month("2026-11"))
    november = periods.Period("x", "", month="2026-11")
    report = figures.report([campaign], By.DAY, november)
    assert (report.totals.billed, report.before and report.before.billed) == (20, 100)


def test_a_report_of_nothing_is_empty() -> None:
    for campaigns in ([], [factories.campaign()]):
        report = figures.report(campaigns, By.VIDEO, EVER)
        assert (report.lines, report.count, report.rank, report.totals) == ([], 0, None, Figures())


def test_a_page_shows_the_videos_that_cost_most_and_a_download_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SHOWN", 2)
    monkeypatch.setattr(figures, "CHUNK", 2)
    campaign = factories.campaign()
    for number in range(1, 6):
        deliver(campaign, number * 10, video=factories.video(number))
    report = figures.report([campaign], By.VIDEO, EVER)
    assert ([line.key for line in report.lines], report.count) == ([5, 4], 5)
    assert report.totals.billed == 150
    assert [line.key for line in figures.table([campaign], By.VIDEO, EVER)] == [5, 4, 3, 2, 1]


ROWS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), st.integers(1, 9), st.integers(0, 50),
        st.integers(0, 50),
    ),
    max_size=20,
)  # fmt: skip


def median(of: list[tuple[int, int]]) -> int | None:
    """Each impression written down with its rank, sorted; the one in the middle."""
    ranks = sorted(rank for rank, billed in of for _impression in range(billed))
    return ranks[(len(ranks) - 1) // 2] if ranks else None


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_sums_and_medians_are_what_counting_row_by_row_gives(rows: list[tuple[int, ...]], db: None) -> None:
    with transaction.atomic():
        campaigns = [factories.campaign(f"C{number}") for number in range(2)]
        videos: list[Video] = [factories.video(number + 1) for number in range(len(rows))]
        slots = [factories.category(slug) for slug in ("gaming", "pets")]
        kept = []
        for (of, day, slot, rank, billed, rest), video in zip(rows, videos, strict=True):
            campaign = campaigns[of % 2]
            category = slots[slot] if slot < 2 else None
            deliver(
                campaign, billed, impressions=billed + rest, video=video, rank=rank,
                day=DAY + day * ONE_DAY, category=category,
            )  # fmt: skip
            kept.append((campaign.pk, DAY + day * ONE_DAY, category and category.pk, rank, billed, rest))
        for by in (By.CAMPAIGN, By.DAY, By.CATEGORY):
            report = figures.report(campaigns, by, EVER)
            parts: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
            for row in kept:
                parts[row[{By.CAMPAIGN: 0, By.DAY: 1, By.CATEGORY: 2}[by]]].append(row)
            assert {line.key: (line.impressions, line.billed, line.rank) for line in report.lines} == {
                key: (
                    sum(row[4] + row[5] for row in part),
                    sum(row[4] for row in part),
                    median([(row[3], row[4]) for row in part]),
                )
                for key, part in parts.items()
            }
            assert report.rank == median([(row[3], row[4]) for row in kept])
        transaction.set_rollback(True)
