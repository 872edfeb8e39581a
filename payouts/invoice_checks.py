"""What `verify` checks of invoices: from the stored rows alone, each check a line for each breach.

Months that were closed before Pulse issued invoices have none; from the first month that has some on, every
closed month has them (invoicing.issue_closed issues those of an earlier one).
"""

# ruff: noqa: S608 - statements of ours around one another

from collections.abc import Iterator

from django.db import connection

from campaigns.invoices import files

SHOWN = 100  # breaches of one rule that are named
_SIGNED = "CASE WHEN invoice.kind = 'invoice' THEN {0} ELSE -{0} END"
_RECEIVABLE = """
    SELECT id, 'entry:' || CAST(id AS text) AS key, account_id, micros, status, received_on
      FROM (SELECT id, credit_account_id AS account_id, amount_micros AS micros, status, received_on
              FROM payouts_entry
             UNION ALL
            SELECT id, debit_account_id, -amount_micros, status, received_on FROM payouts_entry) side
     WHERE status = 'approved' AND received_on IS NOT NULL
"""
# rule -> (how a breach reads, a statement with one row of those values for each breach)
STATEMENTS: dict[str, tuple[str, str]] = {
    # What was posted beside what stands on documents, for each campaign and month.
    "invoices and credit notes": (
        "month {}, campaign {}, {}: {} micros of {} impressions were posted, {} of {} are on its documents; "
        "if it has none yet: manage.py issue_invoices",
        f"""
        SELECT month_id, campaign_id, kind, SUM(posted), SUM(posted_impressions), SUM(documented),
               SUM(documented_impressions)
          FROM (SELECT month_id, campaign_id, 'billed' AS kind, SUM(revenue_micros) AS posted,
                       SUM(CASE WHEN revenue_micros > 0 THEN impressions ELSE 0 END) AS posted_impressions,
                       0 AS documented, 0 AS documented_impressions
                  FROM payouts_earning GROUP BY month_id, campaign_id
                 UNION ALL
                SELECT month_id, campaign_id, 'corrected', -revenue_micros, 0, 0, 0 FROM payouts_adjustment
                 WHERE month_id IS NOT NULL AND campaign_id IS NOT NULL
                 UNION ALL
                SELECT invoice.month_id, line.campaign_id, line.kind, 0, 0,
                       {_SIGNED.format("line.amount_micros")},
                       CASE WHEN line.kind = 'billed' THEN line.impressions ELSE 0 END
                  FROM campaigns_invoiceline line
                  JOIN campaigns_invoice invoice ON invoice.id = line.invoice_id
               ) both_sides
         WHERE month_id IN (SELECT code FROM campaigns_month WHERE status = 'closed'
                               AND code >= (SELECT MIN(month_id) FROM campaigns_invoice))
         GROUP BY month_id, campaign_id, kind
        HAVING SUM(posted) <> SUM(documented) OR SUM(posted_impressions) <> SUM(documented_impressions)
         ORDER BY month_id, campaign_id, kind
        """,
    ),
    "documents of closed months": (
        "{} is of {}, which is {}",
        """
        SELECT invoice.number, month.code, month.status
          FROM campaigns_invoice invoice JOIN campaigns_month month ON month.code = invoice.month_id
         WHERE month.status <> 'closed'
        """,
    ),
    "numbers of documents": (
        "{} of {}: {} documents, numbered from {} to {}",
        """
        SELECT kind, year, COUNT(*), MIN(serial), MAX(serial) FROM campaigns_invoice
         GROUP BY kind, year HAVING MIN(serial) <> 1 OR MAX(serial) <> COUNT(*)
        """,
    ),
    "names of documents": (
        "number {} of the {}s of {} is called {}",
        """
        SELECT serial, kind, year, number FROM campaigns_invoice
         WHERE number <> CASE WHEN kind = 'invoice' THEN 'INV-' ELSE 'CN-' END || CAST(year AS text) || '-'
                         || CASE WHEN serial < 1000000 THEN substr(CAST(1000000 + serial AS text), 2)
                                 ELSE CAST(serial AS text) END
        """,
    ),
    "totals of documents": (
        "{} says {} micros, its lines {}",
        """
        SELECT invoice.number, invoice.total_micros, COALESCE(added.micros, 0)
          FROM campaigns_invoice invoice
          LEFT JOIN (SELECT invoice_id, SUM(amount_micros) AS micros FROM campaigns_invoiceline
                      GROUP BY invoice_id) added ON added.invoice_id = invoice.id
         WHERE invoice.total_micros <> COALESCE(added.micros, 0)
        """,
    ),
    "amounts of documents": (
        "{} asks for {} micros: its lines are {}, {} are carried to it and {} from it",
        f"""
        SELECT number, amount_micros, total_micros, carried_from_micros, carried_to_micros
          FROM campaigns_invoice invoice
         WHERE amount_micros % 10000 <> 0 OR carried_to_micros NOT BETWEEN 0 AND 9999
            OR {_SIGNED.format("(amount_micros - total_micros)")} <> carried_from_micros - carried_to_micros
        """,
    ),
    "what documents carry": (
        "{} takes {} micros from the document before, which carries {}",
        """
        SELECT number, carried_from_micros, before
          FROM (SELECT number, carried_from_micros,
                       LAG(carried_to_micros, 1, 0) OVER (PARTITION BY advertiser_id ORDER BY id) AS before
                  FROM campaigns_invoice) chained
         WHERE carried_from_micros <> before
        """,
    ),
    "settled invoices": (
        "{} is of {} micros, {} of them are settled",
        """
        SELECT invoice.number, invoice.amount_micros, used.micros
          FROM campaigns_invoice invoice
          JOIN (SELECT invoice_id AS id, SUM(amount_micros) AS micros FROM campaigns_allocation
                 GROUP BY invoice_id
                 UNION ALL
                SELECT credit_note_id, SUM(amount_micros) FROM campaigns_allocation
                 WHERE credit_note_id IS NOT NULL GROUP BY credit_note_id) used ON used.id = invoice.id
         WHERE used.micros NOT BETWEEN 0 AND invoice.amount_micros
        """,
    ),
    "allocated payments": (
        "the payment {} is of {} micros, {} of them are allocated",
        """
        SELECT payment.transfer_key, payment.amount_micros, used.micros
          FROM campaigns_payment payment
          JOIN (SELECT payment_id, SUM(amount_micros) AS micros FROM campaigns_allocation
                 WHERE payment_id IS NOT NULL GROUP BY payment_id) used ON used.payment_id = payment.id
         WHERE (payment.amount_micros > 0 AND used.micros NOT BETWEEN 0 AND payment.amount_micros)
            OR (payment.amount_micros < 0 AND used.micros NOT BETWEEN payment.amount_micros AND 0)
        """,
    ),
    "allocations to one's own": (
        "allocation {} settles the invoice {} of another advertiser",
        """
        SELECT allocation.id, invoice.number
          FROM campaigns_allocation allocation
          JOIN campaigns_invoice invoice ON invoice.id = allocation.invoice_id
          LEFT JOIN campaigns_payment payment ON payment.id = allocation.payment_id
          LEFT JOIN campaigns_invoice note ON note.id = allocation.credit_note_id
         WHERE COALESCE(payment.advertiser_id, note.advertiser_id) <> invoice.advertiser_id
            OR invoice.kind <> 'invoice' OR note.kind = 'invoice'
        """,
    ),
    "payments of advertisers": (
        "{} of advertiser {}: the ledger moved {} micros, its payment says {}",
        f"""
        SELECT key, advertiser_id, SUM(moved), SUM(paid)
          FROM (SELECT side.key, account.advertiser_id, side.micros AS moved, 0 AS paid
                  FROM ({_RECEIVABLE}) side
                  JOIN payouts_account account ON account.id = side.account_id AND account.kind = 'receivable'
                 UNION ALL
                SELECT transfer_key, advertiser_id, 0, amount_micros FROM campaigns_payment) both_sides
         GROUP BY key, advertiser_id HAVING SUM(moved) <> SUM(paid)
        """,
    ),
}


def statements() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for rule, (sentence, statement) in STATEMENTS.items():
            cursor.execute(statement)
            for row in cursor.fetchmany(SHOWN):
                yield rule, sentence.format(*row)


def stored() -> Iterator[tuple[str, str]]:
    for pk in files.tampered():
        yield "files of documents", f"the content of the file {pk} of an invoice does not fit its SHA-256"


CHECKS = (statements, stored)
