"""What an advertiser sees of corrections: each credit as a line of its own, with the reason for it."""

from django.db.models import BigIntegerField, Count, Sum
from django.db.models.functions import Cast

from campaigns.models import Campaign
from campaigns.reports import NO_CREDITS, Credit, Credits
from payouts.models import Adjustment, Correction

SHOWN = 100


def credits_of(campaign: Campaign) -> Credits:
    """The campaign's approved credits, the newest hundred of them line by line."""
    approved = Adjustment.objects.filter(
        campaign=campaign, correction__status=Correction.Status.APPROVED
    ).exclude(revenue_micros=0)
    total = approved.aggregate(
        count=Count("pk"), micros=Cast(Sum("revenue_micros", default=0), BigIntegerField())
    )
    if not total["count"]:
        return NO_CREDITS
    newest = approved.select_related("correction").order_by("-pk")[:SHOWN]
    return Credits([_credit(adjustment) for adjustment in newest], **total)


def _credit(adjustment: Adjustment) -> Credit:
    reason = str(adjustment.correction.get_reason_display())
    return Credit(
        adjustment.day,
        adjustment.video_id,
        adjustment.impressions,
        adjustment.revenue_micros,
        f"{reason}: {adjustment.detail}" if adjustment.detail else reason,
    )
