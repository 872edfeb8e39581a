"""The deliveries feed: impressions as the ad server reports them, judged as they come in.

Every row is kept, also what may not be billed, with the verdict on it (verdicts.py): an advertiser who sees
more impressions at his ad server than on his bill finds the difference here, by reason. Impressions are
billed in the month of their day; where that month is no longer open, in the first one after it that is.
What was reviewed or closed never changes: a correction of it is refused by name.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _

from campaigns import verdicts
from campaigns.models import Month
from creators.models import ProgrammeTerms
from pulse_site.feeds import cells, counts
from pulse_site.feeds.feed import Column, Feed
from pulse_site.feeds.staging import Stage, execute, select
from pulse_site.models import Upload

LARGEST_COUNT = 1_000_000_000  # one campaign beside one video on one day

_GIVEN = """
    SELECT s.line, s.day, s.campaign, c.id AS campaign_id, s.video AS video_id, v.creator_id,
           s.creative, COALESCE(k.id, 0) AS creative_number, s.impressions,
           d.impressions AS impressions_before, d.verdict AS verdict_before,
           CASE WHEN d.id IS NULL THEN 'created'
                WHEN d.impressions <> s.impressions THEN 'updated' ELSE 'unchanged' END AS change
      FROM feed_rows s
      JOIN campaigns_campaign c ON c.reference = s.campaign
      JOIN creators_video v ON v.platform_id = s.video
      LEFT JOIN campaigns_creative k ON k.reference = s.creative
      LEFT JOIN campaigns_delivery d ON d.day = s.day AND d.campaign_id = c.id AND d.video_id = s.video
                                    AND d.creative_number = COALESCE(k.id, 0)
"""
# The deliveries of a row's campaign beside its video on its day.
_THERE = """
    SELECT 1 FROM campaigns_campaign c
      JOIN campaigns_delivery d ON d.campaign_id = c.id
      LEFT JOIN campaigns_creative k ON k.id = d.creative_number
     WHERE c.reference = feed_rows.campaign AND d.day = feed_rows.day AND d.video_id = feed_rows.video
"""
# What was reported for all creatives together, and is now told apart, or the other way round.
_TOLD_OTHERWISE = f"""
    EXISTS ({_THERE} AND d.impressions > 0 AND (d.creative_number = 0) <> (feed_rows.creative = '0'))
    AND NOT EXISTS ({_THERE} AND COALESCE(k.reference, '0') = feed_rows.creative)
"""
_SETTLED = f"""
    EXISTS ({_THERE} AND COALESCE(k.reference, '0') = feed_rows.creative
               AND d.impressions <> feed_rows.impressions
               AND d.month_id IN (SELECT code FROM campaigns_month WHERE status NOT IN (%s, %s)))
"""
_MONTHS = "SELECT DISTINCT substr(CAST(day AS text), 1, 7) AS code FROM feed_ready WHERE change = 'created'"
_ADD = f"""
    INSERT INTO campaigns_delivery (day, campaign_id, video_id, creator_id, creative_number, category_id,
                                    rank, impressions, billed_impressions, verdict, revenue_micros, month_id,
                                    upload_id)
    SELECT r.day, r.campaign_id, r.video_id, r.creator_id, r.creative_number, r.category_id, r.rank,
           r.impressions, r.billed_impressions, r.verdict, r.revenue_micros, billed.code, %s
      FROM feed_ready r
      JOIN (SELECT own.code AS own, min(m.code) AS code
              FROM ({_MONTHS}) own
              JOIN campaigns_month m ON m.code >= own.code AND m.status IN (%s, %s)
             GROUP BY own.code) billed ON billed.own = substr(CAST(r.day AS text), 1, 7)
     WHERE r.change = 'created'
"""
_CHANGE = """
    UPDATE campaigns_delivery
       SET impressions = r.impressions, billed_impressions = r.billed_impressions, verdict = r.verdict,
           revenue_micros = r.revenue_micros, category_id = r.category_id, rank = r.rank, upload_id = %s
      FROM feed_ready r
     WHERE r.change = 'updated' AND campaigns_delivery.day = r.day
       AND campaigns_delivery.campaign_id = r.campaign_id AND campaigns_delivery.video_id = r.video_id
       AND campaigns_delivery.creative_number = r.creative_number
"""
# Impressions beyond the budget of each campaign that the file touches, once it is applied.
_OVER_BUDGET = """
    SELECT c.reference, wanted.impressions - c.budget_micros / (c.cpm_micros / 1000)
      FROM (SELECT campaign_id, CAST(SUM(impressions) AS bigint) AS impressions
              FROM (SELECT d.campaign_id, CASE WHEN m.status NOT IN ('open', 'calculated')
                                               THEN d.billed_impressions
                                               WHEN d.verdict IN ('billable', 'over_budget')
                                               THEN d.impressions ELSE 0 END AS impressions
                      FROM campaigns_delivery d JOIN campaigns_month m ON m.code = d.month_id
                     WHERE d.campaign_id IN (SELECT campaign_id FROM feed_ready WHERE change <> 'unchanged')
                     UNION ALL
                    SELECT campaign_id, CASE WHEN verdict = 'billable' THEN impressions ELSE 0 END
                           - CASE WHEN verdict_before IN ('billable', 'over_budget')
                                  THEN impressions_before ELSE 0 END
                      FROM feed_ready WHERE change <> 'unchanged') counted
             GROUP BY campaign_id) wanted
      JOIN campaigns_campaign c ON c.id = wanted.campaign_id
     WHERE wanted.impressions > c.budget_micros / (c.cpm_micros / 1000)
     ORDER BY c.reference
