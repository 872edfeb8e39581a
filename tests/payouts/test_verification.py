"""Each rule is broken behind the database's back, and exactly that breach is named."""

import pytest
from django.db import connection

from campaigns import placements
from campaigns.models import Campaign, Month, PlacementRun
from creators.models import Creator
from payouts import batches, corrections, ledger, months, seals
from payouts.models import Account, Correction, PayoutBatch, Transfer
from payouts.verification import verify
from pulse_site.models import User
from tests import factories
from tests.payouts.behind import broken, tamper
from tests.payouts.programme import close, day, deliver, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(finance_one: User, finance_two: User) -> PayoutBatch:
    """October with two campaigns and two creators, closed and paid, November with a cancelled batch."""
    factories.terms()
    campaign, other = factories.campaign("ONE"), factories.campaign("TWO")
    ada, ben = factories.enrolled("ada"), factories.enrolled("ben", day(10))
    deliver(campaign, ada, 20_000, day=day(5))
    deliver(campaign, ben, 20_000, day=day(5))
    deliver(campaign, ben, 30_000, day=day(15))
    deliver(other, ada, 70_000, day=day(15))
    for run in PlacementRun.objects.all():
        PlacementRun.objects.filter(pk=run.pk).update(digest=placements.digest(run))
    month = close(finance_one, finance_two)
    batch = batches.prepare(month, finance_one)
    batches.approve(batch, finance_two)
    batches.cancel(batch, finance_two)
    batch = pay(month, finance_one, finance_two)
    seals.seal()
    return batch


@pytest.fixture
def corrected(paid: PayoutBatch, finance_one: User, finance_two: User) -> Correction:
    """$100 of what ONE was billed beside Ada are taken back, of which she bears $50; she has been paid."""
    made = corrections.prepare(
        finance_one,
        reason="measurement",
        origin=Month.objects.get(code="2026-10"),
        campaign=Campaign.objects.get(reference="ONE"),
        creator=Creator.objects.get(handle="ada"),
        micros=100_000_000,
    )
    corrections.approve(made, finance_two)
    seals.seal()
    return made


def test_a_balance_that_a_deduction_takes_below_nothing_is_no_breach(corrected: Correction) -> None:
    assert ledger.balance(Account.objects.get(creator__handle="ada")) == -50_000_000
    assert verify() == []


@pytest.mark.parametrize(
    ("statement", "rules"),
    [
        (
            "UPDATE payouts_adjustment SET share_micros = share_micros + 1",
            {
                "shares of adjustments": "50000000 micros should be deducted, 50000001 are",
                "transfers of corrections": "deduction:",
            },
        ),
        (
            "UPDATE payouts_adjustment SET revenue_micros = revenue_micros + 200000000",
            {
                "more taken back than earned": "200000000 micros were billed and 300000000 taken back",
                "transfers of corrections": "credit:",
            },
        ),
        (
            "UPDATE payouts_adjustment SET month_id = NULL",
            {
                "posted adjustments": "and is posted in no month",
                "transfers of corrections": "credit:",
            },
        ),
        (
            "UPDATE payouts_correction SET status = 'rejected'",
            {"posted adjustments": "by a correction that is rejected"},
        ),
        (
            "UPDATE payouts_correction SET approved_by_id = prepared_by_id",
            {"two persons": "correction "},
        ),
        (
            "UPDATE payouts_correction SET approved_by_id = NULL",
            {"two persons": "correction "},
        ),
        (
            "UPDATE payouts_transfer SET amount_micros = 9 WHERE kind = 'deduction'",
            {
                "checkpoints": "the checkpoint of ",
                "transfers of corrections": "deduction:",
                "seals": "do not fit their seal",
            },
        ),
        (
            "UPDATE payouts_transfer SET key = 'reserve:x' || CAST(id AS text), kind = 'reserve'"
            " WHERE kind = 'deduction'",
            {
                "paid more than earned": "was left with -50000000 micros by the transfer reserve:x",
                "transfers of corrections": "deduction:",
                "transfers of batches": "reserve:x",
                "seals": "do not fit their seal",
            },
        ),
    ],
)
def test_what_was_done_to_a_correction_behind_the_database_is_named(
    corrected: Correction, statement: str, rules: dict[str, str]
) -> None:
    tamper(statement)
    found = broken()
    assert found.keys() == rules.keys()
    for rule, said in rules.items():
        assert said in found[rule]


