"""Real threads with real commits: one wins, the others get a clear refusal, and verify is clean.

Workers start together from a barrier and go through the creators in the same order, for a test that a naive
way of paying passes would prove nothing; the last test shows that this one is caught.
"""

# ruff: noqa: F811 - fixtures

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.invoices import files, settling
from campaigns.models import Advertiser, Campaign, Delivery, Invoice, InvoiceFile, Month
from creators.models import Creator
from payouts import batches, corrections, entries, ledger, months
from payouts.models import Account, Correction, Earning, Entry, PaymentFile, Transfer
from payouts.verification import STATEMENTS
from pulse_site.models import Mail, User
from tests import factories
from tests.payouts.programme import close, day, deliver, send
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

PAYERS = 50
pytestmark = RACING


def test_of_two_who_close_a_month_one_wins(creators: list[Creator], people: list[User]) -> None:
    months.calculate("2026-10")
    months.review("2026-10", people[0])
    results = race(*(lambda by=by: months.close("2026-10", by) for by in people[1:]))
    assert refusals(results) == WORKERS - 1, results
    assert Transfer.objects.filter(kind="earning").count() == CREATORS
    assert sealed_and_clean()


def test_of_two_who_approve_a_batch_one_wins(creators: list[Creator], people: list[User]) -> None:
    batch = batches.prepare(close(people[0], people[1]), people[0])
    results = race(*(lambda by=by: batches.approve(batch, by) for by in people[1:]))
    assert refusals(results) == WORKERS - 1, results
    assert Transfer.objects.filter(kind="reserve").count() == CREATORS
    assert sealed_and_clean()


def test_of_all_who_make_its_files_one_wins(creators: list[Creator], people: list[User]) -> None:
    batch = batches.prepare(close(people[0], people[1]), people[0])
    batches.approve(batch, people[1])
    results = race(*(lambda by=by: batches.make_files(batch, by) for by in people))
    assert refusals(results) == WORKERS, results
    assert PaymentFile.objects.count() == 1
    assert sealed_and_clean()


