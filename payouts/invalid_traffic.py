"""The invalid-traffic feed: impressions that were billed and should not have been, by delivery.

A row says how many of a delivery's impressions are invalid in all, as the ad server's reports do. So at most
one adjustment stands for a delivery: the same file again changes nothing, another count for a row that nobody
has approved takes its place (and moves it into the newer correction, for whoever changed it last has prepared
it), and another count for one that is approved is refused by name, since two people have signed the first.
A rejected correction stands in nobody's way.

The rows of one file become one correction; another person approves it before anything is posted.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from campaigns.deliveries import LARGEST_COUNT
from payouts import corrections
from payouts.models import Correction
from pulse_site.feeds import cells, counts
from pulse_site.feeds.feed import Column, Feed
from pulse_site.feeds.staging import Stage, execute, select
from pulse_site.four_eyes import require
from pulse_site.models import Upload

_DELIVERY = """
      FROM campaigns_campaign c
      JOIN campaigns_delivery d ON d.campaign_id = c.id
     WHERE c.reference = feed_rows.campaign AND d.day = feed_rows.day AND d.video_id = feed_rows.video
"""
# A delivery may be told by creative, and one of them may have come late: only what its first month billed can
# be taken back, for one adjustment corrects one month.
_BILLED = f"""
    SELECT CAST(SUM(d.billed_impressions) AS bigint) {_DELIVERY}
       AND d.month_id = (SELECT MIN(d.month_id) {_DELIVERY} AND d.billed_impressions > 0)
"""
# What stands for the delivery of a row already.
_STANDING = """
    SELECT a.impressions FROM payouts_adjustment a
      JOIN payouts_correction k ON k.id = a.correction_id
     WHERE k.status {status} AND a.day = feed_rows.day AND a.video_id = feed_rows.video
       AND a.campaign_id IN (SELECT c.id FROM campaigns_campaign c WHERE c.reference = feed_rows.campaign)
"""
_APPROVED = _STANDING.format(status="= 'approved'")
# What each row takes back, and of which earning.
_TAKEN = """
    SELECT r.*, CASE WHEN EXISTS (SELECT 1 FROM creators_enrolment e
                                   WHERE e.creator_id = r.creator_id AND e.starts_on <= r.day
                                     AND (e.ends_on IS NULL OR e.ends_on >= r.day))
                     THEN r.revenue_micros ELSE 0 END AS enrolled_micros
      FROM (SELECT s.line, s.day, s.campaign, s.impressions, s.reason, c.id AS campaign_id,
                   s.video AS video_id, min(d.creator_id) AS creator_id, min(d.month_id) AS origin_id,
                   s.impressions * (c.cpm_micros / 1000) AS revenue_micros
              FROM feed_rows s
              JOIN campaigns_campaign c ON c.reference = s.campaign
              JOIN campaigns_delivery d ON d.day = s.day AND d.campaign_id = c.id AND d.video_id = s.video
             WHERE d.billed_impressions > 0
             GROUP BY s.line, s.day, s.campaign, s.impressions, s.reason, c.id, s.video, c.cpm_micros) r
"""
# Rows of which the earning, by now final, has not as much left beside what else stands against it.
_BEYOND = f"""
    line IN (
      SELECT taken.line
        FROM (SELECT line, origin_id, campaign_id, creator_id,
                     SUM(revenue_micros) OVER earned AS revenue_micros,
                     SUM(enrolled_micros) OVER earned AS enrolled_micros
                FROM ({_TAKEN}) own WINDOW earned AS (PARTITION BY origin_id, campaign_id, creator_id)) taken
        JOIN campaigns_month m ON m.code = taken.origin_id AND m.status IN ('review', 'closed')
        JOIN (SELECT a.origin_id, a.campaign_id, a.creator_id, SUM(a.revenue_micros) AS revenue_micros,
                     SUM(a.enrolled_micros) AS enrolled_micros
                FROM payouts_adjustment a
                JOIN payouts_correction k ON k.id = a.correction_id AND k.status IN ('prepared', 'approved')
               WHERE NOT EXISTS (SELECT 1 FROM ({_TAKEN}) own
                                  WHERE own.day = a.day AND own.campaign_id = a.campaign_id
                                    AND own.video_id = a.video_id)
               GROUP BY a.origin_id, a.campaign_id, a.creator_id) other
          ON other.origin_id = taken.origin_id AND other.campaign_id = taken.campaign_id
         AND other.creator_id = taken.creator_id
        LEFT JOIN payouts_earning earning
          ON earning.month_id = taken.origin_id AND earning.campaign_id = taken.campaign_id
         AND earning.creator_id = taken.creator_id
       WHERE taken.revenue_micros + other.revenue_micros > COALESCE(earning.revenue_micros, 0)
          OR taken.enrolled_micros + other.enrolled_micros > COALESCE(earning.enrolled_micros, 0)
    )
