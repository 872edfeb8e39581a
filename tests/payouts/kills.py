"""Real processes that are killed at random instants, and a database that is copied for each of them.

A disturbed life of the database ends like the undisturbed one, or the work was done twice, or half.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

HOUSE = Path(settings.BASE_DIR)
Command = Sequence[str]
# What must be the same at the end, whatever happened before: no numbers of rows, no moments.
FINGERPRINT = """
import hashlib, json
from campaigns.models import Month
from payouts.models import Earning, PaymentFile, Payout, PayoutBatch, Transfer
rows = [
    list(Month.objects.order_by("code").values_list("code", "status", "digest")),
    list(Earning.objects.order_by("month", "creator", "campaign").values_list(
        "month", "creator", "campaign", "impressions", "revenue_micros", "share_micros")),
    list(Transfer.objects.order_by("key").values_list(
        "key", "kind", "debit_account__code", "credit_account__code", "amount_micros", "month")),
    list(PayoutBatch.objects.order_by("reference").values_list("reference", "status", "digest")),
    list(Payout.objects.order_by("batch__reference", "creator").values_list(
        "batch__reference", "creator", "amount_micros", "withheld_micros", "status", "reasons")),
    list(PaymentFile.objects.order_by("name").values_list("name", "payments", "total_micros")),
]
print(hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest())
"""


class Database:
    """A database of its own, in which processes may be killed; `copy` makes another one like it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = os.environ | {"DATABASE_URL": url, "VAR": str(folder), "LOG_LEVEL": "ERROR"}

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    @classmethod
    def fresh(cls, folder: Path, name: str) -> "Database":
        """An empty, migrated database beside that of the tests: a file, or one on the same server."""
        url = os.environ.get("DATABASE_URL", "")
        if url.startswith("postgres"):
            made = cls(urlsplit(url)._replace(path=f"/{name}").geturl(), folder)
            made._serve(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
        else:
            made = cls(f"sqlite:///{folder / 'pulse.sqlite3'}", folder)
        made.run(["migrate", "--verbosity", "0"])
        return made

    def copy(self, folder: Path, name: str) -> "Database":
        if self.url.startswith("sqlite"):
            shutil.copytree(self.folder, folder)
            return Database(f"sqlite:///{folder / 'pulse.sqlite3'}", folder)
        made = Database(urlsplit(self.url)._replace(path=f"/{name}").geturl(), folder)
        made._serve(
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"',
        )
        return made

    def drop(self) -> None:
        if self.url.startswith("postgres"):
            self._serve(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command: Command, stdin: str = "") -> str:
        """What the command prints; raises CalledProcessError with what it said when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=HOUSE, env=self.environment, input=stdin, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout.strip()

    def shell(self, code: str) -> str:
        return self.run(["shell", "--verbosity", "0"], stdin=code)

    def kill_within(self, command: Command, seconds: float) -> bool:
        """Start the command and kill it after so long; whether it was killed before it ended."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=HOUSE, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return False
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True

    def fingerprint(self) -> str:
        return self.shell(FINGERPRINT)

    def _serve(self, *statements: str) -> None:
        with psycopg.connect(
            urlsplit(self.url)._replace(path="/postgres").geturl(), autocommit=True
        ) as server:
            for statement in statements:
                server.execute(statement)