def test_of_fifty_who_say_what_became_of_a_payment_each_is_heard_once(
    creators: list[Creator], people: list[User]
) -> None:
    batch = batches.prepare(close(people[0], people[1]), people[0])
    batches.approve(batch, people[1])
    send(batch, people[0])
    returned = list(batch.payouts.order_by("pk")[:10])

    def give_back() -> object:
        return batches.record(returned, "returned", people[2], reason="R02")

    def pay_all() -> object:
        return batches.mark_paid(batch, people[1])

    results = race(*[give_back, pay_all] * (PAYERS // 2))
    assert refusals(results) == PAYERS - 2, results
    assert Transfer.objects.filter(kind="return").count() == 10
    assert Transfer.objects.filter(kind="payment").count() == CREATORS
    assert sealed_and_clean()


def test_a_batch_is_not_prepared_of_a_month_before_it_is_closed(
    creators: list[Creator], people: list[User]
) -> None:
    months.calculate("2026-10")
    months.review("2026-10", people[0])
    for creator in creators:
        factories.payee(creator)
    shut = held(lambda: months.close("2026-10", people[1]))
    _closed, batch = race(shut, after(0.2, lambda: batches.prepare(factories.month(), people[0])))
    assert batch.payouts.filter(status="prepared").count() == CREATORS


def test_batches_prepared_at_once_do_not_want_the_same_creators(
    creators: list[Creator], people: list[User]
) -> None:
    month = close(people[0], people[1])
    results = race(*(lambda by=by: batches.prepare(month, by) for by in people[1:]))
    assert refusals(results) == WORKERS - 1, results


def test_batches_of_two_months_prepared_at_once_do_not_want_the_same_creators(
    creators: list[Creator], people: list[User]
) -> None:
    Delivery.objects.update(month=factories.month("2026-09"))
    closed = [close(people[0], people[1], code) for code in ("2026-09", "2026-10")]
    results = race(*(held(lambda month=month: batches.prepare(month, people[0])) for month in closed))
    assert refusals(results) == 1, results


def test_two_drafts_at_once_are_one_draft(creators: list[Creator]) -> None:
    results = race(*[lambda: months.calculate("2026-10")] * WORKERS)
    assert not any(isinstance(result, Exception) for result in results), results
    assert Earning.objects.count() == CREATORS


def test_a_review_waits_for_an_import_and_counts_what_it_brought(
    creators: list[Creator], campaign: Campaign, people: list[User]
) -> None:
    months.calculate("2026-10")
    bring = held(lambda: deliver(campaign, creators[0], 1_000))
    _made, reviewed = race(bring, after(0.2, lambda: months.review("2026-10", people[0])))
    assert reviewed["revenue_micros"] == (CREATORS * 12_000 + 1_000) * 10_000


def test_an_import_that_comes_during_the_review_is_refused_by_the_month(
    creators: list[Creator], campaign: Campaign, people: list[User]
) -> None:
    months.calculate("2026-10")
    review = held(lambda: months.review("2026-10", people[0]))
    row = Delivery(day=day(9), campaign=campaign, video_id=1, creator=creators[0], month_id="2026-10")
    row.impressions, row.verdict, row.revenue_micros = 1, Delivery.Verdict.NOT_LIVE, 0
    insert = after(0.2, row.save)
    _reviewed, refused = race(review, insert)
    assert "takes no change in a month that is review" in str(refused)


@pytest.mark.parametrize("writer_first", [True, False])
def test_a_transfer_and_the_close_of_its_month_wait_for_each_other(
    creators: list[Creator], people: list[User], writer_first: bool
) -> None:
    """Writer first: his transfer is in the month's digest. Closer first: he is refused."""
    for code in ("platform", "bank"):
        ledger.account(code, code)
    months.calculate("2026-10")
    months.review("2026-10", people[0])
    month = Month.objects.get()
    wanted = """
        SELECT 'fee' AS key, debit.id AS debit_account_id, credit.id AS credit_account_id,
               5 AS amount_micros, '' AS reason
          FROM payouts_account debit, payouts_account credit
         WHERE debit.code = 'platform' AND credit.code = 'bank'
    """

    def write() -> object:
        return ledger.post(Transfer.Kind.PAYMENT, month, wanted, [])

    def shut() -> object:
        return months.close("2026-10", people[1])

    first, second = (write, shut) if writer_first else (shut, write)
    results = race(held(first), after(0.2, second))
    assert refusals(results) == (0 if writer_first else 1), results
    month.refresh_from_db()
    assert months.digest(month) == month.digest
    assert Transfer.objects.filter(key="fee").exists() is writer_first


Pay = Callable[[Month, User, User], None]


def pay(month: Month, by: User, then: User) -> None:
    batches.approve(batches.prepare(month, by), then)


def pay_naively(month: Month, by: User, then: User) -> None:
    """What not to do: look at the balance, then pay it, creator by creator."""
    for account in Account.objects.filter(kind="payable").order_by("pk"):
        owed = ledger.balance(account)
        if owed > 0:
            Transfer.objects.create(
                key=f"pay:{threading.get_ident()}:{account}",
                kind=Transfer.Kind.RESERVE,
                debit_account=account,
                credit_account=Account.objects.get(code="bank"),
                amount_micros=owed,
                month_id="2026-11",
                created_at=timezone.now(),
            )


def paid_twice(pay: Pay, people: list[User]) -> bool:
    """Whether somebody got more than he earned when all pay at once."""
    month = close(people[0], people[1])
    ledger.account(Account.Kind.BANK, "bank")
    ledger.month_to_post_in()
    crowd = (people[1:] * PAYERS)[:PAYERS]
    race(*(lambda by=by: pay(month, by, people[0]) for by in crowd))
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["paid more than earned"][1])
        return cursor.fetchone() is not None


def test_nobody_is_paid_twice(creators: list[Creator], people: list[User]) -> None:
    assert not paid_twice(pay, people)
    assert Transfer.objects.filter(kind="reserve").count() == CREATORS
    assert sealed_and_clean()


def test_a_naive_way_of_paying_is_caught(creators: list[Creator], people: list[User]) -> None:
    assert paid_twice(pay_naively, people)


def test_of_two_months_that_close_at_once_numbers_have_no_gap(
    campaign: Campaign, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty advertisers in October, one of a month before that nobody delivered in yet."""
    for number in range(CREATORS):
        deliver(factories.campaign(f"I-{number}"), factories.enrolled(), 1_001)
        credited = factories.campaign(f"K-{number}", starts_on=day(1, 9))
        Correction.objects.create(reason="goodwill", prepared_by=people[0]).adjustments.create(
            origin=factories.month("2026-09"), campaign=credited, revenue_micros=1_001, enrolled_micros=0
        )
    for code in ("2026-09", "2026-10"):
        months.calculate(code)
        months.review(code, people[0])
    for correction in Correction.objects.all():
        corrections.approve(correction, people[1])
    results = race(*(lambda code=code: months.close(code, people[1]) for code in ("2026-09", "2026-10") * 2))
    assert refusals(results) == 2, results
    for kind in Invoice.Kind:
        serials = list(Invoice.objects.filter(kind=kind).order_by("pk").values_list("serial", flat=True))
        assert serials == list(range(1, CREATORS + 1))
    assert sealed_and_clean()


def test_of_all_who_settle_at_once_no_dollar_is_spent_twice(
    creators: list[Creator], people: list[User]
) -> None:
    close(people[0], people[1])
    entries.open_accounts()
    own = Account.objects.get(kind="receivable")
    sides = {"debit_account": Account.objects.get(kind="bank"), "credit_account": own}
    prepared = [
        entries.prepare(Entry(reason="received", amount_micros=1_300_000_000, **sides), people[0])
        for _each in range(WORKERS)
    ]
    results = race(*(lambda entry=entry: entries.approve(entry, people[1]) for entry in prepared))
    assert not any(results), results
    (invoice,) = Invoice.objects.with_balance()
    assert (invoice.amount_micros, invoice.open_micros) == (3_600_000_000, 0)
    assert settling.waiting(invoice.advertiser) == (WORKERS * 1_300 - 3_600) * 1_000_000
    assert sealed_and_clean()


def test_of_all_who_render_a_document_one_does_and_its_reader_is_told_once(
    creators: list[Creator], people: list[User]
) -> None:
    Advertiser.objects.update(billing_email="ap@example.com")
    close(people[0], people[1])
    race(*[lambda: files.render_month("2026-10"), lambda: files.file_of(Invoice.objects.get(), "pdf")] * 2)
    assert InvoiceFile.objects.count() == 2
    assert Mail.objects.count() == 1
    assert sealed_and_clean()
