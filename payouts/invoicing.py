"""Issues invoices and credit notes as a month closes: in its transaction, a few statements for everybody.

Whoever was billed in the month gets one invoice with a line for each campaign. Corrections posted in it that
take something back are lines of one credit note; those that charge something again are lines of the invoice.
So every document is of a positive amount, and invoices less credit notes are what the ledger billed and
credited, campaign by campaign, to the micro.

Only whole cents can be paid. The exact total of all that was ever billed to an advertiser, credits taken off,
is rounded down to the cent, and a document asks for the difference it makes to that. What is less than a cent
is carried to the next document, on which it is named; so over any months an advertiser is asked for the exact
total less what is carried, and nothing is lost or made.

Numbers have no gaps: who issues takes the only turn (settling.take_turn) and counts on from the largest
number, in the transaction that writes the rows; what is rolled back or killed has taken none.
"""

# ruff: noqa: S608 - statements of ours around one another

from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.invoices import settling
from campaigns.models import Invoice, Month
from payouts import entries, ledger
from payouts.models import Entry, Transfer
from pulse_site import audit, runs
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

Kind = Invoice.Kind
RENDERING = "render_invoices"  # the run of campaigns/tasks.py
_BILLED = """
    SELECT campaign_id, 0 AS place, 'billed' AS kind, month_id AS origin_id, '' AS reason, '' AS detail,
           CAST(SUM(impressions) AS bigint) AS impressions,
           CAST(SUM(revenue_micros) AS bigint) AS amount_micros
      FROM payouts_earning WHERE month_id = %s GROUP BY campaign_id, month_id
"""
# Of one sign: what takes back is positive in an adjustment.
_CORRECTED = """
    SELECT own.campaign_id, 1 AS place, 'corrected' AS kind, own.origin_id, correction.reason, own.detail,
           CAST(SUM(ABS(own.impressions)) AS bigint) AS impressions,
           CAST(SUM(ABS(own.revenue_micros)) AS bigint) AS amount_micros
      FROM payouts_adjustment own JOIN payouts_correction correction ON correction.id = own.correction_id
     WHERE own.month_id = %s AND own.campaign_id IS NOT NULL AND own.revenue_micros {sign} 0
     GROUP BY own.campaign_id, own.origin_id, correction.reason, own.detail
"""
# What stands on the documents of a kind; each asks for the month as often as LINES says.
LINES: dict[str, tuple[str, int]] = {
    Kind.INVOICE: (f"{_BILLED} UNION ALL {_CORRECTED.format(sign='<')}", 2),
    Kind.CREDIT_NOTE: (_CORRECTED.format(sign=">"), 1),
}
_DUE = {
    "postgresql": "CAST(%s AS date) + advertiser.payment_days",
    "sqlite": "date(%s, '+' || advertiser.payment_days || ' days')",
}
_SNAPSHOT = (
    "language",
    "name",
    "legal_name",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "tax_number",
    "billing_name",
)
# `signed` is the total as it adds to what was billed; `net` the exact rest that this document must ask for.
_ISSUE = f"""
    INSERT INTO campaigns_invoice
           (kind, year, serial, number, advertiser_id, month_id, issued_on, due_on, {", ".join(_SNAPSHOT)},
            total_micros, carried_from_micros, carried_to_micros, amount_micros, created_at)
    SELECT %s, %s, serial,
           %s || CASE WHEN serial < 1000000 THEN substr(CAST(1000000 + serial AS text), 2)
                      ELSE CAST(serial AS text) END,
           advertiser.id, %s, %s, {{due}}, {", ".join(f"advertiser.{field}" for field in _SNAPSHOT)},
           total, carried, (net %% 10000 + 10000) %% 10000,
           (net - (net %% 10000 + 10000) %% 10000) * {{sign}}, %s
      FROM (SELECT wanted.advertiser_id, wanted.total, last.carried,
                   last.carried + wanted.total * {{sign}} AS net,
                   ROW_NUMBER() OVER (ORDER BY wanted.advertiser_id)
                     + (SELECT COALESCE(MAX(serial), 0) FROM campaigns_invoice
                         WHERE kind = %s AND year = %s) AS serial
              FROM (SELECT campaign.advertiser_id, CAST(SUM(line.amount_micros) AS bigint) AS total
                      FROM ({{lines}}) line JOIN campaigns_campaign campaign ON campaign.id = line.campaign_id
                     WHERE line.amount_micros > 0 GROUP BY campaign.advertiser_id) wanted
              JOIN (SELECT id, COALESCE((SELECT carried_to_micros FROM campaigns_invoice
                                          WHERE advertiser_id = campaigns_advertiser.id
                                          ORDER BY id DESC LIMIT 1), 0) AS carried
                      FROM campaigns_advertiser) last ON last.id = wanted.advertiser_id) numbered
      JOIN campaigns_advertiser advertiser ON advertiser.id = numbered.advertiser_id
     ORDER BY serial
"""
_WRITE_LINES = """
    INSERT INTO campaigns_invoiceline
           (invoice_id, kind, campaign_id, origin_id, reference, name, purchase_order, reason, detail,
            impressions, cpm_micros, amount_micros)
    SELECT invoice.id, line.kind, campaign.id, line.origin_id, campaign.reference, campaign.name,
           campaign.purchase_order, line.reason, line.detail, line.impressions, campaign.cpm_micros,
           line.amount_micros
      FROM ({lines}) line
      JOIN campaigns_campaign campaign ON campaign.id = line.campaign_id
      JOIN campaigns_invoice invoice
        ON invoice.advertiser_id = campaign.advertiser_id AND invoice.month_id = %s AND invoice.kind = %s
     WHERE line.amount_micros > 0
     ORDER BY invoice.id, line.place, campaign.reference, line.origin_id, line.reason, line.detail
"""


