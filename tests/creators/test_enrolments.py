"""The days on which creators earn."""

import datetime
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from creators.approval import decide
from creators.enrolments import accept_terms
from creators.models import MOVES, Creator, Decision, Eligibility, Enrolment
from pulse_site.refusal import Refused
from tests import factories

Action, Status = Decision.Action, Creator.Status


def day(number: int) -> datetime.date:
    return datetime.date(2026, 3, number)


def pending() -> Creator:
    made = factories.creator(status=Status.PENDING)
    Eligibility.objects.create(
        creator=made, as_of=day(1), terms=factories.terms(), eligible=True, followers=0, videos=0
    )
    return made


def only(creator: Creator) -> QuerySet[Creator]:
    return Creator.objects.filter(pk=creator.pk)


def move(creator: Creator, action: str, on: int) -> None:
    assert decide(only(creator), action, None, reason="because", today=day(on)).moved == 1


def spans(creator: Creator) -> list[tuple[int, int | None]]:
    """First and last days of March, the last one None while the span is open."""
    return [
        (span.starts_on.day, span.ends_on and span.ends_on.day)
        for span in creator.enrolments.order_by("starts_on")
    ]


def earning(on: int) -> Creator:
    made = pending()
    accept_terms(only(made), day(on))
    move(made, Action.APPROVE, on)
    return made


@pytest.mark.parametrize(("approved", "accepted", "first"), [(5, 9, 9), (9, 5, 9), (5, 5, 5)])
@pytest.mark.parametrize("approved_first", [True, False])
@pytest.mark.django_db
def test_earning_starts_on_the_later_of_approval_and_acceptance(
    approved: int, accepted: int, first: int, approved_first: bool
) -> None:
    creator = pending()
    steps = [
        lambda: move(creator, Action.APPROVE, approved),
        lambda: accept_terms(only(creator), day(accepted)),
    ]
    for step in steps if approved_first else reversed(steps):
        assert spans(creator) == []
        step()
    assert spans(creator) == [(first, None)]


@pytest.mark.django_db
def test_without_accepted_terms_nobody_earns() -> None:
    creator = pending()
    move(creator, Action.APPROVE, 5)
    assert spans(creator) == []


@pytest.mark.django_db
def test_without_approval_nobody_earns() -> None:
    creator = pending()
    assert accept_terms(only(creator), day(5)) == 1
    assert spans(creator) == []


@pytest.mark.parametrize("action", [Action.SUSPEND, Action.WITHDRAW])
@pytest.mark.django_db
def test_earning_stops_from_the_next_day_on(action: str) -> None:
    creator = earning(5)
    move(creator, action, 9)
    assert spans(creator) == [(5, 9)]


@pytest.mark.django_db
def test_who_is_suspended_on_his_first_day_earns_that_day() -> None:
    creator = earning(5)
    move(creator, Action.SUSPEND, 5)
    assert spans(creator) == [(5, 5)]


@pytest.mark.django_db
def test_a_span_that_would_only_start_after_the_suspension_never_was() -> None:
    creator = earning(9)
    move(creator, Action.SUSPEND, 7)
    assert spans(creator) == []


@pytest.mark.django_db
def test_who_is_reinstated_later_gets_a_new_span() -> None:
    creator = earning(5)
    move(creator, Action.SUSPEND, 9)
    move(creator, Action.REINSTATE, 12)
    assert spans(creator) == [(5, 9), (12, None)]


@pytest.mark.django_db
def test_who_is_reinstated_the_next_day_loses_no_day() -> None:
    creator = earning(5)
    move(creator, Action.SUSPEND, 9)
    move(creator, Action.REINSTATE, 10)
    assert spans(creator) == [(5, 9), (10, None)]


@pytest.mark.django_db
def test_who_is_reinstated_the_same_day_goes_on_in_his_old_span() -> None:
    creator = earning(5)
    move(creator, Action.SUSPEND, 9)
    move(creator, Action.REINSTATE, 9)
    assert spans(creator) == [(5, None)]


