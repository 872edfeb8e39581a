"""Judges deliveries: may the impressions be billed, and what do they cost?

There is one rule, written once as SQL over a set of rows: the import asks it for the rows of a file
(deliveries.py) and `recheck` for rows that are there already, after a lineup was computed again or a
campaign moved. It says, in this order: was the campaign live on that day (booked, within its dates, not
paused); was the video in that day's lineup of the campaign's market; was its category booked; does the
campaign exclude the video or its creator; is its tier among those the campaign takes.

What passes is billed in the order of day, video and creative until the budget is used up: of the row that
crosses it as many whole impressions as are left, of those behind it none. So whatever the order in which
files come, the same rows end with the same bill. Only campaigns whose budget could be too small are added up
row by row. Only open months are judged anew: what was reviewed or billed stays as it was, and counts first.
"""

# ruff: noqa: S608 - statements of ours around one another

import datetime
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, Delivery, Month

GIVEN = ("id", "day", "campaign_id", "video_id", "creative_number", "impressions")
TURN = 3_524_578  # any number of our own, the same for all who judge

# A CPM is in whole cents, so that the division by a thousand comes out even and can stand first: the
# product then stays far within 64 bits.
PRICE = "(cpm_micros / 1000)"
_WITHIN = """{span}.starts_on <= given.day AND ({span}.ends_on IS NULL OR {span}.ends_on >= given.day)"""
# {rows} is the query that yields the rows to judge: day, campaign_id, video_id, impressions, and whatever
# else the statement around it wants to find again beside the verdict.
PASSED = f"""
    SELECT given.*, campaign.cpm_micros, placement.category_id, placement.rank,
           CASE WHEN campaign.booked_at IS NULL
                  OR given.day NOT BETWEEN campaign.starts_on AND campaign.ends_on
                  OR given.campaign_id IN (SELECT campaign_id FROM campaigns_pause)
                     AND EXISTS (SELECT 1 FROM campaigns_pause pause
                                  WHERE pause.campaign_id = given.campaign_id
                                    AND {_WITHIN.format(span="pause")}) THEN 'not_live'
                WHEN placement.rank IS NULL THEN 'not_in_lineup'
                WHEN booked.category_id IS NULL THEN 'not_booked'
                WHEN given.campaign_id IN (SELECT DISTINCT campaign_id FROM campaigns_videoexclusion)
                 AND EXISTS (SELECT 1 FROM campaigns_videoexclusion video
                              WHERE video.campaign_id = given.campaign_id
                                AND video.platform_id = given.video_id AND {_WITHIN.format(span="video")})
                  OR given.campaign_id IN (SELECT DISTINCT campaign_id FROM campaigns_creatorexclusion)
                 AND EXISTS (SELECT 1 FROM campaigns_creatorexclusion creator
                              WHERE creator.campaign_id = given.campaign_id
                                AND creator.creator_id = placement.creator_id
                                AND {_WITHIN.format(span="creator")}) THEN 'excluded'
                WHEN placement.tier > campaign.tier THEN 'tier'
                ELSE 'billable' END AS verdict
      FROM ({{rows}}) given
      JOIN campaigns_campaign campaign ON campaign.id = given.campaign_id
      LEFT JOIN campaigns_placementrun run
        ON run.day = given.day AND run.market = campaign.market AND NOT run.superseded
      LEFT JOIN campaigns_placement placement
        ON placement.run_id = run.id AND placement.video_id = given.video_id
      LEFT JOIN campaigns_campaign_categories booked
        ON booked.campaign_id = given.campaign_id AND booked.category_id = placement.category_id
"""
# As if the budget were enough.
JUDGED = f"""
    SELECT passed.*, CASE WHEN verdict = 'billable' THEN impressions ELSE 0 END AS billed_impressions,
           CASE WHEN verdict = 'billable' THEN impressions * {PRICE} ELSE 0 END AS revenue_micros
      FROM ({PASSED}) passed
"""
_WANTED = "CASE WHEN verdict = 'billable' THEN impressions ELSE 0 END"
# Impressions that were billed by campaign in months that are settled.
_SETTLED = """
    SELECT campaign_id, CAST(SUM(billed_impressions) AS bigint) AS billed_impressions
      FROM campaigns_delivery
     WHERE campaign_id IN ({campaigns}) AND month_id NOT IN (SELECT code FROM campaigns_month
                                                              WHERE status IN ('open', 'calculated'))
     GROUP BY campaign_id
"""
# Campaigns whose budget could be too small for all of it, or was before something changed.
_SHORT = """
    SELECT campaign.id
      FROM campaigns_campaign campaign
      JOIN campaigns_delivery delivery ON delivery.campaign_id = campaign.id
      JOIN campaigns_month month ON month.code = delivery.month_id
     WHERE campaign.id IN ({campaigns})
     GROUP BY campaign.id
    HAVING SUM(CASE WHEN month.status IN ('open', 'calculated') THEN delivery.impressions
                    ELSE delivery.billed_impressions END)
             > campaign.budget_micros / (campaign.cpm_micros / 1000)
        OR MAX(CASE WHEN month.status NOT IN ('open', 'calculated') THEN 0
                    WHEN delivery.verdict = 'over_budget' THEN 1
                    WHEN delivery.verdict = 'billable'
                     AND delivery.billed_impressions < delivery.impressions THEN 1 ELSE 0 END) = 1
"""
# {rows} must be all open rows of their campaigns, with creative_number.
CAPPED = f"""
    SELECT id, category_id, rank, billed_impressions, billed_impressions * {PRICE} AS revenue_micros,
           CASE WHEN verdict = 'billable' AND impressions > 0 AND billed_impressions = 0
                THEN 'over_budget' ELSE verdict END AS verdict
      FROM (
        SELECT queued.*,
               CASE WHEN verdict <> 'billable' OR before >= bought THEN 0
                    WHEN before + impressions <= bought THEN impressions
                    ELSE bought - before END AS billed_impressions
          FROM (
            SELECT passed.*, campaign.budget_micros / (campaign.cpm_micros / 1000) AS bought,
                   COALESCE(settled.billed_impressions, 0) - {_WANTED}
                     + CAST(SUM({_WANTED})
                            OVER (PARTITION BY passed.campaign_id ORDER BY day, video_id, creative_number
                                  ROWS UNBOUNDED PRECEDING) AS bigint) AS before
              FROM ({PASSED}) passed
              JOIN campaigns_campaign campaign ON campaign.id = passed.campaign_id
              LEFT JOIN ({{settled}}) settled ON settled.campaign_id = passed.campaign_id
          ) queued
      ) billed
"""
REWRITE = """
    UPDATE campaigns_delivery
       SET verdict = judged.verdict, billed_impressions = judged.billed_impressions,
           revenue_micros = judged.revenue_micros,
           category_id = judged.category_id, rank = judged.rank
      FROM ({judged}) judged
     WHERE campaigns_delivery.id = judged.id
       AND (campaigns_delivery.verdict <> judged.verdict
            OR campaigns_delivery.billed_impressions <> judged.billed_impressions
            OR campaigns_delivery.revenue_micros <> judged.revenue_micros
            OR campaigns_delivery.category_id IS DISTINCT FROM judged.category_id
            OR campaigns_delivery.rank IS DISTINCT FROM judged.rank)
"""


