"""How long creators wait, now and day by day: against the service level, from decisions alone."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from creators import reversal, waiting
from creators.models import Creator, Decision
from creators.reports import Period
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
HOURS = 48
NOW = datetime.datetime(2026, 10, 20, 12, tzinfo=datetime.UTC)
ONE_HOUR = datetime.timedelta(hours=1)


def at(day: int, hour: int = 12) -> datetime.datetime:
    return datetime.datetime(2026, 10, day, hour, tzinfo=datetime.UTC)


def queued(
    since: datetime.datetime, answered: datetime.datetime | None = None, action: str = "approve"
) -> Creator:
    """Somebody who came into the queue, and perhaps out of it."""
    target = {"approve": "approved", "reject": "rejected", "ask": "asked"}[action]
    made = factories.creator(
        status=target if answered else "pending", status_since=answered or since, created_at=at(1, 0)
    )
    Decision.objects.create(
        creator=made, action="queue", from_status="candidate", to_status="pending", decided_at=since
    )
    if answered:
        Decision.objects.create(
            creator=made, action=action, from_status="pending", to_status=target, decided_at=answered
        )
    return made


def days(first: int, last: int) -> dict[int, tuple[int, int, int, int]]:
    period = Period(datetime.date(2026, 10, first), datetime.date(2026, 10, last))
    return {
        each.day.day: (each.waiting, each.overdue, each.in_time, each.late)
        for each in waiting.history(period, HOURS, NOW)
    }


def test_ages_are_fourths_of_the_service_level() -> None:
    for hours in (1, 11, 13, 47, 48, 49, 500):
        queued(NOW - hours * ONE_HOUR)
    queued(at(3), answered=at(4))
    found = waiting.ages(HOURS, NOW)
    assert [(band.since, band.until, band.late, band.creators) for band in found] == [
        (0, 12, False, 2),
        (12, 24, False, 1),
        (24, 48, False, 1),
        (48, 96, True, 2),
        (96, 192, True, 0),
        (192, None, True, 1),
    ]


def test_the_queue_of_a_day_is_counted_back_from_now() -> None:
    queued(at(10), answered=at(11))  # in time
    queued(at(10), answered=at(14))  # overdue from the 12th on
    queued(at(13))  # waits still, overdue from the 15th on
    queued(at(19))
    assert days(9, 20) == {
        9: (0, 0, 0, 0),
        10: (2, 0, 0, 0),
        11: (1, 0, 1, 0),
        12: (1, 1, 0, 0),
        13: (2, 1, 0, 0),
        14: (1, 0, 0, 1),
        15: (1, 1, 0, 0),
        16: (1, 1, 0, 0),
        17: (1, 1, 0, 0),
        18: (1, 1, 0, 0),
        19: (2, 1, 0, 0),
        20: (2, 1, 0, 0),
    }
    assert days(11, 12) == {11: (1, 0, 1, 0), 12: (1, 1, 0, 0)}


def test_who_comes_back_waits_from_then_on() -> None:
    creator = queued(at(2), answered=at(3), action="reject")
    Decision.objects.create(
        creator=creator, action="reopen", from_status="rejected", to_status="pending", decided_at=at(10)
    )
    Decision.objects.create(
        creator=creator, action="approve", from_status="pending", to_status="approved", decided_at=at(11)
    )
    assert days(9, 12) == {9: (0, 0, 0, 0), 10: (1, 0, 0, 0), 11: (0, 0, 1, 0), 12: (0, 0, 0, 0)}


def test_who_was_never_queued_by_a_decision_waits_since_he_is_known() -> None:
    creator = factories.creator(status="approved", created_at=at(5))
    Decision.objects.create(
        creator=creator, action="approve", from_status="pending", to_status="approved", decided_at=at(9)
    )
    assert days(8, 9) == {8: (1, 1, 0, 0), 9: (0, 0, 0, 1)}


def test_an_answer_that_was_taken_back_is_none(administrator: User) -> None:
    creator = queued(at(10), answered=at(11), action="reject")
    reversal.reverse(creator.decisions.filter(action="reject"), administrator, reason="Wrong person")
    creator.refresh_from_db()
    assert (creator.status, creator.status_since) == ("pending", at(10))
    assert days(10, 13) == {10: (1, 0, 0, 0), 11: (1, 0, 0, 0), 12: (1, 1, 0, 0), 13: (1, 1, 0, 0)}


def test_history_asks_the_same_however_many_wait() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            days(1, 20)
        return len(asked)

    queued(at(3))
    few = queries()
    for day in range(3, 18):
        queued(at(day))
        queued(at(day), answered=at(day + 1))
    assert queries() == few == 1
