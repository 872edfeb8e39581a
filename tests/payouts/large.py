"""A large programme, made by SQL: a closed October and as many creators to pay as one likes."""

import json

from django.db import connection

from campaigns.models import Month
from payouts import details, months
from pulse_site.encryption import encrypt
from pulse_site.models import User
from tests import factories

SERIES = "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {rows})"
TABLES = (
    "creators_creator",
    "creators_enrolment",
    "campaigns_delivery",
    "payouts_payee",
    "payouts_earning",
    "payouts_account",
    "payouts_transfer",
)
BANK = {"routing": "021000021", "account": "12345678", "account_type": "checking"}
PAYPAL = {"email": "payee@example.com"}
MADE = (
    f"""INSERT INTO creators_creator (handle, name, kind, market, standing, email, language, status,
                                      status_since, created_at)
        {SERIES}
        SELECT 'creator' || n, '', 'creator', 'US', 'good', '', 'en', 'approved', CURRENT_TIMESTAMP,
               CURRENT_TIMESTAMP FROM series""",
    """INSERT INTO creators_enrolment (creator_id, starts_on)
       SELECT id, '2026-01-01' FROM creators_creator""",
    """INSERT INTO campaigns_delivery (day, campaign_id, video_id, creator_id, creative_number, impressions,
                                       billed_impressions, verdict, revenue_micros, month_id)
       SELECT CAST('2026-10-15' AS {date}), (SELECT MIN(id) FROM campaigns_campaign), id, id, 0, 1, 1,
              'billable', 200000000 + id % 977 * 123457, '2026-10' FROM creators_creator""",
)
# Of a hundred: three are blocked, four have tax withheld, ten are paid by PayPal.
PAYEES = """
    INSERT INTO payouts_payee (creator_id, legal_name, is_company, street, city, region, postal_code, country,
                               email, method, destination, destination_hint, destination_digest, version,
                               blocked, blocked_reason, tax_form, tax_status, tax_id, tax_id_hint,
                               tax_id_digest, backup_withholding, screening, screened_on, sharing_confirmed,
                               sharing_reason, created_at)
    SELECT id, 'Payee ' || id, false, '', '', '', '', 'US', '',
           CASE WHEN id % 10 = 9 THEN 'paypal' ELSE 'ach' END,
           CASE WHEN id % 10 = 9 THEN '{paypal}' ELSE '{ach}' END, '',
           CASE WHEN id % 10 = 9 THEN '{paypal_digest}' ELSE '{ach_digest}' END, 1, id % 100 < 3, '', 'w9',
           'valid', '', '', '', id % 100 BETWEEN 3 AND 6, 'clear', CAST('2026-11-01' AS {date}), true, '',
           CURRENT_TIMESTAMP
      FROM creators_creator
"""
# By whom does not matter here, only that somebody else approved.
CHANGES = """
    INSERT INTO payouts_payeechange (creator_id, proposed, summary, status, reason, destination_digest,
                                     proposed_by_id, proposed_at, approved_by_id, approved_at)
    SELECT creator_id, '', '', 'approved', '', destination_digest, (SELECT MIN(id) FROM pulse_site_user),
           CURRENT_TIMESTAMP, (SELECT MAX(id) FROM pulse_site_user), CURRENT_TIMESTAMP FROM payouts_payee
"""


def analyse() -> None:
    """Ours alone: a plain ANALYZE would hold the tables that all databases share, until the test is over."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ANALYZE {table}")


def build(rows: int, by: User, then: User) -> Month:
    """`rows` creators with a payee and some $100 each to be paid, in a month that `then` closed."""
    calculate(rows)
    months.review("2026-10", by)
    months.close("2026-10", then)
    analyse()
    return Month.objects.get(code="2026-10")


def calculate(rows: int) -> None:
    """The same, but the month is only calculated."""
    factories.campaign(budget_micros=10**15)
    factories.month()
    date = "date" if connection.vendor == "postgresql" else "text"
    tokens = {
        "ach": encrypt(json.dumps(BANK)),
        "paypal": encrypt(json.dumps(PAYPAL)),
        "ach_digest": details.digest("ach", BANK),
        "paypal_digest": details.digest("paypal", PAYPAL),
    }
    with connection.cursor() as cursor:
        for statement in (*MADE, PAYEES, CHANGES):
            cursor.execute(statement.format(rows=rows, date=date, **tokens))
    analyse()
    months.calculate("2026-10")
