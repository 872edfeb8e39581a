"""Imports against their floor: the same rows loaded raw, and the same upserts written by hand in SQL.

Import and floor take turns on the same tables in the same run, each on a day of its own, so that the ratio
means something on any machine. The import also reads, checks, counts and explains, which the floor doesn't.
"""

import datetime
import io
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from pulse_site.feeds.run import import_file

ROWS = 100_000 * int(os.environ.get("SCALE", "1"))
TURNS = 3
FIRST_DAY = datetime.date(2026, 1, 1)
pytestmark = pytest.mark.django_db
Row = tuple[Any, ...]


def follower_rows(day: datetime.date) -> list[Row]:
    """Everybody's followers, all of them other ones than on another day, in no order."""
    dice = random.Random(day.toordinal())
    rows = [(f"creator.{n}", 100_000 + n * 7 + day.toordinal() * 13) for n in range(ROWS)]
    dice.shuffle(rows)
    return rows


def video_rows(day: datetime.date) -> list[Row]:
    dice = random.Random(day.toordinal())
    published = int(datetime.datetime(2025, 12, 20, tzinfo=datetime.UTC).timestamp())
    rows = [
        (
            7 * 10**18 + n,
            f"creator.{n % (ROWS // 10)}",
            published + n % 900_000,
            *dice.choices(range(10**6), k=4),
        )
        for n in range(ROWS)
    ]
    dice.shuffle(rows)
    return rows


def write(path: Path, header: str, rows: list[Row]) -> Path:
    with path.open("w") as file:
        file.write(header + "\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)
    return path


def load(table: str, columns: str, rows: list[Row]) -> None:
    """Put rows into a temporary table as fast as the database takes them."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
        if connection.vendor == "postgresql":
            text = io.StringIO("".join("\t".join(map(str, row)) + "\n" for row in rows))
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                while block := text.read(1_000_000):
                    copy.write(block)
        else:
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)
        cursor.execute(f"ANALYZE {table}")


def followers_floor(day: datetime.date, rows: list[Row]) -> None:
    load("raw", "handle text, followers bigint", rows)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO creators_followercount (as_of, creator_id, followers)
               SELECT %s, c.id, r.followers FROM raw r JOIN creators_creator c ON c.handle = r.handle
               WHERE true ON CONFLICT (as_of, creator_id)
               DO UPDATE SET followers = excluded.followers""",
            [day],
        )
        cursor.execute(
            """INSERT INTO creators_reach (creator_id, followers, as_of)
               SELECT c.id, r.followers, %s FROM raw r JOIN creators_creator c ON c.handle = r.handle
               WHERE true ON CONFLICT (creator_id)
               DO UPDATE SET followers = excluded.followers, as_of = excluded.as_of""",
            [day],
        )


def videos_floor(day: datetime.date, rows: list[Row]) -> None:
    load(
        "raw",
        "id bigint, handle text, published bigint, views bigint, likes bigint, comments bigint,"
        " shares bigint",
        rows,
    )
    moment = (
        "to_timestamp(published)" if connection.vendor == "postgresql" else "datetime(published, 'unixepoch')"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO creators_video (platform_id, creator_id, published_at, market, tier)
                SELECT r.id, c.id, {moment}, 'US', 2 FROM raw r JOIN creators_creator c ON c.handle = r.handle
                WHERE true ON CONFLICT (platform_id) DO NOTHING"""
        )
        cursor.execute(
            f"""INSERT INTO creators_videocounts (day, video_id, creator_id, market, tier, published_at,
                                                  age_days, views, likes, comments, shares)
                SELECT %s, r.id, c.id, 'US', 2, {moment}, CAST(%s - published / 86400 AS integer),
                       views, likes, comments, shares
                FROM raw r JOIN creators_creator c ON c.handle = r.handle WHERE true
                ON CONFLICT (day, video_id) DO UPDATE SET views = excluded.views, likes = excluded.likes,
                    comments = excluded.comments, shares = excluded.shares""",
            [day, (day - datetime.date(1970, 1, 1)).days],
        )


@pytest.mark.parametrize(
    ("feed", "header", "make", "floor"),
    [
        ("followers", "handle,followers", follower_rows, followers_floor),
        ("videos", "id,handle,published,views,likes,comments,shares", video_rows, videos_floor),
    ],
)
def test_an_import_stays_near_its_floor(
    feed: str,
    header: str,
    make: Callable[[datetime.date], list[Row]],
    floor: Callable[[datetime.date, list[Row]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("creators.followers.recheck_eligibility", lambda: None)  # has a benchmark of its own
    imports, floors = [], []
    for turn in range(TURNS + 1):  # the first fills the tables
        days = [FIRST_DAY + datetime.timedelta(days=2 * turn + step) for step in (0, 1)]
        path = write(tmp_path / "file.csv", header, make(days[0]))
        summary = import_file(feed, path, name="", options={"as_of": days[0], "market": "US"}, by=None)
        assert summary["created"] == ROWS
        rows = make(days[1])
        started = time.monotonic()
        floor(days[1], rows)
        floors.append(time.monotonic() - started)
        imports.append(summary["seconds"])
    taken, least = statistics.median(imports[1:]), statistics.median(floors[1:])
    print(
        f"\n{feed}: {ROWS:,} rows, {connection.vendor}: import {taken:.2f} s, floor {least:.2f} s, "
        f"ratio {taken / least:.2f}"
    )
    # On SQLite the raw load costs next to nothing, so that reading seven columns weighs more.
    limit = 5 if (feed, connection.vendor) == ("videos", "sqlite") else 3
    assert taken < limit * least


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Peak memory of a whole preview in a process of its own, for a file and one ten times as long."""
    database = {**os.environ, "DATABASE_URL": _database_url(tmp_path), "CELERY_TASK_ALWAYS_EAGER": "1"}
    peaks = []
    for size in (ROWS // 10, ROWS):
        path = write(tmp_path / f"{size}.csv", "handle,followers", follower_rows(FIRST_DAY)[:size])
        command = [sys.executable, "-c", PREVIEW, str(path)]
        peaks.append(
            int(subprocess.run(command, env=database, check=True, capture_output=True).stdout) // 1024
        )
    print(f"\nmemory: {peaks[0]} MB for {ROWS // 10:,} rows, {peaks[1]} MB for {ROWS:,}")
    assert peaks[1] < peaks[0] + 30


# VmHWM and not ru_maxrss: that one begins with the peak of the process that started this one.
PREVIEW = """
import re, sys, django
django.setup()
from django.core.management import call_command
from django.db import connection
if connection.vendor == "sqlite": call_command("migrate", verbosity=0)
with open("/dev/null", "w") as nowhere:
    call_command("import_followers", sys.argv[1], "--as-of=2026-01-01", "--dry-run", stdout=nowhere)
print(re.search(r"VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1])
"""


def _database_url(folder: Path) -> str:
    if connection.vendor == "sqlite":
        return f"sqlite:///{folder}/memory.sqlite3"
    settings = connection.settings_dict
    return f"postgres://{settings['USER']}@{settings['HOST']}/{settings['NAME']}"