"""
_TOUCHED = "SELECT DISTINCT campaign_id FROM feed_ready WHERE change <> 'unchanged'"


class DeliveriesFeed(Feed):
    """day, campaign (its reference), video (the platform's id), impressions, creative (its reference).

    Without a creative the impressions are those of all creatives together.
    """

    name = "deliveries"
    key = ("day", "campaign", "video", "creative")
    sample = ("day", "campaign", "video_id", "creative", "impressions_before", "impressions", "verdict")

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            Column("day", cells.day, aliases=("date", "delivery date", "report date"), type="date"),
            Column(
                "campaign",
                cells.text(40),
                aliases=("campaign reference", "reference", "campaign id", "order", "line item"),
                type="text",
            ),
            Column(
                "video",
                cells.number,
                aliases=("video id", "platform id", "aweme id"),
                parse_plain=counts.plain(1, cells.LARGEST_ID),
            ),
            Column(
                "impressions",
                counts.count(LARGEST_COUNT),
                aliases=("imps", "delivered impressions", "delivered", "impression count"),
                choose=counts.most_exact,
                parse_plain=counts.plain(largest=LARGEST_COUNT),
            ),
            Column(
                "creative",
                cells.text(40),
                aliases=("creative reference", "creative id", "ad", "ad id"),
                type="text",
                required=False,
                default="0",  # as Delivery.creative_number says it; a blank is no value in PostgreSQL's CSV
            ),
        )

    def check(self, stage: Stage) -> None:
        verdicts.hold_open_months()
        stage.reject(
            "campaign",
            "unknown_campaign",
            _("No campaign has this reference; check it, or enter the campaign first."),
            "NOT EXISTS (SELECT 1 FROM campaigns_campaign c WHERE c.reference = feed_rows.campaign)",
        )
        stage.reject(
            "video",
            "unknown_video",
            _("Pulse doesn't know this video; import the videos of that day first."),
            "NOT EXISTS (SELECT 1 FROM creators_video v WHERE v.platform_id = feed_rows.video)",
        )
        stage.reject(
            "creative",
            "unknown_creative",
            _("This campaign has no creative with this reference; check it, or leave the cell empty."),
            """creative <> '0' AND NOT EXISTS (SELECT 1 FROM campaigns_creative k
                                                JOIN campaigns_campaign c ON c.id = k.campaign_id
                                               WHERE k.reference = feed_rows.creative
                                                 AND c.reference = feed_rows.campaign)""",
        )
        stage.reject(
            "day",
            "before_programme",
            _("The programme had not begun on this day; check the date."),
            "day < %s",
            [_first_day()],
        )
        stage.reject(
            "impressions",
            "month_settled",
            _("It was billed in a month that is under review or closed; ask finance for an adjustment."),
            _SETTLED,
            [*map(str, Month.TAKING)],
        )
        stage.reject(
            "creative",
            "told_otherwise",
            _(
                "This day was reported beside this video before, by creative or without: it would be billed "
                "twice. Report those rows with 0 impressions first."
            ),
            _TOLD_OTHERWISE,
        )

    def resolution(self) -> tuple[str, Sequence[Any]]:
        return verdicts.JUDGED.format(rows=_GIVEN), ()

    def extras(self) -> dict[str, Any]:
        """Rows by verdict, as if each budget were enough, and the impressions beyond those that are not."""
        before, after, first, last = select(
            """SELECT CAST(sum(impressions_before) AS bigint), CAST(sum(impressions) AS bigint),
                      min(day), max(day) FROM feed_ready"""
        )[0]
        return {
            "impressions": {"before": before or 0, "after": after or 0},
            "days": {"first": str(first), "last": str(last)},
            "verdicts": dict(
                select(
                    """SELECT verdict, count(*) FROM feed_ready WHERE change <> 'unchanged'
                       GROUP BY verdict ORDER BY verdict"""
                )
            ),
            "over_budget": dict(select(_OVER_BUDGET)),
        }

    def apply(self, upload: Upload) -> None:
        for (code,) in select(_MONTHS):
            _open_month_from(code)
        execute(_ADD, [upload.pk, *map(str, Month.TAKING)])
        execute(_CHANGE, [upload.pk])
        verdicts.keep_to_budgets(campaign for (campaign,) in select(_TOUCHED))


def _first_day() -> datetime.date | None:
    return ProgrammeTerms.objects.approved().aggregate(day=Min("starts_on"))["day"]


def _open_month_from(code: str) -> None:
    """See to it that the first month from `code` on that is not settled exists."""
    settled = set(
        Month.objects.filter(code__gte=code).exclude(status__in=Month.TAKING).values_list("code", flat=True)
    )
    while code in settled:
        code = _following(code)
    Month.objects.get_or_create(code=code)


def _following(code: str) -> str:
    year, month = int(code[:4]), int(code[5:])
    return f"{year + month // 12}-{month % 12 + 1:02}"
