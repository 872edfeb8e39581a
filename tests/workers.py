"""A floor of real worker processes, which a test may kill, put to sleep, and tell too often or never.

On SQLite and the embedded broker always; on PostgreSQL with RabbitMQ and Redis when the tests run there.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.db import connections
from pytest_django import DjangoDbBlocker

from pulse_site.models import Run, Upload
from tests.pristine import POSTGRESQL, Pristine, address, drop

LEASE_SECONDS = 2
PATIENCE_SECONDS = 30
BROKERS = {
    "embedded": "filesystem://localhost",
    "rabbitmq": "amqp://guest:guest@127.0.0.1:5672//",
    "redis": "redis://127.0.0.1:6379/5",
}


class Floor:
    """Two workers on one broker, and what a test may do to them."""

    def __init__(self, broker: str, database: str, folder: Path) -> None:
        self.folder = folder
        self.queue = f"test-{uuid.uuid4().hex[:8]}"
        self.environment = os.environ | {
            "CELERY_BROKER_URL": broker,
            "DATABASE_URL": database,
            "RUN_LEASE_SECONDS": str(LEASE_SECONDS),
            "TEST_QUEUE": self.queue,
            "VAR": str(folder),
        }
        self.bell = Celery("bell", broker=broker, set_as_current=False)
        self.bell.conf.task_default_queue = self.queue
        if broker.startswith("filesystem"):
            self.bell.conf.broker_transport_options = {
                "data_folder_in": folder / "broker",
                "data_folder_out": folder / "broker",
                "control_folder": folder / "broker" / "control",
            }
        if broker.startswith("redis"):
            self.bell.conf.broker_transport_options = {"global_keyprefix": self.queue}
        self.workers: dict[int, subprocess.Popen[bytes]] = {}

    def hire(self) -> None:
        command = [sys.executable, "-m", "celery", "--app", "tests.pulse_site.watched", "--quiet", "worker"]
        options = ["--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                command + options, env=self.environment, start_new_session=True, stdout=log, stderr=log
            )
        self.workers[worker.pid] = worker

    def complete(self) -> None:
        """Have two workers."""
        while len(self.workers) < 2:
            self.hire()

    def kill(self, worker: int) -> None:
        os.killpg(worker, signal.SIGKILL)
        self.workers.pop(worker).wait()

    def order(self, *holds: str) -> Run:
        """A queued run for which no bell has rung, held up at the places named."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        for hold in holds:
            (folder / f"hold-{hold}").touch()
        return Run.objects.create(kind="hold_up", key=folder.name, arguments={"folder": str(folder)})

    def release(self, run: Run, hold: str) -> None:
        Path(run.arguments["folder"], f"hold-{hold}").unlink()

    def seen(self, run: Run, where: str) -> list[int]:
        """The workers that came to this place of the run."""
        return [int(sign.name.split("-")[1]) for sign in Path(run.arguments["folder"]).glob(f"{where}-*")]

    def ring(self, run: Run) -> None:
        self.bell.send_task("pulse_site.tasks.perform", [run.pk])

    def sweep_until(self, condition: Callable[[], object]) -> None:
        """Sweep as beat does, only faster."""

        def swept() -> object:
            self.bell.send_task("pulse_site.tasks.sweep", expires=LEASE_SECONDS)
            return condition()

        wait_until(swept, every=0.5)

    def close(self) -> None:
        for worker in list(self.workers):
            self.kill(worker)
        with self.bell.connection_for_write() as broker:
            broker.default_channel.queue_delete(self.queue)
            if broker.transport.driver_type == "redis":
                client = broker.default_channel.client
                for key in client.scan_iter(f"{self.queue}*"):
                    client.delete(key.decode().removeprefix(self.queue))


@pytest.fixture(scope="module")
def shared_database(
    pristine: Pristine, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a database that worker processes share with this one, which uses no other meanwhile."""
    original = connections["default"]
    folder = tmp_path_factory.mktemp("database")
    name = f"{original.settings_dict['NAME']}_workers" if POSTGRESQL else str(folder / "pulse.sqlite3")
    pristine.copy(name)
    shared = original.copy()
    shared.settings_dict["NAME"] = name
    connections["default"] = shared
    with django_db_blocker.unblock():
        yield address(name)
        shared.close()
    connections["default"] = original
    if POSTGRESQL:
        drop(name)


@pytest.fixture(scope="module", params=["rabbitmq", "redis"] if POSTGRESQL else ["embedded"])
def floor(
    request: pytest.FixtureRequest, shared_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Floor]:
    broker = BROKERS[request.param]
    if POSTGRESQL and not listens(broker):
        pytest.skip(f"no broker at {broker}")
    made = Floor(broker, shared_database, tmp_path_factory.mktemp(request.param))
    (made.folder / "broker").mkdir()
    yield made
    made.close()


@pytest.fixture
def two_workers(floor: Floor) -> Floor:
    floor.complete()
    Upload.objects.all().delete()
    Run.objects.all().delete()
    return floor


def listens(broker: str) -> bool:
    address = urlsplit(broker)
    try:
        socket.create_connection((address.hostname, address.port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], object], every: float = 0.05) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(every)
