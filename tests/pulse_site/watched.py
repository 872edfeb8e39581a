"""The Celery app of test_worker.py: Pulse's own, on a queue of its own, with a job that can be held up."""

import os
import time
from pathlib import Path

import django

django.setup()

from pulse_site.celery import app  # noqa: E402
from pulse_site.models import Upload  # noqa: E402
from pulse_site.runs import Work, job  # noqa: E402

app.conf.task_default_queue = os.environ["TEST_QUEUE"]
app.conf.worker_enable_remote_control = False
if app.conf.broker_url.startswith("redis"):
    app.conf.broker_transport_options["global_keyprefix"] = os.environ["TEST_QUEUE"]


@job
def hold_up(work: Work, folder: str) -> None:
    """Two effects; a file `hold-before` or `hold-between` in the folder stops it there."""
    _pause(Path(folder), "before")
    with work.once():
        Upload.objects.create(feed="test", name="first effect")
        _pause(Path(folder), "between")
        Upload.objects.create(feed="test", name="second effect")


def _pause(folder: Path, where: str) -> None:
    """Say which worker (process group) came here, and wait while it is held up."""
    (folder / f"{where}-{os.getpgrp()}").touch()
    while (folder / f"hold-{where}").exists():
        time.sleep(0.02)
