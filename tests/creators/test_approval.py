"""Decisions about creators: who may be moved where, by whom, and what is written down."""

import datetime
import threading
import time

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from creators import approval
from creators.approval import NOT_ELIGIBLE, decide
from creators.models import MOVES, Creator, Decision, Eligibility
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories

Action, Status = Decision.Action, Creator.Status


def one(status: str, *, eligible: bool = True, handle: str = "") -> Creator:
    """A creator in a status, checked and found eligible unless said otherwise."""
    made = factories.creator(handle, status=status)
    checked(made, eligible)
    return made


def checked(creator: Creator, eligible: bool) -> None:
    Eligibility.objects.create(
        creator=creator,
        as_of=factories.DAY,
        terms=factories.terms(),
        eligible=eligible,
        failed_rules="" if eligible else "followers",
        followers=0,
        videos=0,
    )


def only(creator: Creator) -> QuerySet[Creator]:
    return Creator.objects.filter(pk=creator.pk)


def may_override(user: User) -> User:
    user.user_permissions.add(Permission.objects.get(codename="override_eligibility"))
    return User.objects.get(pk=user.pk)


# The whole state machine: where each action leads from each status; a blank where it is refused.
TABLE = """
            candidate pending   asked     approved  rejected  suspended withdrawn
queue       pending   -         -         -         -         -         -
approve     -         approved  approved  -         -         -         -
reject      -         rejected  rejected  -         -         -         -
ask         -         asked     -         -         -         -         -
suspend     -         -         -         suspended -         -         -
reinstate   -         -         -         -         -         approved  -
withdraw    -         withdrawn withdrawn withdrawn -         withdrawn -
reopen      -         -         -         -         pending   -         pending
dequeue     -         candidate -         -         -         -         -
"""
_statuses, *_rows = [line.split() for line in TABLE.strip().splitlines()]
MACHINE = [
    (action, before, None if after == "-" else after)
    for action, *cells in _rows
    for before, after in zip(_statuses, cells, strict=True)
]


def test_the_table_names_every_action_and_status() -> None:
    assert {action for action, _, _ in MACHINE} == set(MOVES) == set(Action.values) - {Action.REVERSE}
    assert set(_statuses) == set(Status.values)


@pytest.mark.parametrize(("action", "before", "after"), MACHINE)
def test_a_move_leads_where_the_table_says(
    reviewer: User, action: str, before: str, after: str | None
) -> None:
    creator = one(before)
    decided = decide(only(creator), action, reviewer, reason="because")
    creator.refresh_from_db()
    assert creator.status == (after or before)
    assert decided == approval.Decided(*((1, {}) if after else (0, {before: 1})))
    assert creator.decisions.count() == decided.moved


def test_a_decision_says_who_when_from_where_to_where_and_why(reviewer: User) -> None:
    creator = one(Status.PENDING)
    decide(only(creator), Action.REJECT, reviewer, reason=" reposts ", note="third time")
    decision = creator.decisions.get()
    assert (decision.action, decision.from_status, decision.to_status) == ("reject", "pending", "rejected")
    assert (decision.reason, decision.note, decision.decided_by) == ("reposts", "third time", reviewer)
    creator.refresh_from_db()
    assert creator.status_since == decision.decided_at


def test_the_day_of_a_decision_may_be_given(reviewer: User) -> None:
    creator = one(Status.PENDING)
    decide(only(creator), Action.APPROVE, reviewer, today=datetime.date(2026, 3, 1))
    creator.refresh_from_db()
    assert creator.status_since.date() == creator.decisions.get().decided_at.date()
    assert creator.status_since.date() == datetime.date(2026, 3, 1)


def test_pulse_itself_decides_as_nobody(db: None) -> None:
    creator = one(Status.PENDING)
    assert decide(only(creator), Action.APPROVE, None).moved == 1
    assert creator.decisions.get().decided_by is None


@pytest.mark.parametrize("action", [Action.REJECT, Action.SUSPEND, Action.ASK])
def test_a_move_against_a_creator_needs_a_reason(reviewer: User, action: str) -> None:
    creator = one(Status.APPROVED if action == Action.SUSPEND else Status.PENDING)
    with pytest.raises(Refused, match="give a reason"):
        decide(only(creator), action, reviewer, reason="  ")
    assert not Decision.objects.exists()


def test_a_reason_that_is_too_long_is_refused(reviewer: User) -> None:
    with pytest.raises(Refused, match="201 characters; 200 at most"):
        decide(only(one(Status.PENDING)), Action.REJECT, reviewer, reason="x" * 201)


