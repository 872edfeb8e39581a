import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Month
from payouts import ledger
from payouts.models import Account, Transfer
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
WANTED = """
    SELECT %s AS key, debit.id AS debit_account_id, credit.id AS credit_account_id,
           %s AS amount_micros, '' AS reason
      FROM payouts_account debit JOIN payouts_account credit ON credit.code = 'bank'
     WHERE debit.code = 'platform'
"""


@pytest.fixture
def month() -> Month:
    ledger.account(Account.Kind.PLATFORM, "platform")
    ledger.account(Account.Kind.BANK, "bank")
    return factories.month()


def post(month: Month, amount: int = 5, key: str = "one") -> int:
    return ledger.post(Transfer.Kind.PAYMENT, month, WANTED, [key, amount])


def balance(code: str) -> int:
    return ledger.balance(Account.objects.get(code=code))


def test_what_is_debited_here_is_credited_there(month: Month) -> None:
    assert post(month, 5) == 1
    assert post(month, 7, "two") == 1
    assert (balance("platform"), balance("bank")) == (-12, 12)


def test_posting_again_does_nothing(month: Month) -> None:
    assert [post(month), post(month)] == [1, 0]
    assert balance("bank") == 5


def test_the_same_key_with_another_body_is_refused_and_nothing_is_written(month: Month) -> None:
    post(month)
    both = f"{WANTED} UNION ALL {WANTED}"
    with pytest.raises(Refused, match="another body: one"):
        ledger.post(Transfer.Kind.PAYMENT, month, both, ["new", 1, "one", 6])
    with pytest.raises(Refused, match="another body: one"):
        ledger.post(Transfer.Kind.RELEASE, month, WANTED, ["one", 5])
    with pytest.raises(Refused, match="another body: one"):
        post(factories.month("2026-11"))
    assert Transfer.objects.get().key == "one"


def test_a_closed_month_takes_no_transfer(month: Month) -> None:
    people = factories.user(), factories.user()
    Month.objects.update(status="closed", reviewed_by=people[0], closed_by=people[1])
    with pytest.raises(Refused, match="closed"):
        post(month)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_positive(month: Month, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        post(month, amount)


def test_an_account_is_opened_once() -> None:
    creator = factories.creator()
    ids = "SELECT id FROM creators_creator WHERE id = %s"
    opened = [ledger.open_accounts(ledger.OPEN_OF_CREATORS, ids, [creator.pk]) for _twice in range(2)]
    assert opened == [1, 0]
    assert creator.account.code == f"payable:creator:{creator.pk}"


def test_payments_are_posted_in_the_month_after_the_last_closed_one() -> None:
    people = factories.user(), factories.user()
    for code in ("2026-11", "2026-12"):
        factories.month(code, status="closed", reviewed_by=people[0], closed_by=people[1])
    assert ledger.month_to_post_in().code == "2027-01"


def test_mismatches_name_what_lacks_differs_or_was_never_wanted(month: Month) -> None:
    for key in ("same", "other", "surplus"):
        post(month, 5, key)
    wanted = " UNION ALL ".join([WANTED] * 3)
    values = ["same", 5, "other", 6, "lacking", 5]
    assert ledger.mismatches({"payment": wanted}, values) == ["lacking", "other", "surplus"]
