"""A decision that was wrong is reversed by a new one, and all is as it was before."""

import datetime

import pytest
from django.db.models import QuerySet

from creators import enrolments, reversal
from creators.approval import decide
from creators.models import Creator, Decision, Enrolment
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.creators.test_approval import checked

Action, Status = Decision.Action, Creator.Status
pytestmark = pytest.mark.django_db
FIRST = datetime.date(2026, 3, 1)


@pytest.fixture
def ada() -> Creator:
    """She waits since 1 March, meets every rule and has accepted the terms."""
    made = factories.creator("ada", terms_accepted_on=FIRST)
    checked(made, True)
    decide(only(made), Action.QUEUE, None, today=FIRST)
    return fresh(made)


def only(creator: Creator) -> QuerySet[Creator]:
    return Creator.objects.filter(pk=creator.pk)


def fresh(creator: Creator) -> Creator:
    return Creator.objects.get(pk=creator.pk)


def newest(creator: Creator) -> QuerySet[Decision]:
    return Decision.objects.filter(pk=creator.decisions.order_by("-pk")[0].pk)


def spans(creator: Creator) -> list[tuple[datetime.date, datetime.date | None]]:
    return list(
        Enrolment.objects.filter(creator=creator).order_by("starts_on").values_list("starts_on", "ends_on")
    )


def days(creator: Creator, *moves: tuple[str, int]) -> None:
    """Decide about the creator, each move on that day of March."""
    for action, day in moves:
        assert decide(only(creator), action, None, reason="because", today=FIRST.replace(day=day)).moved == 1


# What was decided before, and the decision that is taken back.
STORIES = [
    ((), ("approve", 3)),
    ((), ("reject", 3)),
    ((), ("ask", 3)),
    ((("ask", 2),), ("approve", 3)),
    ((("approve", 3),), ("suspend", 5)),
    ((("approve", 3),), ("withdraw", 5)),
    ((("approve", 3), ("suspend", 5)), ("reinstate", 5)),
    ((("approve", 3), ("suspend", 5)), ("reinstate", 9)),
    ((("reject", 3),), ("reopen", 4)),
]


@pytest.mark.parametrize(("before", "wrong"), STORIES)
def test_a_reversal_leaves_status_place_in_the_queue_and_earning_as_they_were(
    ada: Creator, reviewer: User, before: tuple[tuple[str, int], ...], wrong: tuple[str, int]
) -> None:
    days(ada, *before)
    then, earned = fresh(ada), spans(ada)
    days(ada, wrong)
    assert reversal.reverse(newest(ada), reviewer, reason="a slip").moved == 1
    now = fresh(ada)
    assert (now.status, now.status_since) == (then.status, then.status_since)
    assert spans(ada) == earned


def test_a_reversal_is_a_decision_of_its_own(ada: Creator, reviewer: User) -> None:
    days(ada, ("reject", 3))
    wrong = newest(ada).get()
    reversal.reverse(newest(ada), reviewer, reason="a slip", note="wrong row")
    made = newest(ada).get()
    assert (made.action, made.from_status, made.to_status) == ("reverse", "rejected", "pending")
    assert (made.reverses, made.decided_by, made.reason, made.note) == (
        wrong,
        reviewer,
        "a slip",
        "wrong row",
    )


def test_what_was_decided_anew_since_stays(ada: Creator, reviewer: User) -> None:
    days(ada, ("approve", 3))
    first = newest(ada)
    days(ada, ("suspend", 5))
    assert reversal.reverse(first, reviewer, reason="late").refused == {reversal.SUPERSEDED: 1}
    assert fresh(ada).status == Status.SUSPENDED


def test_nothing_is_reversed_twice_nor_a_reversal_itself(ada: Creator, reviewer: User) -> None:
    days(ada, ("reject", 3))
    wrong = newest(ada)
    reversal.reverse(wrong, reviewer, reason="a slip")
    assert reversal.reverse(wrong, reviewer, reason="again").moved == 0
    assert reversal.reverse(newest(ada), reviewer, reason="again").moved == 0


def test_days_that_were_paid_stay_as_they_are(
    ada: Creator, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    days(ada, ("approve", 3))
    monkeypatch.setattr(reversal, "settled_until", [lambda: None, lambda: datetime.date(2026, 3, 31)])
    earned = spans(ada)
    assert reversal.reverse(newest(ada), reviewer, reason="a slip").refused == {reversal.SETTLED: 1}
    assert (fresh(ada).status, spans(ada)) == (Status.APPROVED, earned)


def test_who_earned_nothing_may_be_reversed_after_any_month(
    ada: Creator, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    days(ada, ("reject", 3))
    monkeypatch.setattr(reversal, "settled_until", [lambda: datetime.date(2026, 3, 31)])
    assert reversal.reverse(newest(ada), reviewer, reason="a slip").moved == 1


def test_a_reversal_needs_a_reason(ada: Creator, reviewer: User) -> None:
    days(ada, ("reject", 3))
    with pytest.raises(Refused, match="give a reason"):
        reversal.reverse(newest(ada), reviewer, reason=" ")


def test_an_approval_taken_back_can_be_made_again(ada: Creator, reviewer: User) -> None:
    days(ada, ("approve", 3))
    reversal.reverse(newest(ada), reviewer, reason="too early")
    days(ada, ("approve", 9))
    assert spans(ada) == [(FIRST.replace(day=9), None)]
    assert enrolments.Enrolment.objects.filter(creator=ada).count() == 1
