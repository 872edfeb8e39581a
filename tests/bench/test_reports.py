"""Reports of a campaign with a million deliveries, against hand-written SQL of the same figures.

BENCH_SCALE is the number of deliveries. CPU time of client and server together, see cpu.py.
"""

import os
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import alerts, safety, verdicts
from campaigns.models import Campaign, Delivery, Member, Month
from tests import factories
from tests.bench import cpu

DELIVERIES = int(os.environ.get("BENCH_SCALE", 1_000_000))
AT_MOST, QUERIES = 2.0, 10
ATTEMPTS = 3
DAYS, CREATIVES = 30, 5
SERIES = "WITH RECURSIVE series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < {})"
DELIVERED = f"""
    INSERT INTO campaigns_delivery (day, campaign_id, video_id, creator_id, creative_number, category_id,
                                    rank, impressions, billed_impressions, verdict, revenue_micros, month_id)
    {SERIES.format(DELIVERIES)}
    SELECT CAST('2026-10-' || substr(CAST(101 + n % {DAYS} AS text), 2) AS {{date}}), {{campaign}},
           7000000000000000000 + n / {DAYS}, {{creator}}, n % {CREATIVES},
           CASE WHEN n % 50 = 0 THEN NULL ELSE {{category}} END,
           CASE WHEN n % 50 = 0 THEN NULL ELSE 1 + n / {DAYS} END, 1 + n % 5000,
           CASE WHEN n % 50 = 0 THEN 0 ELSE 1 + n % 5000 END,
           CASE WHEN n % 50 = 0 THEN 'not_in_lineup' ELSE 'billable' END,
           CASE WHEN n % 50 = 0 THEN 0 ELSE (1 + n % 5000) * 10000 END, '2026-10'
      FROM series
"""
LINED_UP = (
    """INSERT INTO creators_video (platform_id, creator_id, published_at, market, category_id, tier)
       SELECT DISTINCT video_id, creator_id, CURRENT_TIMESTAMP, 'US', {category}, 2 FROM campaigns_delivery
        WHERE rank IS NOT NULL""",
    """INSERT INTO campaigns_placementrun (day, market, terms_id, population, lineup, cutoff_score, digest,
                                           frozen, superseded, computed_at)
       SELECT DISTINCT day, 'US', {terms}, 10000000, 1, 1, 'digest', false, false, CURRENT_TIMESTAMP
         FROM campaigns_delivery""",
    """INSERT INTO campaigns_placement (run_id, rank, video_id, creator_id, category_id, tier, score)
       SELECT run.id, rank, video_id, creator_id, category_id, 2, 1
         FROM campaigns_delivery delivery JOIN campaigns_placementrun run ON run.day = delivery.day
        WHERE rank IS NOT NULL""",
)
OF_THE_CAMPAIGN = "FROM campaigns_delivery WHERE campaign_id = {campaign}"
SUMS = """SUM(impressions), SUM(billed_impressions), SUM(revenue_micros),
          SUM(CASE WHEN verdict IN ('billable', 'over_budget') THEN impressions ELSE 0 END)"""
MEDIAN = """
    SELECT part, MIN(rank) FROM (
      SELECT part, rank, SUM(seen) OVER (PARTITION BY part ORDER BY rank) AS upto,
             SUM(seen) OVER (PARTITION BY part) AS whole
        FROM (SELECT {part} AS part, rank, SUM(billed_impressions) AS seen
                FROM campaigns_delivery WHERE campaign_id = {campaign} AND billed_impressions > 0
               GROUP BY 1, 2) counted) added
     WHERE 2 * upto >= whole GROUP BY part
"""
# The figures of the first page, by day, and those by video.
BY_HAND = {
    "day": (
        f"SELECT day, verdict, {SUMS} {OF_THE_CAMPAIGN} GROUP BY day, verdict ORDER BY day",
        MEDIAN.replace("{part}", "day"),
        MEDIAN.replace("{part}", "0"),
    ),
    "video": (
        f"SELECT day, verdict, {SUMS} {OF_THE_CAMPAIGN} GROUP BY day, verdict ORDER BY day",
        MEDIAN.replace("{part}", "0"),
        f"""SELECT *, COUNT(*) OVER () FROM (
              SELECT video_id, MIN(rank), {SUMS} {OF_THE_CAMPAIGN}
               GROUP BY video_id) videos ORDER BY 5 DESC LIMIT 100""",
    ),
}


