"""Verifies from the stored rows that nothing which must not happen has happened, and names what has.

The guards and constraints refuse a breach when somebody tries; this finds the one that was made behind the
database's back, or that a program of ours made. So nothing here trusts a total, a status or a guard: amounts
are added up again from the deliveries on, every digest is computed again. Each check is one statement that
yields a line for each breach, or a comparison of what should be posted with what is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from campaigns import placements
from campaigns.models import Month, PlacementRun
from campaigns.verdicts import JUDGED
from payouts import adjustments, batches, drafts, invoice_checks, ledger, months, seals
from payouts.sources import sources
from payouts.statements import files, reading
from pulse_site import guards

SHOWN = 100  # breaches of one rule that are named


@dataclass(frozen=True)
class Breach:
    """One broken rule: its name, and what breaks it, with keys by which a person finds the rows."""

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


BILLED = """
    SELECT id, day, campaign_id, video_id, billed_impressions AS impressions, month_id,
           revenue_micros AS billed_micros
      FROM campaigns_delivery
     WHERE verdict = 'billable' AND month_id IN (SELECT code FROM campaigns_month
                                                  WHERE status IN ('review', 'closed'))
"""
# Sums that several rules ask for, added up once: from every transfer, and from every earning.
_ADDED = f"""
    WITH added AS (
      SELECT account_id, SUM(micros) AS micros,
             COALESCE(SUM(micros) FILTER (WHERE id <= {ledger.SEALED}), 0) AS sealed_micros
        FROM (SELECT id, credit_account_id AS account_id, amount_micros AS micros FROM payouts_transfer
               UNION ALL
              SELECT id, debit_account_id, -amount_micros FROM payouts_transfer) moved
       GROUP BY account_id)
"""  # noqa: S608 - of our own constants
_EARNED = """
    WITH earned AS (
      SELECT month_id, campaign_id, SUM(revenue_micros) AS revenue, SUM(share_micros) AS shared
        FROM payouts_earning GROUP BY month_id, campaign_id)