"""
_GIVEN = f"""
    SELECT r.line, r.day, r.campaign, r.campaign_id, r.video_id, r.origin_id, r.creator_id, r.impressions,
           r.reason, r.revenue_micros, r.enrolled_micros, a.id AS adjustment_id,
           a.impressions AS impressions_before,
           CASE WHEN a.id IS NULL THEN 'created'
                WHEN a.status = 'prepared' AND (a.impressions <> r.impressions OR a.detail <> r.reason)
                THEN 'updated' ELSE 'unchanged' END AS change
      FROM ({_TAKEN}) r
      LEFT JOIN (SELECT a.*, k.status FROM payouts_adjustment a
                   JOIN payouts_correction k ON k.id = a.correction_id
                  WHERE k.status IN ('prepared', 'approved')) a
        ON a.day = r.day AND a.campaign_id = r.campaign_id AND a.video_id = r.video_id
"""
_ADD = """
    INSERT INTO payouts_adjustment (correction_id, origin_id, campaign_id, creator_id, day, video_id,
                                    impressions, revenue_micros, enrolled_micros, share_micros, detail)
    SELECT %s, origin_id, campaign_id, creator_id, day, video_id,
           impressions, revenue_micros, enrolled_micros, 0, reason
      FROM feed_ready WHERE change = 'created' ORDER BY line
"""
_CHANGE = """
    UPDATE payouts_adjustment
       SET correction_id = %s, origin_id = r.origin_id, creator_id = r.creator_id,
           impressions = r.impressions, revenue_micros = r.revenue_micros,
           enrolled_micros = r.enrolled_micros, detail = r.reason
      FROM feed_ready r WHERE r.change = 'updated' AND payouts_adjustment.id = r.adjustment_id
"""


class InvalidTrafficFeed(Feed):
    """day, campaign (its reference), video (the platform's id), impressions, reason (both sides read it)."""

    name = "invalid_traffic"
    key = ("day", "campaign", "video")
    sample = ("day", "campaign", "video_id", "impressions_before", "impressions", "revenue_micros", "reason")

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
                aliases=("imps", "invalid impressions", "ivt impressions", "invalid", "impression count"),
                choose=counts.most_exact,
            ),
            Column(
                "reason",
                cells.text(200),
                aliases=("ivt reason", "type", "category", "detail"),
                type="text",
                required=False,
                default="",
            ),
        )

    def check(self, stage: Stage) -> None:
        corrections.take_turn()
        self._check_delivery(stage)
        stage.reject(
            "impressions",
            "nothing",
            _("It says no impressions; leave the row out. What is prepared goes when it is rejected."),
            "impressions = 0",
        )
        stage.reject(
            "impressions",
            "approved",
            _("Another count is approved; correct the difference by hand. Approved impressions: "),
            f"(SELECT MAX(impressions) FROM ({_APPROVED}) given) <> feed_rows.impressions",
            figure=f"(SELECT MAX(impressions) FROM ({_APPROVED}) given)",
        )
        stage.reject(
            "impressions",
            "too_many",
            _("More than was billed; check the count. Billed impressions: "),
            f"({_BILLED}) < feed_rows.impressions",
            figure=f"({_BILLED})",
        )
        stage.reject(
            "impressions",
            "corrected",
            _(
                "With what else was corrected of this campaign and creator, more would be taken back than "
                "was billed. Give the difference back by hand, or reject the other correction."
            ),
            _BEYOND,
        )

    def resolution(self) -> tuple[str, Sequence[Any]]:
        return _GIVEN, ()

    def extras(self) -> dict[str, Any]:
        """What would be credited to advertisers, in micros, and the invalid impressions before and after."""
        credit, before, after = select(
            """SELECT CAST(SUM(CASE WHEN change <> 'unchanged' THEN revenue_micros END) AS bigint),
                      CAST(SUM(impressions_before) AS bigint), CAST(SUM(impressions) AS bigint)
                 FROM feed_ready"""
        )[0]
        return {"credit_micros": credit or 0, "impressions": {"before": before or 0, "after": after or 0}}

    def apply(self, upload: Upload) -> None:
        if not select("SELECT 1 FROM feed_ready WHERE change <> 'unchanged' LIMIT 1"):
            return
        if upload.uploaded_by:
            require(upload.uploaded_by, corrections.PREPARES)
        correction = Correction.objects.create(
            reason=Correction.Reason.INVALID_TRAFFIC, upload=upload, prepared_by=upload.uploaded_by
        )
        execute(_ADD, [correction.pk])
        execute(_CHANGE, [correction.pk])
        emptied = Correction.objects.filter(
            status=Correction.Status.PREPARED, upload__isnull=False, adjustments__isnull=True
        )
        emptied.delete()

    def _check_delivery(self, stage: Stage) -> None:
        stage.reject(
            "campaign",
            "unknown_campaign",
            _("No campaign has this reference; check it, or enter the campaign first."),
            "NOT EXISTS (SELECT 1 FROM campaigns_campaign c WHERE c.reference = feed_rows.campaign)",
        )
        stage.reject(
            "video",
            "not_delivered",
            _("This campaign has no delivery beside this video on this day; check the three."),
            f"NOT EXISTS (SELECT 1 {_DELIVERY})",
        )
        stage.reject(
            "video",
            "not_billed",
            _("This delivery was never billed, so there is nothing to take back; leave the row out."),
            f"NOT EXISTS (SELECT 1 {_DELIVERY} AND d.billed_impressions > 0)",
        )
