"""Random programmes against an oracle in plain fractions: nothing is lost, made, or shared outside a span."""

import random
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign, Delivery, Month
from creators.models import Creator, Enrolment, ProgrammeTerms
from payouts import batches, corrections, months
from payouts.models import Account, Adjustment, Correction, Earning, Payout
from payouts.verification import _digests, _statements, _transfers
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import EXAMPLES, close, day, send

pytestmark = pytest.mark.django_db
CENT = 10_000
LARGEST = CENT * 10**10  # what a file of ACH payments has no room for
DAYS = st.integers(1, 31)


@dataclass(frozen=True)
class Programme:
    share_basis_points: int
    minimum_micros: int
    spans: list[list[tuple[int, int | None]]]  # of each creator: first and last day of October
    deliveries: list[tuple[int, int, int, int]]  # campaign, creator, day, revenue


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    edges = sorted(draw(st.sets(DAYS, max_size=5)))
    found: list[tuple[int, int | None]] = list(zip(edges[::2], edges[1::2], strict=False))
    return found + [(edges[-1], None)] if len(edges) % 2 else found


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    creators = draw(st.lists(spans(), min_size=1, max_size=4))
    amounts = st.one_of(st.integers(0, 30), st.integers(0, 10**9), st.integers(0, 2**50))
    delivery = st.tuples(st.integers(0, 2), st.integers(0, len(creators) - 1), DAYS, amounts)
    return Programme(
        draw(st.integers(0, 10_000)),
        draw(st.sampled_from([0, 1, CENT, 50_000_000])),
        creators,
        draw(st.lists(delivery, max_size=12)),
    )


@pytest.fixture
def campaigns() -> list[Campaign]:
    return [factories.campaign() for _each in range(3)]


def build(programme: Programme, campaigns: list[Campaign]) -> list[Creator]:
    ProgrammeTerms.objects.update(
        share_basis_points=programme.share_basis_points, minimum_payout_micros=programme.minimum_micros
    )
    creators = [factories.creator() for _each in programme.spans]
    for creator, its in zip(creators, programme.spans, strict=True):
        for first, last in its:
            Enrolment.objects.create(creator=creator, starts_on=day(first), ends_on=last and day(last))
    factories.month()
    Delivery.objects.bulk_create(
        Delivery(
            day=day(number),
            campaign=campaigns[campaign],
            video_id=video,
            creator=creators[creator],
            impressions=1,
            billed_impressions=1,
            verdict=Delivery.Verdict.BILLABLE,
            revenue_micros=revenue,
            month_id="2026-10",
        )
        for video, (campaign, creator, number, revenue) in enumerate(programme.deliveries, start=1)
    )
    return creators


def shares(programme: Programme) -> Counter[tuple[int, int]]:
    """The oracle: campaign and creator -> share."""
    enrolled: Counter[tuple[int, int]] = Counter()
    for campaign, creator, number, revenue in programme.deliveries:
        inside = any(first <= number <= (last or 31) for first, last in programme.spans[creator])
        enrolled[campaign, creator] += revenue if inside else 0
    share = Fraction(programme.share_basis_points, 10_000)
    return Counter({key: floor(micros * share) for key, micros in enrolled.items()})


def balances() -> dict[str, int]:
    return dict(Account.objects.with_balance().values_list("code", "balance_micros"))


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programme=programmes())
def test_a_month_of_any_programme_is_shared_and_paid_exactly(
    programme: Programme, finance_one: User, finance_two: User, campaigns: list[Campaign]
) -> None:
    with transaction.atomic():
        creators = build(programme, campaigns)
        oracle = shares(programme)
        revenue = sum(delivery[-1] for delivery in programme.deliveries)

        drafts = [months.calculate("2026-10") | {"seconds": 0} for _twice in range(2)]
        assert drafts[0] == drafts[1]
        month = close(finance_one, finance_two)

        found = Earning.objects.values_list("campaign", "creator", "share_micros")
        assert {(campaign, creator): share for campaign, creator, share in found} == {
            (campaigns[campaign].pk, creators[creator].pk): share
            for (campaign, creator), share in oracle.items()
        }
        assert (month.revenue_micros, month.shared_micros) == (revenue, sum(oracle.values()))
        owed = [sum(n for (_c, whose), n in oracle.items() if whose == k) for k in range(len(creators))]
        ours = balances()
        assert [ours.get(f"payable:creator:{creator.pk}", 0) for creator in creators] == owed
        assert ours.get("platform", 0) == revenue - sum(owed)
        assert sum(ours.values()) == 0
        _check_payment(programme, month, creators, owed, finance_one, finance_two)
        assert [*_transfers(), *_digests()] == []
        transaction.set_rollback(True)


