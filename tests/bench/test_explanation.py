"""A video in the lineup is explained by look-ups, one below the cut by one scan of the day.

The floor of the scan is the plainest aggregate that computes each score once. CPU time of Python and the
database together; all take turns in one run.
"""

# ruff: noqa: S608 - statements of our own

import datetime
import os
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import placements, ranking
from campaigns.explanation import explain
from campaigns.models import Placement
from creators.models import Creator, Video, VideoCounts
from pulse_site import partitions
from tests import factories
from tests.bench import cpu

LARGE, SMALL = int(os.environ.get("BENCH_SCALE", 1_000_000)), 10_000
ATTEMPTS, QUERIES, SCANS, LOOK_UPS = 5, 12, 1.3, 1.5
DAY = datetime.date(2026, 10, 15)
FIRST = 6_900_000_000_000_000_000
SERIES = {
    "postgresql": "SELECT CAST(n AS bigint) AS n FROM generate_series(1, %(videos)s) n",
    "sqlite": """WITH RECURSIVE series(n) AS (
                   SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < %(videos)s) SELECT n FROM series""",
}
# Views fall off as they do among people: few videos have most of them, and many have the same few.
COUNTS = """
    INSERT INTO creators_videocounts (day, video_id, creator_id, market, category_id, tier, published_at,
                                      age_days, views, likes, comments, shares)
    SELECT %(day)s, {first} + n, %(creator)s, %(market)s, NULL, CASE WHEN n %% 50 = 0 THEN 9 ELSE 2 END,
           %(published)s, n * 31 %% 35, views, views / 10, views / 100, views / 150
      FROM (SELECT n, 5000000000 / (n * 48271 %% 2147483647 / 500 + 1) AS views FROM ({series}) numbers) seen
"""


def fill(market: str, videos: int, creator: Creator) -> None:
    values: dict[str, Any] = {"day": DAY, "creator": creator.pk, "market": market, "videos": videos}
    values["published"] = f"{DAY} 12:00:00"
    first = FIRST if market == "US" else FIRST + 10**12
    partitions.ensure("creators_videocounts", {DAY})
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            values["published"] += "+00"
        cursor.execute(COUNTS.format(first=first, series=SERIES[connection.vendor]), values)
        cursor.execute("ANALYZE creators_videocounts")
    placements.recompute(DAY, market)


def one(market: str, creator: Creator, *, placed: bool) -> int:
    """A video of that market that is in the lineup, or in the middle of those below the cut."""
    in_it = Placement.objects.filter(run__market=market).values("video_id")
    if placed:
        number = in_it.order_by("-rank").values_list("video_id", flat=True)[0]
    else:
        rest = VideoCounts.objects.filter(market=market, age_days__lt=30).exclude(video_id__in=in_it)
        number = rest.order_by("video_id").values_list("video_id", flat=True)[rest.count() // 2]
    Video.objects.create(pk=number, creator=creator, published_at=f"{DAY}T12:00Z", market=market)
    return number


def cost(video: int) -> float:
    with CaptureQueriesContext(connection) as asked:
        explain(video, DAY)
    assert len(asked) <= QUERIES
    return min(cpu.seconds(lambda: explain(video, DAY)) for _attempt in range(ATTEMPTS))


def scan(market: str) -> float:
    """The plainest statement that computes each score of the day once."""
    scored = ranking.scored(factories.terms())

    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT COUNT(*) FROM ({scored}) scored WHERE score > 1000", {"day": DAY, "market": market}
            )

    return min(cpu.seconds(act) for _attempt in range(ATTEMPTS))


def test_explaining_takes_look_ups_or_one_scan(db: None) -> None:
    creator = factories.enrolled()
    fill("FR", SMALL, creator)
    few = cost(one("FR", creator, placed=True))
    fill("US", LARGE, creator)
    many = cost(one("US", creator, placed=True))
    below = cost(one("US", creator, placed=False))
    floor = scan("US")
    print(
        f"\n{connection.vendor}, {LARGE:,} videos: in the lineup {many * 1000:.1f} ms, "
        f"{many / few:.2f} of {SMALL:,} videos; below the cut {below:.2f} s, {below / floor:.2f} of one scan"
    )
    assert many <= LOOK_UPS * few + 0.005  # the clock of the system ticks a hundred times a second
    assert below <= SCANS * floor + 0.05
