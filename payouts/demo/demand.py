"""The demo's advertisers, campaigns and deliveries."""

import csv
import datetime
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from campaigns import booking
from campaigns.models import (
    MICROS_PER_CENT,
    Advertiser,
    Campaign,
    Delivery,
    Member,
    Placement,
    PlacementRun,
)
from creators.models import Category, Tier
from pulse_site.models import User

BRANDS = (
    "Aurora Cosmetics",
    "Bluebird Airlines",
    "Cedar & Clay Kitchens",
    "Drift Motors",
    "Everline Sportswear",
    "Foxglove Books",
    "Grandview Studios",
    "Harvest Table",
    "Indigo Denim",
    "Juniper Pet Care",
    "Kestrel Games",
    "Lumen Fitness",
)
LINES = ("Spring launch", "Always on", "Holiday preview", "New arrivals", "Loyalty")
CAMPAIGNS = 30
CPM_CENTS = (900, 1_150, 1_400, 1_800, 2_200, 2_750)
RUN_ON = datetime.timedelta(days=60)


def advertisers(owner: User, admitted_by: User) -> list[Advertiser]:
    """The dozen advertisers, approved; `owner` owns the first of them."""
    made = [
        Advertiser.objects.get_or_create(
            name=name,
            defaults={
                "legal_name": f"{name} Inc.",
                "billing_email": f"billing@{name.split()[0].lower()}.example",
            },
        )[0]
        for name in BRANDS
    ]
    applied = Advertiser.objects.filter(pk__in=[row.pk for row in made], status=Advertiser.Status.APPLIED)
    booking.admit(applied, "approve", admitted_by)
    Member.objects.get_or_create(advertiser=made[0], user=owner, defaults={"role": Member.Role.OWNER})
    return made


def campaigns(
    of: Sequence[Advertiser], first: datetime.date, last: datetime.date, seed: int = 6
) -> list[Campaign]:
    """Thirty submitted campaigns over all categories; most within `first` to `last`, some run on."""
    dice = random.Random(seed)  # noqa: S311 - a believable programme, not a secret
    categories = list(Category.objects.all())
    return [
        _campaign(dice, number, of[number % len(of)], categories, first, last) for number in range(CAMPAIGNS)
    ]


def _campaign(
    dice: random.Random,
    number: int,
    advertiser: Advertiser,
    categories: Sequence[Category],
    first: datetime.date,
    last: datetime.date,
) -> Campaign:
    starts_on = first + datetime.timedelta(days=dice.choice((0, 0, 0, 5, 12)))
    made, created = Campaign.objects.get_or_create(
        reference=f"PULSE-{first:%y%m}-{number + 1:02}",
        defaults={
            "advertiser": advertiser,
            "name": LINES[number % len(LINES)],
            "tier": dice.choice((Tier.LIMITED, Tier.STANDARD, Tier.STANDARD, Tier.EXPANDED)),
            "starts_on": starts_on,
            "ends_on": dice.choice((starts_on + datetime.timedelta(days=13), last, last + RUN_ON)),
            "budget_micros": dice.choice((45_000, 60_000, 90_000)) * 100 * MICROS_PER_CENT,
            "cpm_micros": dice.choice(CPM_CENTS) * MICROS_PER_CENT,
            "status": Campaign.Status.SUBMITTED,
        },
    )
    if created:
        home = number % len(categories)
        made.categories.set({categories[home], categories[(home + dice.randrange(1, 4)) % len(categories)]})
    return made


def book(of: Sequence[Campaign], by: User) -> None:
    chosen = Campaign.objects.filter(pk__in=[campaign.pk for campaign in of])
    booking.move(chosen.filter(status=Campaign.Status.SUBMITTED), "book", by)


def write_deliveries(path: Path, of: Sequence[Campaign], first: datetime.date, last: datetime.date) -> Path:
    """The ad server's report: each campaign beside its categories, now and then elsewhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("day", "campaign", "video", "impressions"))
        for run in PlacementRun.objects.current().filter(day__range=(first, last)).order_by("day"):
            writer.writerows(_day(run, of))
    return path


def write_invalid_traffic(path: Path, month: str) -> Path:
    """What the ad server finds afterwards: in one of a hundred billed deliveries a tenth was invalid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = ("data centre traffic", "invalid device", "abnormal click pattern")
    billed = Delivery.objects.filter(month=month, verdict=Delivery.Verdict.BILLABLE).order_by("id")
    rows = billed.values_list("day", "campaign__reference", "video", "impressions")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("day", "campaign", "video", "impressions", "reason"))
        for number, (*key, impressions) in enumerate(rows.iterator()):
            if number % 100 == 0:
                writer.writerow((*key, impressions // 10 + 1, reasons[number // 100 % len(reasons)]))
    return path


def _day(run: PlacementRun, of: Sequence[Campaign]) -> Iterator[tuple[object, ...]]:
    dice = random.Random(f"{run.day} {run.market}")  # noqa: S311
    lineup = defaultdict(list)
    for placement in Placement.objects.filter(run=run).order_by("rank"):
        lineup[placement.category_id].append(placement)
    for campaign in of:
        if campaign.starts_on <= run.day <= campaign.ends_on:
            booked = [placement for slot in campaign.categories.all() for placement in lineup[slot.pk]]
            for placement in booked:
                if placement.tier <= campaign.tier or dice.random() < 0.01:
                    yield run.day, campaign.reference, placement.video_id, dice.randrange(200, 4_000)
            if booked and lineup[None]:
                yield run.day, campaign.reference, lineup[None][0].video_id, dice.randrange(20, 400)