def recheck(
    *,
    day: datetime.date | None = None,
    market: str | None = None,
    campaigns: QuerySet[Campaign] | None = None,
) -> int:
    """Judge the deliveries of open months again and rewrite those whose verdict, rank or revenue changed.

    `day`, `market` (of the campaign) and `campaigns` narrow the set; without them every delivery of an open
    month is judged. Returns how many rows were rewritten.
    """
    rows = _open_rows()
    if day is not None:
        rows = rows.filter(day=day)
    if market is not None:
        rows = rows.filter(campaign__market=market)
    if campaigns is not None:
        rows = rows.filter(campaign__in=campaigns)
    with transaction.atomic():
        hold_open_months()
        touched = list(rows.order_by().values_list("campaign", flat=True).distinct())
        short = _short_of_budget(touched)
        within = _rewrite(JUDGED, rows.exclude(campaign__in=short)) if len(short) < len(touched) else 0
        return within + _keep_to_budget(short)


def keep_to_budgets(campaigns: Iterable[int]) -> int:
    """Judge the open deliveries of those of the campaigns (ids) again whose budget may be too small for them.

    For who has written rows as if it were enough, as JUDGED says. Returns how many rows were rewritten.
    """
    return _keep_to_budget(_short_of_budget(list(campaigns)))


def _open_rows() -> QuerySet[Delivery]:
    return Delivery.objects.filter(month__status__in=Month.TAKING)


def _short_of_budget(campaigns: Sequence[int]) -> list[int]:
    if not campaigns:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SHORT.format(campaigns=", ".join(map(str, campaigns))))
        return [campaign for (campaign,) in cursor.fetchall()]


def _keep_to_budget(short: Sequence[int]) -> int:
    if not short:
        return 0
    settled = _SETTLED.format(campaigns=", ".join(map(str, short)))
    return _rewrite(CAPPED.replace("{settled}", settled), _open_rows().filter(campaign__in=short))


def _rewrite(rule: str, rows: QuerySet[Delivery]) -> int:
    given, values = rows.order_by().values(*GIVEN).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(REWRITE.format(judged=rule.format(rows=given)), values)
        return cursor.rowcount


def hold_open_months() -> None:
    """Take the only turn to judge, and keep the open months open, until this transaction ends.

    Whoever changes what verdicts depend on (lineups, campaigns, deliveries) calls it first: two who judged
    at a time would each miss what the other is about to write. Who closes a month takes its row FOR UPDATE
    first, so that he waits for us, or we see that it is closed. SQLite has one writer and needs no lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
            cursor.execute(
                "SELECT 1 FROM campaigns_month WHERE status IN (%s, %s) FOR SHARE", [*map(str, Month.TAKING)]
            )
