"""An upload is applied by a worker that is killed, or whose connection is cut, at a random instant.

What depends on counts is then wholly as before or wholly as after, and starting again finishes the work like
an undisturbed one. A few kills and some thousand rows by default; the whole proof is

    KILLS=50 KILL_ROWS=200000 .venv/bin/python -m pytest tests/creators/test_import_kills.py -s
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tests.copies import Copies
from tests.pristine import POSTGRESQL, Pristine, administer

KILLS = int(os.environ.get("KILLS", "4"))
ROWS = int(os.environ.get("KILL_ROWS", "20000"))
Cut = Callable[[Popen[str], str], None]
pytestmark = pytest.mark.django_db  # so that there is a database to copy where this file runs alone


@pytest.fixture
def copies(pristine: Pristine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copies]:
    monkeypatch.setenv("RUN_LEASE_SECONDS", "1")
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path))
    made = Copies(pristine, tmp_path, "tests.creators.importing", str(ROWS), str(tmp_path))
    yield made
    for name in list(made.made):
        made.drop(name)


def kill(process: Popen[str], name: str) -> None:
    process.kill()
    process.communicate()


def cut_connections(process: Popen[str], name: str) -> None:
    """Every connection to the database, as a restart of the server does; the worker lives on."""
    administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    process.communicate()


def told(copies: Copies, name: str) -> dict[str, Any]:
    return json.loads(copies.run(name, "tell"))


@pytest.mark.parametrize("cut", [kill, *([cut_connections] if POSTGRESQL else [])])
def test_an_import_that_is_cut_off_is_wholly_applied_or_not_at_all_and_ends_like_an_undisturbed_one(
    copies: Copies, cut: Cut
) -> None:
    undisturbed = copies.copy()
    before = told(copies, undisturbed)
    started = time.monotonic()
    copies.began(undisturbed, "work", str(copies.var(undisturbed))).communicate()
    seconds = time.monotonic() - started
    wanted = told(copies, undisturbed)
    assert wanted["status"] == "applied"
    assert wanted["figures"] == {
        "rows": ROWS + 1,
        "created": ROWS - ROWS // 2,
        "updated": ROWS // 2,
        "unchanged": 0,
        "rejected": 1,
    }
    for number in range(KILLS):
        name = copies.copy()
        # Every part of the time is hit by some run, and where in it is chance.
        instant = (number + random.random()) / KILLS * seconds  # noqa: S311
        process = copies.began(name, "work", str(copies.var(name)))
        time.sleep(instant)
        cut(process, name)
        found = told(copies, name)
        assert found["digest"] in (before["digest"], wanted["digest"]), f"cut after {instant:.3f} s"
        assert (found["status"] == "applied") == (found["digest"] == wanted["digest"])
        again = copies.began(name, "work", str(copies.var(name)))
        again.communicate()
        assert again.returncode == 0
        assert told(copies, name) == wanted, f"cut after {instant:.3f} s"
        print(f"{cut.__name__} {number + 1}: after {instant:.3f} of {seconds:.3f} s, the same")
        copies.drop(name)
