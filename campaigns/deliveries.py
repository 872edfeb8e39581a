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
           s.impressions, d.impressions AS impressions_before,
           CASE WHEN d.id IS NULL THEN 'created'
                WHEN d.impressions <> s.impressions THEN 'updated' ELSE 'unchanged' END AS change
      FROM feed_rows s
      JOIN campaigns_campaign c ON c.reference = s.campaign
      JOIN creators_video v ON v.platform_id = s.video
      LEFT JOIN campaigns_delivery d ON d.day = s.day AND d.campaign_id = c.id AND d.video_id = s.video
"""
_SETTLED = """
    EXISTS (SELECT 1 FROM campaigns_campaign c
              JOIN campaigns_delivery d ON d.campaign_id = c.id
              JOIN campaigns_month m ON m.code = d.month_id
             WHERE c.reference = feed_rows.campaign AND d.day = feed_rows.day
               AND d.video_id = feed_rows.video AND d.impressions <> feed_rows.impressions
               AND m.status NOT IN (%s, %s))
"""
_MONTHS = "SELECT DISTINCT substr(CAST(day AS text), 1, 7) AS code FROM feed_ready WHERE change = 'created'"
_ADD = f"""
    INSERT INTO campaigns_delivery (day, campaign_id, video_id, creator_id, category_id, rank, impressions,
                                    verdict, revenue_micros, month_id, upload_id)
    SELECT r.day, r.campaign_id, r.video_id, r.creator_id, r.category_id, r.rank, r.impressions,
           r.verdict, r.revenue_micros, billed.code, %s
      FROM feed_ready r
      JOIN (SELECT own.code AS own, min(m.code) AS code
              FROM ({_MONTHS}) own
              JOIN campaigns_month m ON m.code >= own.code AND m.status IN (%s, %s)
             GROUP BY own.code) billed ON billed.own = substr(CAST(r.day AS text), 1, 7)
     WHERE r.change = 'created'
"""
_CHANGE = """
    UPDATE campaigns_delivery
       SET impressions = r.impressions, verdict = r.verdict, revenue_micros = r.revenue_micros,
           category_id = r.category_id, rank = r.rank, upload_id = %s
      FROM feed_ready r
     WHERE r.change = 'updated' AND campaigns_delivery.day = r.day
       AND campaigns_delivery.campaign_id = r.campaign_id AND campaigns_delivery.video_id = r.video_id
"""


class DeliveriesFeed(Feed):
    """day, campaign (its reference), video (the platform's id), impressions."""

    name = "deliveries"
    key = ("day", "campaign", "video")
    sample = ("day", "campaign", "video_id", "impressions_before", "impressions", "verdict")

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
            Column("video", cells.number, aliases=("video id", "platform id", "aweme id")),
            Column(
                "impressions",
                counts.count(LARGEST_COUNT),
                aliases=("imps", "delivered impressions", "delivered", "impression count"),
                choose=counts.most_exact,
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

    def resolution(self) -> tuple[str, Sequence[Any]]:
        return verdicts.JUDGED.format(rows=_GIVEN), ()

    def extras(self) -> dict[str, Any]:
        return {
            "verdicts": dict(
                select(
                    """SELECT verdict, count(*) FROM feed_ready WHERE change <> 'unchanged'
                       GROUP BY verdict ORDER BY verdict"""
                )
            )
        }

    def apply(self, upload: Upload) -> None:
        for (code,) in select(_MONTHS):
            _open_month_from(code)
        execute(_ADD, [upload.pk, *map(str, Month.TAKING)])
        execute(_CHANGE, [upload.pk])


def _first_day() -> datetime.date | None:
    return ProgrammeTerms.objects.filter(approved=True).aggregate(day=Min("starts_on"))["day"]


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
