"""Adjustments become transfers: each credits the advertiser, debits the creator, the platform bears the rest.

The creator's part of an adjustment is never a part of the adjustment: it is his share of what was left of the
earning before, less his share of what is left after. So whatever is taken back in however many steps ends at
the very share that the rest of the earning would have had from the start, to the micro. Shares are found set
by set, in the statement that also writes the month in which they are posted; adjustments of the same earning
follow one another by their ids.

An adjustment is posted once its origin month is closed: of a month that is closed already when the correction
is approved, of any other when it closes. Both hold the months, so that it is one of the two and never both.
"""

# ruff: noqa: S608 - statements of ours around one another

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from campaigns.models import Month
from payouts import ledger
from payouts.models import Account, Adjustment, Correction, Transfer
from pulse_site.models import User
from pulse_site.money import dollars
from pulse_site.refusal import Refused

# The basis points that the origin month was shared by.
FROZEN_SHARE = "(SELECT share_basis_points FROM campaigns_month origin WHERE origin.code = own.origin_id)"
# Taken apart as in the draft of a month, so that no product outgrows 64 bits.
_SHARE = "({0} / 10000 * bps + {0} % 10000 * bps / 10000)"
# id, correction_id, campaign_id, creator_id, share_micros of adjustments of both sides that are not posted,
# as if those of {which} were posted now. Doubled percent signs: it is always asked with parameters.
SHARES = f"""
    SELECT id, correction_id, campaign_id, creator_id, revenue_micros,
           {_SHARE.format("before")} - {_SHARE.format("after")} AS share_micros
      FROM (
        SELECT steps.*, before - enrolled_micros AS after
          FROM (
            SELECT own.id, own.correction_id, own.campaign_id, own.creator_id, own.revenue_micros,
                   own.enrolled_micros, {FROZEN_SHARE} AS bps,
                   COALESCE(earning.enrolled_micros, 0) - COALESCE(posted.enrolled_micros, 0)
                     - CAST(SUM(own.enrolled_micros) OVER earlier AS bigint) + own.enrolled_micros AS before
              FROM payouts_adjustment own
              LEFT JOIN payouts_earning earning
                ON earning.month_id = own.origin_id AND earning.campaign_id = own.campaign_id
               AND earning.creator_id = own.creator_id
              LEFT JOIN (SELECT origin_id, campaign_id, creator_id,
                                CAST(SUM(enrolled_micros) AS bigint) AS enrolled_micros
                           FROM payouts_adjustment WHERE month_id IS NOT NULL
                          GROUP BY origin_id, campaign_id, creator_id) posted
                ON posted.origin_id = own.origin_id AND posted.campaign_id = own.campaign_id
               AND posted.creator_id = own.creator_id
             WHERE own.month_id IS NULL AND own.campaign_id IS NOT NULL AND own.creator_id IS NOT NULL
               AND {{which}}
            WINDOW earlier AS (PARTITION BY own.origin_id, own.campaign_id, own.creator_id ORDER BY own.id)
          ) steps
      ) found
""".replace("%", "%%")
_FIX = f"""
    UPDATE payouts_adjustment SET month_id = %s, share_micros = found.share_micros
      FROM ({SHARES}) found WHERE payouts_adjustment.id = found.id
"""
_FIX_ONE_SIDED = """
    UPDATE payouts_adjustment SET month_id = %s
     WHERE month_id IS NULL AND (campaign_id IS NULL OR creator_id IS NULL)
       AND id IN (SELECT own.id FROM payouts_adjustment own WHERE {which})
"""
# Earnings of which more is taken back, or given back, than there is. {keys} says which of them to look at.
BEYOND = """
    SELECT taken.origin_id, campaign.reference, creator.handle, COALESCE(earning.revenue_micros, 0),
           taken.revenue_micros, COALESCE(earning.enrolled_micros, 0), taken.enrolled_micros
      FROM (SELECT own.origin_id, own.campaign_id, own.creator_id,
                   CAST(SUM(own.revenue_micros) AS bigint) AS revenue_micros,
                   CAST(SUM(own.enrolled_micros) AS bigint) AS enrolled_micros
              FROM payouts_adjustment own
              JOIN payouts_correction correction ON correction.id = own.correction_id
             WHERE own.campaign_id IS NOT NULL AND own.creator_id IS NOT NULL
               AND own.origin_id IN (SELECT code FROM campaigns_month WHERE {months})
               AND (correction.status = 'approved' OR correction.id = %s)
             GROUP BY own.origin_id, own.campaign_id, own.creator_id
            HAVING {keys}) taken
      JOIN campaigns_campaign campaign ON campaign.id = taken.campaign_id
      JOIN creators_creator creator ON creator.id = taken.creator_id
      LEFT JOIN payouts_earning earning
        ON earning.month_id = taken.origin_id AND earning.campaign_id = taken.campaign_id
       AND earning.creator_id = taken.creator_id
     WHERE taken.revenue_micros NOT BETWEEN 0 AND COALESCE(earning.revenue_micros, 0)
        OR taken.enrolled_micros NOT BETWEEN 0 AND COALESCE(earning.enrolled_micros, 0)
     ORDER BY taken.origin_id, campaign.reference, creator.handle LIMIT 100
"""
_OF_MONTH = BEYOND.format(months="code = %s", keys="true")
_OF_CORRECTION = BEYOND.format(
    months="status IN ('review', 'closed')",
    keys="SUM(CASE WHEN own.correction_id = %s THEN 1 ELSE 0 END) > 0",
)
# Goodwill of which more is taken back than was given.
_GOODWILL = """
    SELECT own.origin_id FROM payouts_adjustment own
      JOIN payouts_correction correction ON correction.id = own.correction_id
     WHERE (own.campaign_id IS NULL OR own.creator_id IS NULL)
       AND (correction.status = 'approved' OR correction.id = %s)
     GROUP BY own.origin_id, own.campaign_id, own.creator_id
    HAVING SUM(CASE WHEN own.correction_id = %s THEN 1 ELSE 0 END) > 0
       AND (SUM(own.revenue_micros) < 0 OR SUM(own.share_micros) > 0)
"""
# Earnings whose posted deductions are not what their share lost by what was taken back: from, to, posted.
DIFFERENT = f"""
    SELECT origin_id, campaign_id, creator_id, {_SHARE.format("whole")} - {_SHARE.format("rest")},
           posted_micros
      FROM (SELECT own.origin_id, own.campaign_id, own.creator_id, {FROZEN_SHARE} AS bps,
                   COALESCE(earning.enrolled_micros, 0) AS whole,
                   COALESCE(earning.enrolled_micros, 0) - own.enrolled_micros AS rest,
                   own.share_micros AS posted_micros
              FROM (SELECT origin_id, campaign_id, creator_id,
                           CAST(SUM(enrolled_micros) AS bigint) AS enrolled_micros,
                           CAST(SUM(share_micros) AS bigint) AS share_micros
                      FROM payouts_adjustment
                     WHERE month_id IS NOT NULL AND campaign_id IS NOT NULL AND creator_id IS NOT NULL
                     GROUP BY origin_id, campaign_id, creator_id) own
              LEFT JOIN payouts_earning earning
                ON earning.month_id = own.origin_id AND earning.campaign_id = own.campaign_id
               AND earning.creator_id = own.creator_id) found
     WHERE posted_micros <> {_SHARE.format("whole")} - {_SHARE.format("rest")}
     ORDER BY origin_id, campaign_id, creator_id LIMIT 100
"""
# One transfer for each adjustment: a positive amount goes the way that is written here, a negative one back.
_TRANSFER = """
    SELECT '{verb}:' || CAST(moved.id AS text) AS key,
           CASE WHEN moved.micros > 0 THEN moved.from_id ELSE moved.to_id END AS debit_account_id,
           CASE WHEN moved.micros > 0 THEN moved.to_id ELSE moved.from_id END AS credit_account_id,
           ABS(moved.micros) AS amount_micros, moved.detail AS reason
      FROM (SELECT own.id, own.detail, {micros} AS micros, {debit}.id AS from_id, {credit}.id AS to_id
              FROM payouts_adjustment own
              JOIN payouts_account clearing ON clearing.code = 'clearing:' || own.month_id
              {joined}
             WHERE {{which}}) moved
     WHERE moved.micros <> 0
"""
CREDIT = _TRANSFER.format(
    verb="credit",
    micros="own.revenue_micros",
    debit="clearing",
    credit="receivable",
    joined="""JOIN campaigns_campaign campaign ON campaign.id = own.campaign_id
              JOIN payouts_account receivable ON receivable.advertiser_id = campaign.advertiser_id""",
)
DEDUCTION = _TRANSFER.format(
    verb="deduction",
    micros="own.share_micros",
    debit="payable",
    credit="clearing",
    joined="JOIN payouts_account payable ON payable.creator_id = own.creator_id",
)
BORNE = _TRANSFER.format(
    verb="borne",
    micros="own.revenue_micros - own.share_micros",
    debit="platform",
    credit="clearing",
    joined="JOIN payouts_account platform ON platform.code = 'platform'",
)
# What posting an adjustment posts, by kind and in this order; `verify` compares it with what is there.
POSTED: dict[str, str] = {
    Transfer.Kind.CREDIT: CREDIT,
    Transfer.Kind.DEDUCTION: DEDUCTION,
    Transfer.Kind.BORNE: BORNE,
}
_CREDITED = """
    SELECT DISTINCT campaign.advertiser_id AS id FROM payouts_adjustment own
      JOIN campaigns_campaign campaign ON campaign.id = own.campaign_id WHERE {which}
"""
_DEDUCTED = """
    SELECT DISTINCT own.creator_id AS id FROM payouts_adjustment own WHERE own.share_micros <> 0 AND {which}
"""
_APPROVED = "own.correction_id IN (SELECT id FROM payouts_correction WHERE status = 'approved')"


