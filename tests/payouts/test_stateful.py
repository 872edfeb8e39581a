"""A programme that lives at random, beside an auditor who keeps his own books in plain dictionaries.

Deliveries, months, corrections, batches, returns and cancellations come in any order. He knows the rules
from the design and nothing of the program: he adds up fractions, row by row. After every step each balance is
his, and in the end `verify` finds nothing. Run it with STATEFUL_EXAMPLES=1000 for more.
"""

import contextlib
import datetime
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django.fixtures import Settings

from campaigns.models import Month
from creators.models import ProgrammeTerms
from payouts import batches, corrections, ledger, months, seals
from payouts.models import Account, Payout, PayoutBatch
from payouts.verification import verify
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import deliver

CODES = [f"2026-{number:02}" for number in range(1, 7)]
CENT, MINIMUM = 10_000, 1_000_000
Key = tuple[str, int]  # month in which it was billed, creator


class Auditor:
    """What should stand where, by the rules alone."""

    def __init__(self, basis_points: int) -> None:
        self.share_of = Fraction(basis_points, 10_000)
        self.billed: dict[Key, int] = defaultdict(int)
        self.enrolled: dict[Key, int] = defaultdict(int)
        self.taken: dict[Key, int] = defaultdict(int)
        self.taken_of_enrolled: dict[Key, int] = defaultdict(int)
        self.waiting: dict[Key, list[tuple[int, int]]] = defaultdict(list)
        self.closed: list[str] = []
        self.balances: dict[str, int] = defaultdict(int)

    def share(self, enrolled: int) -> int:
        return floor(enrolled * self.share_of)

    def close(self, code: str) -> None:
        self.closed.append(code)
        for key in [key for key in self.billed if key[0] == code]:
            share = self.share(self.enrolled[key])
            self.move("receivable", f"payable {key[1]}", share)
            self.move("receivable", "platform", self.billed[key] - share)
        for key in [key for key in self.waiting if key[0] == code]:
            for revenue, enrolled in self.waiting.pop(key):
                self.correct(key, revenue, enrolled)

    def part(self, key: Key, revenue: int) -> int:
        """How much of a correction lies within the enrolment: in proportion to what is left."""
        waiting = self.waiting[key]
        left = self.billed[key] - self.taken[key] - sum(each for each, _enrolled in waiting)
        shared = self.enrolled[key] - self.taken_of_enrolled[key] - sum(each for _revenue, each in waiting)
        return floor(Fraction(shared * revenue, left))

    def correct(self, key: Key, revenue: int, enrolled: int) -> None:
        if key[0] not in self.closed:
            self.waiting[key].append((revenue, enrolled))
            return
        before = self.share(self.enrolled[key] - self.taken_of_enrolled[key])
        self.taken[key] += revenue
        self.taken_of_enrolled[key] += enrolled
        share = before - self.share(self.enrolled[key] - self.taken_of_enrolled[key])
        self.move(f"payable {key[1]}", "receivable", share)
        self.move("platform", "receivable", revenue - share)

    def due(self, creator: int, until: str, least: int = MINIMUM) -> int:
        """Whole cents of what he has, less what he earned in later months; nothing below the minimum."""
        later = sum(self.share(self.enrolled[key]) for key in self.enrolled
                    if key[1] == creator and key[0] > until and key[0] in self.closed)  # fmt: skip
        due = (self.balances[f"payable {creator}"] - later) // CENT * CENT
        return due if due >= least else 0

    def move(self, source: str, target: str, micros: int) -> None:
        self.balances[source] -= micros
        self.balances[target] += micros


def some_batch_is(*statuses: str) -> Callable[[Any], bool]:
    return lambda programme: PayoutBatch.objects.filter(status__in=statuses).exists()


def some_payment_is(*statuses: str) -> Callable[[Any], bool]:
    return lambda programme: Payout.objects.filter(status__in=statuses).exists()


