"""Every way round the functions is refused by the database itself."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.models import Campaign, Delivery, Month
from creators.models import Creator
from payouts import corrections, months
from payouts.models import Correction, Earning, PayeeChange, Transfer
from pulse_site import guards
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
TABLES = ["payouts_transfer", "payouts_earning", "campaigns_month", "payouts_payeechange"]
COPIES = """
    INSERT INTO payouts_earning
           (month_id, campaign_id, creator_id, impressions, revenue_micros, enrolled_micros, share_micros)
    SELECT '{month}', campaign_id, creator_id + 1, 1, 1, 1, 1 FROM payouts_earning
"""


@pytest.fixture
def creator() -> Creator:
    return factories.enrolled()


@pytest.fixture
def october(creator: Creator, finance_one: User, finance_two: User) -> Month:
    """Closed, with one earning; a delivery of November stands beside it."""
    campaign = factories.campaign()
    deliver(campaign, creator, 1_000)
    deliver(campaign, creator, 1_000, month=factories.month("2026-11"))
    factories.payee(creator)
    return close(finance_one, finance_two)


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount != 0
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payouts_transfer SET reason = 'x'",
        "DELETE FROM payouts_transfer",
        "UPDATE payouts_earning SET impressions = 0",
        "DELETE FROM payouts_earning",
        "UPDATE payouts_earning SET month_id = '2026-11'",
        COPIES.format(month="2026-10"),
        "UPDATE campaigns_delivery SET impressions = 0 WHERE month_id = '2026-10'",
        "UPDATE campaigns_delivery SET month_id = '2026-10' WHERE month_id = '2026-11'",
        "UPDATE campaigns_delivery SET month_id = '2026-11' WHERE month_id = '2026-10'",
        "DELETE FROM campaigns_delivery WHERE month_id = '2026-10'",
        "UPDATE campaigns_month SET status = 'open' WHERE code = '2026-10'",
        "UPDATE campaigns_month SET revenue_micros = 0, shared_micros = 0 WHERE code = '2026-10'",
        "DELETE FROM campaigns_month WHERE code = '2026-10'",
    ],
)
def test_what_belongs_to_a_closed_month_stays(october: Month, statement: str) -> None:
    assert refused(statement)


@pytest.mark.parametrize(
    "statement",
    [
        COPIES.format(month="2026-11"),
        "UPDATE campaigns_delivery SET impressions = 0, billed_impressions = 0 WHERE month_id = '2026-11'",
        "DELETE FROM campaigns_delivery WHERE month_id = '2026-11'",
        "UPDATE campaigns_month SET status = 'calculated' WHERE code = '2026-11'",
    ],
)
def test_what_belongs_to_an_open_month_may_change(october: Month, statement: str) -> None:
    assert not refused(statement)


def test_the_models_are_no_way_round(october: Month) -> None:
    for act in (
        Transfer.objects.all().delete,
        Earning.objects.all().delete,
        Transfer.objects.first().delete,
        lambda: Transfer.objects.update(amount_micros=1),
        lambda: Month.objects.filter(pk=october.pk).update(status="open"),
        october.save,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.fixture
def corrected(october: Month, creator: Creator, finance_one: User, finance_two: User) -> Month:
    """One correction is approved and posted, one rejected, one prepared; one waits for November's close."""
    campaign, november = Campaign.objects.get(), Month.objects.get(code="2026-11")
    months.calculate("2026-11")
    made = [
        corrections.prepare(
            finance_one, reason="other", origin=month, campaign=campaign, creator=creator, micros=1_000_000
        )
        for month in (october, october, october, november)
    ]
    corrections.approve(made[0], finance_two)
    corrections.reject(made[1], finance_two)
    corrections.approve(made[3], finance_two)
    return october


