"""What is done with money stands in the audit trail, with who did it and with its totals."""

import pytest

from payouts import batches, months
from payouts.models import PayoutBatch
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from pulse_site.sentences import sentence
from tests import factories
from tests.payouts.programme import close, deliver, pay

pytestmark = pytest.mark.django_db


def trail() -> list[tuple[str, str, str]]:
    return list(AuditEvent.objects.order_by("pk").values_list("actor_label", "action", "subject_label"))


def test_a_month_and_its_payments_leave_one_event_for_each_step(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    month = close(finance_one, finance_two)
    batch = pay(month, finance_one, finance_two)
    assert trail() == [
        ("finance-one", "month.review", "2026-10"),
        ("finance-two", "month.close", "2026-10"),
        ("finance-one", "batch.prepare", batch.reference),
        ("finance-two", "batch.approve", batch.reference),
        ("finance-one", "batch.mark_paid", batch.reference),
    ]
    closed, approved = (AuditEvent.objects.get(action=action) for action in ("month.close", "batch.approve"))
    assert closed.detail == {
        "revenue_micros": 200_000_000,
        "shared_micros": 100_000_000,
        "platform_micros": 100_000_000,
        "creators": 1,
        "reviewed_by": "finance-one",
        "digest": month.digest,
    }
    assert approved.detail == {"payouts": 1, "amount_micros": 100_000_000}
    assert (
        sentence(approved) == f"finance-two approved the payout batch {batch.reference}: 1 payouts, $100.00"
    )


def test_a_cancelled_batch_leaves_an_event(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    batch = batches.prepare(close(finance_one, finance_two), finance_one)
    batches.cancel(batch, finance_one)
    assert trail()[-1] == ("finance-one", "batch.cancel", batch.reference)


def test_a_draft_is_no_event(finance_one: User) -> None:
    months.calculate("2026-10")
    assert trail() == []


def test_a_step_that_is_refused_leaves_no_event(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    month = close(finance_one, finance_two)
    batch = batches.prepare(month, finance_one)
    before = trail()
    for step in (
        lambda: months.close("2026-10", finance_two),
        lambda: batches.approve(batch, finance_one),
        lambda: batches.prepare(month, finance_one),
        lambda: batches.mark_paid(batch, finance_one),
    ):
        with pytest.raises(Refused):
            step()
    assert trail() == before
    assert PayoutBatch.objects.get().status == "prepared"
