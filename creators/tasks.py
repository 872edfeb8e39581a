"""The background doors to eligibility, and to what is kept for undoing."""

from celery import shared_task

from creators import bulk, eligibility, invitations, undoing
from creators.models import Bulk
from pulse_site import runs
from pulse_site.models import User
from pulse_site.runs import Work, job


@job
def refresh_eligibility(work: Work) -> None:
    with work.once():
        work.result = eligibility.refresh()


@shared_task
def invite_to_terms() -> None:
    invitations.invite_waiting()


@job
def decide_in_bulk(work: Work, bulk_id: int) -> None:
    with work.once():
        work.result = bulk.decide(Bulk.objects.get(pk=bulk_id))


@job
def undo_in_bulk(work: Work, bulk_id: int, by: int, reason: str) -> None:
    with work.once():
        undone = bulk.undo(
            Bulk.objects.get(pk=bulk_id),
            User.objects.get(pk=by),
            reason=reason,
            progress=work.progress,
        )
        work.result = {bulk.UNDONE: undone.moved, bulk.STAYED: undone.refused}


@shared_task
def refresh_eligibility_daily() -> None:
    """Ages, videos of the last days and terms change with the day, even where no file comes."""
    runs.start("refresh_eligibility", key="today", arguments={})


@shared_task
def forget_replaced_reach() -> None:
    undoing.forget_old()
