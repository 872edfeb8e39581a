"""What a creator who doesn't earn would have earned in a month, had he been enrolled in all of it.

Computed as a month is (drafts.py): what the billable deliveries beside his videos brought, by campaign, and
of each the share that the month's terms give a creator, floored. The figures are exact; it is an estimate
because nobody knows what a programme with him in it would have brought.
"""

import datetime
from dataclasses import dataclass

from django.db.models import BigIntegerField, Sum
from django.db.models.functions import Cast
from django.utils import timezone

from campaigns.models import Delivery, Month
from creators.models import BASIS_POINTS, Creator, ProgrammeTerms

ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Prospect:
    """A month, what was billed beside the creator's videos in it, and what his share would have been."""

    month: str
    share_basis_points: int
    campaigns: int
    impressions: int
    revenue_micros: int
    share_micros: int


def of_last_month(creator: Creator, today: datetime.date | None = None) -> Prospect | None:
    """His prospect for the month before `today`'s; None where no terms governed it. Three queries at most."""
    last = (today or timezone.localdate()).replace(day=1) - ONE_DAY
    code = f"{last:%Y-%m}"
    basis_points = _share(code, last.replace(day=1))
    if basis_points is None:
        return None
    billed = _billed(creator, code)
    return Prospect(
        code,
        basis_points,
        len(billed),
        sum(impressions for impressions, _revenue in billed),
        sum(revenue for _impressions, revenue in billed),
        sum(revenue * basis_points // BASIS_POINTS for _impressions, revenue in billed),
    )


def _share(code: str, first_day: datetime.date) -> int | None:
    """The creators' share of the month: its own once it was calculated, else that of its terms."""
    kept = Month.objects.filter(code=code).values_list("share_basis_points", flat=True).first()
    if kept is not None:
        return kept
    terms = ProgrammeTerms.objects.begun(first_day)
    return terms.values_list("share_basis_points", flat=True).first()


def _billed(creator: Creator, code: str) -> list[tuple[int, int]]:
    """Impressions and revenue beside his videos, one pair a campaign."""
    rows = Delivery.objects.filter(month=code, creator=creator, verdict=Delivery.Verdict.BILLABLE)
    summed = (
        rows.order_by()
        .values("campaign")
        .annotate(
            impressions=Cast(Sum("billed_impressions"), BigIntegerField()),
            revenue=Cast(Sum("revenue_micros"), BigIntegerField()),
        )
    )
    return list(summed.values_list("impressions", "revenue"))