def run(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def least(act: Callable[[], object]) -> float:
    return min(cpu.seconds(act) for _attempt in range(ATTEMPTS))


@pytest.fixture
def campaign(db: None) -> Campaign:
    factories.month()
    made = factories.campaign("LARGE-1", budget_micros=10**15)
    keys = {"campaign": made.pk, "creator": factories.creator().pk, "category": factories.category().pk}
    date = "date" if connection.vendor == "postgresql" else "text"
    run(DELIVERED.format(date=date, **keys))
    for statement in LINED_UP:
        run(statement.format(terms=factories.terms().pk, category=factories.category().pk))
    run("ANALYZE")
    return made


@pytest.fixture
def portal(campaign: Campaign) -> Client:
    client = Client()
    client.force_login(factories.colleague("buyer", campaign.advertiser, Member.Role.OWNER))
    return client


@pytest.mark.parametrize("by", BY_HAND)
def test_the_first_page_takes_little_more_than_its_figures_by_hand(
    by: str, campaign: Campaign, portal: Client
) -> None:
    address = reverse("portal:reports", args=[campaign.advertiser_id])
    asked = {"campaign": campaign.pk, "by": by}
    with CaptureQueriesContext(connection) as captured:
        page = portal.get(address, asked)
    queries = len(captured)
    assert page.context["report"].totals.impressions == sum(
        int(row[2])
        for row in run(BY_HAND[by][0].format(campaign=campaign.pk))  # type: ignore[call-overload]
    )
    ours = least(lambda: portal.get(address, asked))
    theirs = least(lambda: [run(each.format(campaign=campaign.pk)) for each in BY_HAND[by]])
    print(
        f"\n{connection.vendor}: report by {by} of {DELIVERIES:,} deliveries: {queries} queries, "
        f"{ours:.2f} s of CPU, by hand {theirs:.2f} s: {ours / theirs:.2f} (at most {AT_MOST})"
    )
    assert queries < QUERIES
    if connection.vendor == "postgresql":
        assert ours < AT_MOST * theirs


def test_the_other_pages_and_jobs_of_a_large_campaign(campaign: Campaign, portal: Client) -> None:
    """Their figures, without a limit."""
    own = [campaign.advertiser_id]
    files = {
        "page of the campaign": reverse("portal:campaign", args=[*own, campaign.pk]),
        "list of campaigns": reverse("portal:campaigns", args=own),
        "CSV by video": reverse("portal:report_file", args=[*own, "video", "csv"]),
        "brand safety": reverse("portal:safety", args=own) + "?month=2026-10",
        "brand safety as CSV": reverse("portal:safety_file", args=[*own, "2026-10", "csv"]),
    }
    jobs: dict[str, Callable[[], object]] = {
        name: lambda address=address: b"".join(portal.get(address)) for name, address in files.items()
    }
    jobs["alerts of all live campaigns"] = lambda: alerts.live(factories.DAY)
    jobs["rows of the statement"] = lambda: sum(
        1 for _row in safety.rows(campaign.advertiser_id, Month(code="2026-10"))
    )
    for name, job in jobs.items():
        print(f"\n{connection.vendor}: {name}: {cpu.seconds(job):.2f} s of CPU")
    assert Delivery.objects.filter(campaign=campaign).count() == DELIVERIES


def test_judging_the_rows_of_a_campaign_that_is_short_of_budget(campaign: Campaign) -> None:
    """What the budget adds: the same recheck with enough and with half of it."""
    enough = cpu.seconds(verdicts.recheck)
    Campaign.objects.update(budget_micros=DELIVERIES * 10_000 * 500)
    short = cpu.seconds(verdicts.recheck)
    again = cpu.seconds(verdicts.recheck)
    print(
        f"\n{connection.vendor}: {DELIVERIES:,} deliveries judged again: {enough:.2f} s of CPU, once short "
        f"of budget {short:.2f} s, still short {again:.2f} s"
    )
