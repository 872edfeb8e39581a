"""The brand-safety statement: an auditor finds for each impression where its video stood."""

import datetime
from typing import Any

import pytest

from campaigns import ranking, safety
from campaigns.models import Campaign, CategoryCut, Delivery, Month, Placement, PlacementRun
from creators.models import Tier, Video
from tests import factories
from tests.campaigns.test_figures import creative, deliver

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
OCTOBER = Month(code="2026-10")
Verdict = Delivery.Verdict


def lineup(*ranked: tuple[int, Video], day: datetime.date = DAY, population: int = 100) -> PlacementRun:
    run = PlacementRun.objects.create(
        day=day, market="US", terms=factories.terms(), population=population, lineup=len(ranked),
        cutoff_score=5, digest=f"{day:%d}" * 32,
    )  # fmt: skip
    for rank, video in ranked:
        Placement.objects.create(
            run=run, rank=rank, video=video, creator=video.creator, category=video.category,
            tier=Tier.LIMITED, score=9,
        )  # fmt: skip
    return run


@pytest.fixture
def campaign() -> Campaign:
    return factories.campaign("ACME-1")


@pytest.fixture
def video() -> Video:
    return factories.video(11, creator=factories.creator("ada"), category=factories.category("gaming"))


def stated(campaign: Campaign) -> list[dict[str, Any]]:
    rows = safety.rows(campaign.advertiser_id, OCTOBER)
    return [dict(zip(safety.COLUMNS, row, strict=True)) for row in rows]


def test_each_delivery_is_stated_with_its_video_its_rank_and_the_cut(
    campaign: Campaign, video: Video
) -> None:
    lineup((3, video))
    ad = creative(campaign, "A-1")
    deliver(campaign, 1_000, impressions=1_500, video=video, creative_number=ad.pk)
    (row,) = stated(campaign)
    assert row == {
        "day": "2026-10-15",
        "campaign": "ACME-1",
        "campaign_name": "Campaign ACME-1",
        "creative": "A-1",
        "video": 11,
        "creator": "@ada",
        "category": "gaming",
        "tier": "limited",
        "rank": 3,
        "population": 100,
        "last_rank_in": 4,
        "rank_within_cut": "yes",
        "score": 9,
        "cutoff_score": 5,
        "impressions": 1_500,
        "billed_impressions": 1_000,
        "billed_usd": "10.000000",
        "verdict": "billable",
        "lineup_digest": "15" * 32,
    }


def test_what_ran_elsewhere_stands_there_without_a_rank(campaign: Campaign, video: Video) -> None:
    lineup((1, factories.video()))
    deliver(campaign, 0, impressions=70, video=video, verdict=Verdict.NOT_IN_LINEUP, rank=None)
    deliver(campaign, 0, impressions=5, video=video, verdict=Verdict.NOT_IN_LINEUP, day=DAY + ONE_DAY)
    first, second = stated(campaign)
    assert [first[name] for name in ("rank", "rank_within_cut", "tier", "population")] == ["", "", "", 100]
    assert [second[name] for name in ("rank", "population", "lineup_digest")] == [
        "",
        "",
        "",
    ]  # no lineup at all


@pytest.mark.parametrize("population", [1, 24, 25, 26, 49, 50, 51, 100, 10_001])
def test_the_last_rank_in_is_that_of_the_lineup(population: int, campaign: Campaign, video: Video) -> None:
    last = ranking.places(factories.terms(), population)
    within, beyond = video, factories.video()
    lineup((last, within), (last + 1, beyond), population=population)
    deliver(campaign, 10, video=within)
    deliver(campaign, 1, video=beyond)
    assert [row["rank_within_cut"] for row in stated(campaign)] == ["yes", "no"]
    statement = safety.statement(campaign.advertiser_id, OCTOBER)
    assert (statement.billed, statement.within, statement.proven) == (11, 10, False)
    assert [(day.last_rank_in, day.lowest_rank) for day in statement.days] == [(last, last + 1)]


def test_a_month_is_summed_by_day(campaign: Campaign, video: Video) -> None:
    lineup((3, video))
    lineup((1, video), day=DAY + ONE_DAY)
    deliver(campaign, 1_000, video=video)
    deliver(campaign, 500, impressions=700, video=video, day=DAY + ONE_DAY)
    deliver(campaign, 9, video=video, day=datetime.date(2026, 11, 1))
    deliver(factories.campaign(), 9, video=video)  # of another advertiser
    statement = safety.statement(campaign.advertiser_id, OCTOBER)
    assert [(day.day, day.impressions, day.billed, day.within) for day in statement.days] == [
        (DAY, 1_000, 1_000, 1_000),
        (DAY + ONE_DAY, 700, 500, 500),
    ]
    assert (statement.impressions, statement.billed, statement.proven) == (1_700, 1_500, True)
    assert safety.statement(campaign.advertiser_id, Month(code="2026-09")).days == []


def test_a_lineup_that_was_replaced_does_not_count(campaign: Campaign, video: Video) -> None:
    run = lineup((3, video))
    PlacementRun.objects.filter(pk=run.pk).update(superseded=True)
    deliver(campaign, 10, video=video)
    assert stated(campaign)[0]["rank"] == ""


def test_where_categories_are_cut_by_themselves_each_delivery_is_stated_with_its_own_cut(
    campaign: Campaign, video: Video
) -> None:
    factories.ProgrammeTerms.objects.update(cut_per_category=True)
    run = lineup((2, video), (3, factories.video(12, category=video.category)))
    PlacementRun.objects.update(cutoff_score=None)
    CategoryCut.objects.create(run=run, category=video.category, population=50, lineup=2, cutoff_score=7)
    deliver(campaign, 10, video=video)
    deliver(campaign, 1, video=Video.objects.get(pk=12))
    rows = stated(campaign)
    assert [(row["population"], row["last_rank_in"], row["cutoff_score"]) for row in rows] == [(50, 2, 7)] * 2
    assert [row["rank_within_cut"] for row in rows] == ["yes", "no"]
    (day,) = safety.statement(campaign.advertiser_id, OCTOBER).days
    assert (day.population, day.last_rank_in, day.billed, day.within) == (100, None, 11, 10)