def _check_payment(
    programme: Programme, month: Month, creators: list[Creator], owed: list[int], first: User, second: User
) -> None:
    minimum = max(programme.minimum_micros, CENT)
    due = {
        creator.pk: micros // CENT * CENT
        for creator, micros in zip(creators, owed, strict=True)
        if micros // CENT * CENT >= minimum
    }
    if not due:
        with pytest.raises(Refused, match="Nobody"):
            batches.prepare(month, first)
        return
    batch = batches.prepare(month, first)
    batches.approve(batch, second)
    too_large = {creator for creator, micros in due.items() if micros >= LARGEST}
    if len(too_large) == len(due):
        with pytest.raises(Refused, match="Nobody"):
            batches.make_files(batch, first)
        return
    send(batch, first)
    batches.mark_paid(batch, first)
    assert dict(Payout.objects.values_list("creator", "amount_micros")) == due
    assert set(Payout.objects.filter(status="held").values_list("creator", flat=True)) == too_large
    due = {creator: micros for creator, micros in due.items() if creator not in too_large}
    left = balances()
    assert [left.get(f"payable:creator:{creator.pk}", 0) for creator in creators] == [
        micros - due.get(creator.pk, 0) for creator, micros in zip(creators, owed, strict=True)
    ]
    assert (left["bank"], sum(left.values())) == (sum(due.values()), 0)


STEPS = st.lists(st.tuples(st.integers(-(2**45), 2**45), st.integers(0, 10_000)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    basis_points=st.integers(0, 10_000),
    enrolled=st.one_of(st.integers(0, 30), st.integers(0, 2**45)),
    beside=st.integers(0, 2**40),
    steps=STEPS,
    seed=st.randoms(use_true_random=False),
)
def test_whatever_is_taken_back_in_however_many_steps_the_creator_keeps_the_share_of_the_rest(
    basis_points: int,
    enrolled: int,
    beside: int,
    steps: list[tuple[int, int]],
    seed: random.Random,
    finance_one: User,
    finance_two: User,
    campaigns: list[Campaign],
) -> None:
    with transaction.atomic():
        programme = Programme(basis_points, 0, [[(10, 20)]], [(0, 0, 15, enrolled), (0, 0, 5, beside)])
        (creator,) = build(programme, campaigns)
        month = close(finance_one, finance_two)
        made = _prepared(finance_one, month, campaigns[0], creator, steps)
        seed.shuffle(made)
        approved, waiting = [], made
        for correction in waiting:  # those that would go below nothing or above the whole are refused
            try:
                corrections.approve(correction, finance_two)
            except Refused:
                continue
            approved.append(correction)
            left = enrolled - _total(approved, "enrolled_micros")
            kept = floor(left * Fraction(basis_points, 10_000))
            assert 0 <= left <= enrolled
            assert balances().get(f"payable:creator:{creator.pk}", 0) == kept
        found = balances()
        billed = enrolled + beside - _total(approved, "revenue_micros")
        assert -sum(micros for code, micros in found.items() if code.startswith("receivable")) == billed
        assert (sum(found.values()), found.get("clearing:2026-11", 0)) == (0, 0)
        assert [*_transfers(), *_statements_of("adjustments"), *_digests()] == []
        transaction.set_rollback(True)


def _prepared(
    by: User, month: Month, campaign: Campaign, creator: Creator, steps: list[tuple[int, int]]
) -> list[Correction]:
    """Corrections of up to three rows, one for each step: the revenue, and the basis points of it shared."""
    made = []
    for number, (revenue, part) in enumerate(steps):
        if number % 3 == 0:
            made.append(Correction.objects.create(reason="other", prepared_by=by))
        shared = abs(revenue) * part // 10_000
        made[-1].adjustments.create(
            origin=month,
            campaign=campaign,
            creator=creator,
            revenue_micros=revenue,
            enrolled_micros=shared if revenue > 0 else -shared,
        )
    return made


def _total(of: list[Correction], field: str) -> int:
    found = Adjustment.objects.filter(correction__in=of).aggregate(total=Sum(field, default=0))
    return int(found["total"])


def _statements_of(word: str) -> list[tuple[str, str]]:
    return [(rule, what) for rule, what in _statements() if word in rule or "taken back" in rule]
