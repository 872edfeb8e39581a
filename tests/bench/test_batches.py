"""A batch of 100,000 payments, prepared, approved and paid, against hand-written SQL for the same rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from campaigns.models import Month
from payouts import batches
from payouts.models import Account, PayoutBatch, Transfer
from pulse_site.models import User
from tests import factories
from tests.payouts import large

PAYMENTS, AT_MOST = 100_000, 2
# The same rows without judging anybody, without a digest, locks, questions or guards of ours.
PREPARE = """
    INSERT INTO payouts_payout (batch_id, creator_id, amount_micros, withheld_micros, method, details_version,
                                reasons, status, reserved, bank_reason)
    SELECT {batch}, account.creator_id, CAST(SUM(amount_micros) AS bigint) / 10000 * 10000,
           CASE WHEN payee.backup_withholding
                THEN CAST(SUM(amount_micros) AS bigint) / 10000 * 2400 / 10000 * 10000 ELSE 0 END,
           payee.method, payee.version, CASE WHEN payee.blocked THEN 'blocked,' ELSE '' END,
           CASE WHEN payee.blocked THEN 'held' ELSE 'prepared' END, false, ''
      FROM payouts_transfer transfer
      JOIN payouts_account account ON account.id = transfer.credit_account_id AND account.kind = 'payable'
      JOIN payouts_payee payee ON payee.creator_id = account.creator_id
     GROUP BY account.creator_id, payee.creator_id
"""
MOVE = """
    INSERT INTO payouts_transfer (key, kind, debit_account_id, credit_account_id, amount_micros, month_id,
                                  reason, created_at)
    SELECT '{kind}:2026-10-1:creator:' || payout.creator_id, '{kind}', {debit}, {credit}, {amount},
           '2026-11', '', CURRENT_TIMESTAMP
      FROM payouts_payout payout
      JOIN payouts_account payable ON payable.creator_id = payout.creator_id
     WHERE payout.status = '{status}' AND {amount} > 0
"""
SETTLE = "UPDATE payouts_payout SET status = '{}', {} WHERE status = '{}'"


@contextmanager
def timed(taken: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    taken.append(time.perf_counter() - started)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def as_if_sent() -> None:
    """Making files is no part of what is compared."""
    run(
        "UPDATE payouts_payoutbatch SET status = 'sent' WHERE status = 'approved'",
        "UPDATE payouts_payout SET status = 'sent' WHERE status = 'reserved'",
    )


def seconds(*ways: Callable[[], list[float]]) -> list[list[float]]:
    """How long each step takes each of `ways`, the best of three; what they write is taken back.

    In turns, so that none has the quieter machine or the emptier tables.
    """
    attempts = [[_once(way) for way in ways] for _attempt in range(3)]
    return [[min(step) for step in zip(*each, strict=True)] for each in zip(*attempts, strict=True)]


def _once(way: Callable[[], list[float]]) -> list[float]:
    with transaction.atomic():
        taken = way()
        assert Transfer.objects.filter(kind="payment").count() > PAYMENTS * 96 // 100
        transaction.set_rollback(True)
    return taken


@pytest.mark.django_db
def test_a_batch_of_100_000_payments_stays_near_hand_written_sql() -> None:
    may = ("review_month", "close_month", "prepare_batch", "approve_batch")
    by, then = factories.staff("one", *may), factories.staff("two", *may)
    month = large.build(PAYMENTS, by, then)
    factories.month("2026-11")
    ours, floor = seconds(lambda: by_us(month, by, then), lambda: by_hand(month, by))
    steps = zip(("prepare", "approve", "mark paid"), ours, floor, strict=True)
    print(f"\n{connection.vendor}: batch of {PAYMENTS:,} payments:")
    for step, mine, theirs in (*steps, ("all", sum(ours), sum(floor))):
        print(f"  {step:<10} {mine:6.2f} s, by hand {theirs:6.2f} s, ratio {mine / theirs:.2f}")
    assert sum(ours) <= AT_MOST * sum(floor)


def by_us(month: Month, by: User, then: User) -> list[float]:
    taken: list[float] = []
    with timed(taken):
        batch = batches.prepare(month, by)
    with timed(taken):
        batches.approve(batch, then)
    as_if_sent()
    with timed(taken):
        batches.mark_paid(batch, by)
    return taken


def by_hand(month: Month, by: User) -> list[float]:
    taken: list[float] = []
    batch = PayoutBatch.objects.create(reference="X", month=month, minimum_micros=0, prepared_by=by).pk
    kinds = (("bank", "bank"), ("withheld", "withheld"), ("transit", "in_transit"))
    accounts = {code: Account.objects.create(code=code, kind=kind).pk for code, kind in kinds}
    with timed(taken):
        run(PREPARE.format(batch=batch))
    reserve = {"kind": "reserve", "debit": "payable.id", "credit": accounts["transit"]}
    with timed(taken):
        run(
            MOVE.format(**reserve, amount="amount_micros", status="prepared"),
            SETTLE.format("reserved", "reserved = true", "prepared"),
        )
    as_if_sent()
    sent = {"debit": accounts["transit"], "status": "sent"}
    net = "(amount_micros - withheld_micros)"
    with timed(taken):
        run(
            MOVE.format(**sent, kind="withholding", credit=accounts["withheld"], amount="withheld_micros"),
            MOVE.format(**sent, kind="payment", credit=accounts["bank"], amount=net),
            SETTLE.format("paid", "settled_on = CURRENT_DATE", "sent"),
        )
    return taken
