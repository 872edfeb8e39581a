"""What was billed is corrected on both sides at once, by two persons, and to the micro."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import batches, corrections, ledger, months
from payouts.models import Account, Adjustment, Correction, PayoutBatch, Transfer
from payouts.verification import verify
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, day, deliver, pay

pytestmark = pytest.mark.django_db
Prepare = Callable[..., Correction]
DOLLAR = 1_000_000


@pytest.fixture
def campaign() -> Campaign:
    return factories.campaign("ONE")


@pytest.fixture
def ada(campaign: Campaign) -> Creator:
    """She brings $200 in October, of which $100 are hers, and earns in November too."""
    ada = factories.enrolled("ada")
    deliver(campaign, ada, 20_000)
    return ada


@pytest.fixture
def october(ada: Creator, finance_one: User, finance_two: User) -> Month:
    return close(finance_one, finance_two)


@pytest.fixture
def prepare(campaign: Campaign, ada: Creator, finance_one: User) -> Prepare:
    """Prepare a correction of $50 of Ada's October, or of what is said instead."""

    def made(micros: int = 50 * DOLLAR, **given: Any) -> Correction:
        said = {"reason": "measurement", "origin": Month.objects.get(code="2026-10")}
        return corrections.prepare(
            finance_one, **{**said, "campaign": campaign, "creator": ada, "micros": micros, **given}
        )

    return made


def clean() -> bool:
    # The lineups of these tests are made by hand: they have no digest to verify.
    return [breach for breach in verify() if breach.rule != "used lineups"] == []


def balances() -> dict[str, int]:
    found = Account.objects.with_balance().values_list("kind", "balance_micros")
    return {kind: micros for kind, micros in found if micros}


def test_one_correction_credits_the_advertiser_and_debits_the_creator(
    october: Month, prepare: Prepare, finance_two: User
) -> None:
    summary = corrections.approve(prepare(), finance_two)
    assert summary == {"correction": summary["correction"], "adjustments": 1, "posted": 1, "month": "2026-11"}
    assert balances() == {"receivable": -150 * DOLLAR, "payable": 75 * DOLLAR, "platform": 75 * DOLLAR}
    adjustment = Adjustment.objects.get()
    assert (adjustment.month_id, adjustment.share_micros, adjustment.borne_micros) == (
        "2026-11",
        25 * DOLLAR,
        25 * DOLLAR,
    )
    keys = Transfer.objects.filter(month="2026-11").order_by("id").values_list("key", flat=True)
    assert list(keys) == [f"{verb}:{adjustment.pk}" for verb in ("credit", "deduction", "borne")]
    assert clean()


def test_what_was_taken_back_is_given_back(october: Month, prepare: Prepare, finance_two: User) -> None:
    before = balances()
    corrections.approve(prepare(), finance_two)
    corrections.approve(prepare(-50 * DOLLAR), finance_two)
    assert balances() == before
    with pytest.raises(Refused, match=r"Only \$0.00 were taken back"):
        prepare(-1)
    assert clean()


def test_no_more_is_taken_back_than_was_billed(october: Month, prepare: Prepare, finance_two: User) -> None:
    corrections.approve(prepare(), finance_two)
    with pytest.raises(Refused, match=r"Only \$150.00 are left"):
        prepare(150 * DOLLAR + 1)
    prepare(150 * DOLLAR)
    with pytest.raises(Refused, match=r"Only \$0.00 are left"):
        prepare(1)


def test_corrections_that_together_take_too_much_are_refused_at_the_approval(
    october: Month, prepare: Prepare, finance_two: User
) -> None:
    first, second = prepare(150 * DOLLAR), prepare(50 * DOLLAR)
    second.adjustments.update(revenue_micros=60 * DOLLAR)
    corrections.approve(first, finance_two)
    with pytest.raises(Refused, match=r"Of the \$200.00 .* \$210.00 would be taken back"):
        corrections.approve(second, finance_two)
    assert Correction.objects.get(pk=second.pk).status == "prepared"
    assert clean()


