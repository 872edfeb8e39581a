"""The background doors to the lineups and to the files of invoices."""

import datetime

from celery import shared_task

from campaigns import daily_run, placements, score_bands
from campaigns.invoices import files
from pulse_site.runs import Work, job


@job
def recompute_placements(work: Work, day: str, market: str) -> None:
    with work.once():
        work.result = placements.recompute(datetime.date.fromisoformat(day), market)
    score_bands.of(placements.current_run(datetime.date.fromisoformat(day), market))


@job
def render_invoices(work: Work, code: str) -> None:
    """Render a month's documents. Not inside work.once: what is rendered is kept, a new attempt goes on."""
    result = files.render_month(code, work.progress)
    with work.once():
        work.result = result


@shared_task
def recompute_recent_placements() -> None:
    """Start the day's runs that are due; harmless however often it is asked."""
    daily_run.start_due()