def test_an_unknown_action_is_refused(reviewer: User) -> None:
    with pytest.raises(Refused, match="no action “promote”"):
        decide(only(one(Status.PENDING)), "promote", reviewer)


def test_who_is_not_eligible_is_not_approved(reviewer: User) -> None:
    unchecked = factories.creator(status=Status.PENDING)
    failing = one(Status.PENDING, eligible=False)
    passing = one(Status.PENDING)
    decided = decide(Creator.objects.pending(), Action.APPROVE, reviewer, reason="looks fine")
    assert decided == approval.Decided(1, {NOT_ELIGIBLE: 2})
    assert set(Creator.objects.pending()) == {unchecked, failing}
    assert passing.decisions.exists()


def test_an_override_needs_the_permission_and_a_reason(reviewer: User) -> None:
    creator, senior = one(Status.PENDING, eligible=False), may_override(factories.user("senior"))
    assert decide(only(creator), Action.APPROVE, senior).refused == {NOT_ELIGIBLE: 1}
    assert decide(only(creator), Action.APPROVE, None, reason="a rule").refused == {NOT_ELIGIBLE: 1}
    assert decide(only(creator), Action.APPROVE, senior, reason="a well-known museum").moved == 1


def test_who_cannot_be_moved_does_not_stop_the_others(reviewer: User) -> None:
    for status in [*Status.values, Status.PENDING, Status.REJECTED]:
        one(status)
    one(Status.ASKED, eligible=False)
    decided = decide(Creator.objects.all(), Action.APPROVE, reviewer)
    assert decided.moved == 3
    assert decided.refused == {
        "candidate": 1,
        "approved": 1,
        "rejected": 2,
        "suspended": 1,
        "withdrawn": 1,
        NOT_ELIGIBLE: 1,
    }


def test_a_second_time_moves_nobody(reviewer: User) -> None:
    creator = one(Status.PENDING)
    decide(only(creator), Action.APPROVE, reviewer)
    assert decide(only(creator), Action.APPROVE, reviewer) == approval.Decided(0, {"approved": 1})
    assert creator.decisions.count() == 1


def test_any_selection_will_do(reviewer: User) -> None:
    oldest, _second, banned = (one(Status.PENDING, handle=name) for name in ("a", "b", "c"))
    decide(Creator.objects.waiting_longest_first()[:1], Action.APPROVE, reviewer)
    decide(Creator.objects.filter(decisions=None, handle="c").distinct(), Action.REJECT, reviewer, reason="x")
    assert decide(Creator.objects.none(), Action.APPROVE, reviewer) == approval.Decided(0, {})
    statuses = dict(Creator.objects.values_list("handle", "status"))
    assert statuses == {"a": "approved", "b": "pending", "c": "rejected"}
    assert oldest.decisions.exists() and banned.decisions.exists()


def test_the_number_of_statements_does_not_grow_with_the_creators(
    reviewer: User,
) -> None:
    def statements(count: int) -> int:
        for _ in range(count):
            one(Status.PENDING)
        with CaptureQueriesContext(connection) as seen:
            assert decide(Creator.objects.pending(), Action.APPROVE, reviewer).moved == count
        return len(seen)

    assert statements(1) == statements(20) <= 25


def test_the_queue_is_read_from_its_index(db: None) -> None:
    for _ in range(50):
        one(Status.PENDING)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE creators_creator")
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Creator.objects.waiting_longest_first()[:20].explain()
    assert "creator_queue" in plan
    assert "sort" not in plan.lower() and "temp b-tree" not in plan.lower()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_approve_the_same_creators_at_once_decide_once(guards_stand_aside: None) -> None:
    twenty_waiting = [one(Status.PENDING).pk for _ in range(20)]
    chosen = Creator.objects.filter(pk__in=twenty_waiting)
    first_has_decided = threading.Event()
    outcome: dict[str, approval.Decided] = {}

    def first() -> None:
        with transaction.atomic():
            outcome["first"] = decide(chosen[:15], Action.APPROVE, None)
            first_has_decided.set()
            time.sleep(0.3)  # the second one now waits for the rows
        connection.close()

    def second() -> None:
        first_has_decided.wait()
        outcome["second"] = decide(chosen.order_by("-pk"), Action.APPROVE, None)
        connection.close()

    threads = [threading.Thread(target=act) for act in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcome["first"] == approval.Decided(15, {})
    assert outcome["second"] == approval.Decided(5, {"approved": 15})
    assert sorted(Decision.objects.values_list("creator_id", flat=True)) == sorted(twenty_waiting)
