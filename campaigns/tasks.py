"""The background doors to the lineups and to the files of invoices."""

import datetime
from collections.abc import Iterator, Sequence

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from campaigns import placements
from campaigns.invoices import files
from campaigns.models import PlacementRun
from creators.models import VideoCounts
from pulse_site import runs
from pulse_site.runs import Work, job

RECENT_DAYS = 7


@job
def recompute_placements(work: Work, day: str, market: str) -> None:
    with work.once():
        work.result = placements.recompute(datetime.date.fromisoformat(day), market)


@job
def render_invoices(work: Work, code: str) -> None:
    """Render a month's documents. Not inside work.once: what is rendered is kept, a new attempt goes on."""
    result = files.render_month(code, work.progress)
    with work.once():
        work.result = result


@shared_task
def recompute_recent_placements() -> None:
    market = settings.LAUNCH_MARKET
    for day in _days_due(market, timezone.now().date()):
        runs.start(
            "recompute_placements", key=f"{day} {market}", arguments={"day": f"{day}", "market": market}
        )


def recompute_days(market: str, days: Sequence[datetime.date]) -> None:
    """Start the runs of those of `days` that have a lineup; an active one may have read the old counts."""
    for run in PlacementRun.objects.current().filter(market=market, day__in=days):
        key = f"{run.day} {market} {timezone.now():%H%M%S%f}"
        runs.start("recompute_placements", key=key, arguments={"day": f"{run.day}", "market": market})


def _days_due(market: str, today: datetime.date) -> Iterator[datetime.date]:
    """Recent days with counts and no lineup; yesterday until it is frozen, as counts may be corrected."""
    for ago in range(1, RECENT_DAYS + 1):
        day = today - datetime.timedelta(days=ago)
        lineup = PlacementRun.objects.current().filter(day=day, market=market).first()
        due = lineup is None or (ago == 1 and not lineup.frozen)
        if due and VideoCounts.objects.filter(day=day, market=market).exists():
            yield day