@pytest.mark.django_db
def test_accepting_again_keeps_the_first_day() -> None:
    creator = earning(5)
    assert accept_terms(only(creator), day(9)) == 0
    creator.refresh_from_db()
    assert creator.terms_accepted_on == day(5)
    assert spans(creator) == [(5, None)]


@pytest.mark.django_db
def test_who_has_not_accepted_yet_can_be_chosen_by_that() -> None:
    creator = pending()
    move(creator, Action.APPROVE, 5)
    assert accept_terms(Creator.objects.filter(terms_accepted_on=None), day(6)) == 1
    assert spans(creator) == [(6, None)]


@pytest.mark.django_db
def test_terms_are_not_accepted_on_a_day_to_come() -> None:
    with pytest.raises(Refused, match="yet to come"):
        accept_terms(only(pending()), datetime.date.today() + datetime.timedelta(days=2))


@pytest.mark.django_db
def test_covering_means_both_ends() -> None:
    creator = earning(5)
    move(creator, Action.SUSPEND, 9)
    covered = [n for n in range(1, 20) if Enrolment.objects.covering(day(n)).exists()]
    assert covered == [5, 6, 7, 8, 9]
    move(creator, Action.REINSTATE, 12)
    assert Enrolment.objects.covering(datetime.date(2999, 1, 1)).get().creator == creator


def insert(first: int, last: int | None) -> Callable[[Creator], object]:
    return lambda creator: Enrolment.objects.create(
        creator=creator, starts_on=day(first), ends_on=last and day(last)
    )


@pytest.mark.parametrize(
    "overlapping",
    [insert(1, 5), insert(9, 9), insert(6, 7), insert(1, 20), insert(9, None), insert(1, None)],
)
@pytest.mark.django_db
def test_the_database_refuses_a_span_that_overlaps(overlapping: Callable[[Creator], object]) -> None:
    creator = factories.creator()
    insert(5, 9)(creator)
    with pytest.raises(IntegrityError, match="enrolment_no_overlap"), transaction.atomic():
        overlapping(creator)
    assert spans(creator) == [(5, 9)]


@pytest.mark.django_db
def test_the_database_refuses_a_span_that_is_stretched_over_another() -> None:
    creator = factories.creator()
    insert(5, 9)(creator)
    insert(10, 12)(creator)
    first = creator.enrolments.filter(starts_on=day(5))
    for stretched in ({"ends_on": None}, {"ends_on": day(10)}, {"starts_on": day(11), "ends_on": day(15)}):
        with pytest.raises(IntegrityError, match="enrolment_no_overlap"), transaction.atomic():
            first.update(**stretched)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE creators_enrolment SET ends_on = '2026-03-11' WHERE ends_on = '2026-03-09'")
    assert spans(creator) == [(5, 9), (10, 12)]


@pytest.mark.django_db
def test_neighbours_and_other_creators_do_not_overlap() -> None:
    creator = factories.creator()
    for span in (insert(5, 9), insert(10, None), insert(1, 4)):
        span(creator)
    insert(1, None)(factories.creator())
    assert spans(creator) == [(1, 4), (5, 9), (10, None)]


class AnyHistory(TestCase):
    """Whatever is decided in whatever order, a creator earns on each day on which both were ever true."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from([*MOVES, "accept"]), st.integers(0, 2)), max_size=10))
    def test_he_earns_on_the_days_on_which_he_was_approved_and_bound(
        self, steps: list[tuple[str, int]]
    ) -> None:
        creator, today = pending(), 1
        earns, days = False, set[int]()
        for action, pause in steps:
            days |= set(range(today, today + pause + 1)) if earns else set()
            today += pause
            if action == "accept":
                accept_terms(only(creator), day(today))
            else:
                decide(only(creator), action, None, reason="because", today=day(today))
            creator.refresh_from_db()
            earns = creator.status == Status.APPROVED and creator.terms_accepted_on is not None
            days |= {today} if earns else set()
        covered = [n for n in range(1, today + 1) if creator.enrolments.covering(day(n)).count() == 1]
        assert covered == sorted(days)
        assert creator.enrolments.filter(ends_on=None).exists() == earns
