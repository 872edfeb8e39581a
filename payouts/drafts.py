"""The earnings of a month: drafted from its deliveries, and compared with them again.

A draft is one statement: what the billable deliveries of the month brought, by campaign and creator, and the
creator's share of the part that lies within his enrolment. Nobody adds to a number that is there already; it
is always computed from the deliveries, so that a repeated draft is the same draft.

Adding millions of deliveries up is most of the work of a month, and between its review and its close they
can't change: the guards keep them, and the share is kept in the month's row. What may change is who was
enrolled when. So the review leaves a digest of the enrolments and of the earnings; the close adds the
deliveries up again only if that no longer fits. `verify` trusts no guard and always adds them up.
"""

import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Q, Sum, When
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Month
from creators.models import Enrolment, ProgrammeTerms
from payouts import ledger, seals
from payouts.models import Earning
from payouts.review import facts
from pulse_site.refusal import Refused

COLUMNS = ("creator_id", "campaign_id", "impressions", "revenue_micros", "enrolled_micros", "share_micros")
# The share is floor(enrolled * basis points / 10000). Taken apart, so that no product outgrows the amount
# itself, and any amount that fits 64 bits has its exact share.
_SHARE = "enrolled_micros / 10000 * %s + enrolled_micros %% 10000 * %s / 10000"
# No delivery is of a day after its month, so no span that begins later is looked through: those of years,
# when an old month is verified.
_DELIVERED = """
    SELECT delivery.campaign_id, delivery.creator_id, delivery.billed_impressions AS impressions,
           delivery.revenue_micros,
           CASE WHEN enrolment.id IS NULL THEN 0 ELSE delivery.revenue_micros END AS enrolled_micros
      FROM campaigns_delivery delivery
      LEFT JOIN creators_enrolment enrolment
        ON enrolment.creator_id = delivery.creator_id AND enrolment.starts_on <= %s
       AND enrolment.starts_on <= delivery.day
       AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= delivery.day)
     WHERE delivery.month_id = %s AND delivery.verdict = 'billable'
"""
DRAFT = f"""
    SELECT campaign_id, creator_id, impressions, revenue_micros, enrolled_micros, {_SHARE} AS share_micros
      FROM (
        SELECT campaign_id, creator_id, CAST(SUM(impressions) AS bigint) AS impressions,
               CAST(SUM(revenue_micros) AS bigint) AS revenue_micros,
               CAST(SUM(enrolled_micros) AS bigint) AS enrolled_micros
          FROM ({_DELIVERED}) delivered GROUP BY campaign_id, creator_id
      ) sums
"""  # noqa: S608 - one statement around another of ours
WRITE = f"""
    INSERT INTO payouts_earning (campaign_id, creator_id, impressions, revenue_micros, enrolled_micros,
                                 share_micros, month_id)
    SELECT draft.*, %s FROM ({DRAFT}) draft ORDER BY creator_id, campaign_id
"""  # noqa: S608 - one statement around another of ours
# All that was delivered less what is kept must leave nothing, of one kept row that has the share of its own
# enrolled part (any other counts as two), and of one delivery at least. So both sides are added up at once.
DIFFERENT = f"""
    SELECT creator_id, campaign_id
      FROM (SELECT campaign_id, creator_id, impressions, revenue_micros, enrolled_micros, 0 AS kept
              FROM ({_DELIVERED}) delivered
             UNION ALL
            SELECT campaign_id, creator_id, -impressions, -revenue_micros, -enrolled_micros,
                   CASE WHEN share_micros = {_SHARE} THEN 1 ELSE 2 END
              FROM payouts_earning WHERE month_id = %s) both_sides
     GROUP BY creator_id, campaign_id
    HAVING SUM(impressions) <> 0 OR SUM(revenue_micros) <> 0 OR SUM(enrolled_micros) <> 0
        OR SUM(kept) <> 1 OR COUNT(*) = 1
     ORDER BY creator_id, campaign_id LIMIT 100
"""  # noqa: S608


def write(month: Month) -> None:
    """Replace the earnings of the month by what its deliveries say now, and set its terms, totals and facts.

    The caller holds the month and saves it. Raises Refused when no terms are in force on its first day.
    """
    _set_terms(month)
    earnings = Earning.objects.filter(month=month)
    earnings.delete()
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [month.code, *_share(month), *_delivered(month)])
    ledger.analyze("payouts_earning")
    totals = earnings.aggregate(
        revenue=Sum("revenue_micros", default=0),
        shared=Sum("share_micros", default=0),
        creators=Count("creator", distinct=True, filter=Q(share_micros__gt=0)),
    )
    month.revenue_micros, month.shared_micros = int(totals["revenue"]), int(totals["shared"])
    month.creators, month.calculated_at = totals["creators"], timezone.now()
    month.facts = facts(month)


def confirm(month: Month) -> None:
    """Write the draft again unless it is what deliveries and terms say now, and set the digest of it.

    Who holds the month for review calls it, and saves the month.
    """
    drafted = month.share_basis_points
    _set_terms(month)
    if month.share_basis_points != drafted or different(month):
        write(month)
    else:
        month.facts = facts(month)
    month.reviewed_digest = _digest(month)


def require_as_reviewed(month: Month) -> None:
    """Raise Refused when the earnings are not what deliveries and enrolments make of them any more."""
    if month.reviewed_digest == _digest(month):
        return
    if found := different(month):
        raise Refused(
            _(
                "%(month)s is no longer what was reviewed: earnings differ (first: campaign %(campaign)s, "
                "creator %(creator)s). Take it back and put it under review again."
            )
            % {"month": month, "campaign": found[0][0], "creator": found[0][1]}
        )


def different(month: Month) -> list[tuple[int, int]]:
    """Campaign and creator (ids, at most 100) whose earnings are not what the deliveries say now."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT, [*_delivered(month), *_share(month), month.code])
        return [(campaign, creator) for creator, campaign in cursor.fetchall()]


def rows(month: Month) -> seals.Rows:
    """The earnings of the month, in the order of creators and campaigns."""
    return Earning.objects.filter(month=month).order_by("creator_id", "campaign_id").values_list(*COLUMNS)


def _share(month: Month) -> list[Any]:
    """By the share that the month itself keeps: a draft of it, or a comparison, is never by other terms."""
    return [month.share_basis_points, month.share_basis_points]


def _delivered(month: Month) -> list[Any]:
    return [connection.ops.adapt_datefield_value(month.last_day), month.code]


def _set_terms(month: Month) -> None:
    try:
        month.terms = ProgrammeTerms.objects.in_force(month.first_day)
    except ProgrammeTerms.DoesNotExist:
        raise Refused(
            _("No terms of the programme are in force on %(day)s.") % {"day": month.first_day}
        ) from None
    month.share_basis_points = month.terms.share_basis_points


def _digest(month: Month) -> str:
    """SHA-256 over the share, the earnings, and the spans in which anybody could earn by the month's end."""
    return seals.digest(rows(month), _spans(month.last_day), before=str(month.share_basis_points))


def _spans(last: datetime.date) -> seals.Rows:
    """A span that goes on reads like one that ends with the last day or later: he earned to the end."""
    ends_on = Case(When(ends_on__lt=last, then="ends_on"))
    spans = Enrolment.objects.filter(starts_on__lte=last).order_by("creator_id", "starts_on")
    return spans.values_list("creator_id", "starts_on", ends_on)
