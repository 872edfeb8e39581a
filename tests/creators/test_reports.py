"""What came of the desk: sums over decisions, by day, by person, by category; the robot is one of them."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from creators import approval, automation, reports, reversal
from creators.models import Category, Creator, Decision
from creators.reports import Period
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
FIRST, LAST = datetime.date(2026, 10, 1), datetime.date(2026, 10, 31)
OCTOBER = Period(FIRST, LAST)


def at(day: int, hour: int = 12, month: int = 10) -> datetime.datetime:
    return datetime.datetime(2026, month, day, hour, tzinfo=datetime.UTC)


def decided(action: str, by: User | None, moment: datetime.datetime, **fields: object) -> Decision:
    creator = fields.pop("creator", None) or factories.creator()
    return Decision.objects.create(
        creator=creator,
        action=action,
        from_status="pending",
        to_status="approved",
        decided_by=by,
        decided_at=moment,
        **fields,
    )


def test_decisions_are_counted_by_day_and_person_and_the_robot_is_one_of_them(reviewer: User) -> None:
    for day in (2, 2, 3):
        decided("approve", reviewer, at(day))
    decided("reject", reviewer, at(3))
    decided("reject", automation.robot(), at(3))
    decided("withdraw", None, at(3))
    found = reports.decisions(OCTOBER)
    assert [(actor.username, actor.robot, actor.decisions) for actor in found.actors] == [
        ("reviewer", False, 4),
        ("pulse", True, 2),
    ]
    assert [(day, actor.username, action, count) for day, actor, action, count in found.rows] == [
        (datetime.date(2026, 10, 2), "reviewer", "approve", 2),
        (datetime.date(2026, 10, 3), "pulse", "reject", 1),
        (datetime.date(2026, 10, 3), "pulse", "withdraw", 1),
        (datetime.date(2026, 10, 3), "reviewer", "approve", 1),
        (datetime.date(2026, 10, 3), "reviewer", "reject", 1),
    ]


def test_a_period_has_its_first_and_its_last_moment_and_no_other(reviewer: User) -> None:
    decided("approve", reviewer, at(1, 0))
    decided("approve", reviewer, datetime.datetime(2026, 10, 31, 23, 59, 59, tzinfo=datetime.UTC))
    decided("approve", reviewer, at(30, 23, month=9))
    decided("approve", reviewer, at(1, 0, month=11))
    found = reports.decisions(OCTOBER)
    assert [day for day, _actor, _action, _count in found.rows] == [FIRST, LAST]


def test_who_only_enters_or_leaves_the_queue_was_not_decided_about() -> None:
    decided("queue", None, at(2))
    decided("dequeue", None, at(2))
    assert reports.decisions(OCTOBER).actors == []


def test_approvals_are_shares_of_who_was_answered_in_a_category(reviewer: User) -> None:
    gaming, fashion = (factories.category(slug) for slug in ("gaming", "fashion"))
    for action, category in (
        ("approve", gaming),
        ("approve", gaming),
        ("reject", gaming),
        ("reject", fashion),
        ("ask", fashion),
        ("approve", None),
    ):
        decided(action, reviewer, at(5), creator=factories.creator(category=category))
    found = {each.category and each.category.slug: each for each in reports.approvals(OCTOBER)}
    assert {slug: (each.approved, each.rejected, each.permille) for slug, each in found.items()} == {
        "gaming": (2, 1, 666),
        "fashion": (0, 1, 0),
        None: (1, 0, 1_000),
    }
    order = [category.slug for category in Category.objects.all()]
    assert list(found) == [*sorted(("gaming", "fashion"), key=order.index), None]


def test_what_was_taken_back_is_not_approved_and_counts_for_who_had_decided(
    reviewer: User, administrator: User
) -> None:
    creators = [factories.creator(status="pending") for _number in range(3)]
    chosen = Creator.objects.filter(pk__in=[creator.pk for creator in creators])
    approval.decide(chosen, "reject", reviewer, reason="Bought followers")
    wrong = Decision.objects.filter(creator__in=creators[:2], action="reject")
    reversal.reverse(wrong, administrator, reason="They were not")
    now = Decision.objects.latest("pk").decided_at.date()
    found = reports.reversals(Period(now, now))
    assert [(actor.username, count) for actor, count in found.by_actor()] == [("reviewer", 2)]
    assert found.by_reason() == [("They were not", 2)]
    (approvals,) = reports.approvals(Period(now, now))
    assert (approvals.approved, approvals.rejected) == (0, 1)
    assert reports.decisions(Period(now, now)).actors[0].decisions == 3


@pytest.mark.parametrize("report", [reports.decisions, reports.approvals, reports.reversals])
def test_a_report_asks_the_same_however_much_was_decided(report: object, reviewer: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            report(OCTOBER)  # type: ignore[operator]
        return len(asked)

    first = decided("approve", reviewer, at(2))
    decided("reverse", reviewer, at(3), reverses=first, reason="Wrong")
    few = queries()
    for day in range(2, 20):
        made = decided("approve", factories.user(), at(day))
        decided("reverse", reviewer, at(day), reverses=made, reason=f"Wrong {day}")
    assert queries() == few <= 2