class Programme(RuleBasedStateMachine):
    folder: Any

    @initialize(basis_points=st.integers(1, 10_000))
    def begin(self, basis_points: int) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        ProgrammeTerms.objects.update(
            share_basis_points=basis_points, minimum_payout_micros=MINIMUM, starts_on="2025-01-01"
        )
        self.one, self.two = (
            factories.staff(
                name,
                *"review_month close_month prepare_batch approve_batch prepare_correction".split(),
                "approve_correction",
            )
            for name in ("one", "two")
        )
        self.campaign = factories.campaign(
            cpm_micros=10_000, starts_on=datetime.date(2026, 1, 1), budget_micros=10**15
        )
        self.creators = [
            factories.enrolled(starts_on=datetime.date(2026, 1, 1)),
            factories.enrolled(starts_on=datetime.date(2026, 2, 15)),
            factories.creator(),
        ]
        for creator in self.creators:
            factories.payee(creator)
        self.auditor = Auditor(basis_points)
        for code in CODES[:2]:
            for creator in range(3):
                self.deliver(creator, code, 20, 1_234_567 + creator)
        self.the_oldest_month_closes()
        with contextlib.suppress(Refused):  # for a share as small as that, nobody has the minimum yet
            batch = batches.prepare(Month.objects.get(pk=CODES[0]), self.one)
            self.approve(batch)
            batches.make_files(batch, self.one)
            batches.mark_sent(batch, self.two)

    def teardown(self) -> None:
        try:
            seals.seal()
            # The lineups of these tests are made by hand: they have no digest to verify.
            assert [str(breach) for breach in verify() if breach.rule != "used lineups"] == []
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @property
    def open_codes(self) -> list[str]:
        return [code for code in CODES if code not in self.auditor.closed]

    @precondition(lambda self: self.open_codes)
    @rule(
        creator=st.integers(0, 2),
        code=st.sampled_from(CODES),
        day=st.integers(1, 28),
        impressions=st.integers(1, 3_000_000),
    )
    def impressions_are_delivered(self, creator: int, code: str, day: int, impressions: int) -> None:
        self.deliver(creator, code, day, impressions)

    def deliver(self, creator: int, code: str, day: int, impressions: int) -> None:
        billed_in = next((each for each in CODES if each >= code and each in self.open_codes), None)
        if billed_in is None:
            return
        date = datetime.date.fromisoformat(f"{code}-{day:02}")
        row = deliver(
            self.campaign, self.creators[creator], impressions, day=date, month=factories.month(billed_in)
        )
        enrolled = (datetime.date(2026, 1, 1), datetime.date(2026, 2, 15), datetime.date.max)[creator]
        self.auditor.billed[billed_in, creator] += row.revenue_micros
        self.auditor.enrolled[billed_in, creator] += row.revenue_micros if date >= enrolled else 0

    @precondition(lambda self: self.open_codes)
    @rule()
    def the_oldest_month_closes(self) -> None:
        code = self.open_codes[0]
        months.calculate(code)
        months.review(code, self.one)
        months.close(code, self.two)
        self.auditor.close(code)

    @rule(data=st.data(), thousandths=st.integers(1, 1_000))
    def something_is_taken_back(self, data: st.DataObject, thousandths: int) -> None:
        a = self.auditor
        left = {
            key: billed - a.taken[key] - sum(each for each, _enrolled in a.waiting[key])
            for key, billed in a.billed.items()
        }
        chosen = [key for key in left if left[key] * thousandths // 1_000 > 0]
        if not chosen:
            return
        key = data.draw(st.sampled_from(sorted(chosen)))
        revenue = left[key] * thousandths // 1_000
        if key[0] in self.open_codes:
            months.calculate(key[0])
        enrolled = a.part(key, revenue)
        correction = corrections.prepare(
            self.one,
            reason="measurement",
            origin=Month.objects.get(pk=key[0]),
            campaign=self.campaign,
            creator=self.creators[key[1]],
            micros=revenue,
        )
        corrections.approve(correction, self.two)
        a.correct(key, revenue, enrolled)

    @precondition(lambda self: any(self.auditor.due(each, self.auditor.closed[-1]) for each in range(3)))
    @rule(data=st.data())
    def a_batch_is_prepared(self, data: st.DataObject) -> None:
        until = data.draw(st.sampled_from(self.auditor.closed))
        # Whose payment came back is held until it is issued again.
        left_out = Payout.objects.filter(status__in=Payout.LIVE) | Payout.objects.filter(
            status="returned", reissued_as=None
        )
        in_others = set(left_out.values_list("creator__handle", flat=True))
        due = {
            number: amount
            for number, creator in enumerate(self.creators)
            if creator.handle not in in_others and (amount := self.auditor.due(number, until))
        }
        try:
            batch = batches.prepare(Month.objects.get(pk=until), self.one)
        except Refused:
            assert not due
            return
        prepared = batch.payouts.filter(status="prepared").values_list("creator", "amount_micros")
        assert dict(prepared) == {self.creators[number].pk: amount for number, amount in due.items()}

    def one_that_is(self, data: st.DataObject, status: str) -> PayoutBatch | None:
        found = list(PayoutBatch.objects.filter(status=status).order_by("pk"))
        return data.draw(st.sampled_from(found)) if found else None

    @precondition(some_batch_is("prepared"))
    @rule(data=st.data())
    def a_batch_is_approved(self, data: st.DataObject) -> None:
        if batch := self.one_that_is(data, "prepared"):
            self.approve(batch)

    def approve(self, batch: PayoutBatch) -> None:
        review = batches.review(batch)
        try:
            batches.approve(batch, self.two, review.digest)
        except Refused:  # what was deducted since leaves nobody
            assert not review.now.payable.payments
            return
        for payout in batch.payouts.filter(status="reserved"):
            self.auditor.move(self.name_of(payout), f"transit {batch}", payout.amount_micros)

    @precondition(some_batch_is("approved"))
    @rule(data=st.data())
    def files_are_made_and_sent(self, data: st.DataObject) -> None:
        if batch := self.one_that_is(data, "approved"):
            batches.make_files(batch, self.one)
            batches.mark_sent(batch, self.two)

    @precondition(some_batch_is("sent"))
    @rule(data=st.data())
    def a_batch_is_paid(self, data: st.DataObject) -> None:
        if batch := self.one_that_is(data, "sent"):
            for payout in batch.payouts.filter(status="sent"):
                self.auditor.move(f"transit {batch}", "bank", payout.amount_micros)
            batches.mark_paid(batch, self.one)

    @precondition(some_payment_is("sent", "paid"))
    @rule(data=st.data())
    def a_payment_comes_back(self, data: st.DataObject) -> None:
        found = list(Payout.objects.filter(status__in=["sent", "paid"]).order_by("pk"))
        if not found:
            return
        payout = data.draw(st.sampled_from(found))
        if payout.status == "sent":
            self.auditor.move(f"transit {payout.batch}", "bank", payout.amount_micros)
        self.auditor.move("bank", self.name_of(payout), payout.amount_micros)
        batches.record([payout], "returned", self.one, reason="R03 no account")

    @precondition(some_payment_is("returned"))
    @rule(data=st.data())
    def a_payment_is_issued_again(self, data: st.DataObject) -> None:
        returned = Payout.objects.filter(status="returned", reissued_as=None).order_by("pk")
        live = Payout.objects.filter(status__in=Payout.LIVE).values("creator")
        found = list(returned.exclude(creator__in=live))
        if not found:
            return
        payout = data.draw(st.sampled_from(found))
        creator = [each.pk for each in self.creators].index(payout.creator_id)
        due = self.auditor.due(creator, self.auditor.closed[-1], least=CENT)
        try:
            batch = batches.reissue([payout], self.one)
        except Refused:
            assert not due
        else:
            assert batch.payouts.get().amount_micros == due

    @precondition(some_batch_is("prepared", "approved"))
    @rule(data=st.data(), status=st.sampled_from(["prepared", "approved"]))
    def a_batch_is_cancelled(self, data: st.DataObject, status: str) -> None:
        if batch := self.one_that_is(data, status):
            for payout in batch.payouts.filter(status="reserved"):
                self.auditor.move(f"transit {batch}", self.name_of(payout), payout.amount_micros)
            batches.cancel(batch, self.one)

    @rule(sealed=st.booleans())
    def the_night_passes(self, sealed: bool) -> None:
        if sealed:
            seals.seal()
        if self.open_codes:
            months.calculate(self.open_codes[0])

    def name_of(self, payout: Payout) -> str:
        return f"payable {[each.pk for each in self.creators].index(payout.creator_id)}"

    @invariant()
    def the_ledger_is_the_auditor_s(self) -> None:
        if not hasattr(self, "auditor"):
            return
        found = {
            self.in_his_words(account): balance
            for account in Account.objects.all()
            if (balance := ledger.balance(account))
        }
        assert found == {name: micros for name, micros in self.auditor.balances.items() if micros}

    def in_his_words(self, account: Account) -> str:
        if account.creator_id:
            return f"payable {[each.pk for each in self.creators].index(account.creator_id)}"
        if account.kind == Account.Kind.IN_TRANSIT:
            return f"transit {account.code.removeprefix('in-transit:')}"
        return str(account.kind)


@pytest.mark.django_db
def test_whatever_happens_in_whatever_order_the_books_are_the_auditor_s(settings_of_django: Settings) -> None:
    run_state_machine_as_test(
        Programme,
        settings=settings(
            max_examples=int(os.environ.get("STATEFUL_EXAMPLES", "20")),
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def settings_of_django(settings: Settings) -> Settings:
    settings.ISSUED_ROOT = tempfile.mkdtemp()
    return settings
