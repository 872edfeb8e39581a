"""A month is closed and paid by a process that is killed at a random instant; the digest of it is the same.

A few kills and some hundred payments by default; the whole proof is

    KILLS=100 KILL_PAYMENTS=10000 .venv/bin/python -m pytest tests/payouts/test_kills.py -s
"""

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.copies import Copies
from tests.pristine import Pristine

KILLS = int(os.environ.get("KILLS", "3"))
PAYMENTS = int(os.environ.get("KILL_PAYMENTS", "300"))


@pytest.fixture
def copies(pristine: Pristine, tmp_path: Path) -> Iterator[Copies]:
    made = Copies(pristine, tmp_path, "tests.payouts.paying", str(PAYMENTS))
    yield made
    for name in list(made.made):
        made.drop(name)


def paid(copies: Copies, name: str, kill_after: float | None = None) -> float:
    """Pay, killing the process that many seconds after it began; returns how long it was at it."""
    process = copies.began(name, "pay", str(copies.var(name)))
    began = time.monotonic()
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    process.communicate()
    assert process.returncode == (0 if kill_after is None else process.returncode)
    return time.monotonic() - began


def test_a_month_and_a_batch_whose_process_is_killed_end_like_undisturbed_ones(copies: Copies) -> None:
    undisturbed = copies.copy()
    seconds = paid(copies, undisturbed)
    wanted = json.loads(copies.run(undisturbed, "tell"))
    assert (wanted["payments"], wanted["breaches"]) == (PAYMENTS, [])
    for number in range(KILLS):
        name = copies.copy()
        # Every part of the time is hit by some run, and where in it is chance.
        instant = (number + random.random()) / KILLS * seconds  # noqa: S311
        paid(copies, name, instant)
        paid(copies, name)
        assert json.loads(copies.run(name, "tell")) == wanted, f"killed after {instant:.3f} s"
        print(f"kill {number + 1}: after {instant:.3f} of {seconds:.3f} s, the same")
        copies.drop(name)
