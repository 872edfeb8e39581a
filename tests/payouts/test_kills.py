"""A month is closed and paid by a process that is killed at a random instant; the digest of it is the same.

A few kills and some hundred payments by default; the whole proof is

    KILLS=100 KILL_PAYMENTS=10000 .venv/bin/python -m pytest tests/payouts/test_kills.py -s
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

KILLS = int(os.environ.get("KILLS", "3"))
PAYMENTS = int(os.environ.get("KILL_PAYMENTS", "300"))
PATIENCE_SECONDS = 60
URL = os.environ.get("DATABASE_URL", "")
POSTGRESQL = URL.startswith("postgres")


class Copies:
    """Databases with the same programme in them, each with its own place for manifests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[str] = []
        self.original = self._name()
        self.run(self.original, "build", str(PAYMENTS))

    def copy(self) -> str:
        name = self._name()
        if not POSTGRESQL:
            shutil.copy(self.folder / self.original, self.folder / name)
        return name

    def run(self, name: str, *arguments: str) -> str:
        return self.start(name, *arguments).communicate()[0]

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        (self.folder / f"{name}-var").mkdir(exist_ok=True)
        url = urlsplit(URL)._replace(path=f"/{name}").geturl() if POSTGRESQL else ""
        environment = os.environ | {
            "DATABASE_URL": url or f"sqlite:///{self.folder / name}",
            "DJANGO_SETTINGS_MODULE": "pulse_site.settings",
            "VAR": str(self.folder / f"{name}-var"),
        }
        command = [sys.executable, "-m", "tests.payouts.paying", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def drop(self, name: str) -> None:
        if POSTGRESQL:
            self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        else:
            (self.folder / name).unlink()
        self.made.remove(name)

    def _name(self) -> str:
        name = f"kills_{uuid.uuid4().hex[:10]}"
        if POSTGRESQL:
            template = f' TEMPLATE "{self.original}"' if self.made else ""
            self._administer(f'CREATE DATABASE "{name}"{template}')
        self.made.append(name)
        return name

    def _administer(self, statement: str) -> None:
        with psycopg.connect(urlsplit(URL)._replace(path="/postgres").geturl(), autocommit=True) as admin:
            admin.execute(statement)


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    made = Copies(tmp_path)
    yield made
    for name in list(made.made):
        made.drop(name)


def paid(copies: Copies, name: str, kill_after: float | None = None) -> float:
    """Pay, killing the process that many seconds after it began; returns how long it was at it."""
    sign = copies.folder / f"{name}-var" / "begun"
    sign.unlink(missing_ok=True)
    process = copies.start(name, "pay", str(sign.parent))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not sign.exists():
        assert process.poll() is None and time.monotonic() < deadline, "the process never began"
        time.sleep(0.001)
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
