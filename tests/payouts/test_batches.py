import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Month
from payouts import batches, ledger
from payouts.models import Account, Payout, PayoutBatch, Transfer
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, day, deliver, pay

pytestmark = pytest.mark.django_db
Status = PayoutBatch.Status


@pytest.fixture
def month(finance_one: User, finance_two: User) -> Month:
    """October is closed: Ada has $61.23455 (12,246.91 impressions' worth), Ben $49.99, Cleo nothing."""
    campaign = factories.campaign(cpm_micros=10_000)
    for handle, impressions in (("ada", 12_246_910), ("ben", 9_998_000)):
        deliver(campaign, factories.enrolled(handle), impressions)
    deliver(campaign, factories.creator("cleo"), 50_000_000)
    return close(finance_one, finance_two)


def balance(handle: str) -> int:
    return ledger.balance(Account.objects.get(creator__handle=handle))


def deduct(handle: str, micros: int) -> None:
    Transfer.objects.create(
        key=f"deduction:{handle}",
        kind="deduction",
        debit_account=Account.objects.get(creator__handle=handle),
        credit_account=ledger.account(Account.Kind.PLATFORM, "platform"),
        amount_micros=micros,
        month=factories.month("2026-11"),
    )


def test_whole_cents_are_paid_and_the_rest_is_carried(
    month: Month, finance_one: User, finance_two: User
) -> None:
    assert balance("ada") == 61_234_550
    batch = pay(month, finance_one, finance_two)
    payout = Payout.objects.get()
    assert (batch.reference, batch.status, batch.month) == ("2026-10-1", Status.PAID, month)
    assert (payout.creator.handle, payout.amount_micros, payout.status) == ("ada", 61_230_000, "paid")
    assert (balance("ada"), balance("ben")) == (4_550, 49_990_000)
    assert ledger.balance(Account.objects.get(code="in-transit:2026-10-1")) == 0
    assert ledger.balance(Account.objects.get(code="bank")) == 61_230_000
    assert set(Transfer.objects.filter(kind="payment").values_list("month", flat=True)) == {"2026-11"}


def test_what_was_carried_is_paid_with_the_next_month(
    month: Month, finance_one: User, finance_two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(month, finance_one, finance_two)
    campaign = factories.campaign(
        cpm_micros=10_000, starts_on=day(1, 9), ends_on=day(30, 11), reference="NEXT"
    )
    for handle in ("ada", "ben"):
        creator = Account.objects.get(creator__handle=handle).creator
        deliver(campaign, creator, 9_999_090, day=day(31), month=factories.month("2026-11"))
    monkeypatch.setattr("payouts.months._require_over", lambda month: None)
    november = close(finance_one, finance_two, "2026-11")
    batch = batches.prepare(november, finance_one)
    assert dict(batch.payouts.values_list("creator__handle", "amount_micros")) == {
        "ada": 50_000_000,
        "ben": 99_980_000,
    }


def test_only_what_was_earned_by_the_month_is_paid(
    month: Month, finance_one: User, finance_two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = Account.objects.get(creator__handle="ben").creator
    deliver(factories.campaign(), ben, 1_000_000, month=factories.month("2026-11"))
    monkeypatch.setattr("payouts.months._require_over", lambda month: None)
    close(finance_one, finance_two, "2026-11")
    batch = batches.prepare(month, finance_one)
    assert list(batch.payouts.values_list("creator__handle", flat=True)) == ["ada"]


def test_who_prepared_never_approves(month: Month, administrator: User, finance_two: User) -> None:
    batch = batches.prepare(month, administrator)
    with pytest.raises(Refused, match="another person"):
        batches.approve(batch, administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutBatch.objects.update(status=Status.APPROVED, approved_by=administrator)
    assert not Transfer.objects.filter(kind="reserve").exists()


def test_paying_needs_permission(month: Month, finance_one: User, finance_two: User, stranger: User) -> None:
    with pytest.raises(Refused, match="permission"):
        batches.prepare(month, finance_two)
    batch = batches.prepare(month, finance_one)
    with pytest.raises(Refused, match="permission"):
        batches.approve(batch, finance_one)
    for action in batches.MOVES:
        with pytest.raises(Refused, match="permission"):
            getattr(batches, action)(batch, stranger)


STEPS: dict[str, list[str]] = {
    Status.PREPARED: [],
    Status.APPROVED: ["approve"],
    Status.FILED: ["approve", "make_files"],
    Status.SENT: ["approve", "make_files", "mark_sent"],
    Status.PAID: ["approve", "make_files", "mark_sent", "mark_paid"],
    Status.CANCELLED: ["cancel"],
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", batches.MOVES)
def test_the_moves_of_a_batch(
    action: str, status: str, month: Month, finance_one: User, finance_two: User
) -> None:
    allowed, target, payouts, _permissions = batches.MOVES[action]
    batch = batches.prepare(month, finance_one)
    for step in STEPS[status]:
        getattr(batches, step)(batch, finance_two)
    posted = Transfer.objects.count()
    if status in allowed:
        getattr(batches, action)(batch, finance_two)
        assert (batch.status, batch.payouts.get().status) == (target, payouts)
    else:
        with pytest.raises(Refused, match="already"):
            getattr(batches, action)(batch, finance_two)
        assert Transfer.objects.count() == posted


@pytest.mark.parametrize("approved", [False, True])
def test_a_cancelled_batch_gives_back_what_it_took(
    month: Month, finance_one: User, finance_two: User, approved: bool
) -> None:
    first = batches.prepare(month, finance_one)
    if approved:
        batches.approve(first, finance_two)
        assert balance("ada") == 4_550
    batches.cancel(first, finance_one)
    assert balance("ada") == 61_234_550
    second = batches.prepare(month, finance_one)
    assert (second.reference, second.payouts.get().amount_micros) == ("2026-10-2", 61_230_000)


def test_a_creator_with_a_payout_under_way_is_left_out(month: Month, finance_one: User) -> None:
    batches.prepare(month, finance_one)
    with pytest.raises(Refused, match="Nobody"):
        batches.prepare(month, finance_one)
    assert PayoutBatch.objects.count() == 1


def test_what_is_no_longer_there_is_not_reserved(month: Month, finance_one: User, finance_two: User) -> None:
    batch = batches.prepare(month, finance_one)
    deduct("ada", 10_000)
    with pytest.raises(Refused, match="no longer what you saw"):
        batches.approve(batch, finance_two)
    assert PayoutBatch.objects.get().status == Status.PREPARED
    assert not Payout.objects.exclude(status="prepared").exists()


def test_a_negative_balance_is_never_paid(month: Month, finance_one: User) -> None:
    deduct("ada", 100_000_000)
    with pytest.raises(Refused, match="Nobody"):
        batches.prepare(month, finance_one)


def test_only_a_closed_month_is_paid(finance_one: User) -> None:
    with pytest.raises(Refused, match="not closed"):
        batches.prepare(factories.month(), finance_one)
