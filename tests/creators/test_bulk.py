"""One decision about many: frozen when prepared, decided once, told for each, undone while it can be."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creators import bulk, reversal
from creators.approval import NOT_ELIGIBLE, Decided, decide
from creators.models import Bulk, BulkRow, Creator, Decision, DecisionReason
from pulse_site import roles, runs
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.creators.test_approval import checked

Action, Status = Decision.Action, Creator.Status
pytestmark = pytest.mark.django_db


@pytest.fixture
def senior() -> User:
    made = factories.user("senior", is_staff=True)
    made.groups.add(Group.objects.get(name=roles.SENIOR_REVIEWER))
    return made


@pytest.fixture
def queue() -> list[Creator]:
    """Three who wait and may be approved, one who is not eligible, one who was rejected."""
    made = [factories.creator(status=Status.PENDING, terms_accepted_on=factories.DAY) for _n in range(4)]
    made.append(factories.creator(status=Status.REJECTED))
    for number, creator in enumerate(made):
        checked(creator, number != 3)
    return made


def prepared(by: User, action: str = "approve", **given: object) -> Bulk:
    return bulk.prepare(Creator.objects.all(), action, by, chosen_by="everybody", **given)  # type: ignore[arg-type]


def results(of: Bulk) -> list[str]:
    return list(BulkRow.objects.filter(bulk=of).order_by("creator_id").values_list("result", flat=True))


def test_the_preview_says_what_will_come_of_it(senior: User, queue: list[Creator]) -> None:
    made = prepared(senior)
    said = bulk.preview(made)
    assert said == {bulk.MOVED: 3, "rejected": 1, NOT_ELIGIBLE: 1}
    assert bulk.decide(made)["refused"] == {"rejected": 1, NOT_ELIGIBLE: 1}
    made.refresh_from_db()
    assert (made.status, made.results) == (Bulk.Status.DECIDED, said)


def test_each_creator_has_his_result_and_each_moved_one_his_decision(
    senior: User, queue: list[Creator]
) -> None:
    made = prepared(senior)
    bulk.decide(made)
    assert results(made) == [bulk.MOVED] * 3 + [NOT_ELIGIBLE, "rejected"]
    assert made.decisions.count() == 3
    assert set(made.decisions.values_list("decided_by", flat=True)) == {senior.pk}


def test_who_comes_after_the_preparation_is_not_decided_about(senior: User, queue: list[Creator]) -> None:
    made = prepared(senior)
    late = factories.creator(status=Status.PENDING)
    checked(late, True)
    bulk.decide(made)
    late.refresh_from_db()
    assert late.status == Status.PENDING


def test_deciding_again_changes_nothing(senior: User, queue: list[Creator]) -> None:
    made = prepared(senior)
    first = bulk.decide(made) | {"seconds": 0}
    assert bulk.decide(made) | {"seconds": 0} == first
    assert Decision.objects.count() == 3


def test_an_undone_bulk_leaves_everybody_as_he_was(senior: User, queue: list[Creator]) -> None:
    before = list(Creator.objects.order_by("pk").values_list("status", flat=True))
    made = prepared(senior)
    bulk.decide(made)
    assert bulk.undo(made, senior, reason="wrong filter").moved == 3
    assert list(Creator.objects.order_by("pk").values_list("status", flat=True)) == before
    assert results(made) == [bulk.UNDONE] * 3 + [NOT_ELIGIBLE, "rejected"]
    with pytest.raises(Refused, match="undone"):
        bulk.decide(made)


def test_undoing_again_changes_nothing_and_says_the_same(senior: User, queue: list[Creator]) -> None:
    made = prepared(senior)
    with pytest.raises(Refused, match="prepared"):
        bulk.undo(made, senior, reason="too early")
    bulk.decide(made)
    first = bulk.undo(made, senior, reason="wrong filter")
    assert bulk.undo(made, senior, reason="again") == first
    assert made.decisions.filter(reversed_by__reason="wrong filter").count() == Decision.objects.count() / 2


def test_the_preview_of_an_undo_names_who_stays_and_why(
    senior: User, queue: list[Creator], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepared(senior)
    bulk.decide(made)
    assert bulk.preview_undo(made) == Decided(3, {})
    decide(Creator.objects.filter(pk=queue[0].pk), Action.SUSPEND, None, reason="because")
    assert bulk.preview_undo(made) == Decided(2, {"superseded": 1})
    assert [decision.creator for decision in bulk.staying(made)] == queue[:1]
    monkeypatch.setattr(reversal, "settled_until", [timezone.localdate])
    assert bulk.preview_undo(made) == Decided(0, {"superseded": 1, "settled": 2})
    with pytest.raises(Refused, match="None of it"):
        bulk.undo(made, senior, reason="wrong filter")


def test_each_creator_of_an_undone_bulk_has_what_came_of_it(
    senior: User, queue: list[Creator], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepared(senior)
    bulk.decide(made)
    decide(Creator.objects.filter(pk=queue[0].pk), Action.SUSPEND, None, reason="because")
    monkeypatch.setattr(reversal, "_settled", lambda: Q(creator=queue[1].pk))
    assert bulk.undo(made, senior, reason="wrong") == Decided(1, {"superseded": 1, "settled": 1})
    assert results(made) == ["superseded", "settled", "undone", NOT_ELIGIBLE, "rejected"]


@pytest.mark.parametrize("where", ["_write_undone", "_hold"])
def test_an_undo_that_dies_changes_nothing_and_is_done_once_when_it_starts_again(
    senior: User, queue: list[Creator], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    made = prepared(senior)
    bulk.decide(made)
    run = runs.start(
        "undo_in_bulk",
        key=str(made.pk),
        arguments={"bulk_id": made.pk, "by": senior.pk, "reason": "wrong filter"},
        owner=senior,
    )
    with monkeypatch.context() as broken:
        broken.setattr(bulk, where, lambda *_given: 1 / 0)
        runs.perform(run.pk)
    assert Creator.objects.filter(status=Status.APPROVED).count() == 3
    assert not Decision.objects.filter(action=Action.REVERSE).exists()
    for _each in range(2):
        runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result) == ("done", {"undone": 3, "stayed": {}})
    assert Decision.objects.filter(action=Action.REVERSE).count() == 3


def test_undoing_leaves_alone_whom_somebody_decided_about_since(senior: User, queue: list[Creator]) -> None:
    made = prepared(senior)
    bulk.decide(made)
    decide(Creator.objects.filter(pk=queue[0].pk), Action.SUSPEND, None, reason="because")
    undone = bulk.undo(made, senior, reason="wrong filter")
    assert (undone.moved, undone.refused) == (2, {"superseded": 1})
    assert Creator.objects.get(pk=queue[0].pk).status == Status.SUSPENDED


def test_a_list_of_handles_names_those_whom_nobody_knows(queue: list[Creator]) -> None:
    chosen, unknown = bulk.named([f"@{queue[0].handle.upper()}\n", queue[1].handle, "nobody", "two words"])
    assert set(chosen) == set(queue[:2])
    assert unknown == ["two words", "nobody"]
    with pytest.raises(Refused, match="names nobody"):
        bulk.named(["", " "])


def test_only_a_senior_reviewer_may(reviewer: User, senior: User, queue: list[Creator]) -> None:
    with pytest.raises(Refused, match="senior"):
        prepared(reviewer)
    made = prepared(senior)
    bulk.decide(made)
    with pytest.raises(Refused, match="senior"):
        bulk.undo(made, reviewer, reason="no")


@pytest.mark.parametrize(
    ("action", "given", "words"),
    [
        ("reject", {}, "give a reason"),
        ("promote", {}, "There is no action"),
        ("approve", {"reason": "x" * 201}, "201 characters"),
    ],
)
def test_what_could_not_be_decided_is_not_prepared(
    senior: User, queue: list[Creator], action: str, given: dict[str, str], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        prepared(senior, action, **given)
    assert not Bulk.objects.exists()


def test_nobody_is_no_bulk(senior: User) -> None:
    with pytest.raises(Refused, match="Nobody was chosen"):
        prepared(senior)


def test_a_listed_reason_belongs_to_its_action_and_stands_in_each_decision(
    senior: User, queue: list[Creator]
) -> None:
    listed = DecisionReason.objects.filter(action="reject").first()
    assert listed is not None
    made = prepared(senior, "reject", listed=listed)
    bulk.decide(made)
    assert set(made.decisions.values_list("listed_reason", "reason")) == {(listed.pk, listed.text_en)}
    with pytest.raises(Refused, match="another decision"):
        prepared(senior, "approve", listed=listed)


def test_a_cancelled_bulk_decides_nothing(senior: User, queue: list[Creator]) -> None:
    made = prepared(senior)
    bulk.cancel(made)
    with pytest.raises(Refused, match="cancelled"):
        bulk.decide(made)
    with pytest.raises(Refused, match="undo it instead"):
        bulk.cancel(made)


@pytest.mark.parametrize("more", [1, 40])
def test_deciding_takes_as_many_statements_for_one_as_for_forty(senior: User, more: int) -> None:
    for _each in range(more):
        checked(factories.creator(status=Status.PENDING, terms_accepted_on=factories.DAY), True)
    made = prepared(senior)
    with CaptureQueriesContext(connection) as asked:
        bulk.decide(made)
    assert len(asked) <= 25
    with CaptureQueriesContext(connection) as asked:
        bulk.undo(made, senior, reason="wrong filter")
    assert len(asked) <= 25
