"""What an advertiser sees of a campaign's delivery: how far it has come, and what ran day by day.

Only what is billed counts towards the budget. What ran off the lineup, or beyond the budget, is shown apart
with its reason, so that nobody has to guess why the ad server's total is larger than the bill.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import BigIntegerField, Case, F, Max, Sum, When
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Delivery

ONE_DAY = datetime.timedelta(days=1)
PERMILLE = 1_000
PACE_TOLERANCE_PERCENT = 10
# Verdicts on impressions that ran where the campaign was to run, whether its budget was enough or not.
SUITABLE = (Delivery.Verdict.BILLABLE, Delivery.Verdict.OVER_BUDGET)


class Pace(models.TextChoices):
    AHEAD = "ahead", _("ahead of plan")
    ON_TRACK = "on_track", _("on track")
    BEHIND = "behind", _("behind plan")


@dataclass(frozen=True)
class Progress:
    """How far a campaign has come on a day: the part of its budget that is used, and the part that is due."""

    campaign: Campaign
    today: datetime.date
    impressions: int  # that were billed
    billed_micros: int
    over_budget: int = 0
    off_lineup: int = 0
    last_day: datetime.date | None = None  # the newest with any delivery

    @property
    def delivered(self) -> int:
        return self.impressions + self.over_budget + self.off_lineup

    @property
    def left_micros(self) -> int:
        return max(self.campaign.budget_micros - self.billed_micros, 0)

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
    """One day of a campaign: impressions that were billed, and those that were delivered and were not."""

    day: datetime.date
    impressions: int = 0
    billed_micros: int = 0
    unbilled: int = 0


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
    def unbilled(self) -> int:
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
    rest = F("impressions") - F("billed_impressions")
    sums = (
        Delivery.objects.filter(campaign__in=campaigns)
        .order_by()
        .values("campaign")
        .values_list(
            "campaign",
            added("billed_impressions"),
            added("revenue_micros"),
            added(Case(When(verdict__in=SUITABLE, then=rest), default=0)),
            added(Case(When(verdict__in=SUITABLE, then=0), default=rest)),
            Max("day"),
        )
    )
    found = {campaign: figures for campaign, *figures in sums}
    return [Progress(campaign, today, *found.get(campaign.pk, (0, 0))) for campaign in campaigns]


def report(campaign: Campaign, today: datetime.date) -> Report:
    """The campaign's delivery so far, by one query over its rows."""
    days: dict[datetime.date, Day] = {}
    reasons: dict[Delivery.Verdict, int] = defaultdict(int)
    rows = (
        Delivery.objects.filter(campaign=campaign)
        .order_by("day")
        .values("day", "verdict")
        .values_list(
            "day", "verdict", added("impressions"), added("billed_impressions"), added("revenue_micros")
        )
    )
    for date, verdict, impressions, billed, micros in rows:
        day = days.setdefault(date, Day(date))
        day.impressions += billed
        day.billed_micros += micros
        day.unbilled += impressions - billed
        reasons[Delivery.Verdict(verdict).reason] += impressions - billed
    over_budget = reasons[Delivery.Verdict.OVER_BUDGET]
    return Report(
        Progress(
            campaign,
            today,
            sum(day.impressions for day in days.values()),
            sum(day.billed_micros for day in days.values()),
            over_budget,
            sum(reasons.values()) - over_budget,
            max(days, default=None),
        ),
        list(days.values()),
        [Reason(str(verdict.label), reasons[verdict]) for verdict in largest_first(reasons)],
        _credits(campaign),
    )


def _credits(campaign: Campaign) -> Credits:
    found = [source(campaign) for source in credit_sources]
    return Credits(
        [credit for each in found for credit in each.newest],
        sum(each.count for each in found),
        sum(each.micros for each in found),
    )


def largest_first(counts: dict[Delivery.Verdict, int]) -> list[Delivery.Verdict]:
    """Those of which there are any."""
    return sorted((key for key, n in counts.items() if n), key=lambda key: (-counts[key], key))


def added(what: Any) -> Cast:
    """The sum of a field or an expression as an integer; PostgreSQL's of a bigint would be a Decimal."""
    return Cast(Sum(what), BigIntegerField())