OF = "correction_id IN (SELECT id FROM payouts_correction WHERE status = '{}')"
POSTED, UNPOSTED = (
    OF.format("approved") + " AND month_id IS NOT NULL",
    OF.format("approved") + " AND month_id IS NULL",
)
ADJUSTMENT_COPIES = """
    INSERT INTO payouts_adjustment (correction_id, origin_id, campaign_id, creator_id, impressions,
                                    revenue_micros, enrolled_micros, share_micros, detail, month_id)
    SELECT {correction}, origin_id, campaign_id, creator_id, 0, 1, 0, 0, '', {month} FROM payouts_adjustment
"""
PREPARED = "(SELECT id FROM payouts_correction WHERE status = 'prepared')"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
@pytest.mark.parametrize("table", TABLES)
def test_replacing_a_row_is_no_way_round(october: Month, table: str) -> None:
    assert refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
@pytest.mark.parametrize("correction", ["correction_id", PREPARED])
def test_replacing_an_adjustment_is_no_way_round(corrected: Month, correction: str) -> None:
    columns = (
        "origin_id, month_id, campaign_id, creator_id, day, video_id, impressions, revenue_micros,"
        " enrolled_micros, share_micros, detail"
    )
    for month in (columns, columns.replace("month_id", "NULL")):
        assert refused(
            f"INSERT OR REPLACE INTO payouts_adjustment (id, correction_id, {columns})"
            f" SELECT id, {correction}, {month} FROM payouts_adjustment WHERE {POSTED}"
        )
    assert refused("INSERT OR REPLACE INTO payouts_correction SELECT * FROM payouts_correction")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
def test_emptying_the_adjustments_is_no_way_round(corrected: Month) -> None:
    assert refused("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE payouts_adjustment CASCADE")
    assert refused("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE payouts_correction CASCADE")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
@pytest.mark.parametrize(
    "table",
    [
        "payouts_transfer",
        "payouts_earning",
        "campaigns_month",
        "campaigns_delivery",
        "payouts_payeechange",
    ],
)
def test_emptying_a_table_is_no_way_round(october: Month, table: str) -> None:
    assert refused(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {table} CASCADE")


def test_a_month_under_review_takes_no_deliveries_and_no_draft(creator: Creator, finance_one: User) -> None:
    campaign = factories.campaign()
    deliver(campaign, creator, 1_000)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    with pytest.raises(DatabaseError), transaction.atomic():
        deliver(campaign, creator, 1)
    for statement in (
        "UPDATE campaigns_delivery SET impressions = 0",
        "DELETE FROM campaigns_delivery",
        "UPDATE payouts_earning SET impressions = 0",
    ):
        assert refused(statement)
    months.reopen("2026-10", finance_one)
    deliver(campaign, creator, 1)
    assert Delivery.objects.count() == 2


def test_no_guard_is_missing() -> None:
    assert guards.missing() == []


@pytest.mark.parametrize(
    "statement",
    [
        *(
            f"UPDATE payouts_adjustment SET {change} WHERE {which}"
            for which in (POSTED, UNPOSTED, OF.format("rejected"))
            for change in (
                "revenue_micros = revenue_micros + 1",
                "detail = 'x'",
                "share_micros = share_micros + 1",
                f"correction_id = {PREPARED}",
            )
        ),
        f"UPDATE payouts_adjustment SET month_id = NULL WHERE {POSTED}",
        f"UPDATE payouts_adjustment SET month_id = '2026-10' WHERE {POSTED}",
        f"UPDATE payouts_adjustment SET month_id = '2026-11', impressions = 7 WHERE {UNPOSTED}",
        f"UPDATE payouts_adjustment SET id = id + 100 WHERE {POSTED}",
        f"UPDATE payouts_adjustment SET month_id = '2026-11' WHERE {OF.format('prepared')}",
        f"DELETE FROM payouts_adjustment WHERE {POSTED}",
        f"DELETE FROM payouts_adjustment WHERE {UNPOSTED}",
        f"DELETE FROM payouts_adjustment WHERE {OF.format('rejected')}",
        ADJUSTMENT_COPIES.format(correction="correction_id", month="NULL") + f"WHERE {POSTED}",
        ADJUSTMENT_COPIES.format(correction=PREPARED, month="'2026-11'") + f"WHERE {POSTED}",
        "UPDATE payouts_correction SET note = 'x' WHERE status = 'approved'",
        "UPDATE payouts_correction SET status = 'prepared' WHERE status = 'rejected'",
        "UPDATE payouts_correction SET status = 'rejected' WHERE status = 'approved'",
        "DELETE FROM payouts_correction WHERE status = 'approved'",
    ],
)
def test_a_decided_correction_stays(corrected: Month, statement: str) -> None:
    assert refused(statement)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE payouts_adjustment SET revenue_micros = revenue_micros + 1 WHERE {OF.format('prepared')}",
        f"DELETE FROM payouts_adjustment WHERE {OF.format('prepared')}",
        ADJUSTMENT_COPIES.format(correction=PREPARED, month="NULL") + f"WHERE {POSTED}",
        f"UPDATE payouts_adjustment SET month_id = '2026-11', share_micros = 5 WHERE {UNPOSTED}",
        "UPDATE payouts_correction SET note = 'x' WHERE status = 'prepared'",
    ],
)
def test_a_prepared_correction_may_change_and_an_approved_one_be_posted(
    corrected: Month, statement: str
) -> None:
    assert not refused(statement)


