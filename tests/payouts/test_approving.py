"""The approver approves what he saw, and nothing else."""

from typing import Any

import pytest

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import batches, corrections
from payouts.models import Payee, PayoutBatch, Transfer
from payouts.verification import verify
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(finance_one: User, finance_two: User) -> PayoutBatch:
    """Ada is to get $100, Ben $80."""
    campaign = factories.campaign()
    for handle, impressions in (("ada", 20_000), ("ben", 16_000)):
        deliver(campaign, factories.enrolled(handle), impressions)
    month: Month = close(finance_one, finance_two)
    return batches.prepare(month, finance_one)


def deduct(handle: str, micros: int) -> None:
    one, two = (User.objects.get(username=name) for name in ("finance-one", "finance-two"))
    correction = corrections.prepare(
        one,
        reason="measurement",
        origin=Month.objects.get(code="2026-10"),
        campaign=Campaign.objects.get(),
        creator=Creator.objects.get(handle=handle),
        micros=2 * micros,
    )
    corrections.approve(correction, two)


def change(**fields: Any) -> None:
    Payee.objects.filter(creator__handle="ada").update(**fields)


CHANGES = [
    (lambda: change(blocked=True), "blocked,"),
    (lambda: change(version=2), "details_changed,"),
    (lambda: change(method="paypal"), "details_changed,"),
    (lambda: change(backup_withholding=True), "details_changed,"),
    (lambda: deduct("ada", 10_000), "balance,"),
]


@pytest.mark.parametrize(("happen", "reasons"), CHANGES)
def test_who_drops_out_after_the_preparation_is_shown_and_must_be_confirmed(
    happen: Any, reasons: str, batch: PayoutBatch, finance_two: User
) -> None:
    happen()
    with pytest.raises(Refused, match=r"1 payments of \$80.00 can be made, 1 are held"):
        batches.approve(batch, finance_two)
    assert not batch.payouts.filter(status="held").exists()
    review = batches.review(batch)
    assert (review.dropped, review.dropped_micros, review.now.payable.amount) == (1, 100_000_000, 80_000_000)
    batches.approve(batch, finance_two, review.digest)
    held = batch.payouts.get(status="held")
    assert (held.creator.handle, held.reasons, held.reserved) == ("ada", reasons, False)
    assert batch.payouts.get(status="reserved").creator.handle == "ben"
    assert Transfer.objects.get(kind="reserve").amount_micros == 80_000_000
    # Neither the lineup nor the new details went the way that they should.
    assert {breach.rule for breach in verify()} <= {"used lineups", "payees"}


def test_an_approval_of_something_else_is_refused(batch: PayoutBatch, finance_two: User) -> None:
    change(blocked=True)
    seen = batches.review(batch).digest
    change(blocked=False)
    for digest in (seen, "", "0" * 64):
        with pytest.raises(Refused, match="no longer what you saw"):
            batches.approve(batch, finance_two, digest)


def test_payouts_that_were_changed_since_are_not_approved(batch: PayoutBatch, finance_two: User) -> None:
    batch.payouts.filter(creator__handle="ada").update(amount_micros=50_000_000)
    for seen in (None, batches.review(batch).digest):
        with pytest.raises(Refused, match="not those that were prepared"):
            batches.approve(batch, finance_two, seen)


def test_where_nobody_is_left_there_is_nothing_to_approve(batch: PayoutBatch, finance_two: User) -> None:
    Payee.objects.update(blocked=True)
    with pytest.raises(Refused, match="cancel it"):
        batches.approve(batch, finance_two, batches.review(batch).digest)


def test_a_review_changes_nothing(batch: PayoutBatch) -> None:
    change(blocked=True)
    before = list(batch.payouts.order_by("pk").values())
    batches.review(batch)
    assert list(batch.payouts.order_by("pk").values()) == before