"""
# (the sums, rule -> (how a breach reads, a query of them with one row of five values for each breach))
SUMS: tuple[tuple[str, dict[str, tuple[str, str]]], ...] = (
    (
        _ADDED,
        {
            "transfers": (
                "transfer {} moves {} micros from account {} to {}",
                """
                SELECT key, amount_micros, debit_account_id, credit_account_id, 0
                  FROM payouts_transfer transfer
                 WHERE amount_micros <= 0 OR COALESCE(debit_account_id = credit_account_id, true)
                    OR debit_account_id IN (SELECT account_id FROM added WHERE {unknown})
                    OR credit_account_id IN (SELECT account_id FROM added WHERE {unknown})
                """.replace("{unknown}", "account_id NOT IN (SELECT id FROM payouts_account)"),
            ),
            "clearing of closed months": (
                "{} holds {} micros and should be empty",
                """
                SELECT account.code, added.micros, 0, 0, 0
                  FROM added JOIN payouts_account account ON account.id = added.account_id
                  JOIN campaigns_month month
                    ON account.code = 'clearing:' || month.code AND month.status = 'closed'
                 WHERE added.micros <> 0
                """,
            ),
            "checkpoints": (
                "the checkpoint of {} says {} micros, its transfers {}; "
                "manage.py rebuild_checkpoints adds them up",
                """
                SELECT account.code, COALESCE(kept.balance_micros, 0), COALESCE(added.sealed_micros, 0), 0, 0
                  FROM payouts_account account
                  LEFT JOIN payouts_checkpoint kept ON kept.account_id = account.id
                  LEFT JOIN added ON added.account_id = account.id
                 WHERE COALESCE(kept.balance_micros, 0) <> COALESCE(added.sealed_micros, 0)
                 ORDER BY account.id
                """,
            ),
            "accounts": (
                "the account of {} {} is called {} and should be {}",
                """
                SELECT kind, COALESCE(creator_id, advertiser_id), code, wanted, 0
                  FROM (SELECT payouts_account.*,
                               CASE WHEN creator_id IS NOT NULL
                                    THEN 'payable:creator:' || CAST(creator_id AS text)
                                    ELSE 'receivable:advertiser:' || CAST(advertiser_id AS text) END AS wanted
                          FROM payouts_account) named
                 WHERE code <> wanted
                """,
            ),
            "in transit": (
                "{} holds {} micros, its payouts on the way are {}",
                """
                SELECT 'in-transit:' || batch.reference, COALESCE(stands.micros, 0),
                       COALESCE(underway.micros, 0), 0, 0
                  FROM payouts_payoutbatch batch
                  LEFT JOIN (SELECT account.code, added.micros
                               FROM added JOIN payouts_account account
                                 ON account.id = added.account_id AND account.kind = 'in_transit') stands
                    ON stands.code = 'in-transit:' || batch.reference
                  LEFT JOIN (SELECT batch_id, SUM(amount_micros) AS micros FROM payouts_payout
                              WHERE status IN ('reserved', 'sent') GROUP BY batch_id) underway
                    ON underway.batch_id = batch.id
                 WHERE COALESCE(stands.micros, 0) <> COALESCE(underway.micros, 0)
                """,
            ),
        },
    ),
    (
        _EARNED,
        {
            "month totals": (
                "month {} says {} micros of revenue and {} shared, its earnings {} and {}",
                """
                SELECT month.code, month.revenue_micros, month.shared_micros,
                       COALESCE(SUM(earned.revenue), 0), COALESCE(SUM(earned.shared), 0)
                  FROM campaigns_month month LEFT JOIN earned ON earned.month_id = month.code
                 GROUP BY month.code, month.revenue_micros, month.shared_micros
                HAVING month.revenue_micros <> COALESCE(SUM(earned.revenue), 0)
                    OR month.shared_micros <> COALESCE(SUM(earned.shared), 0)
                """,
            ),
            "billed beyond the budget": (
                "campaign {} has a budget of {} micros and was billed {}",
                """
                SELECT campaign.reference, campaign.budget_micros, SUM(earned.revenue), 0, 0
                  FROM earned
                  JOIN campaigns_month month
                    ON month.code = earned.month_id AND month.status IN ('review', 'closed')
                  JOIN campaigns_campaign campaign ON campaign.id = earned.campaign_id
                 GROUP BY campaign.id, campaign.reference, campaign.budget_micros
                HAVING SUM(earned.revenue) > campaign.budget_micros
                """,
            ),
        },
    ),
)
PAYING = "SELECT debit_account_id FROM payouts_transfer WHERE kind = 'reserve'"
# rule -> (how a breach reads, a statement with one row of those values for each breach)
STATEMENTS: dict[str, tuple[str, str]] = {
    "billed in the lineup": (
        "delivery {} of {}, video {}: billed {} micros, should be {} with {}",
        """
        SELECT id, day, video_id, billed_micros, verdict, revenue_micros
          FROM ({judged}) judged WHERE billed_micros <> revenue_micros
        """.replace("{judged}", JUDGED.format(rows=BILLED)),
    ),
    # Deductions may take a balance below nothing; a payment may not, at the moment at which it is reserved.
    # Most accounts never come to the minimum payout, so only those that ever paid are run through.
    "paid more than earned": (
        "{} was left with {} micros by the transfer {}",
        f"""
        SELECT code, balance, key
          FROM (SELECT account.code, moved.key, moved.kind,
                       SUM(moved.micros) OVER (PARTITION BY moved.account_id ORDER BY moved.id) AS balance
                  FROM (SELECT id, key, kind, credit_account_id AS account_id, amount_micros AS micros
                          FROM payouts_transfer WHERE credit_account_id IN ({PAYING})
                         UNION ALL
                        SELECT id, key, kind, debit_account_id, -amount_micros
                          FROM payouts_transfer WHERE debit_account_id IN ({PAYING})) moved
                  JOIN payouts_account account ON account.id = moved.account_id AND account.kind = 'payable'
               ) running
         WHERE kind = 'reserve' AND balance < 0
        """,  # noqa: S608 - of our own constants
    ),
    "sum of all balances": (
        "all balances add up to {} micros and should to nothing",
        f"SELECT SUM(balance_micros) FROM ({ledger.BALANCES}) balances HAVING SUM(balance_micros) <> 0",  # noqa: S608
    ),
    "payouts of a batch": (
        "batch {} is {}, its payout to creator {} is {}",
        """
        SELECT batch.reference, batch.status, payout.creator_id, payout.status
          FROM payouts_payout payout JOIN payouts_payoutbatch batch ON batch.id = payout.batch_id
         WHERE payout.status <> 'held'
           AND payout.status NOT IN (
             CASE WHEN batch.status IN ('approved', 'filed') THEN 'reserved' ELSE batch.status END,
             CASE WHEN batch.status = 'sent' THEN 'paid' ELSE batch.status END,
             CASE WHEN batch.status IN ('sent', 'paid') THEN 'returned' ELSE batch.status END)
        """,
    ),
    # Payouts from before there were files have no method either.
    "held payouts": (
        "payout {} to creator {} is {} for the reasons “{}”, file {}",
        """
        SELECT id, creator_id, status, reasons, file_id FROM payouts_payout
         WHERE (status = 'held') <> (reasons <> '')
            OR (file_id IS NOT NULL AND status NOT IN ('reserved', 'sent', 'paid', 'returned'))
            OR (file_id IS NULL AND status IN ('sent', 'paid', 'returned') AND method <> '')
        """,
    ),
    "payment files": (
        "file {} says {} payments of {} micros, its payouts are {} of {}",
        """
        SELECT file.name, file.payments, file.total_micros, COALESCE(inside.payments, 0),
               COALESCE(inside.micros, 0)
          FROM payouts_paymentfile file
          LEFT JOIN (SELECT file_id, COUNT(*) AS payments, SUM(amount_micros - withheld_micros) AS micros
                       FROM payouts_payout GROUP BY file_id) inside ON inside.file_id = file.id
         WHERE file.payments <> COALESCE(inside.payments, 0)
            OR file.total_micros <> COALESCE(inside.micros, 0)
        """,
    ),
    "two persons": (
        "{} {} was prepared and approved by one person",
        """
        SELECT 'month', code FROM campaigns_month
         WHERE status = 'closed' AND COALESCE(reviewed_by_id, 0) = COALESCE(closed_by_id, 0)
         UNION ALL
        SELECT 'batch', reference FROM payouts_payoutbatch
         WHERE approved_by_id = prepared_by_id
            OR (status IN ('approved', 'filed', 'sent', 'paid') AND approved_by_id IS NULL)
         UNION ALL
        SELECT 'manual entry', CAST(id AS text) FROM payouts_entry
         WHERE approved_by_id = prepared_by_id OR (status = 'approved' AND approved_by_id IS NULL)
         UNION ALL
        SELECT 'version of the terms', CAST(version AS text) FROM creators_programmeterms
         WHERE approved_by_id = proposed_by_id
         UNION ALL
        SELECT 'correction', CAST(id AS text) FROM payouts_correction
         WHERE approved_by_id = prepared_by_id AND status = 'approved'
            OR (status = 'approved' AND approved_by_id IS NULL)
         UNION ALL
        SELECT 'change of a payee', CAST(id AS text) FROM payouts_payeechange
         WHERE status = 'approved'
           AND (approved_by_id IS NULL OR proposed_by_id IS NULL OR approved_by_id = proposed_by_id)
        """,
    ),
    "payees": (
        "the bank details of payee {}, version {}, are not the last of {} that were approved",
        """
        SELECT payee.creator_id, payee.version, COALESCE(led.versions, 0)
          FROM payouts_payee payee
          LEFT JOIN (SELECT creator_id, count(*) AS versions, max(id) AS newest_id
                       FROM payouts_payeechange
                      WHERE status = 'approved' AND destination_digest IS NOT NULL
                      GROUP BY creator_id) led ON led.creator_id = payee.creator_id
          LEFT JOIN payouts_payeechange newest ON newest.id = led.newest_id
         WHERE payee.version <> COALESCE(led.versions, 0)
            OR payee.destination_digest <> COALESCE(newest.destination_digest, '')
         ORDER BY payee.creator_id
        """,
    ),
    "posted adjustments": (
        "adjustment {} corrects {}, which is {}, by a correction that is {}, and is posted in {}",
        """
        SELECT own.id, own.origin_id, origin.status, correction.status, COALESCE(own.month_id, 'no month')
          FROM payouts_adjustment own
          JOIN payouts_correction correction ON correction.id = own.correction_id
          JOIN campaigns_month origin ON origin.code = own.origin_id
         WHERE (own.month_id IS NOT NULL) <> (correction.status = 'approved' AND origin.status = 'closed')
            OR own.month_id < own.origin_id
        """,
    ),
    "shares of adjustments": (
        "month {}, campaign {}, creator {}: {} micros should be deducted, {} are",
        adjustments.DIFFERENT,
    ),
    "more taken back than earned": (
        "month {}, campaign {}, @{}: {} micros were billed and {} taken back, of {} shared micros {}",
        adjustments.BEYOND.format(months="status = 'closed'", keys="true").replace("%s", "0"),
    ),
}


def verify() -> list[Breach]:
    """Check every rule; returns its breaches, at most a hundred of each rule, nothing when all is well."""
    with _at_one_moment():
        return [Breach(rule, what) for check in CHECKS for rule, what in check()]


def _sums() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for sums, rules in SUMS:
            cursor.execute(_together(sums, rules))
            for rule, *row in cursor.fetchall():
                yield rule, rules[rule][0].format(*row)


def _together(sums: str, rules: dict[str, tuple[str, str]]) -> str:
    """One statement for some rules, so that their sums are added up once; all values as text, for a column of
    several queries has one type."""
    queries = ", ".join(
        f"rule_{number} (a, b, c, d, e) AS ({query})"
        for number, (_sentence, query) in enumerate(rules.values())
    )
    named = " UNION ALL ".join(
        f"SELECT '{rule}', {', '.join(f'CAST({value} AS text)' for value in 'abcde')}"  # noqa: S608
        f"  FROM (SELECT * FROM rule_{number} LIMIT {SHOWN}) shown"
        for number, rule in enumerate(rules)
    )
    return f"{sums}, {queries} {named}"


def _statements() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for rule, (sentence, statement) in STATEMENTS.items():
            cursor.execute(statement)
            for row in cursor.fetchmany(SHOWN):
                yield rule, sentence.format(*row)


def _earnings() -> Iterator[tuple[str, str]]:
    """Every share is what the deliveries, the enrolments and the month's terms make of it."""
    for month in _frozen_months():
        for campaign, creator in drafts.different(month):
            yield "earnings", f"month {month}, campaign {campaign}, creator {creator}: not what was delivered"