def test_goodwill_is_borne_by_the_platform_alone(october: Month, prepare: Prepare, finance_two: User) -> None:
    corrections.approve(prepare(30 * DOLLAR, creator=None, reason="goodwill"), finance_two)
    assert balances() == {"receivable": -170 * DOLLAR, "payable": 100 * DOLLAR, "platform": 70 * DOLLAR}
    corrections.approve(prepare(20 * DOLLAR, campaign=None, reason="goodwill"), finance_two)
    assert balances() == {"receivable": -170 * DOLLAR, "payable": 120 * DOLLAR, "platform": 50 * DOLLAR}
    assert clean()


@pytest.mark.parametrize("side", ["campaign", "creator"])
def test_goodwill_is_taken_back_only_as_far_as_it_was_given(
    october: Month, prepare: Prepare, finance_two: User, side: str
) -> None:
    before = balances()
    with pytest.raises(Refused, match="goodwill"):
        prepare(-1, **{side: None})
    corrections.approve(prepare(DOLLAR, **{side: None}), finance_two)
    first, second = prepare(-DOLLAR, **{side: None}), prepare(DOLLAR, **{side: None})
    third = prepare(-DOLLAR, **{side: None})
    corrections.approve(first, finance_two)
    with pytest.raises(Refused, match="More goodwill"):
        corrections.approve(third, finance_two)
    corrections.approve(second, finance_two)
    corrections.approve(third, finance_two)
    assert balances() == before
    assert clean()


def test_a_correction_needs_an_amount_and_a_side(october: Month, prepare: Prepare) -> None:
    with pytest.raises(Refused, match="amount"):
        prepare(0)
    with pytest.raises(Refused, match="Name the campaign"):
        prepare(campaign=None, creator=None)
    with pytest.raises(Refused, match="Nothing was billed"):
        prepare(creator=factories.creator())


def test_the_part_beside_an_enrolment_is_corrected_in_proportion(
    finance_one: User, finance_two: User, campaign: Campaign
) -> None:
    """Of $300 a third came before his enrolment: of each corrected dollar he bears a third."""
    ben = factories.enrolled("ben", day(10))
    deliver(campaign, ben, 10_000, day=day(5))
    deliver(campaign, ben, 20_000, day=day(15))
    month = close(finance_one, finance_two)
    made = corrections.prepare(
        finance_one, reason="other", origin=month, campaign=campaign, creator=ben, micros=90 * DOLLAR
    )
    corrections.approve(made, finance_two)
    adjustment = Adjustment.objects.get()
    assert (adjustment.enrolled_micros, adjustment.share_micros) == (60 * DOLLAR, 30 * DOLLAR)


