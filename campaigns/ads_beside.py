"""The ads that ran beside a video on a day, each with what it was billed at and what of that is shared."""

from typing import Any

from campaigns.models import Creative, Delivery, Month
from creators.models import BASIS_POINTS, ProgrammeTerms, VideoCounts


def beside(counts: VideoCounts, *, enrolled: bool) -> list[dict[str, Any]]:
    """What ran beside the video on the day of these counts, by campaign and creative.

    With what was billed, why not the rest, revenue, and the share of whoever is enrolled.
    """
    rows = Delivery.objects.filter(day=counts.day, video_id=counts.video_id)
    rows = rows.select_related("campaign", "month").order_by("campaign__reference", "creative_number")
    found = list(rows)
    creatives = dict(
        Creative.objects.filter(pk__in={row.creative_number for row in found}).values_list("pk", "reference")
    )
    shares = _shares({row.month for row in found}) if enrolled else {}
    return [
        {
            "campaign": row.campaign.reference,
            "name": row.campaign.name,
            "creative": creatives.get(row.creative_number),
            "impressions": row.impressions,
            "billed_impressions": row.billed_impressions,
            "verdict": row.verdict,
            "not_billed": _not_billed(row),
            "revenue_micros": row.revenue_micros,
            "share_basis_points": shares.get(row.month_id, 0),
            "share_micros": row.revenue_micros * shares.get(row.month_id, 0) // BASIS_POINTS,
            "month": row.month_id,
        }
        for row in found
    ]


def _not_billed(row: Delivery) -> str | None:
    """Why the impressions that were not billed were not; None when all were."""
    return Delivery.Verdict(row.verdict).reason.value if row.billed_impressions < row.impressions else None


def _shares(months: set[Month]) -> dict[str, int]:
    """The creators' share in each month: as it was calculated, or by the terms that it will be."""
    approved = ProgrammeTerms.objects.approved().order_by("-starts_on")
    terms = list(approved) if any(month.share_basis_points is None for month in months) else []
    return {
        month.pk: next((each.share_basis_points for each in terms if each.starts_on <= month.first_day), 0)
        if month.share_basis_points is None
        else month.share_basis_points
        for month in months
    }