def issue(month: Month, by: User) -> int:
    """Issue the documents of `month`, whose transfers are posted, and return how many; none a second time.

    Credit notes, and payments that were waiting, settle what they can at once. The files are rendered, and
    the advertisers written to, by a run that begins when this is committed.
    """
    settling.take_turn()
    if Invoice.objects.filter(month=month).exists():
        return 0
    issued = sum(_issue(kind, month) for kind in LINES)
    if issued:
        if issued >= ledger.MANY:
            ledger.analyze("campaigns_invoice")
        settling.settle("SELECT advertiser_id AS id FROM campaigns_invoice WHERE month_id = %s", [month.code])
        documents = Invoice.objects.filter(month=month)
        audit.record_all(by, "invoice.issue", documents, label=F("number"), amount_micros=F("amount_micros"))
        runs.start(RENDERING, key=month.code, arguments={"code": month.code}, owner=by)
    return issued


def issue_closed(code: str, by: User) -> dict[str, Any]:
    """Issue the documents of a month that was closed before Pulse issued any.

    Once no such month is left, the payments of that time are allocated too. Returns month, invoices,
    credit_notes, amount_micros (of both), and payments (how many were taken up). Raises Refused when `by`
    may not close months or the month is not closed.
    """
    require(by, "campaigns.close_month")
    with transaction.atomic():
        month = Month.objects.select_for_update().filter(code=code, status=Month.Status.CLOSED).first()
        if month is None:
            raise Refused(_("%(month)s is not closed; its invoices are issued when it is.") % {"month": code})
        issue(month, by)
        taken_up = 0 if without_documents().exists() else _take_up_payments(by)
    documents = Invoice.objects.filter(month=month)
    return {
        "month": code,
        "invoices": documents.filter(kind=Kind.INVOICE).count(),
        "credit_notes": documents.filter(kind=Kind.CREDIT_NOTE).count(),
        "amount_micros": int(documents.invoices().aggregate(sum=Sum("amount_micros", default=0))["sum"]),
        "payments": taken_up,
    }


def without_documents() -> QuerySet[Month]:
    """Closed months in which advertisers were billed or credited and that have no document."""
    moved = Transfer.objects.filter(
        month=OuterRef("pk"), kind__in=(Transfer.Kind.BILLING, Transfer.Kind.CREDIT)
    )
    documents = Invoice.objects.filter(month=OuterRef("pk"))
    return Month.objects.filter(Exists(moved), ~Exists(documents), status=Month.Status.CLOSED)


def _issue(kind: str, month: Month) -> int:
    """Write the documents of a kind, then their lines; returns how many documents."""
    lines, times = LINES[kind]
    today, now = timezone.now().date(), connection.ops.adapt_datetimefield_value(timezone.now())
    day = connection.ops.adapt_datefield_value(today)
    codes = [month.code] * times
    due, dates = ("NULL", []) if kind == Kind.CREDIT_NOTE else (_DUE[connection.vendor], [day])
    prefix = f"{Invoice.PREFIXES[kind]}-{today.year}-"
    sign = Invoice.SIGNS[kind]
    with connection.cursor() as cursor:
        cursor.execute(
            _ISSUE.format(lines=lines, sign=sign, due=due),
            [kind, today.year, prefix, month.code, day, *dates, now, kind, today.year, *codes],
        )
        issued = cursor.rowcount
        if issued:
            cursor.execute(_WRITE_LINES.format(lines=lines), [*codes, month.code, kind])
    return issued


def _take_up_payments(by: User) -> int:
    """Allocate what was received before there were invoices; a person entered each, so they are few."""
    touches = Q(debit_account__advertiser__isnull=False) | Q(credit_account__advertiser__isnull=False)
    older = Entry.objects.filter(touches, status=Entry.Status.APPROVED, received_on=None)
    found = list(older.select_related("debit_account", "credit_account").order_by("approved_at", "pk"))
    for entry in found:
        entry.received_on = entry.approved_at and entry.approved_at.date()
        entry.save(update_fields=["received_on"])
        entries.allocate(entry, by)
    return len(found)
