"""A day's counts in Parquet files, ranked by the engine in the worker, and the lineup loaded."""

import os
from pathlib import Path

import pytest

from campaigns import placements
from campaigns.models import PlacementRun
from tests.bench import cpu, lake

VIDEOS = int(1_000_000 * float(os.environ.get("BENCH_SCALE", "1")))


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
