"""A forecast against hand-written SQL that adds up the lineups themselves, as it would be without inventory.

Fourteen lineups of a day of a million videos each (SCALE=10: of ten million, 400,000 places a day), five
hundred other campaigns booked, 2,000 videos and fifty creators excluded.
"""

import datetime
import os
import time

import pytest
from django.db import connection

from campaigns import forecast, inventory
from campaigns.models import Campaign, CreatorExclusion, PlacementRun, VideoExclusion
from creators.models import Category
from pulse_site import partitions
from tests import factories

PLACES = 40_000 * int(os.environ.get("SCALE", "1"))
DAYS, CREATORS, TURNS, AT_MOST = 14, 2_000, 3, 0.5
TODAY = datetime.date(2026, 10, 15)
FIRST = datetime.date(2026, 11, 1)
ONE_DAY = datetime.timedelta(days=1)
SERIES = f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {PLACES})"
VIDEO = "7000000000000000000 + n + %(shift)s"  # a tenth of a lineup is new every day
COUNTS = f"""
    INSERT INTO creators_videocounts (day, video_id, creator_id, market, category_id, tier, published_at,
                                      age_days, views, likes, comments, shares)
    {SERIES} SELECT %(day)s, {VIDEO}, %(creator)s + n %% {CREATORS}, 'US', 1 + n %% 12, 1 + n %% 3,
                    %(published)s, 3, 100000 + n, 0, 0, 0 FROM series"""
PLACED = f"""
    INSERT INTO campaigns_placement (run_id, rank, video_id, creator_id, category_id, tier, score)
    {SERIES} SELECT %(run)s, n, {VIDEO}, %(creator)s + n %% {CREATORS}, 1 + n %% 12, 1 + n %% 3, 1
               FROM series"""
BY_HAND = """
    SELECT run.day, placement.category_id, placement.tier, SUM(counts.views - COALESCE(before.views, 0))
      FROM campaigns_placementrun run
      JOIN campaigns_placement placement ON placement.run_id = run.id
      JOIN creators_videocounts counts ON counts.day = run.day AND counts.video_id = placement.video_id
      LEFT JOIN creators_videocounts before
        ON before.day = {eve} AND before.video_id = placement.video_id
     WHERE placement.category_id IN (4, 8) AND placement.tier <= 2
     GROUP BY run.day, placement.category_id, placement.tier
"""


def run(statement: str, given: dict[str, object] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        if cursor.description:
            cursor.fetchall()


@pytest.fixture
def campaign(db: None) -> Campaign:
    first = [factories.creator().pk for _ in range(CREATORS)][0]
    for ago in range(1, DAYS + 1):
        day = TODAY - ago * ONE_DAY
        made = PlacementRun.objects.create(
            day=day, market="US", terms=factories.terms(), population=PLACES * 25, lineup=PLACES, digest=""
        )
        given = {"day": day, "shift": (DAYS - ago) * PLACES // 10, "creator": first, "run": made.pk}
        partitions.ensure("creators_videocounts", {day})
        run(COUNTS, {**given, "published": "2026-10-01T00:00:00Z"})
        run(PLACED, given)
    run(f"""INSERT INTO creators_video (platform_id, creator_id, published_at, market, category_id, tier)
            SELECT DISTINCT video_id, creator_id, published_at, 'US', 4, 2 FROM creators_videocounts
             WHERE creator_id < {first + 50}""")
    run("ANALYZE")
    for each in PlacementRun.objects.all():
        inventory.add_up(each)
    return _order(first)


def _order(first_creator: int) -> Campaign:
    slugs = list(Category.objects.values_list("slug", flat=True))
    for number in range(500):
        factories.campaign(
            categories=(slugs[number % 12], slugs[number * 7 % 12]),
            starts_on=FIRST - number % 20 * ONE_DAY,
            ends_on=FIRST + (10 + number % 40) * ONE_DAY,
        )
    own = factories.campaign(
        status="draft", categories=("gaming", "pets"), starts_on=FIRST, ends_on=FIRST + 29 * ONE_DAY
    )
    VideoExclusion.objects.bulk_create(
        VideoExclusion(campaign=own, platform_id=7 * 10**18 + n * 17, starts_on=TODAY) for n in range(2_000)
    )
    CreatorExclusion.objects.bulk_create(
        CreatorExclusion(campaign=own, creator_id=first_creator + n, starts_on=TODAY) for n in range(50)
    )
    run("ANALYZE")
    return own


def test_a_forecast_costs_a_part_of_adding_up_the_lineups(campaign: Campaign) -> None:
    eve = "run.day - 1" if connection.vendor == "postgresql" else "date(run.day, '-1 day')"
    ours, floor = [], []
    for _ in range(TURNS):
        started = time.perf_counter()
        assert forecast.of_campaign(campaign, TODAY)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        run(BY_HAND.format(eve=eve))
        floor.append(time.perf_counter() - started)
    ratio = min(ours) / min(floor)
    print(
        f"\n{connection.vendor}: forecast over {DAYS} lineups of {PLACES:,}: {min(ours) * 1000:.0f} ms, "
        f"the lineups added up {min(floor) * 1000:.0f} ms, ratio {ratio:.2f} (at most {AT_MOST})"
    )
    assert ratio <= AT_MOST
