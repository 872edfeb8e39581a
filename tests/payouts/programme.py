"""A small programme whose figures can be followed by hand: lineups, deliveries beside them, closed months."""

import datetime
import os
from typing import Any

from campaigns.models import Campaign, Delivery, Month, Placement, PlacementRun
from creators.models import Creator, Tier
from payouts import batches, months
from payouts.models import PayoutBatch
from pulse_site.models import User
from tests import factories

DAY = factories.DAY
EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "40"))  # random programmes for each property


def deliver(campaign: Campaign, creator: Creator, impressions: int, **fields: Any) -> Delivery:
    """Billable impressions after a new video of `creator`, which is put into the lineup of the day."""
    day = fields.pop("day", DAY)
    category = factories.category()
    video = factories.video(creator=creator, category=category)
    run = PlacementRun.objects.get_or_create(
        day=day,
        market="US",
        defaults={"terms": factories.terms(), "population": 100, "lineup": 4, "digest": "0" * 64},
    )[0]
    rank = run.placements.count() + 1
    Placement.objects.create(
        run=run, rank=rank, video=video, creator=creator, category=category, tier=Tier.STANDARD, score=1
    )
    fields.setdefault("month", factories.month(f"{day:%Y-%m}"))
    fields.setdefault("verdict", Delivery.Verdict.BILLABLE)
    billable = fields["verdict"] == Delivery.Verdict.BILLABLE
    return Delivery.objects.create(
        day=day,
        campaign=campaign,
        video=video,
        creator=creator,
        category=category,
        rank=rank,
        impressions=impressions,
        billed_impressions=impressions if billable else 0,
        revenue_micros=impressions * campaign.cpm_micros // 1000 if billable else 0,
        **fields,
    )


def close(by: User, then: User, code: str = "2026-10") -> Month:
    """Calculate the month, put it under review by `by` and close it by `then`; its earners can be paid."""
    months.calculate(code)
    months.review(code, by)
    months.close(code, then)
    for creator in Creator.objects.filter(account__isnull=False, payee__isnull=True):
        factories.payee(creator)
    return Month.objects.get(code=code)


def pay(month: Month, by: User, then: User) -> PayoutBatch:
    batch = batches.prepare(month, by)
    batches.approve(batch, then)
    send(batch, by)
    batches.mark_paid(batch, by)
    return batch


def send(batch: PayoutBatch, by: User) -> None:
    """Make the files of an approved batch and hand them to the bank."""
    batches.make_files(batch, by)
    batches.mark_sent(batch, by)


def day(number: int, month: int = 10) -> datetime.date:
    return datetime.date(2026, month, number)
