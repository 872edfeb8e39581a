"""What an advertiser sees of a campaign's delivery: how far it has come, and what ran day by day.

Only billable impressions count towards the budget. What ran off the lineup is shown apart with its reason,
so that nobody has to guess why the ad server's total is larger than the bill.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import models
from django.db.models import BigIntegerField, Sum
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Delivery

ONE_DAY = datetime.timedelta(days=1)
PERMILLE = 1_000
PACE_TOLERANCE_PERCENT = 10


class Pace(models.TextChoices):
    AHEAD = "ahead", _("ahead of plan")
    ON_TRACK = "on_track", _("on track")
    BEHIND = "behind", _("behind plan")


@dataclass(frozen=True)
class Progress:
    """How far a campaign has come on a day: the part of its budget that is used, and the part that is due."""

    campaign: Campaign
    today: datetime.date
    impressions: int
    billed_micros: int

    @property
    def stage(self) -> str:
        """The phase of a booked campaign, the status of any other."""
        if self.campaign.status == Campaign.Status.BOOKED:
            return self.campaign.phase_on(self.today)
        return self.campaign.status

    @property
    def stage_label(self) -> str:
        if self.campaign.status == Campaign.Status.BOOKED:
            return str(Campaign.Phase(self.stage).label)
        return self.campaign.get_status_display()

    @property
    def used_permille(self) -> int:
        return self.billed_micros * PERMILLE // self.campaign.budget_micros

    @property
    def used_percent(self) -> int:
        return self.used_permille // 10

    @property
    def bar_permille(self) -> int:
        """The filled part of a bar that is full when the budget is used up."""
        return min(self.used_permille, PERMILLE)

    @property
    def due_permille(self) -> int:
        """The part of the campaign's days that is over, today not included."""
        days = (self.campaign.ends_on - self.campaign.starts_on).days + 1
        over = (self.today - self.campaign.starts_on).days
        return min(max(over, 0), days) * PERMILLE // days

    @property
    def pace(self) -> Pace | None:
        """Whether a live campaign uses its budget as fast as its days go by, within a tenth."""
        if self.stage != Campaign.Phase.LIVE:
            return None
        if self.used_permille * 100 < self.due_permille * (100 - PACE_TOLERANCE_PERCENT):
            return Pace.BEHIND
        if self.used_permille * 100 > self.due_permille * (100 + PACE_TOLERANCE_PERCENT):
            return Pace.AHEAD
        return Pace.ON_TRACK


@dataclass
class Day:
    """One day of a campaign. Off the lineup means: delivered, not billed."""

    day: datetime.date
    impressions: int = 0
    billed_micros: int = 0
    off_lineup: int = 0


@dataclass(frozen=True)
class Reason:
    """Impressions that were not billed, by the verdict on them."""

    label: str
    impressions: int


@dataclass(frozen=True)
class Credit:
    """What was taken off the bill afterwards, or put back on it (negative), and why."""

    day: datetime.date | None
    video_id: int | None
    impressions: int
    micros: int
    reason: str


@dataclass(frozen=True)
class Credits:
    """The newest credits of a campaign, and the sum of all."""

    newest: list[Credit]
    count: int
    micros: int


NO_CREDITS = Credits([], 0, 0)
# Money is corrected in an app above this one, which says here how to find what it credited to a campaign.
credit_sources: list[Callable[[Campaign], Credits]] = []


@dataclass(frozen=True)
class Report:
    """A campaign's delivery: `days` in order, those without any left out; `reasons` largest first."""

    progress: Progress
    days: list[Day]
    reasons: list[Reason]
    credits: Credits = NO_CREDITS

    @cached_property
    def off_lineup(self) -> int:
        return sum(reason.impressions for reason in self.reasons)

    @cached_property
    def running_days(self) -> list[Day]:
        """Every day of the campaign's dates until its newest delivery, those without any as well."""
        campaign, found = self.progress.campaign, {day.day: day for day in self.days}
        last = min(campaign.ends_on, max(found, default=campaign.starts_on))
        dates = (campaign.starts_on + ONE_DAY * n for n in range((last - campaign.starts_on).days + 1))
        return [found.get(date) or Day(date) for date in dates]


def progress(campaigns: Sequence[Campaign], today: datetime.date) -> list[Progress]:
    """Where each campaign stands on `today`, in the order given, by one query."""
    billed = Delivery.objects.filter(campaign__in=campaigns, verdict=Delivery.Verdict.BILLABLE)
    sums = {
        campaign: (impressions, micros)
        for campaign, impressions, micros in billed.order_by()
        .values("campaign")
        .values_list("campaign", _sum("impressions"), _sum("revenue_micros"))
    }
    return [Progress(campaign, today, *sums.get(campaign.pk, (0, 0))) for campaign in campaigns]


def report(campaign: Campaign, today: datetime.date) -> Report:
    """The campaign's delivery so far, by one query over its rows."""
    days: dict[datetime.date, Day] = {}
    off_lineup: dict[str, int] = defaultdict(int)
    rows = (
        Delivery.objects.filter(campaign=campaign)
        .order_by("day")
        .values("day", "verdict")
        .values_list("day", "verdict", _sum("impressions"), _sum("revenue_micros"))
    )
    for date, verdict, impressions, micros in rows:
        day = days.setdefault(date, Day(date))
        if verdict == Delivery.Verdict.BILLABLE:
            day.impressions, day.billed_micros = impressions, micros
        else:
            day.off_lineup += impressions
            off_lineup[verdict] += impressions
    return Report(
        Progress(
            campaign,
            today,
            sum(day.impressions for day in days.values()),
            sum(day.billed_micros for day in days.values()),
        ),
        list(days.values()),
        [Reason(str(Delivery.Verdict(key).label), off_lineup[key]) for key in _largest_first(off_lineup)],
        _credits(campaign),
    )


def _credits(campaign: Campaign) -> Credits:
    found = [source(campaign) for source in credit_sources]
    return Credits(
        [credit for each in found for credit in each.newest],
        sum(each.count for each in found),
        sum(each.micros for each in found),
    )


def _largest_first(counts: dict[str, int]) -> list[str]:
    return sorted(counts, key=lambda key: (-counts[key], key))


def _sum(field: str) -> Cast:
    # PostgreSQL's sum of a bigint is a numeric, which would come back as a Decimal.
    return Cast(Sum(field), BigIntegerField())
