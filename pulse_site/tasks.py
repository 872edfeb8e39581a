"""The frame's background doors: the bell of a run, the sweeper, and uploaded files."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from pulse_site import mail, runs
from pulse_site.feeds import feed as feeds
from pulse_site.feeds import run as imports
from pulse_site.models import Upload
from pulse_site.runs import Work, job


@shared_task
def perform(run_id: int) -> None:
    runs.perform(run_id)


@shared_task
def sweep() -> None:
    runs.sweep()
    mail.deliver()


@shared_task
def deliver_mail() -> None:
    mail.deliver()


@worker_ready.connect
def sweep_at_start(**kwargs: Any) -> None:
    """A worker that starts takes up at once what an earlier one left."""
    sweep.delay()


@shared_task
def forget_old_uploads() -> None:
    imports.forget_old()


@job
def preview_upload(work: Work, upload_id: int) -> None:
    summary = imports.preview(Upload.objects.get(pk=upload_id), work.progress)
    with work.once():
        work.result = summary


@job
def apply_upload(work: Work, upload_id: int) -> None:
    """Not all inside work.once: the file is read before the transaction that writes.

    The upload itself is applied only once, and a refusal is kept in it.
    """
    upload = Upload.objects.get(pk=upload_id)
    if upload.status == Upload.Status.APPLIED:  # by an attempt that was killed before it could say so
        feeds.named(upload.feed)(upload.options).afterwards()
        imports.forget(upload)
    else:
        imports.apply(upload, work.progress)
    with work.once():
        work.result = upload.summary


@job
def undo_upload(work: Work, upload_id: int) -> None:
    with work.once():
        work.result = imports.undo(Upload.objects.get(pk=upload_id), work.run.owner, work.progress)
