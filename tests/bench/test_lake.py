"""A day's counts in Parquet files, ranked by the engine in the worker, and the lineup loaded.

The passes over the files alone go to any size, on the cluster that SPARK_MASTER names or in the worker:

    LAKE_VIDEOS=100000000 LAKE_FOLDER=/srv/lake SPARK_MASTER='local-cluster[2,1,2048]' \\
      .venv/bin/python -m pytest tests/bench/test_lake.py -k passes -s

LAKE_FOLDER keeps the files for the next time.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from campaigns import placements
from campaigns.lake import files, ranking
from campaigns.lake.engines import opened
from campaigns.models import PlacementRun
from tests import factories
from tests.bench import cpu, lake

VIDEOS = int(1_000_000 * float(os.environ.get("BENCH_SCALE", "1")))
IN_FILES = int(os.environ.get("LAKE_VIDEOS", "1000000"))


@pytest.mark.django_db
def test_a_lineup_from_files_grows_no_faster_than_they_do(tmp_path: Path) -> None:
    spent = {}
    for videos in (VIDEOS // 10, VIDEOS):
        folder = tmp_path / str(videos)
        folder.mkdir()
        pattern = lake.make(folder, videos)
        spent[videos] = cpu.seconds(lambda pattern=pattern: placements.recompute(lake.DAY, files=pattern))
        run = PlacementRun.objects.get(superseded=False)
        told = f"{run.population:,} of {videos:,} videos in files, {run.lineup:,} loaded"
        print(f"\n{told}: {spent[videos]:.2f} CPU s")
    assert spent[VIDEOS] <= 12 * spent[VIDEOS // 10]


@pytest.mark.django_db
def test_the_passes_over_files_of_any_size(tmp_path: Path) -> None:
    """What each takes all processes of the engine, and the most memory that they had together."""
    folder = Path(os.environ.get("LAKE_FOLDER", tmp_path)) / str(IN_FILES)
    folder.mkdir(parents=True, exist_ok=True)
    pattern = lake.make(folder, IN_FILES)
    subject, terms = files.Subject(lake.DAY, "US"), factories.terms()
    with opened(pattern) as engine:
        found, *histogram = timed(lambda: ranking.histogram(engine, subject, terms))
        _none, *repeated = timed(lambda: files.refuse_repeated(engine))
        ranked, *ranks = timed(lambda: counted(ranking.ranked(engine, subject, terms, found, [""])))
        memory = sum(cpu.peak_bytes(process) for process in cpu.family()) // 1_000_000
    engine_name = settings.SPARK_MASTER or "DuckDB"
    size = sum(file.stat().st_size for file in folder.iterdir()) // 1_000_000
    print(
        f"\n{engine_name}, {found.videos:,} videos in {size:,} MB: {ranked:,} ranked, {memory:,} MB at most"
    )
    for name, (spent, wall) in {"histogram": histogram, "repetitions": repeated, "ranks": ranks}.items():
        print(f"  {name}: {spent:.2f} CPU s, {wall:.2f} s")
    assert ranked == -(-found.population("") // 25)


def counted(batches: Iterator[list[Any]]) -> int:
    return sum(len(batch) for batch in batches)


def timed(act: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it returns, CPU seconds of this process and all that it started, and seconds."""
    spent, started = cpu.spent_by_family(), time.monotonic()
    result = act()
    return result, cpu.spent_by_family() - spent, time.monotonic() - started
