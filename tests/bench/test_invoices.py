"""What invoices add to the close of a month: five thousand advertisers with twenty thousand campaigns."""

import datetime
import os
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Allocation, Invoice, InvoiceLine, Month
from payouts import invoicing, months
from payouts.models import Earning
from pulse_site.models import User
from tests import factories
from tests.bench.test_months import SERIES, check_keys, run, seconds

ADVERTISERS = int(os.environ.get("BENCH_ADVERTISERS", 5_000))
CAMPAIGNS, CREATORS, AT_MOST = 4 * ADVERTISERS, 2 * ADVERTISERS, 2.5
ADVERTISED = f"""
    INSERT INTO campaigns_advertiser (name, legal_name, website, street, city, region, postal_code, country,
                                      tax_number, billing_name, billing_email, safety_name, safety_email,
                                      language, payment_days, status, status_since, checks, created_at)
    {SERIES.format(ADVERTISERS)}
    SELECT 'brand ' || n, '', '', '', '', '', '', '', '', '', '', '', '', 'en', 30, 'approved',
           CURRENT_TIMESTAMP, '{{{{}}}}', CURRENT_TIMESTAMP FROM series
"""
BOOKED = f"""
    INSERT INTO campaigns_campaign (reference, advertiser_id, name, market, tier, starts_on, ends_on,
                                    budget_micros, cpm_micros, purchase_order, status, status_reason,
                                    booked_at, created_at)
    {SERIES.format(CAMPAIGNS)}
    SELECT 'B-' || n, first.id + n % {ADVERTISERS}, 'campaign ' || n, 'US', 2, '2026-10-01', '2026-10-31',
           1000000000000, 9990000, '', 'booked', '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP
      FROM series, (SELECT MIN(id) AS id FROM campaigns_advertiser WHERE name LIKE 'brand %') first
"""
CREATED = f"""
    INSERT INTO creators_creator (handle, name, kind, market, standing, email, language, status,
                                  status_since, created_at)
    {SERIES.format(CREATORS)}
    SELECT 'creator' || n, '', 'creator', 'US', 'good', '', 'en', 'approved', CURRENT_TIMESTAMP,
           CURRENT_TIMESTAMP FROM series
"""
# Each campaign beside ten creators.
DELIVERED = f"""
    INSERT INTO campaigns_delivery (day, campaign_id, video_id, creator_id, creative_number, impressions,
                                    billed_impressions, verdict, revenue_micros, month_id)
    {SERIES.format(10 * CAMPAIGNS)}
    SELECT CAST('2026-10-15' AS {{date}}), first.campaign + n / 10 % {CAMPAIGNS}, n,
           first.creator + n % {CREATORS}, 0, 1 + n % 977, 1 + n % 977, 'billable', (1 + n % 977) * 9990,
           '2026-10'
      FROM series, (SELECT MIN(id) AS creator, (SELECT MIN(id) FROM campaigns_campaign
                                                 WHERE reference LIKE 'B-%') AS campaign
                      FROM creators_creator) first
"""
# The same rows, without carries, numbers' turns, snapshots, the trail, or anything set off.
BY_HAND = (
    """INSERT INTO campaigns_invoice (kind, year, serial, number, advertiser_id, month_id, issued_on, due_on,
                                      language, name, legal_name, street, city, region, postal_code, country,
                                      tax_number, billing_name, total_micros, carried_from_micros,
                                      carried_to_micros, amount_micros, created_at)
       SELECT 'invoice', 2026, ROW_NUMBER() OVER (ORDER BY c.advertiser_id), 'X-' || c.advertiser_id,
              c.advertiser_id, '2026-10', '2026-11-20', '2026-12-20', 'en', 'x',
              '', '', '', '', '', '', '', '',
              SUM(e.revenue_micros), 0, SUM(e.revenue_micros) % 10000,
              SUM(e.revenue_micros) - SUM(e.revenue_micros) % 10000, CURRENT_TIMESTAMP
         FROM payouts_earning e JOIN campaigns_campaign c ON c.id = e.campaign_id
        WHERE e.month_id = '2026-10' GROUP BY c.advertiser_id""",
    """INSERT INTO campaigns_invoiceline (invoice_id, kind, campaign_id, origin_id, reference, name,
                                          purchase_order, reason, detail, impressions, cpm_micros,
                                          amount_micros)
       SELECT i.id, 'billed', c.id, '2026-10', c.reference, c.name, '', '', '', SUM(e.impressions),
              c.cpm_micros, SUM(e.revenue_micros)
         FROM payouts_earning e JOIN campaigns_campaign c ON c.id = e.campaign_id
         JOIN campaigns_invoice i ON i.advertiser_id = c.advertiser_id
        WHERE e.month_id = '2026-10' GROUP BY i.id, c.id, c.reference, c.name, c.cpm_micros""",
)


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    return factories.staff("one", "review_month"), factories.staff("two", "close_month")


def test_invoices_add_little_to_a_close(people: tuple[User, User], monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    factories.month()
    run(ADVERTISED.replace("{{}}", "{}"), BOOKED, CREATED, DELIVERED, "ANALYZE")
    months.calculate("2026-10")
    months.review("2026-10", people[0])
    assert Earning.objects.count() == 10 * CAMPAIGNS
    with transaction.atomic():
        by_hand = seconds(lambda: (run(*BY_HAND), check_keys()))
        transaction.set_rollback(True)
    spent: dict[str, float] = {}
    issue: Any = invoicing.issue

    def timed(month: Month, by: User) -> int:
        check_keys()  # those of the transfers are not the invoices'
        started = time.perf_counter()
        issued = issue(month, by)
        check_keys()
        spent["issue"] = time.perf_counter() - started
        return int(issued)

    monkeypatch.setattr(invoicing, "issue", timed)
    close = seconds(lambda: months.close("2026-10", people[1]))
    assert (Invoice.objects.count(), InvoiceLine.objects.count()) == (ADVERTISERS, CAMPAIGNS)
    assert not Allocation.objects.exists()
    ratio = spent["issue"] / by_hand
    print(
        f"\n{connection.vendor}: {ADVERTISERS:,} invoices with {CAMPAIGNS:,} lines: close {close:.2f} s, "
        f"of it invoices {spent['issue']:.2f} s; by hand {by_hand:.2f} s, ratio {ratio:.2f}"
    )
    assert ratio <= AT_MOST or connection.vendor == "sqlite"
