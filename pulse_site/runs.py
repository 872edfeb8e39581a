"""Background runs: each piece of work is done once, whole, or not at all.

Any worker may be killed at any instant, and a broker may lose a message or deliver it twice. So the run's
row is the truth and the broker only a doorbell: `start` writes the row with the caller's own changes and
rings after the commit; `perform` claims the row with a lease and raises its token; the effects of a job and
the status "done" are one transaction, which is refused when the token has moved on (a fencing token: a
worker that was only asleep can't finish what another has taken over); `sweep` rings for whatever is waiting
or was left behind. Ringing too often is harmless, ringing too seldom only takes a minute longer.
"""

import datetime
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery import signature
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from pulse_site.models import Run, User
from pulse_site.refusal import Refused

MAX_ATTEMPTS = 3
# A run as young as this still has its own message on the way.
MOMENT = datetime.timedelta(seconds=10)
SWEEP_SECONDS = 60
# Many, for they carry the progress too: every two seconds with the lease of a minute.
BEATS_A_LEASE = 30

logger = logging.getLogger(__name__)
JOBS: dict[str, Callable[..., None]] = {}


class Superseded(Exception):
    """The lease ran out and another worker has taken the run over; nothing of this attempt is kept."""


class Work:
    """One attempt at a run, as its job sees it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.result: dict[str, Any] = {}
        self.done = False
        self.latest: tuple[int, str] = (0, "")

    def progress(self, permille: int, step: str = "") -> None:
        """Note how far the job is; the heartbeat writes it down.

        Not written here, for the job is mostly inside a transaction, which nobody else sees until its end.
        """
        self.latest = (permille, step[:80])

    @contextmanager
    def once(self) -> Iterator[None]:
        """The transaction in which the job has its effects, sets `result` and becomes done.

        Raises Superseded, and so undoes the effects, when another worker holds the run by now.
        """
        with transaction.atomic():
            yield
            self.close(Run.Status.DONE, result=self.result, progress_permille=1000, error="")
        self.done = True

    def beat(self) -> None:
        """Renew the lease and write the progress down; raises Superseded."""
        permille, step = self.latest
        self._update(lease_until=_lease_end(), progress_permille=permille, step=step)

    def close(self, status: str, **fields: Any) -> None:
        """Give the run back in `status`; raises Superseded."""
        finished_at = None if status == Run.Status.QUEUED else timezone.now()
        self._update(status=status, lease_until=None, finished_at=finished_at, step="", **fields)

    def _update(self, **fields: Any) -> None:
        held = Run.objects.filter(pk=self.run.pk, token=self.run.token, status=Run.Status.RUNNING)
        if not held.update(**fields):
            raise Superseded(f"{self.run} was taken over by another worker")


def job(function: Callable[..., None]) -> Callable[..., None]:
    """Register `function(work, **arguments)` as the job of the runs whose kind is its name.

    It has its effects inside `with work.once():`, may be started again at any time, and raises Refused when
    trying again is of no use.
    """
    JOBS[function.__name__] = function
    return function


def start(kind: str, *, key: str, arguments: dict[str, Any], owner: User | None = None) -> Run:
    """Ask for a run in the caller's transaction; return the active run of this kind and key, old or new.

    An active run may have read its data before the caller's change: where the work must follow that change,
    the key names it (the id of an upload). `arguments` are plain JSON. A broker that is down is logged and
    costs a minute, until the sweeper rings.
    """
    run, _created = Run.objects.active().get_or_create(
        kind=kind, key=key, defaults={"arguments": arguments, "owner": owner}
    )
    transaction.on_commit(lambda: ring(run.pk), robust=True)
    return run


def ring(run_id: int, **options: Any) -> None:
    """Send the message that makes some worker perform the run; raises what the broker raises."""
    signature("pulse_site.tasks.perform", (run_id,)).apply_async(**options)


def sweep() -> int:
    """Ring for every run that waits or whose worker is gone; return how many.

    Reads only, so that it passes by a long import on SQLite. The messages expire with the next sweep, or
    they would pile up while every worker is busy.
    """
    free = Run.objects.free(timezone.now()).exclude(
        status=Run.Status.QUEUED, created_at__gt=timezone.now() - MOMENT
    )
    run_ids = list(free.order_by("id").values_list("id", flat=True))
    for run_id in run_ids:
        ring(run_id, expires=SWEEP_SECONDS)
    return len(run_ids)


def perform(run_id: int) -> None:
    """Do the run unless it is done or in other hands; what goes wrong is kept in its row."""
    work = claim(run_id)
    if work is None:
        return
    started = time.monotonic()
    try:
        with _language_of(work.run.owner), _heartbeat(work):
            _attempt(work)
    except Superseded as superseded:
        logger.warning("%s", superseded)
    else:
        work.run.refresh_from_db(fields=["status"])
        logger.info("%s %s in %.1f s", work.run, work.run.status, time.monotonic() - started)


def claim(run_id: int) -> Work | None:
    """Take the run with a new lease and token, if it is free: of all who try at once, one succeeds."""
    with transaction.atomic():
        taken = (
            Run.objects.free(timezone.now())
            .filter(pk=run_id)
            .update(
                status=Run.Status.RUNNING,
                lease_until=_lease_end(),
                token=F("token") + 1,
                attempts=F("attempts") + 1,
            )
        )
        return Work(Run.objects.select_related("owner").get(pk=run_id)) if taken else None


def _attempt(work: Work) -> None:
    run = work.run
    if run.attempts > MAX_ATTEMPTS:  # never by an error, which ends the run below: its worker died each time
        work.close(Run.Status.FAILED, error=_("Given up: its worker died in each of the attempts."))
        return
    try:
        JOBS[run.kind](work, **run.arguments)
        if not work.done:
            raise RuntimeError(f"The job {run.kind} ended without work.once()")
    except Superseded:
        raise
    except Refused as refusal:
        work.close(Run.Status.FAILED, error=str(refusal))
    except Exception as error:
        logger.exception("%s, attempt %s of %s", run, run.attempts, MAX_ATTEMPTS)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # what went wrong may be that it was cut
        last = run.attempts >= MAX_ATTEMPTS
        work.close(Run.Status.FAILED if last else Run.Status.QUEUED, error=f"{type(error).__name__}: {error}")


@contextmanager
def _heartbeat(work: Work) -> Iterator[None]:
    """Renew the lease and report progress from a second thread, with a database connection of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(stop, work), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat_until(stop: threading.Event, work: Work) -> None:
    try:
        while not stop.wait(settings.RUN_LEASE_SECONDS / BEATS_A_LEASE):
            try:
                work.beat()
            except OperationalError as error:
                # On SQLite the job's own transaction keeps us out, and every rival with us. On PostgreSQL
                # the server is away: the lease may run out, and then the token protects the data.
                logger.debug("No heartbeat of %s: %s", work.run, error)
                connection.close_if_unusable_or_obsolete()
    except Superseded:
        pass  # the job is done, or learns it when it comes to its end
    finally:
        connection.close()


def _language_of(owner: User | None) -> translation.override:
    """The messages that a run leaves are read by its owner."""
    return translation.override(owner.language if owner else settings.LANGUAGE_CODE)


def _lease_end() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(seconds=settings.RUN_LEASE_SECONDS)
