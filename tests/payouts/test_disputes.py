"""A creator objects to a statement: answered, resolved by a correction, or refused with a reason."""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from campaigns.models import Month
from creators.models import Creator
from payouts import corrections, disputes
from payouts.models import Correction, Dispute
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
Status = Dispute.Status


@pytest.fixture
def ada() -> Creator:
    return factories.enrolled("ada")


@pytest.fixture
def october(ada: Creator, finance_one: User, finance_two: User) -> Month:
    deliver(factories.campaign("ONE"), ada, 10_000)
    return close(finance_one, finance_two)


@pytest.fixture
def dispute(ada: Creator, october: Month) -> Dispute:
    return disputes.open_dispute(ada, october, " My best video is missing. ")


@pytest.fixture
def clerk(db: None) -> User:
    return factories.staff("clerk", "answer_dispute")


@pytest.fixture
def given_back(
    ada: Creator, october: Month, finance_one: User, finance_two: User
) -> Callable[..., Correction]:
    def made(approved: bool = True, creator: Creator = ada) -> Correction:
        correction = corrections.prepare(
            finance_one, reason="dispute", origin=october, campaign=None, creator=creator, micros=1
        )
        if approved:
            corrections.approve(correction, finance_two)
        correction.refresh_from_db()
        return correction

    return made


def test_a_dispute_keeps_what_the_creator_says(dispute: Dispute) -> None:
    assert (dispute.status, dispute.text) == (Status.OPEN, "My best video is missing.")


@pytest.mark.parametrize(("text", "said"), [(" \n", "Say what"), ("x" * 2_001, "Shorten it to 2000")])
def test_a_dispute_says_something_and_not_too_much(
    ada: Creator, october: Month, text: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        disputes.open_dispute(ada, october, text)
    assert disputes.open_dispute(ada, october, "x" * 2_000).pk


def test_only_a_closed_month_has_a_statement_to_dispute(ada: Creator, october: Month) -> None:
    with pytest.raises(Refused, match="not closed yet"):
        disputes.open_dispute(ada, factories.month("2026-11"), "No")


@pytest.mark.parametrize(("days", "late"), [(60, False), (61, True)])
def test_a_statement_is_disputed_within_sixty_days(
    ada: Creator, october: Month, monkeypatch: pytest.MonkeyPatch, days: int, late: bool
) -> None:
    now = timezone.now() + datetime.timedelta(days=days)
    monkeypatch.setattr(timezone, "now", lambda: now)
    if late:
        with pytest.raises(Refused, match="no longer can"):
            disputes.open_dispute(ada, october, "Late")
    else:
        disputes.open_dispute(ada, october, "In time")


def test_one_dispute_of_a_statement_is_live_at_a_time(
    dispute: Dispute, ada: Creator, october: Month, clerk: User
) -> None:
    for act in (disputes.answer, disputes.refuse):
        with pytest.raises(Refused, match="open already"):
            disputes.open_dispute(ada, october, "And another thing")
        act(dispute, clerk, "We look into it.")
    assert disputes.open_dispute(ada, october, "And another thing").pk


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    ("action", "allowed", "target"),
    [
        ("answer", {Status.OPEN, Status.ANSWERED}, Status.ANSWERED),
        ("resolve", {Status.OPEN, Status.ANSWERED}, Status.ADJUSTED),
        ("refuse", {Status.OPEN, Status.ANSWERED}, Status.REFUSED),
    ],
)
def test_the_moves_of_a_dispute(
    action: str,
    allowed: set[str],
    target: str,
    status: str,
    dispute: Dispute,
    clerk: User,
    given_back: Callable[..., Correction],
) -> None:
    correction = given_back()
    made = {"correction": correction} if status == Status.ADJUSTED else {}
    Dispute.objects.update(status=status, **made)
    acts: dict[str, Callable[[], None]] = {
        "answer": lambda: disputes.answer(dispute, clerk, "We look into it."),
        "resolve": lambda: disputes.resolve(dispute, clerk, correction, "You were right."),
        "refuse": lambda: disputes.refuse(dispute, clerk, "It ran off the lineup."),
    }
    if status not in allowed:
        with pytest.raises(Refused, match="already"):
            acts[action]()
        return
    acts[action]()
    assert dispute.status == target
    assert dispute.answer
    settled = target != Status.ANSWERED
    assert (dispute.resolved_by == clerk, dispute.resolved_at is not None) == (settled, settled)


def test_answers_follow_one_another(dispute: Dispute, clerk: User) -> None:
    disputes.answer(dispute, clerk, "We look into it.")
    disputes.refuse(dispute, clerk, "It ran off the lineup.")
    assert dispute.answer == "We look into it.\n\nIt ran off the lineup."


def test_a_dispute_is_resolved_by_an_approved_correction_of_its_creator(
    dispute: Dispute, clerk: User, given_back: Callable[..., Correction]
) -> None:
    with pytest.raises(Refused, match="approve it first"):
        disputes.resolve(dispute, clerk, given_back(approved=False))
    with pytest.raises(Refused, match="corrects nothing of @ben"):
        dispute.creator = factories.creator("ben")
        disputes.resolve(dispute, clerk, given_back())
    dispute.refresh_from_db()
    disputes.resolve(dispute, clerk, right := given_back())
    assert dispute.correction == right


def test_a_refusal_needs_a_reason_and_all_of_it_permission(
    dispute: Dispute, clerk: User, stranger: User
) -> None:
    for act in (disputes.answer, disputes.refuse):
        with pytest.raises(Refused, match="Say something"):
            act(dispute, clerk, " ")
        with pytest.raises(Refused, match="permission"):
            act(dispute, stranger, "No")
