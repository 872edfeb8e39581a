"""Judges deliveries: may the impressions be billed, and what do they cost?

There is one rule, written once as SQL over a set of rows: the import asks it for the rows of a file
(deliveries.py) and `recheck` for rows that are there already, after a lineup was computed again or a
campaign moved. It says, in this order: was the campaign live on that day (booked, within its dates, not
paused); was the video in that day's lineup of the campaign's market; was its category booked; is its tier
among those the campaign takes. Only open months are judged anew: what was reviewed or billed stays as it was.
"""

import datetime

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, Delivery, Month

TURN = 3_524_578  # any number of our own, the same for all who judge

# {rows} is the query that yields the rows to judge: day, campaign_id, video_id, impressions, and whatever
# else the statement around it wants to find again beside the verdict.
# A CPM is in whole cents, so that the division by a thousand comes out even and can stand first: the
# product then stays far within 64 bits.
JUDGED = """
    SELECT sentence.*,
           CASE WHEN sentence.verdict = 'billable'
                THEN sentence.impressions * (sentence.cpm_micros / 1000) ELSE 0 END AS revenue_micros
      FROM (
        SELECT given.*, campaign.cpm_micros, placement.category_id, placement.rank,
               CASE WHEN campaign.booked_at IS NULL
                      OR given.day NOT BETWEEN campaign.starts_on AND campaign.ends_on
                      OR EXISTS (SELECT 1 FROM campaigns_pause pause
                                  WHERE pause.campaign_id = given.campaign_id
                                    AND given.day >= pause.starts_on
                                    AND (pause.ends_on IS NULL OR given.day <= pause.ends_on)) THEN 'not_live'
                    WHEN placement.rank IS NULL THEN 'not_in_lineup'
                    WHEN booked.category_id IS NULL THEN 'not_booked'
                    WHEN placement.tier > campaign.tier THEN 'tier'
                    ELSE 'billable' END AS verdict
          FROM ({rows}) given
          JOIN campaigns_campaign campaign ON campaign.id = given.campaign_id
          LEFT JOIN campaigns_placementrun run
            ON run.day = given.day AND run.market = campaign.market AND NOT run.superseded
          LEFT JOIN campaigns_placement placement
            ON placement.run_id = run.id AND placement.video_id = given.video_id
          LEFT JOIN campaigns_campaign_categories booked
            ON booked.campaign_id = given.campaign_id AND booked.category_id = placement.category_id
      ) sentence
"""

REWRITE = """
    UPDATE campaigns_delivery
       SET verdict = judged.verdict, revenue_micros = judged.revenue_micros,
           category_id = judged.category_id, rank = judged.rank
      FROM ({judged}) judged
     WHERE campaigns_delivery.id = judged.id
       AND (campaigns_delivery.verdict <> judged.verdict
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
    rows = Delivery.objects.filter(month__status__in=Month.TAKING)
    if day is not None:
        rows = rows.filter(day=day)
    if market is not None:
        rows = rows.filter(campaign__market=market)
    if campaigns is not None:
        rows = rows.filter(campaign__in=campaigns)
    judged = rows.order_by().values("id", "day", "campaign_id", "video_id", "impressions")
    try:
        given, values = judged.query.sql_with_params()
    except EmptyResultSet:  # Django knows already that `campaigns` is empty
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        hold_open_months()
        cursor.execute(REWRITE.format(judged=JUDGED.format(rows=given)), values)
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