def post_of_origin(month: Month, by: User) -> None:
    """Post in `month` the approved adjustments that correct it, as it closes; its row is held FOR UPDATE.

    Raises Refused when they take back more than was billed, or give back more than was taken.
    """
    _require_none(_OF_MONTH, [month.code, 0])
    _post(month, "own.origin_id = %s", [month.code], by)


def post_of_correction(correction: Correction, by: User) -> None:
    """Post the adjustments of an approved correction whose origin is closed: after the last closed month.

    The caller holds the months and has the turn.
    """
    if Adjustment.objects.filter(correction=correction, origin__status=Month.Status.CLOSED).exists():
        # Who reserves money for a payout holds these accounts too: he finds the deduction, or it comes after.
        creators = Adjustment.objects.filter(correction=correction).values("creator")
        accounts = Account.objects.select_for_update().filter(creator__in=creators)
        list(accounts.order_by("pk").values_list("pk"))
        closed = "own.origin_id IN (SELECT code FROM campaigns_month WHERE status = 'closed')"
        _post(ledger.month_to_post_in(), f"own.correction_id = %s AND {closed}", [correction.pk], by)


def require_within(correction: Correction) -> None:
    """Raise Refused when with this correction more would be taken back of an earning than there is, or less
    than nothing. Earnings of open months still change; those are looked at when their month closes.
    """
    _require_none(_OF_CORRECTION, [correction.pk, correction.pk])
    with connection.cursor() as cursor:
        cursor.execute(_GOODWILL, [correction.pk, correction.pk])
        if cursor.fetchone():
            raise Refused(_("More goodwill would be taken back than was given; reject it and prepare less."))


