"""The demo's campaigns and deliveries."""

import csv
import datetime
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db.models import Min, Sum

from campaigns import booking, creatives, drafts
from campaigns.models import (
    MICROS_PER_CENT,
    Advertiser,
    Campaign,
    Creative,
    CreatorExclusion,
    Delivery,
    Placement,
    PlacementRun,
    Rate,
)
from creators.models import Category, Reach, Tier, VideoCounts
from pulse_site.models import User

LINES = ("Spring launch", "Always on", "Holiday preview", "New arrivals", "Loyalty")
CAMPAIGNS = 30
CPM_CENTS = (900, 1_150, 1_400, 1_800, 2_200, 2_750)
RUN_ON = datetime.timedelta(days=60)
ONE_DAY = datetime.timedelta(days=1)
A_YEAR = datetime.timedelta(days=365)
TRIAL_BUDGET = 200  # dollars, used up long before the end
TRIALS = (3, 11, 17)
AVOIDED = 15  # of the largest creators, by every sixth campaign
ADS = ("Six seconds", "Fifteen seconds")


def rate_card(first: datetime.date) -> None:
    """A price of each category since the year before `first`."""
    for number, category in enumerate(Category.objects.all()):
        Rate.objects.get_or_create(
            category=category,
            starts_on=first - A_YEAR,
            defaults={"cpm_micros": CPM_CENTS[number % len(CPM_CENTS)] * MICROS_PER_CENT},
        )


def campaigns(
    of: Sequence[Advertiser], by: User, first: datetime.date, last: datetime.date, seed: int = 6
) -> list[Campaign]:
    """Thirty drafts over all categories, each with a creative; most within `first` to `last`, some run on."""
    dice = random.Random(seed)  # noqa: S311 - a believable programme, not a secret
    categories = list(Category.objects.all())
    return [
        _campaign(dice, number, of[number % len(of)], by, categories, first, last)
        for number in range(CAMPAIGNS)
    ]


def _campaign(
    dice: random.Random,
    number: int,
    advertiser: Advertiser,
    by: User,
    categories: Sequence[Category],
    first: datetime.date,
    last: datetime.date,
) -> Campaign:
    starts_on = first + datetime.timedelta(days=dice.choice((0, 0, 0, 5, 12)))
    home = number % len(categories)
    order = {
        "reference": f"PULSE-{first:%y%m}-{number + 1:02}",
        "categories": [categories[home], categories[(home + dice.randrange(1, 4)) % len(categories)]],
        "name": LINES[number % len(LINES)],
        "tier": dice.choice((Tier.LIMITED, Tier.STANDARD, Tier.STANDARD, Tier.EXPANDED)),
        "starts_on": starts_on,
        "ends_on": dice.choice((starts_on + datetime.timedelta(days=13), last, last + RUN_ON)),
        "budget_micros": dice.choice((45_000, 60_000, 90_000)) * 100 * MICROS_PER_CENT,
    }
    if number in TRIALS:
        order["budget_micros"] = TRIAL_BUDGET * 100 * MICROS_PER_CENT
    return _draft(advertiser, by, order)


def _draft(advertiser: Advertiser, by: User, order: dict[str, Any]) -> Campaign:
    """The order with its creatives, made where they are missing."""
    made = Campaign.objects.filter(reference=order["reference"]).first()
    made = made or drafts.create(advertiser, by, market="US", **order)
    site = f"https://{advertiser.name.split()[0].lower()}.example"
    there = set(made.creatives.values_list("name", flat=True))
    for number, name in enumerate(ADS, start=1):
        if name not in there:
            url = f"{site}/{made.reference}-{number}.mp4"
            creatives.add(made, by, name=name, url=url, landing_url=f"{site}/")
    return made


def exclude_creators(of: Sequence[Campaign]) -> None:
    """Every sixth campaign will not run beside the largest creators."""
    largest = Reach.objects.order_by("-followers", "creator")[:AVOIDED].values_list("creator", flat=True)
    CreatorExclusion.objects.bulk_create(
        [
            CreatorExclusion(campaign=campaign, creator_id=creator, starts_on=campaign.starts_on)
            for campaign in of[::6]
            for creator in largest
        ],
        ignore_conflicts=True,
    )


def book(of: Sequence[Campaign], by: User, day: datetime.date) -> None:
    """Submit and book on `day` what is not yet, with its creatives approved."""
    chosen = Campaign.objects.filter(pk__in=[campaign.pk for campaign in of])
    booking.move(chosen.filter(status=Campaign.Status.DRAFT), "submit", by, today=day)
    shown = Creative.objects.filter(campaign__in=chosen, status=Creative.Status.SUBMITTED)
    booking.move_creatives(shown, "approve", by)
    booking.move(chosen.filter(status=Campaign.Status.SUBMITTED), "book", by, today=day)