def test_the_models_of_corrections_are_no_way_round(corrected: Month) -> None:
    approved = Correction.objects.filter(status="approved").first()
    assert approved
    for act in (
        approved.adjustments.all().delete,
        lambda: approved.adjustments.update(revenue_micros=1),
        approved.save,
        lambda: approved.adjustments.create(
            origin=corrected, campaign=Campaign.objects.get(), revenue_micros=1, enrolled_micros=0
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.fixture
def changes(creator: Creator) -> list[PayeeChange]:
    """One approved, one rejected, one that waits."""
    factories.payee(creator)
    approved, by = PayeeChange.objects.get(), factories.user("by")
    made = [
        PayeeChange.objects.create(creator=each, proposed="{}", summary="city", proposed_by=by)
        for each in (creator, factories.enrolled())
    ]
    PayeeChange.objects.filter(pk=made[0].pk).update(status="rejected", approved_by=by)
    return [approved, *made]


COLUMNS = ["proposed = 'x'", "destination_digest = 'x'", "summary = 'x'", "proposed_by_id = approved_by_id"]


@pytest.mark.parametrize("status", ["approved", "rejected"])
@pytest.mark.parametrize(
    "change", [*COLUMNS, "status = 'proposed'", "reason = 'x'", "approved_by_id = NULL", "id = id + 100"]
)
def test_a_decided_change_of_a_payee_stays(changes: list[PayeeChange], status: str, change: str) -> None:
    assert refused(f"UPDATE payouts_payeechange SET {change} WHERE status = '{status}'")


@pytest.mark.parametrize("change", [*COLUMNS, "proposed_at = '2026-01-01'", "reason = 'x'", "creator_id = 1"])
def test_a_change_of_a_payee_is_decided_as_it_was_proposed(changes: list[PayeeChange], change: str) -> None:
    decide = "UPDATE payouts_payeechange SET status = 'rejected', approved_by_id = proposed_by_id"
    assert refused(f"UPDATE payouts_payeechange SET {change} WHERE status = 'proposed'")
    if change != "reason = 'x'":
        assert refused(f"{decide}, {change.replace('approved_by_id', 'NULL')} WHERE status = 'proposed'")
    assert not refused(f"{decide} WHERE status = 'proposed'")


def test_no_change_of_a_payee_goes(changes: list[PayeeChange]) -> None:
    for status in ("proposed", "approved", "rejected"):
        assert refused(f"DELETE FROM payouts_payeechange WHERE status = '{status}'")
    for act in (
        PayeeChange.objects.all().delete,
        *(change.delete for change in changes),
        lambda: PayeeChange.objects.update(summary="x"),
        changes[0].save,
        changes[2].save,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_lifted_guard_is_back_afterwards_even_when_that_failed(changes: list[PayeeChange]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1")
    for wrong in (False, True):
        with suppress(ZeroDivisionError), transaction.atomic(), guards.lifted("payouts_payeechange"):
            assert not refused("UPDATE payouts_payeechange SET summary = 'x' WHERE status = 'approved'")
            assert 1 / (1 - wrong)
        assert guards.missing() == []
        assert refused("UPDATE payouts_payeechange SET summary = 'y' WHERE status = 'approved'")
