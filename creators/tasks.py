"""The background door to eligibility."""

from celery import shared_task

from creators import eligibility
from pulse_site import runs
from pulse_site.runs import Work, job


@job
def refresh_eligibility(work: Work) -> None:
    with work.once():
        work.result = eligibility.refresh()


@shared_task
def refresh_eligibility_daily() -> None:
    """Ages, videos of the last days and terms change with the day, even where no file comes."""
    runs.start("refresh_eligibility", key="today", arguments={})
