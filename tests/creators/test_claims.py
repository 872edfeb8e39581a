"""Each reviewer is given somebody else, the one who waits longest; a claim lapses."""

import datetime
import threading

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from creators import claims
from creators.approval import decide
from creators.models import Claim, Creator
from pulse_site.models import User
from tests import factories
from tests.creators.test_approval import checked

QUEUE = Creator.objects


@pytest.fixture
def queue(db: None) -> list[Creator]:
    """Three who wait, the first longest."""
    start = timezone.now() - datetime.timedelta(days=3)
    hour = datetime.timedelta(hours=1)
    return [factories.creator(status="pending", status_since=start + hour * number) for number in range(3)]


@pytest.fixture
def colleague(db: None) -> User:
    return factories.user("colleague", is_staff=True)


def test_two_reviewers_are_never_given_the_same(
    queue: list[Creator], reviewer: User, colleague: User
) -> None:
    assert claims.next_for(reviewer, QUEUE.all()) == queue[0]
    assert claims.next_for(colleague, QUEUE.all()) == queue[1]
    assert claims.next_for(reviewer, QUEUE.all()) == queue[0]  # still his


def test_who_is_skipped_is_free_for_others(queue: list[Creator], reviewer: User, colleague: User) -> None:
    claims.next_for(reviewer, QUEUE.all())
    assert claims.next_for(reviewer, QUEUE.all(), after=queue[0]) == queue[1]
    assert claims.next_for(colleague, QUEUE.all()) == queue[0]


def test_a_claim_lapses_after_a_quarter_of_an_hour(
    queue: list[Creator], reviewer: User, colleague: User
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        claims.next_for(reviewer, QUEUE.all())
        clock.shift(datetime.timedelta(minutes=14, seconds=59))
        assert claims.next_for(colleague, QUEUE.all()) == queue[1]
        assert claims.of(queue[0]) is not None
        clock.shift(datetime.timedelta(seconds=2))
        assert claims.of(queue[0]) is None
        claims.release(queue[1], colleague)
        assert claims.next_for(colleague, QUEUE.all()) == queue[0]


def test_nobody_left_is_nobody(queue: list[Creator], reviewer: User) -> None:
    assert claims.next_for(reviewer, QUEUE.none()) is None
    assert claims.next_for(reviewer, QUEUE.all(), after=queue[2]) is None


def test_ties_are_passed_one_by_one(db: None, reviewer: User) -> None:
    now = timezone.now()
    same = [factories.creator(status="pending", status_since=now) for _number in range(3)]
    given = [claims.next_for(reviewer, QUEUE.all())]
    for _number in range(2):
        given.append(claims.next_for(reviewer, QUEUE.all(), after=given[-1]))
    assert given == same


def test_a_decision_ends_the_claim(queue: list[Creator], reviewer: User) -> None:
    claims.next_for(reviewer, QUEUE.all())
    checked(queue[0], True)
    decide(QUEUE.filter(pk=queue[0].pk), "approve", reviewer)
    assert not Claim.objects.exists()
    assert claims.next_for(reviewer, QUEUE.all()) == queue[1]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("guards_stand_aside")
def test_twenty_who_ask_at_once_are_given_twenty() -> None:
    waiting = [factories.creator(status="pending") for _number in range(20)]
    people = [factories.user(f"r{number}") for number in range(20)]
    start, given = threading.Barrier(20), []

    def ask(person: User) -> None:
        start.wait()
        given.append(claims.next_for(person, QUEUE.all()))
        connection.close()

    threads = [threading.Thread(target=ask, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.pk for each in given if each) == [creator.pk for creator in waiting]