def in_preparation(of: Advertiser, owner: User, staff: User, day: datetime.date) -> None:
    """What a morning finds on `day`: a draft, a campaign that waits for staff, and one that they rejected."""
    categories = list(Category.objects.all())
    moves = (
        ("submit", Campaign.Status.DRAFT, owner, ""),
        ("reject", Campaign.Status.SUBMITTED, staff, "The landing page can't be reached."),
    )
    for number, name in enumerate(("Winter sale", "New year", "Valentine preview")):
        order = {
            "reference": f"PULSE-NEXT-{number + 1}",
            "categories": categories[number : number + 2],
            "name": name,
            "tier": Tier.STANDARD,
            "starts_on": day + (14 + number) * ONE_DAY,
            "ends_on": day + (41 + number) * ONE_DAY,
            "budget_micros": (25_000 + 5_000 * number) * 100 * MICROS_PER_CENT,
        }
        made = _draft(of, owner, order)
        for action, status, by, reason in moves[:number]:
            chosen = Campaign.objects.filter(pk=made.pk, status=status)
            booking.move(chosen, action, by, reason=reason, today=day)


def write_deliveries(path: Path, of: Sequence[Campaign], first: datetime.date, last: datetime.date) -> Path:
    """The ad server's report: each campaign beside its categories, now and then elsewhere.

    Of every fifth campaign it does not tell the creatives apart.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("day", "campaign", "video", "impressions", "creative"))
        ads = defaultdict(list)
        told_apart = [campaign for place, campaign in enumerate(of) if place % 5]
        for creative in Creative.objects.filter(campaign__in=told_apart).order_by("pk"):
            ads[creative.campaign_id].append(creative.reference)
        for run in PlacementRun.objects.current().filter(day__range=(first, last)).order_by("day"):
            writer.writerows(_day(run, of, ads))
    return path


def write_invalid_traffic(path: Path, month: str) -> Path:
    """What the ad server finds afterwards: in one of a hundred billed deliveries a tenth was invalid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = ("data centre traffic", "invalid device", "abnormal click pattern")
    billed = Delivery.objects.filter(month=month, billed_impressions__gt=0).order_by()
    beside = billed.values("day", "campaign__reference", "video").annotate(
        first=Min("id"), billed=Sum("billed_impressions")
    )
    rows = beside.order_by("first").values_list("day", "campaign__reference", "video", "billed")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("day", "campaign", "video", "impressions", "reason"))
        for number, (*key, impressions) in enumerate(rows.iterator()):
            if number % 100 == 0:
                writer.writerow((*key, impressions // 10 + 1, reasons[number // 100 % len(reasons)]))
    return path


def _day(
    run: PlacementRun, of: Sequence[Campaign], ads: dict[int, list[str]]
) -> Iterator[tuple[object, ...]]:
    dice = random.Random(f"{run.day} {run.market}")  # noqa: S311
    lineup = defaultdict(list)
    for placement in Placement.objects.filter(run=run).order_by("rank"):
        lineup[placement.category_id].append(placement)
    unsuitable = VideoCounts.objects.filter(day=run.day, market=run.market, tier=Tier.UNSUITABLE)
    never_in = list(unsuitable.order_by("video").values_list("video", flat=True)[:1])
    for campaign in of:
        if campaign.starts_on <= run.day <= campaign.ends_on + ONE_DAY:
            for video, most in _beside(campaign, run.day, lineup, never_in, dice):
                creative = dice.choice(ads[campaign.pk]) if campaign.pk in ads else ""
                yield run.day, campaign.reference, video, dice.randrange(most // 20, most), creative


def _beside(
    campaign: Campaign,
    day: datetime.date,
    lineup: dict[int | None, list[Placement]],
    never_in: list[int],
    dice: random.Random,
) -> Iterator[tuple[int, int]]:
    """The videos, and how many impressions at most: those that were booked, and a little that was not."""
    slots = {slot.pk for slot in campaign.categories.all()}
    booked = [placement for slot in slots for placement in lineup.get(slot, [])]
    if day > campaign.ends_on:
        booked = booked[:3]
    for placement in booked:
        if placement.tier <= campaign.tier or dice.random() < 0.05:
            yield placement.video_id, 4_000
    others = [placed[0].video_id for slot, placed in lineup.items() if placed and slot not in slots]
    for video in others[:1] + (never_in if dice.random() < 0.2 else []):
        yield video, 400