def _transfers() -> Iterator[tuple[str, str]]:
    """Billed is what was delivered, credited what was shared; the rest is what two persons decided."""
    for source in sources():
        for key in source.mismatches():
            yield source.rule, f"{key} is not what {source.says}"


def _payment_files() -> Iterator[tuple[str, str]]:
    """Every file is what was rendered, names the payments that it has, and is known outside the database."""
    for what in batches.breaches():
        yield "payment files", what


def _digests() -> Iterator[tuple[str, str]]:
    for month in Month.objects.filter(status=Month.Status.CLOSED):
        if not months.fits(month):
            yield "closed months", f"the earnings or transfers of {month} do not fit its digest"
    for run in placements.tampered(PlacementRun.objects.filter(frozen=True)):
        yield "used lineups", f"the lineup of {run} does not fit its digest"
    for seal in seals.broken():
        yield "seals", str(seal)


def _stated() -> Iterator[tuple[str, str]]:
    """Stored statements are the bytes that were hashed; what they are made from adds up and chains."""
    for pk in files.tampered():
        yield "statements", f"the content of the statement file {pk} does not fit its SHA-256"
    for what in reading.broken():
        yield "statements", what


def _guards() -> Iterator[tuple[str, str]]:
    for name in guards.missing():
        yield "guards", f"the trigger {name} is missing; migrate installs it again"


CHECKS: tuple[Callable[[], Iterator[tuple[str, str]]], ...] = (
    _sums,
    _statements,
    _earnings,
    _transfers,
    _digests,
    _guards,
    _stated,
    _payment_files,
    *invoice_checks.CHECKS,
)


def _frozen_months() -> Iterator[Month]:
    frozen = Month.objects.exclude(status__in=Month.TAKING).filter(terms__isnull=False)
    yield from frozen.select_related("terms").order_by("code")


@contextmanager
def _at_one_moment() -> Iterator[None]:
    """On PostgreSQL all checks see the same moment: a close in between is not taken for a breach."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Sums of a year by creator, as in months.py: beyond its 4 MB they go by the disk.
            cursor.execute("SET LOCAL work_mem = '256MB'")
        yield
