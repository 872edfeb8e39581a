"""A day's counts as a lake would hold them: Parquet files, made by DuckDB itself, as many as asked for.

Views fall off as they do among people: few videos have most of them, and many have the same few. A creator
has ten videos; of seven videos one is beyond the horizon; of fifty one is unsuitable; of eight one has no
category. Everything follows from the video's number, so that the same number of videos is the same lake.
"""

import datetime
from pathlib import Path

import duckdb

A_FILE = 10_000_000
DAY = datetime.date(2026, 10, 15)
CATEGORIES = "fashion food-cooking gaming pets sports travel music-dance".split()
MADE = """
    COPY (
      SELECT DATE '{day}' AS day, 'US' AS market, 6900000000000000000 + n AS id,
             'creator' || n // 10 AS handle,
             TIMESTAMP '{day}' - to_seconds(dice % 3024000) AS published,
             CAST(views AS bigint) AS views, CAST(views // 10 AS integer) AS likes,
             CAST(views // 100 AS integer) AS comments, CAST(views // 150 AS integer) AS shares,
             {categories}[1 + dice % 8] AS category,
             CASE WHEN n % 50 = 0 THEN 'unsuitable' WHEN n % 3 = 0 THEN 'limited' ELSE 'standard' END AS tier
        FROM (SELECT n, dice, 5000000000 // (dice // 500 + 1) AS views
                FROM (SELECT n, (n + 1) * 48271 % 2147483647 * 69621 % 2147483647 AS dice
                        FROM range({first}, {end}) r(n)))
    ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def make(folder: Path, videos: int, day: datetime.date = DAY, a_file: int = A_FILE) -> str:
    """Write the counts of `day` into files of `folder`, but for those that are there.

    Returns the pattern that finds them.
    """
    with duckdb.connect() as lake:
        for first in range(0, videos, a_file):
            path = folder / f"counts-{first // a_file:04}.parquet"
            end = min(first + a_file, videos)
            if not path.exists():
                lake.execute(MADE.format(day=day, categories=CATEGORIES, first=first, end=end, path=path))
    return str(folder / "*.parquet")
