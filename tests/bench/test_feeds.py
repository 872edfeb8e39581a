"""Imports against their floor: the same file loaded by a bare COPY, and the same upserts written by hand.

Import and floor take turns on the same tables in the same run, each on a day of its own, so that the ratio
means something on any machine. What counts is the CPU time of client and server together. The import also
reads, checks, counts, previews and keeps what it replaces, which the floor doesn't.

A million rows on PostgreSQL, a tenth of that on SQLite, three turns; ROWS and TURNS say otherwise.
"""

import datetime
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tablib
from django.core.files import File
from django.db import connection, transaction
from import_export import fields, resources, widgets

from creators.models import Creator, FollowerCount, Reach
from pulse_site import partitions
from pulse_site.feeds import run
from pulse_site.models import Upload
from tests.bench import cpu

POSTGRESQL = connection.vendor == "postgresql"
ROWS = int(os.environ.get("ROWS", "1_000_000" if POSTGRESQL else "100_000"))
TURNS = int(os.environ.get("TURNS", "3"))
PLAIN_ROWS = int(os.environ.get("PLAIN_ROWS", "10_000"))
TABLES = "creators_creator, creators_followercount, creators_reach, creators_video, creators_videocounts"
FIRST_DAY = datetime.date(2026, 1, 1)
FOLLOWERS = "handle,followers"
VIDEOS = "id,handle,published,views,likes,comments,shares"
pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.usefixtures("guards_stand_aside"),
]
Row = tuple[Any, ...]


