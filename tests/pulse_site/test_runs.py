"""Runs, one worker at a time; tests of real worker processes stand in test_worker.py."""

import datetime
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from django.utils.translation import gettext as _

from pulse_site import runs
from pulse_site.admin.runs import NAMES
from pulse_site.models import Run, Upload, User
from pulse_site.refusal import Refused
from pulse_site.runs import JOBS, Superseded, Work
from tests import factories

pytestmark = pytest.mark.django_db
Job = Callable[..., None]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the runs for which the doorbell rang, instead of a broker."""
    ids: list[int] = []
    monkeypatch.setattr(runs, "ring", lambda run_id, **options: ids.append(run_id))
    return ids


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch, rung: list[int]) -> Iterator[Callable[[Job], Run]]:
    """Make a function the job of a queued run."""

    def queued(function: Job) -> Run:
        monkeypatch.setitem(runs.JOBS, "test", function)
        return runs.start("test", key="1", arguments={"name": "a file"})

    return queued


def upload_once(work: Work, name: str) -> None:
    with work.once():
        Upload.objects.create(feed="test", name=name)
        work.result = {"name": name, "day": factories.DAY}


def taken_over(run: Run) -> None:
    """What another worker does when it claims a run whose lease has run out."""
    Run.objects.filter(pk=run.pk).update(token=run.token + 99)


def left_behind(run: Run, attempts: int = 1) -> None:
    """What a worker leaves that was killed in the middle."""
    past = timezone.now() - datetime.timedelta(seconds=1)
    Run.objects.filter(pk=run.pk).update(
        status=Run.Status.RUNNING, token=attempts, attempts=attempts, lease_until=past
    )


def test_a_run_is_done_with_its_result(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result) == (Run.Status.DONE, {"name": "a file", "day": "2026-10-15"})
    assert (run.progress_permille, run.attempts, run.lease_until) == (1000, 1, None)
    assert run.finished_at is not None


def test_a_run_that_is_done_is_not_done_again(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    runs.perform(run.pk)
    runs.perform(run.pk)
    assert Upload.objects.count() == 1


def test_a_run_in_other_hands_is_left_alone(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    soon = timezone.now() + datetime.timedelta(seconds=30)
    Run.objects.update(status=Run.Status.RUNNING, token=1, attempts=1, lease_until=soon)
    runs.perform(run.pk)
    assert not Upload.objects.exists()


def test_a_worker_that_was_overtaken_leaves_nothing(register: Callable[[Job], Run]) -> None:
    def slow(work: Work, name: str) -> None:
        with work.once():
            Upload.objects.create(feed="test", name=name)
            taken_over(work.run)

    run = register(slow)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert not Upload.objects.exists()
    assert run.status == Run.Status.RUNNING


def test_a_worker_that_was_overtaken_cannot_fail_the_run(register: Callable[[Job], Run]) -> None:
    def slow_and_wrong(work: Work, name: str) -> None:
        taken_over(work.run)
        raise Refused("no")

    run = register(slow_and_wrong)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == (Run.Status.RUNNING, "")


def test_a_heartbeat_renews_the_lease_and_reports_progress(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    work = runs.claim(run.pk)
    assert work is not None
    Run.objects.update(lease_until=timezone.now())
    work.progress(420, "halfway")
    work.beat()
    run.refresh_from_db()
    assert (run.progress_permille, run.step) == (420, "halfway")
    assert run.lease_until > timezone.now() + datetime.timedelta(seconds=50)


def test_a_heartbeat_of_an_overtaken_worker_is_refused(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    work = runs.claim(run.pk)
    assert work is not None
    taken_over(work.run)
    with pytest.raises(Superseded):
        work.beat()


def test_a_refusal_fails_the_run_in_the_language_of_its_owner(
    register: Callable[[Job], Run], reviewer: User
) -> None:
    def refuse(work: Work, name: str) -> None:
        raise Refused(_("January"))

    reviewer.language = "fr"
    reviewer.save()
    run = register(refuse)
    Run.objects.update(owner=reviewer)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error, run.attempts) == (Run.Status.FAILED, "janvier", 1)


def test_an_error_is_tried_three_times(register: Callable[[Job], Run]) -> None:
    def stumble(work: Work, name: str) -> None:
        raise ValueError("stumbled")

    run = register(stumble)
    seen = []
    for _attempt in range(4):
        runs.perform(run.pk)
        run.refresh_from_db()
        seen.append((run.status, run.attempts, run.error))
    assert seen == [
        ("queued", 1, "ValueError: stumbled"),
        ("queued", 2, "ValueError: stumbled"),
        ("failed", 3, "ValueError: stumbled"),
        ("failed", 3, "ValueError: stumbled"),
    ]


def test_a_job_that_is_never_done_fails(register: Callable[[Job], Run]) -> None:
    run = register(lambda work, name: None)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert run.error == "RuntimeError: The job test ended without work.once()"


def test_a_killed_worker_s_run_is_done_by_the_next(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    left_behind(run)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempts, run.token) == (Run.Status.DONE, 2, 2)


def test_a_run_that_kills_its_workers_is_given_up(register: Callable[[Job], Run]) -> None:
    run = register(upload_once)
    left_behind(run, attempts=3)
    runs.perform(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert "its worker died" in run.error
    assert not Upload.objects.exists()


@pytest.mark.parametrize("status", [Run.Status.QUEUED, Run.Status.RUNNING])
def test_asking_again_gives_the_active_run(register: Callable[[Job], Run], status: str) -> None:
    run = register(upload_once)
    Run.objects.update(status=status)
    assert runs.start("test", key="1", arguments={}) == run
    assert runs.start("test", key="2", arguments={}) != run


@pytest.mark.parametrize("status", [Run.Status.DONE, Run.Status.FAILED])
def test_asking_after_its_end_gives_a_new_run(register: Callable[[Job], Run], status: str) -> None:
    run = register(upload_once)
    Run.objects.update(status=status)
    assert runs.start("test", key="1", arguments={}) != run


def test_the_doorbell_rings_after_the_commit(
    rung: list[int], django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = runs.start("test", key="1", arguments={})
        assert rung == []
    assert rung == [run.pk]


def test_a_broker_that_is_down_does_not_fail_the_caller(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    def down(run_id: int) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(runs, "ring", down)
    with django_capture_on_commit_callbacks(execute=True):
        run = runs.start("test", key="1", arguments={})
    assert run.status == Run.Status.QUEUED


def test_the_sweeper_rings_for_what_waits_and_what_was_left_behind(rung: list[int]) -> None:
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    in_a_moment = timezone.now() + datetime.timedelta(seconds=30)
    fresh, waiting, killed, running, done = (
        runs.start("test", key=str(key), arguments={}) for key in range(5)
    )
    Run.objects.exclude(pk=fresh.pk).update(created_at=hour_ago)
    left_behind(killed)
    Run.objects.filter(pk=running.pk).update(status=Run.Status.RUNNING, lease_until=in_a_moment)
    Run.objects.filter(pk=done.pk).update(status=Run.Status.DONE)
    assert runs.sweep() == 2
    assert rung == [waiting.pk, killed.pk]


def test_every_job_has_a_name_that_people_read() -> None:
    assert {name for name, job in JOBS.items() if not job.__module__.startswith("tests.")} == set(NAMES)