def test_a_programme_that_kept_the_rules_has_no_breach(paid: PayoutBatch) -> None:
    assert verify() == []


@pytest.mark.parametrize(
    ("statement", "rules"),
    [
        (
            "UPDATE campaigns_month SET revenue_micros = revenue_micros + 1 WHERE code = '2026-10'",
            {"month totals": "month 2026-10 says 1400000001"},
        ),
        (
            "UPDATE payouts_earning SET share_micros = share_micros + 1 WHERE share_micros = 350000000",
            {
                "month totals": "month 2026-10",
                "earnings": "month 2026-10",
                "transfers of months": "earning:2026-10:creator:",
                "closed months": "2026-10",
                "statements": "does not add up",
            },
        ),
        (
            "DELETE FROM payouts_earning WHERE share_micros = 350000000",
            {
                "month totals": "month 2026-10",
                "earnings": "month 2026-10",
                "transfers of months": "billing:2026-10",
                "closed months": "2026-10",
                "invoices and credit notes": "month 2026-10",
                "statements": "does not add up",
            },
        ),
        (
            "UPDATE campaigns_delivery SET revenue_micros = revenue_micros + 1 WHERE impressions = 70000",
            {"billed in the lineup": "billed 700000001 micros", "earnings": "month 2026-10"},
        ),
        (
            "DELETE FROM campaigns_placement WHERE rank = 2",
            {"billed in the lineup": "not_in_lineup", "used lineups": "2026-10"},
        ),
        (
            "UPDATE creators_enrolment SET ends_on = '2026-10-10' WHERE starts_on = '2026-10-10'",
            {"earnings": "month 2026-10", "statements": "does not add up"},
        ),
        (
            "UPDATE payouts_transfer SET amount_micros = amount_micros + 1 WHERE kind = 'billing'",
            {
                "clearing of closed months": "clearing:2026-10 holds 2 micros",
                "transfers of months": "billing:2026-10:campaign:",
                "closed months": "2026-10",
                "checkpoints": "the checkpoint of",
                "seals": "transfers 1 to",
            },
        ),
        (
            "UPDATE payouts_transfer SET created_at = '2020-01-01 00:00:00+00:00' WHERE kind = 'billing'",
            {"seals": "changed or added: "},
        ),
        (
            "UPDATE payouts_account SET code = 'payable:creator:x' WHERE code LIKE 'payable:%'"
            " AND id = (SELECT MIN(id) FROM payouts_account WHERE kind = 'payable')",
            {"accounts": "is called payable:creator:x and should be payable:creator:"},
        ),
        (
            "UPDATE payouts_transfer SET amount_micros = amount_micros * 9 WHERE kind = 'payment'",
            {
                "checkpoints": "the checkpoint of ",
                "in transit": "in-transit:2026-10-2 holds",
                "transfers of batches": "payment:2026-10-2:creator:",
                "seals": "transfers 1 to",
            },
        ),
        (
            "UPDATE payouts_transfer SET amount_micros = amount_micros * 9"
            " WHERE key LIKE 'reserve:2026-10-2:%'",
            {
                "paid more than earned": "payable:creator:",
                "in transit": "in-transit:2026-10-2 holds",
                "transfers of batches": "reserve:2026-10-2:creator:",
                "checkpoints": "the checkpoint of payable:creator:",
                "seals": "transfers 1 to",
            },
        ),
        (
            "UPDATE payouts_payout SET amount_micros = amount_micros + 10000 WHERE status = 'paid'",
            {
                "transfers of batches": "reserve:2026-10-2:creator:",
                "payment files": "2026-10-2-ach-1.ach says 2 payments",
            },
        ),
        (
            "UPDATE payouts_payout SET status = 'cancelled' WHERE status = 'paid'",
            {
                "payouts of a batch": "batch 2026-10-2 is paid",
                "held payouts": "is cancelled",
                "transfers of batches": "2026-10-2:creator:",
            },
        ),
        (
            "UPDATE payouts_payout SET status = 'held', reasons = 'blocked,' WHERE status = 'paid'",
            {"held payouts": "blocked", "transfers of batches": "2026-10-2:creator:"},
        ),
        (
            "UPDATE payouts_payout SET reserved = false WHERE status = 'paid'",
            {"transfers of batches": "reserve:2026-10-2:creator:"},
        ),
        (
            "UPDATE payouts_payout SET file_id = NULL WHERE status = 'paid'",
            {"held payouts": "file None", "payment files": "says 2 payments"},
        ),
        (
            "UPDATE payouts_paymentfile SET sha256 = 'forged'",
            {"payment files": "does not fit its SHA-256"},
        ),
        (
            "UPDATE payouts_seal SET digest = 'forged'",
            {"seals": "do not fit their seal"},
        ),
        (
            "UPDATE payouts_checkpoint SET balance_micros = balance_micros + 1"
            " WHERE account_id = (SELECT id FROM payouts_account WHERE code = 'platform')",
            {
                "checkpoints": "the checkpoint of platform says 800000001 micros, its transfers 800000000",
                "sum of all balances": "add up to 1 micros",
            },
        ),
        (
            "DELETE FROM payouts_checkpoint"
            " WHERE account_id = (SELECT id FROM payouts_account WHERE code = 'platform')",
            {
                "checkpoints": "the checkpoint of platform says 0 micros, its transfers 800000000",
                "sum of all balances": "add up to -800000000 micros",
            },
        ),
        (
            "UPDATE campaigns_month SET closed_by_id = reviewed_by_id WHERE status = 'closed'",
            {"two persons": "month 2026-10"},
        ),
        (
            "UPDATE payouts_payoutbatch SET approved_by_id = prepared_by_id WHERE status = 'paid'",
            {"two persons": "batch 2026-10-2"},
        ),
        (
            "UPDATE creators_programmeterms SET proposed_by_id = 1, approved_by_id = 1",
            {"two persons": "version of the terms 1"},
        ),
    ],
)
def test_what_was_done_behind_the_database_is_named(
    paid: PayoutBatch, statement: str, rules: dict[str, str]
) -> None:
    tamper(statement)
    found = broken()
    assert found.keys() == rules.keys()
    for rule, said in rules.items():
        assert said in found[rule]


