"""A month of 1,000,000 deliveries to 20,000 creators, against hand-written SQL for the same rows."""

import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from payouts import months
from payouts.models import Earning
from tests import factories

DELIVERIES, CREATORS, CAMPAIGNS, AT_MOST = 1_000_000, 20_000, 30, 3
SERIES = "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {})"
MADE = (
    f"""INSERT INTO creators_creator (handle, name, kind, market, standing, email, language, status,
                                      status_since, created_at)
        {SERIES.format(CREATORS)}
        SELECT 'creator' || n, '', 'creator', 'US', 'good', '', 'en', 'approved', CURRENT_TIMESTAMP,
               CURRENT_TIMESTAMP FROM series""",
    """INSERT INTO creators_enrolment (creator_id, starts_on)
       SELECT id, '2026-10-10' FROM creators_creator WHERE id % 10 <> 0""",
    """INSERT INTO creators_enrolment (creator_id, starts_on, ends_on)
       SELECT id, '2026-01-01', '2026-10-05' FROM creators_creator WHERE id % 3 = 0""",
    f"""INSERT INTO campaigns_delivery (day, campaign_id, video_id, creator_id, impressions, verdict,
                                        revenue_micros, month_id)
        {SERIES.format(DELIVERIES)}
        SELECT CAST('2026-10-' || (10 + n % 20) AS {{date}}),
               first.campaign + n % {CAMPAIGNS}, n / 5, first.creator + CAST(n AS bigint) * 7919 % {CREATORS},
               1 + n % 5000, CASE WHEN n % 8 = 0 THEN 'not_in_lineup' ELSE 'billable' END,
               CASE WHEN n % 8 = 0 THEN 0 ELSE (1 + n % 5000) * 10000 END, '2026-10'
          FROM series, (SELECT MIN(id) AS creator, (SELECT MIN(id) FROM campaigns_campaign) AS campaign
                          FROM creators_creator) first""",
    "ANALYZE",
)
# The same rows by one statement, without guards' questions, totals, warnings or a lock on the month.
BY_HAND = """
    INSERT INTO payouts_earning (month_id, campaign_id, creator_id, impressions, revenue_micros,
                                 enrolled_micros, share_micros)
    SELECT '2026-10', campaign_id, d.creator_id, SUM(impressions), SUM(revenue_micros),
           SUM(CASE WHEN e.id IS NULL THEN 0 ELSE revenue_micros END),
           SUM(CASE WHEN e.id IS NULL THEN 0 ELSE revenue_micros END) / 2
      FROM campaigns_delivery d
      LEFT JOIN creators_enrolment e
        ON e.creator_id = d.creator_id AND d.day BETWEEN e.starts_on AND COALESCE(e.ends_on, '9999-12-31')
     WHERE month_id = '2026-10' AND verdict = 'billable'
     GROUP BY campaign_id, d.creator_id
"""


def by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND)


def seconds(act: Callable[[], object]) -> float:
    """How long `act` takes, the best of three; what it wrote is taken back."""
    taken = []
    for _attempt in range(3):
        with transaction.atomic():
            started = time.perf_counter()
            act()
            taken.append(time.perf_counter() - started)
            assert Earning.objects.count() > CREATORS
            transaction.set_rollback(True)
    return min(taken)


@pytest.mark.django_db
def test_a_draft_of_a_million_deliveries_stays_near_hand_written_sql() -> None:
    for _each in range(CAMPAIGNS):
        factories.campaign()
    factories.month()
    with connection.cursor() as cursor:
        for statement in MADE:
            date = "date" if connection.vendor == "postgresql" else "text"
            cursor.execute(statement.replace("{date}", date))
    floor, ours = seconds(by_hand), seconds(lambda: months.calculate("2026-10"))
    print(
        f"\n{connection.vendor}: month of {DELIVERIES:,} deliveries to {CREATORS:,} creators: "
        f"{ours:.2f} s, by hand {floor:.2f} s, ratio {ours / floor:.2f}"
    )
    assert ours <= AT_MOST * floor
