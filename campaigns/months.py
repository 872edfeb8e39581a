"""Which days are settled: their month was reviewed or closed, and no figure of theirs changes any more."""

import datetime

from campaigns.models import Month


def settled_until() -> datetime.date | None:
    """The last day of the newest month that no longer takes anything; None before the first."""
    newest = Month.objects.exclude(status__in=Month.TAKING).order_by("-code").first()
    return newest.last_day if newest else None
