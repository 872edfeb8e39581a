"""Runs in real worker processes, which are killed, put to sleep, and told too often or never."""

import os
import signal
import time

import pytest

from pulse_site.models import Run, Upload
from tests.workers import LEASE_SECONDS, Floor, wait_until


def done(run: Run) -> bool:
    run.refresh_from_db()
    return run.status == Run.Status.DONE


def effects() -> list[str]:
    return list(Upload.objects.order_by("id").values_list("name", flat=True))


ONCE = ["first effect", "second effect"]


def test_a_message_delivered_twice_has_its_effects_once(two_workers: Floor) -> None:
    run = two_workers.order("before")
    two_workers.ring(run)
    two_workers.ring(run)
    wait_until(lambda: two_workers.seen(run, "before"))
    two_workers.release(run, "before")
    wait_until(lambda: done(run))
    assert (effects(), run.attempts) == (ONCE, 1)


def test_a_lost_message_is_made_good_by_the_sweeper(two_workers: Floor) -> None:
    run = two_workers.order()
    Run.objects.update(created_at="2026-01-01T00:00Z")
    two_workers.sweep_until(lambda: done(run))
    assert (effects(), run.attempts) == (ONCE, 1)


@pytest.mark.parametrize("where", ["before", "between"])
def test_a_long_run_keeps_its_worker(two_workers: Floor, where: str) -> None:
    """By its lease; or, inside its transaction on SQLite, because no rival can write before it ends."""
    run = two_workers.order(where)
    two_workers.ring(run)
    wait_until(lambda: two_workers.seen(run, where))
    enough = time.monotonic() + 1.5 * LEASE_SECONDS
    two_workers.sweep_until(lambda: time.monotonic() > enough)
    two_workers.release(run, where)
    wait_until(lambda: done(run))
    assert (effects(), run.attempts) == (ONCE, 1)


def test_the_run_of_a_killed_worker_is_done_by_another(two_workers: Floor) -> None:
    run = two_workers.order("between")
    two_workers.ring(run)
    wait_until(lambda: two_workers.seen(run, "between"))
    two_workers.kill(two_workers.seen(run, "between")[0])
    two_workers.release(run, "between")
    two_workers.sweep_until(lambda: done(run))
    assert (effects(), run.attempts, run.token) == (ONCE, 2, 2)


def test_a_worker_that_slept_through_its_lease_leaves_nothing(two_workers: Floor) -> None:
    run = two_workers.order("before")
    two_workers.ring(run)
    wait_until(lambda: two_workers.seen(run, "before"))
    sleeper = two_workers.seen(run, "before")[0]
    os.killpg(sleeper, signal.SIGSTOP)
    two_workers.release(run, "before")
    two_workers.sweep_until(lambda: done(run))
    os.killpg(sleeper, signal.SIGCONT)
    wait_until(lambda: sleeper in two_workers.seen(run, "between"))
    wait_until(lambda: f"{run} was taken over" in (two_workers.folder / "worker.log").read_text())
    assert (effects(), run.attempts, run.token) == (ONCE, 2, 2)
