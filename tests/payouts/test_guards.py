"""Every way round the functions is refused by the database itself."""

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.models import Delivery, Month
from creators.models import Creator
from payouts import months
from payouts.models import Earning, Transfer
from pulse_site import guards
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
TABLES = ["payouts_transfer", "payouts_earning", "campaigns_month"]
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
        "UPDATE campaigns_delivery SET impressions = 0 WHERE month_id = '2026-11'",
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


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
@pytest.mark.parametrize("table", TABLES)
def test_replacing_a_row_is_no_way_round(october: Month, table: str) -> None:
    assert refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
@pytest.mark.parametrize(
    "table", ["payouts_transfer", "payouts_earning", "campaigns_month", "campaigns_delivery"]
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