def _require_none(beyond: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(beyond, values)
        found = cursor.fetchone()
    if found:
        month, campaign, creator, earned, taken, shared, taken_of_shared = found
        if 0 <= taken <= earned:  # it is only in the part within the enrolment that there is not enough
            earned, taken = shared, taken_of_shared
        raise Refused(
            _(
                "Of the %(earned)s that %(campaign)s was billed in %(month)s beside @%(creator)s, %(taken)s "
                "would be taken back in all. Give the difference back by a correction of its own, or prepare "
                "this one again with what is left."
            )
            % {
                "earned": dollars(earned),
                "campaign": campaign,
                "month": month,
                "creator": creator,
                "taken": dollars(taken),
            }
        )


def _post(month: Month, scope: str, values: list[Any], by: User) -> None:
    """Post the approved adjustments of the scope that are not posted yet; clearing ends as it began."""
    fresh = f"{scope} AND own.month_id IS NULL AND {_APPROVED}"
    fixed = 0
    with connection.cursor() as cursor:
        for statement in (_FIX, _FIX_ONE_SIDED):
            cursor.execute(statement.format(which=fresh), [month.code, *values])
            fixed += cursor.rowcount
    if not fixed:
        return
    posted, values = f"{scope} AND own.month_id = %s", [*values, month.code]
    ledger.account(Account.Kind.CLEARING, f"clearing:{month.code}")
    ledger.account(Account.Kind.PLATFORM, "platform")
    ledger.open_accounts(ledger.OPEN_OF_ADVERTISERS, _CREDITED.format(which=posted), values)
    ledger.open_accounts(ledger.OPEN_OF_CREATORS, _DEDUCTED.format(which=posted), values)
    for kind, wanted in POSTED.items():
        ledger.post(kind, month, wanted.format(which=posted), values, by)
