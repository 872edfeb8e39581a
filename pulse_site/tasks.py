"""The frame's Celery tasks: the doorbell of a run and the sweeper."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from pulse_site import runs


@shared_task
def perform(run_id: int) -> None:
    runs.perform(run_id)


@shared_task
def sweep() -> None:
    runs.sweep()


@worker_ready.connect
def sweep_at_start(**kwargs: Any) -> None:
    """A worker that starts takes up at once what an earlier one left."""
    sweep.delay()
