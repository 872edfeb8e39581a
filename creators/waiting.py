"""How long creators wait: the age of the queue against the service level of the terms, now and day by day.

Now is what the creators' rows say. The days before are counted backwards from it, through the decisions that
took somebody out of the queue since: each had waited from the last decision that brought him in. A decision
that was taken back took nobody out, for whoever comes back has kept his place.
"""

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from creators.models import Creator
from creators.reports import ONE_DAY, Period

# Ages as fourths of the service level: to which one each band of ages goes; the last has no end.
FOURTHS = (1, 2, 4, 8, 16)
# When somebody who waits since `since` becomes overdue, as each database adds hours; and its type of days.
OWN: dict[str, dict[str, str]] = {
    "postgresql": {"due": "since + make_interval(hours => %(hours)s)", "day": "date"},
    "sqlite": {"due": "datetime(since, '+' || %(hours)s || ' hours')", "day": "text"},
}
# Who left the queue since a moment, and who is in it; summed up by the days on which they came, were due
# and left. All of one reading, which is most of the work.
COUNTED = """
    WITH waits AS (
        SELECT decision.decided_at AS gone,
               COALESCE((SELECT MAX(brought.decided_at) FROM creators_decision brought
                          WHERE brought.creator_id = decision.creator_id AND brought.id < decision.id
                            AND brought.to_status = 'pending' AND brought.action <> 'reverse'),
                        creator.created_at) AS since
          FROM creators_decision decision
          JOIN creators_creator creator ON creator.id = decision.creator_id
         WHERE decision.decided_at >= %(begins)s AND decision.from_status = 'pending'
           AND decision.id NOT IN (SELECT reverses_id FROM creators_decision
                                    WHERE decided_at >= %(begins)s AND reverses_id IS NOT NULL)
         UNION ALL
        SELECT NULL, status_since FROM creators_creator WHERE status = 'pending'),
    counted AS MATERIALIZED (
        SELECT date(since) AS came, date(gone) AS gone,
               CASE WHEN {due} < COALESCE(gone, %(now)s) THEN date({due}) END AS due
          FROM waits)
    SELECT 'came', came, COUNT(*) FROM counted WHERE came > %(first)s GROUP BY came
     UNION ALL
    SELECT 'due', due, COUNT(*) FROM counted WHERE due > %(first)s GROUP BY due
     UNION ALL
    SELECT 'gone', gone, COUNT(*) FROM counted WHERE gone IS NOT NULL GROUP BY gone
     UNION ALL
    SELECT 'late', gone, COUNT(*) FROM counted WHERE gone IS NOT NULL AND due IS NOT NULL GROUP BY gone
     UNION ALL
    SELECT 'waits', CAST(%(today)s AS {day}), COUNT(*) FROM counted WHERE gone IS NULL
     UNION ALL
    SELECT 'overdue', CAST(%(today)s AS {day}), COUNT(*) FROM counted WHERE gone IS NULL AND due IS NOT NULL
"""
KINDS = ("came", "due", "gone", "late", "waits", "overdue")


@dataclass(frozen=True)
class Band:
    """How many have waited between so many hours; `until` is None in the last band, `late` is overdue."""

    since: int
    until: int | None
    late: bool
    creators: int


@dataclass(frozen=True)
class Day:
    """The queue at the end of a day, and who left it on it: in time, or when he was overdue already."""

    day: datetime.date
    waiting: int
    overdue: int
    in_time: int
    late: int


def ages(hours: int, now: datetime.datetime | None = None) -> list[Band]:
    """Who waits now, by how long he has; `hours` is the service level. One query along the queue's index."""
    now = now or timezone.now()
    ends = [*(hours * fourths // 4 for fourths in FOURTHS), None]
    bands = list(zip([0, *ends[:-1]], ends, strict=True))
    counts = Creator.objects.pending().aggregate(
        **{f"band{number}": Count("pk", filter=_waited(now, *band)) for number, band in enumerate(bands)}
    )
    return [
        Band(since or 0, until, (since or 0) >= hours, counts[f"band{number}"])
        for number, (since, until) in enumerate(bands)
    ]


def history(period: Period, hours: int, now: datetime.datetime | None = None) -> list[Day]:
    """The queue of each day of the period up to today, and in what time its creators were answered.

    One query; the age of an answer is judged by `hours`, the service level of today.
    """
    now = now or timezone.now()
    today = now.date()
    first = min(period.first, today)
    came, due, gone, late, waits, is_overdue = _counted(first, hours, now)
    waiting, overdue, found = waits[today], is_overdue[today], []
    for number in range((today - first).days + 1):
        day = today - ONE_DAY * number
        found.append(Day(day, waiting, overdue, gone[day] - late[day], late[day]))
        waiting += gone[day] - came[day]
        overdue += late[day] - due[day]
    return [each for each in reversed(found) if period.first <= each.day <= period.last]


def age_rows(hours: int) -> Iterator[tuple[Any, ...]]:
    for band in ages(hours):
        yield band.since, band.until or "", "yes" if band.late else "no", band.creators


def history_rows(period: Period, hours: int) -> Iterator[tuple[Any, ...]]:
    for each in history(period, hours):
        yield each.day, each.waiting, each.overdue, each.in_time, each.late


def _waited(now: datetime.datetime, since: int | None, until: int | None) -> Q:
    waited = Q()
    if since:
        waited &= Q(status_since__lte=now - datetime.timedelta(hours=since))
    if until is not None:
        waited &= Q(status_since__gt=now - datetime.timedelta(hours=until))
    return waited or Q(pk__isnull=False)


def _counted(first: datetime.date, hours: int, now: datetime.datetime) -> list[Counter[datetime.date]]:
    """How many came, became overdue, left and left overdue, each by day; and today wait and are overdue."""
    stored = connection.ops.adapt_datetimefield_value
    begins = datetime.datetime.combine(first, datetime.time(), datetime.UTC)
    values = {"begins": stored(begins), "now": stored(now), "first": first, "hours": hours}
    values["today"] = now.date().isoformat()
    found: dict[str, Counter[datetime.date]] = {kind: Counter() for kind in KINDS}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED.format(**OWN[connection.vendor]), values)
        for kind, day, count in cursor.fetchall():
            day = datetime.date.fromisoformat(day) if isinstance(day, str) else day
            found[kind][day] = count
    return list(found.values())