@pytest.fixture(autouse=True)
def alone(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of eligibility has a benchmark of its own; the backend works alone, or nobody could count."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("creators.eligibility.recheck", lambda: None)
    tidy()


def tidy() -> None:
    """What autovacuum does between two imports."""
    with connection.cursor() as cursor:
        if POSTGRESQL:
            cursor.execute("SET max_parallel_workers_per_gather = 0")
            cursor.execute(f"VACUUM ANALYZE {TABLES}")


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


def floor(path: Path, columns: str, upserts: list[tuple[str, list[Any]]]) -> tuple[float, float]:
    """CPU seconds of a bare COPY of the file into a table without an index, and of that and the upserts."""

    def copy() -> None:
        with connection.cursor() as cursor, path.open("rb") as file:
            if POSTGRESQL:
                with cursor.copy("COPY raw FROM STDIN (FORMAT csv, HEADER)") as into:
                    while block := file.read(1_000_000):
                        into.write(block)
            else:
                marks = ", ".join(["%s"] * len(columns.split(",")))
                rows = (line.rstrip().split(",") for line in path.read_text().splitlines()[1:])
                cursor.executemany(f"INSERT INTO raw VALUES ({marks})", rows)

    def upsert() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE raw")
            for statement, parameters in upserts:
                cursor.execute(statement, parameters)

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS raw")
        cursor.execute(f"CREATE TABLE raw ({columns})")
    with transaction.atomic():
        copied = cpu.seconds(copy)
    with transaction.atomic():
        return copied, copied + cpu.seconds(upsert)


def followers_floor(day: datetime.date, path: Path) -> tuple[float, float]:
    counts = """INSERT INTO creators_followercount (as_of, creator_id, followers)
        SELECT %s, c.id, r.followers FROM raw r JOIN creators_creator c ON c.handle = r.handle
        WHERE true ON CONFLICT (as_of, creator_id) DO UPDATE SET followers = excluded.followers"""
    reach = """INSERT INTO creators_reach (creator_id, followers, as_of)
        SELECT c.id, r.followers, %s FROM raw r JOIN creators_creator c ON c.handle = r.handle
        WHERE true ON CONFLICT (creator_id)
        DO UPDATE SET followers = excluded.followers, as_of = excluded.as_of"""
    return floor(path, "handle text, followers bigint", [(counts, [day]), (reach, [day])])


def videos_floor(day: datetime.date, path: Path) -> tuple[float, float]:
    partitions.ensure("creators_videocounts", {day})
    moment = "to_timestamp(published)" if POSTGRESQL else "datetime(published, 'unixepoch')"
    videos = f"""INSERT INTO creators_video (platform_id, creator_id, published_at, market, tier)
        SELECT r.id, c.id, {moment}, 'US', 2 FROM raw r JOIN creators_creator c ON c.handle = r.handle
        WHERE true ON CONFLICT (platform_id) DO NOTHING"""
    counts = f"""INSERT INTO creators_videocounts (day, video_id, creator_id, market, tier, published_at,
                                                   age_days, views, likes, comments, shares)
        SELECT %s, r.id, c.id, 'US', 2, {moment}, CAST(%s - published / 86400 AS integer),
               views, likes, comments, shares
        FROM raw r JOIN creators_creator c ON c.handle = r.handle WHERE true
        ON CONFLICT (day, video_id) DO UPDATE SET views = excluded.views, likes = excluded.likes,
            comments = excluded.comments, shares = excluded.shares"""
    columns = (
        "id bigint, handle text, published bigint, views bigint, likes bigint, comments bigint, shares bigint"
    )
    return floor(path, columns, [(videos, []), (counts, [day, (day - datetime.date(1970, 1, 1)).days])])


def imported(feed: str, path: Path, day: datetime.date) -> tuple[float, float]:
    """CPU seconds of the preview of an upload, and of the preview and the import after it."""
    with path.open("rb") as file:
        upload = Upload.objects.create(
            feed=feed, file=File(file, "file.csv"), options={"as_of": day.isoformat(), "market": "US"}
        )
    previewed = cpu.seconds(lambda: run.preview(upload))
    applied = cpu.seconds(lambda: run.apply(upload))
    assert upload.summary["created"] == ROWS
    return previewed, previewed + applied


FEEDS = [
    ("followers", FOLLOWERS, follower_rows, followers_floor),
    ("videos", VIDEOS, video_rows, videos_floor),
]


@pytest.mark.parametrize(("feed", "header", "make", "by_hand"), FEEDS)
def test_an_import_stays_near_its_floor(
    feed: str,
    header: str,
    make: Callable[[datetime.date], list[Row]],
    by_hand: Callable[[datetime.date, Path], tuple[float, float]],
    tmp_path: Path,
) -> None:
    taken = []
    for turn in range(TURNS + 1):  # the first fills the tables
        days = [FIRST_DAY + datetime.timedelta(days=2 * turn + step) for step in (0, 1)]
        paths = [write(tmp_path / f"{day}.csv", header, make(day)) for day in days]
        taken.append((*imported(feed, paths[0], days[0]), *by_hand(days[1], paths[1])))
        tidy()
    previewed, whole, copied, least = (statistics.median(turn) for turn in zip(*taken[1:], strict=True))
    print(
        f"\n{feed}: {ROWS:,} rows, {connection.vendor}, CPU: preview {previewed:.1f}, whole {whole:.1f}, "
        f"bare COPY {copied:.2f}, floor {least:.1f}; whole / floor {whole / least:.2f}, "
        f"whole / COPY {whole / copied:.1f}, preview / whole {previewed / whole:.2f}"
    )
    if feed == "followers" and POSTGRESQL:
        assert whole < 2 * least
        assert previewed < whole / 2
        plainly = plain(tmp_path)
        print(
            f"a plain ModelResource, dry run and import: {plainly * 1000:.2f} ms of CPU a row, "
            f"{plainly / (whole / ROWS):,.0f} times that of the import"
        )
        assert plainly > 250 * whole / ROWS
    assert whole < 5 * least


class PlainResource(resources.ModelResource):
    """What django-import-export does without tuning: the newest count of a creator, and its history."""

    creator = fields.Field("creator", "handle", widgets.ForeignKeyWidget(Creator, "handle"))

    class Meta:
        model = Reach
        import_id_fields = ["creator"]
        fields = ["creator", "followers", "as_of"]

    def after_save_instance(self, instance: Reach, row: Any, **kwargs: Any) -> None:
        FollowerCount.objects.update_or_create(
            as_of=instance.as_of, creator=instance.creator, defaults={"followers": instance.followers}
        )


def plain(folder: Path) -> float:
    """CPU seconds a row of a plain resource doing the same: a dry run, then the import."""
    day = FIRST_DAY + datetime.timedelta(days=90)
    path = write(folder / "plain.csv", FOLLOWERS, follower_rows(day)[:PLAIN_ROWS])

    def act() -> None:
        data = tablib.Dataset().load(path.read_text(), format="csv")
        data.append_col([day.isoformat()] * len(data), header="as_of")
        for dry_run in (True, False):
            result = PlainResource().import_data(data, dry_run=dry_run, raise_errors=True)
            assert result.totals["update"] == PLAIN_ROWS

    return cpu.seconds(act) / PLAIN_ROWS


def test_a_worker_stays_small_however_long_the_file(tmp_path: Path) -> None:
    """Peak memory of a whole import in a process of its own, for a file and one ten times as long."""
    peaks = []
    for size, day in ((ROWS // 10, FIRST_DAY), (ROWS, FIRST_DAY + datetime.timedelta(days=1))):
        path = write(tmp_path / f"{size}.csv", FOLLOWERS, follower_rows(day)[:size])
        peaks.append(peak("followers", path, day, tmp_path))
    videos = write(tmp_path / "videos.csv", VIDEOS, video_rows(FIRST_DAY))
    peaks.append(peak("videos", videos, FIRST_DAY, tmp_path))
    print(
        f"\nmemory: {peaks[0]} MB for {ROWS // 10:,} rows, {peaks[1]} MB for {ROWS:,}, "
        f"{peaks[2]} MB for {ROWS:,} videos"
    )
    assert peaks[1] < peaks[0] + 30
    assert max(peaks) < 300


def peak(feed: str, path: Path, day: datetime.date, folder: Path) -> int:
    environment = {**os.environ, "DATABASE_URL": _database_url(folder), "CELERY_TASK_ALWAYS_EAGER": "1"}
    command = [sys.executable, "-c", IMPORT, feed, str(path), str(day)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    return int(done.stdout) // 1024


# VmHWM and not ru_maxrss: that one begins with the peak of the process that started this one.
IMPORT = """
import re, sys, django
django.setup()
from pathlib import Path
from django.core.management import call_command
from django.db import connection, transaction
from pulse_site.feeds.run import import_file
feed, path, day = sys.argv[1:]
if connection.vendor == "sqlite": call_command("migrate", verbosity=0)
import_file(feed, Path(path), name="", options={"as_of": day, "market": "US"}, by=None, confirmed=True)
print(re.search(r"VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1])
"""


def _database_url(folder: Path) -> str:
    if not POSTGRESQL:
        return f"sqlite:///{folder}/memory.sqlite3"
    settings = connection.settings_dict
    return f"postgres://{settings['USER']}@{settings['HOST']}/{settings['NAME']}"