@pytest.mark.parametrize(
    ("column", "value"), [("amount_micros", "0"), ("debit_account_id", "credit_account_id")]
)
def test_a_transfer_that_moves_nothing_is_named(paid: PayoutBatch, column: str, value: str) -> None:
    tamper(f"UPDATE payouts_transfer SET {column} = {value} WHERE kind = 'platform'")
    assert "platform:2026-10 moves" in broken()["transfers"]


@pytest.mark.parametrize("side", ["debit", "credit"])
def test_a_transfer_of_an_account_that_is_gone_is_named(paid: PayoutBatch, side: str) -> None:
    platform = Transfer.objects.get(kind="platform")
    tamper(f"UPDATE payouts_transfer SET {side}_account_id = 9999999 WHERE id = {platform.pk}")
    assert f"platform:2026-10 moves {platform.amount_micros} micros" in broken()["transfers"]
    kept = getattr(platform, f"{side}_account_id")
    tamper(f"UPDATE payouts_transfer SET {side}_account_id = {kept} WHERE id = {platform.pk}")
    assert verify() == []


def test_a_hundred_breaches_of_a_rule_are_named(paid: PayoutBatch) -> None:
    Account.objects.bulk_create(Account(kind="bank", code=f"bank {number}") for number in range(150))
    tamper("""INSERT INTO payouts_checkpoint (account_id, balance_micros)
              SELECT id, 1 FROM payouts_account WHERE code LIKE 'bank %'""")
    assert broken()["checkpoints"].count("the checkpoint of bank ") == 100