def test_who_prepared_never_approves(
    october: Month, campaign: Campaign, ada: Creator, administrator: User
) -> None:
    made = corrections.prepare(
        administrator, reason="other", origin=october, campaign=campaign, creator=ada, micros=1
    )
    with pytest.raises(Refused, match="another person"):
        corrections.approve(made, administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.update(status="approved", approved_by=administrator)
    assert not Transfer.objects.filter(kind="credit").exists()


def test_correcting_needs_permission(
    october: Month, prepare: Prepare, finance_one: User, finance_two: User, stranger: User
) -> None:
    with pytest.raises(Refused, match="permission"):
        corrections.prepare(
            finance_two, reason="other", origin=october, campaign=None, creator=None, micros=1
        )
    made = prepare()
    with pytest.raises(Refused, match="permission"):
        corrections.approve(made, finance_one)
    for action in (corrections.approve, corrections.reject):
        with pytest.raises(Refused, match="permission"):
            action(made, stranger)


@pytest.mark.parametrize("status", Correction.Status)
@pytest.mark.parametrize("action", ["approve", "reject"])
def test_the_moves_of_a_correction(
    action: str, status: str, october: Month, prepare: Prepare, finance_two: User
) -> None:
    made = prepare()
    if status != Correction.Status.PREPARED:
        {"approved": corrections.approve, "rejected": corrections.reject}[status](made, finance_two)
    posted = Transfer.objects.count()
    if status == Correction.Status.PREPARED:
        getattr(corrections, action)(made, finance_two)
        made.refresh_from_db()
        assert (made.status, made.approved_by) == (corrections.MOVES[action][1], finance_two)
    else:
        with pytest.raises(Refused, match="already"):
            getattr(corrections, action)(made, finance_two)
        assert Transfer.objects.count() == posted


def test_who_prepared_may_take_it_back(october: Month, prepare: Prepare, finance_one: User) -> None:
    corrections.reject(made := prepare(), finance_one, "Wrong campaign")
    made.refresh_from_db()
    assert (made.status, made.note) == ("rejected", "Wrong campaign")


def test_what_corrects_an_open_month_is_posted_as_it_closes(
    prepare: Prepare, ada: Creator, finance_one: User, finance_two: User
) -> None:
    months.calculate("2026-10")
    summary = corrections.approve(prepare(), finance_two)
    assert (summary["posted"], summary["month"]) == (0, "")
    assert not Transfer.objects.exists()
    month = close(finance_one, finance_two)
    assert Adjustment.objects.get().month == month
    assert balances() == {"receivable": -150 * DOLLAR, "payable": 75 * DOLLAR, "platform": 75 * DOLLAR}
    assert (month.revenue_micros, months.digest(month)) == (200 * DOLLAR, month.digest)
    assert clean()


def test_a_month_does_not_close_with_more_taken_back_than_it_billed(
    prepare: Prepare, ada: Creator, finance_one: User, finance_two: User
) -> None:
    """The ad server may lower a delivery after its correction was approved."""
    months.calculate("2026-10")
    corrections.approve(prepare(), finance_two)
    ada.delivery_set.update(  # type: ignore[attr-defined]
        impressions=1_000, billed_impressions=1_000, revenue_micros=10 * DOLLAR
    )
    with pytest.raises(Refused, match=r"Of the \$10.00 .* \$50.00 would be taken back"):
        close(finance_one, finance_two)
    corrections.approve(prepare(-40 * DOLLAR), finance_two)
    months.close("2026-10", finance_two)
    assert balances() == {}
    assert clean()


def test_a_prepared_correction_is_left_where_it_is_by_the_close(
    prepare: Prepare, finance_one: User, finance_two: User
) -> None:
    months.calculate("2026-10")
    made = prepare()
    close(finance_one, finance_two)
    assert Adjustment.objects.get().month is None
    assert corrections.approve(made, finance_two)["month"] == "2026-11"
    assert clean()


def test_a_deduction_beyond_the_balance_is_carried_and_paid_with_later_earnings(
    october: Month,
    prepare: Prepare,
    campaign: Campaign,
    ada: Creator,
    finance_one: User,
    finance_two: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pay(october, finance_one, finance_two)
    corrections.approve(prepare(), finance_two)
    account = Account.objects.get(creator=ada)
    assert ledger.balance(account) == -25 * DOLLAR
    assert clean()
    with pytest.raises(Refused, match="Nobody"):
        batches.prepare(october, finance_one)
    deliver(campaign, ada, 20_000, day=day(20), month=factories.month("2026-11"))
    monkeypatch.setattr("payouts.months._require_over", lambda month: None)
    batch = pay(close(finance_one, finance_two, "2026-11"), finance_one, finance_two)
    assert batch.payouts.get().amount_micros == 75 * DOLLAR
    assert clean()


def test_a_deduction_between_preparing_and_approving_a_batch_is_noticed(
    october: Month, prepare: Prepare, finance_one: User, finance_two: User
) -> None:
    batch = batches.prepare(october, finance_one)
    corrections.approve(prepare(), finance_two)
    with pytest.raises(Refused, match="no longer what you saw: 0 payments"):
        batches.approve(batch, finance_two)
    assert PayoutBatch.objects.get().status == "prepared"
