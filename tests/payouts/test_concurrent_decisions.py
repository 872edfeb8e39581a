"""Of two who decide the same change of a payee, or the same correction, at once: one does."""

# ruff: noqa: F811 - fixtures

import pytest

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import batches, corrections, ledger, months, payees, screening
from payouts.models import Account, Correction, Payee, PayeeChange, Transfer
from pulse_site.models import AuditEvent, User
from tests import factories
from tests.payouts.programme import close
from tests.payouts.races import (  # noqa: F401 - fixtures
    CREATORS,
    RACING,
    WORKERS,
    after,
    campaign,
    creators,
    held,
    people,
    race,
    refusals,
    sealed_and_clean,
)

pytestmark = RACING


@pytest.fixture
def approvers() -> list[User]:
    may = ("propose_payee_change", "approve_payee_change", "screen_payee")
    return [factories.staff(f"payees-{number}", *may) for number in range(WORKERS + 1)]


def details_of(creator: Creator) -> dict[str, object]:
    account = {"routing": "021000021", "account": f"{creator.pk:09}", "account_type": "checking"}
    return {"legal_name": "Ada", "country": "US", "method": "ach", "destination": account}


def test_of_those_who_approve_the_same_changes_one_wins(approvers: list[User]) -> None:
    for _each in range(CREATORS):
        creator = factories.enrolled()
        payees.propose(creator, details_of(creator), approvers[0])
    waiting = PayeeChange.objects.filter(status="proposed")
    results = race(*(held(lambda by=by: payees.approve(waiting.all(), by)) for by in approvers[1:]))
    assert refusals(results) == WORKERS - 1, results
    assert all("decided already" in str(r) or "no change left" in str(r) for r in results if r != CREATORS)
    assert set(Payee.objects.values_list("version", flat=True)) == {1}
    assert Payee.objects.count() == CREATORS
    assert AuditEvent.objects.filter(action="payee.approve").count() == CREATORS
    assert sealed_and_clean()


def test_a_change_is_approved_or_rejected_and_not_both(approvers: list[User]) -> None:
    creator = factories.enrolled()
    change = payees.propose(creator, details_of(creator), approvers[0])
    chosen = PayeeChange.objects.filter(pk=change.pk)
    results = race(
        held(lambda: payees.approve(chosen.all(), approvers[1])),
        after(0.1, lambda: payees.reject(chosen.all(), approvers[2], "No")),
    )
    assert refusals(results) == 1 and "decided already" in str(results[1]), results
    assert sealed_and_clean()


def test_approving_and_screening_the_same_payees_do_not_block_each_other(approvers: list[User]) -> None:
    creators = [factories.enrolled() for _each in range(CREATORS)]
    for creator in creators:
        factories.payee(creator)
    for creator in reversed(creators):  # not in the order of the payees
        payees.propose(creator, details_of(creator), approvers[0])
    waiting, day = PayeeChange.objects.filter(status="proposed"), factories.DAY
    results = race(
        lambda: payees.approve(waiting.all(), approvers[1]),
        *(lambda by=by: screening.screen(Payee.objects.all(), "clear", day, by) for by in approvers[2:]),
    )
    assert results == [CREATORS] * WORKERS
    assert sealed_and_clean()


def prepared(by: User, campaign: Campaign, creator: Creator, micros: int = 10_000_001) -> Correction:
    return corrections.prepare(
        by,
        reason="other",
        origin=Month.objects.get(code="2026-10"),
        campaign=campaign,
        creator=creator,
        micros=micros,
    )


def test_of_two_who_approve_a_correction_one_wins(
    creators: list[Creator], campaign: Campaign, people: list[User]
) -> None:
    close(people[0], people[1])
    made = prepared(people[0], campaign, creators[0])
    results = race(*(lambda by=by: corrections.approve(made, by) for by in people[1:]))
    assert refusals(results) == WORKERS - 1, results
    assert Transfer.objects.filter(kind="deduction").count() == 1
    assert sealed_and_clean()


def test_corrections_of_one_earning_approved_at_once_follow_one_another(
    creators: list[Creator], campaign: Campaign, people: list[User]
) -> None:
    close(people[0], people[1])
    made = [prepared(people[0], campaign, creators[0]) for _each in range(WORKERS)]
    results = race(*(held(lambda each=each: corrections.approve(each, people[1])) for each in made))
    assert refusals(results) == 0, results
    account = Account.objects.get(creator=creators[0])
    assert ledger.balance(account) == (120_000_000 - WORKERS * 10_000_001) // 2
    assert sealed_and_clean()


@pytest.mark.parametrize("approver_first", [True, False])
def test_an_approval_and_the_close_of_the_month_post_a_correction_once(
    creators: list[Creator], campaign: Campaign, people: list[User], approver_first: bool
) -> None:
    """Approver first: the close posts it in October. Closer first: it goes into November."""
    months.calculate("2026-10")
    made = prepared(people[0], campaign, creators[0])
    months.review("2026-10", people[0])

    def approve() -> object:
        return corrections.approve(made, people[1])

    def shut() -> object:
        return months.close("2026-10", people[1])

    first, second = (approve, shut) if approver_first else (shut, approve)
    results = race(held(first), after(0.2, second))
    assert refusals(results) == 0, results
    assert Transfer.objects.get(kind="deduction").month_id == ("2026-10" if approver_first else "2026-11")
    assert sealed_and_clean()


@pytest.mark.parametrize("approver_first", [True, False])
def test_a_deduction_and_a_payout_of_the_same_money_wait_for_each_other(
    creators: list[Creator], campaign: Campaign, people: list[User], approver_first: bool
) -> None:
    """Whoever comes second sees the first: the batch is short, or the deduction is carried."""
    batch = batches.prepare(close(people[0], people[1]), people[0])
    made = prepared(people[0], campaign, creators[0])

    def approve() -> object:
        return corrections.approve(made, people[1])

    def reserve() -> object:
        return batches.approve(batch, people[1])

    first, second = (approve, reserve) if approver_first else (reserve, approve)
    results = race(held(first), after(0.2, second))
    assert refusals(results) == (1 if approver_first else 0), results
    assert sealed_and_clean()