def test_a_campaign_billed_beyond_its_budget_is_named(paid: PayoutBatch) -> None:
    tamper("UPDATE campaigns_campaign SET budget_micros = 1 WHERE reference = 'TWO'")
    assert broken()["billed beyond the budget"] == (
        "campaign TWO has a budget of 1 micros and was billed 700000000\n"
    )


def test_a_transfer_too_many_is_named(paid: PayoutBatch) -> None:
    tamper("""
        INSERT INTO payouts_transfer (key, kind, debit_account_id, credit_account_id, amount_micros, month_id,
                                      reason, created_at)
        SELECT 'extra', 'earning', debit_account_id, credit_account_id, 5, month_id, '', created_at
          FROM payouts_transfer WHERE kind = 'platform'
    """)
    assert broken().keys() == {"clearing of closed months", "transfers of months", "closed months"}


def test_a_guard_that_is_gone_is_named(paid: PayoutBatch) -> None:
    with connection.cursor() as cursor:
        on = " ON payouts_transfer" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER payouts_transfer_append_only_update{on}")
    assert [breach.rule for breach in verify()] == ["guards"]


def test_decisions_are_sealed_too(paid: PayoutBatch, reviewer: User) -> None:
    creator = factories.creator()
    creator.decisions.create(action="queue", from_status="candidate", to_status="pending", reason="rule")
    seals.seal()
    tamper("UPDATE creators_decision SET reason = 'favour'")
    assert "decisions" in broken()["seals"]


def test_a_draft_may_be_behind_its_deliveries(paid: PayoutBatch) -> None:
    """Only what was reviewed or closed must agree; a draft is computed again every night."""
    deliver(factories.campaign(), factories.enrolled(), 1, day=day(20), month=factories.month("2026-11"))
    months.calculate("2026-11")
    deliver(factories.campaign(), factories.enrolled(), 1, day=day(21), month=factories.month("2026-11"))
    assert verify() == []
    assert Month.objects.get(code="2026-11").revenue_micros == 10_000


TAKE_BENS = """
    UPDATE payouts_payee SET (destination, destination_digest) =
           (SELECT destination, destination_digest FROM payouts_payee WHERE creator_id = {ben})
     WHERE creator_id = {ada}
"""


@pytest.mark.parametrize(
    "statement",
    [
        TAKE_BENS,
        "UPDATE payouts_payee SET destination_digest = '' WHERE creator_id = {ada}",
        "UPDATE payouts_payee SET version = version + 1 WHERE creator_id = {ada}",
        "DELETE FROM payouts_payeechange WHERE creator_id = {ada}",
        "UPDATE payouts_payeechange SET status = 'rejected' WHERE creator_id = {ada}",
        "UPDATE payouts_payeechange SET destination_digest = 'x' WHERE creator_id = {ada}",
        "UPDATE payouts_payeechange SET destination_digest = NULL WHERE creator_id = {ada}",
    ],
)
def test_a_payee_who_has_not_what_was_approved_is_named(paid: PayoutBatch, statement: str) -> None:
    ada, ben = factories.payee(factories.enrolled()), factories.payee(factories.enrolled())
    assert verify() == []
    tamper(statement.format(ada=ada.pk, ben=ben.pk))
    found = broken()
    assert found.keys() == {"payees"}
    assert f"payee {ada.pk}, version" in found["payees"]


@pytest.mark.parametrize(
    "change",
    ["approved_by_id = proposed_by_id", "proposed_by_id = approved_by_id", "approved_by_id = NULL"],
)
def test_a_change_of_a_payee_that_one_person_approved_is_named(paid: PayoutBatch, change: str) -> None:
    factories.payee(factories.enrolled())
    tamper(f"UPDATE payouts_payeechange SET {change}")
    assert "change of a payee" in broken()["two persons"]
