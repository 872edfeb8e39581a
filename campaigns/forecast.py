"""How many impressions an order can still get: what recent lineups carried, less what others have booked.

The method, in this order:

1. Supply. Of the newest lineups of the market (14 of them, none older than 28 days), the views that their
   videos had on their day, by category and tier (inventory.py), an average day; less the part that the order
   excludes, as it was in the newest of them. Of a thousand views FORECAST_AD_PERMILLE (a setting) are taken
   to be followed by a place for an ad.
2. Demand. Every other campaign that is booked or paused is taken to spread its goal evenly over its days,
   and within a day over its categories and tiers as their supply is. What it is behind or ahead is not
   looked at: it evens out, and would cost a look at every delivery.
3. What is free of each category, tier and day is supply less demand, never less than nothing; the forecast
   is the sum over the order's days. Its range comes from the leanest and the richest of the recent days.

An advertiser learns nothing of another one: no campaign, name, date or goal leaves this module, only what is
free, all others added up. Even so a curious one could watch a small category before and after a rival has
booked, so what is sold of it is rounded up to the next twentieth, and every figure that is shown is rounded
down to two digits.

Forecasts are estimates in whole impressions, and no money depends on them. They take five queries, however
many videos, lineups and campaigns there are; a lineup itself is looked at for excluded videos alone.
"""

# ruff: noqa: S608 - the statements are put together from texts of this module, never from input

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.inventory import VIEWS_OF_THE_DAY
from campaigns.models import IMPRESSIONS_PER_MILLE, Campaign, Inventory, PlacementRun
from creators.models import Category, Tier

RECENT_RUNS = 14
OLDEST = datetime.timedelta(days=28)
LIFE_OF_A_VIDEO = datetime.timedelta(days=60)  # longer than any horizon
ONE_DAY = datetime.timedelta(days=1)
PERMILLE = 1_000
SOLD_STEP = 50  # per mille: what is sold is told in twentieths
LONGEST = 366  # days of an order
SUGGESTED = 3
SOLD_BY = (Campaign.Status.BOOKED, Campaign.Status.PAUSED)

EXCLUDED = f"""
    WITH excluded AS (
      SELECT platform_id FROM campaigns_videoexclusion WHERE campaign_id = %(campaign)s AND ends_on IS NULL
       UNION
      SELECT video.platform_id FROM campaigns_creatorexclusion exclusion
        JOIN creators_video video
          ON video.creator_id = exclusion.creator_id AND video.published_at >= %(since)s
       WHERE exclusion.campaign_id = %(campaign)s AND exclusion.ends_on IS NULL
    )
    SELECT placement.category_id, placement.tier,
           CAST(SUM({VIEWS_OF_THE_DAY.format(counts="counts", before="before")}) AS bigint)
      FROM excluded
      JOIN campaigns_placement placement
        ON placement.run_id = %(run)s AND placement.video_id = excluded.platform_id
      JOIN creators_videocounts counts ON counts.day = %(day)s AND counts.video_id = placement.video_id
      LEFT JOIN creators_videocounts before ON before.day = %(eve)s AND before.video_id = placement.video_id
     WHERE placement.category_id IS NOT NULL
     GROUP BY placement.category_id, placement.tier
"""
# Each campaign's goal, parted among its categories and tiers by their supply (in millionths of it).
SOLD = """
    WITH supply AS (
      SELECT category_id, tier, CAST(SUM(views) AS bigint) AS views
        FROM campaigns_inventory WHERE run_id IN ({runs}) GROUP BY category_id, tier
    ), part AS (
      SELECT campaign.id, campaign.starts_on, campaign.ends_on, supply.category_id, supply.tier, supply.views,
             campaign.budget_micros / (campaign.cpm_micros / 1000) AS goal
        FROM campaigns_campaign campaign
        JOIN campaigns_campaign_categories slot ON slot.campaign_id = campaign.id
        JOIN supply ON supply.category_id = slot.category_id AND supply.tier <= campaign.tier
       WHERE campaign.status IN (%s, %s) AND campaign.market = %s AND campaign.id <> %s
         AND campaign.starts_on <= %s AND campaign.ends_on >= %s
    ), whole AS (
      SELECT id, CAST(SUM(views) AS bigint) AS views FROM part GROUP BY id
    )
    SELECT part.category_id, part.tier, part.starts_on, part.ends_on,
           CAST(SUM(part.goal * (part.views * 1000000 / whole.views) / 1000000) AS bigint)
      FROM part JOIN whole ON whole.id = part.id AND whole.views > 0
     GROUP BY part.category_id, part.tier, part.starts_on, part.ends_on
"""


class Cell(NamedTuple):
    """What is sold apart: a category (its id) in a tier."""

    category: int
    tier: int


class Fit(models.TextChoices):
    PLENTY = "plenty", _("fits")
    LIKELY = "likely", _("fits on usual days")
    SHORT = "short", _("will not fit")


@dataclass(frozen=True)
class Order:
    """What a forecast is asked for; `campaign` is the one being changed, if it is there already."""

    market: str
    categories: Collection[Category]
    tier: int
    starts_on: datetime.date
    ends_on: datetime.date
    cpm_micros: int
    goal: int
    campaign: Campaign | None = None

    @property
    def days(self) -> list[datetime.date]:
        return [self.starts_on + ONE_DAY * n for n in range((self.ends_on - self.starts_on).days + 1)]


@dataclass(frozen=True)
class Remedies:
    """What would help an order that doesn't fit; each is None or empty where it would not."""

    categories: list[tuple[Category, int]]
    tier_impressions: int | None
    until: datetime.date | None
    budget_micros: int | None


@dataclass(frozen=True)
class Forecast:
    """Impressions that are free for an order, rounded down to two digits, of all its days."""

    goal: int
    low: int
    expected: int
    high: int
    lineups: int  # how many recent days it is made of
    days: list[tuple[datetime.date, int]]
    categories: list[tuple[Category, int]]
    remedies: Remedies | None = None

    @property
    def fit(self) -> Fit:
        if self.goal <= self.low:
            return Fit.PLENTY
        return Fit.LIKELY if self.goal <= self.expected else Fit.SHORT


@dataclass
class Market:
    """What the recent lineups carried an average day, and what is sold of it on each day."""

    supply: dict[Cell, int]
    by_run: dict[int, dict[Cell, int]]
    sold: dict[Cell, dict[datetime.date, int]] = field(default_factory=dict)

    def free(self, cell: Cell, day: datetime.date) -> int:
        """Impressions of a cell that nobody has booked; what is sold counts in whole twentieths."""
        supply, sold = self.supply[cell], self.sold.get(cell, {}).get(day, 0)
        steps = -(-sold * PERMILLE // (supply * SOLD_STEP)) if supply else 0
        return supply * max(PERMILLE - steps * SOLD_STEP, 0) // PERMILLE


def of_campaign(campaign: Campaign, today: datetime.date | None = None) -> Forecast | None:
    """The forecast of an order that is there, see `forecast`."""
    return forecast(
        Order(
            market=campaign.market,
            categories=list(campaign.categories.all()),
            tier=campaign.tier,
            starts_on=campaign.starts_on,
            ends_on=campaign.ends_on,
            cpm_micros=campaign.cpm_micros,
            goal=campaign.goal_impressions,
            campaign=campaign,
        ),
        today,
    )


def forecast(order: Order, today: datetime.date | None = None) -> Forecast | None:
    """What is free for `order`, by the lineups before `today` (UTC, today unless given).

    None when the market has no recent lineup, and for an order of more than 366 days.
    """
    today = today or timezone.now().date()
    days = order.days
    runs = list(
        PlacementRun.objects.current()
        .filter(market=order.market, day__range=(today - OLDEST, today), inventory__isnull=False)
        .distinct()
        .order_by("-day")
        .values_list("pk", "day")[:RECENT_RUNS]
    )
    if not runs or not 0 < len(days) <= LONGEST:
        return None
    market = _market(order, runs, days)
    known = {category.pk: category for category in Category.objects.all()}
    free = _free_by_category(market, order.tier, days)
    chosen = {category.pk for category in order.categories}
    by_day = [(day, sum(free[pk][day] for pk in chosen)) for day in days]
    expected = sum(impressions for _day, impressions in by_day)
    low, high = _range(market, chosen, order.tier)
    made = Forecast(
        goal=order.goal,
        low=coarse(expected * low // PERMILLE),
        expected=coarse(expected),
        high=coarse(expected * high // PERMILLE),
        lineups=len(runs),
        days=[(day, coarse(impressions)) for day, impressions in by_day],
        categories=[
            (category, coarse(sum(free[pk].values()))) for pk, category in known.items() if pk in chosen
        ],
    )
    if made.fit != Fit.SHORT:
        return made
    others = [(known[pk], sum(free[pk].values())) for pk in known if pk not in chosen]
    return _with_remedies(made, order, market, others)


def coarse(impressions: int) -> int:
    """Rounded down to two digits: 12_999 is 12_000."""
    unit = 10 ** max(len(str(impressions)) - 2, 0)
    return impressions // unit * unit


def _market(order: Order, runs: Sequence[tuple[int, datetime.date]], days: Sequence[datetime.date]) -> Market:
    by_run: dict[int, dict[Cell, int]] = {run: defaultdict(int) for run, _day in runs}
    rows = Inventory.objects.filter(run__in=by_run).values_list("run", "category", "tier", "views")
    for run, category, tier, views in rows:
        by_run[run][Cell(category, tier)] += views
    supply: dict[Cell, int] = defaultdict(int)
    for cells in by_run.values():
        for cell, views in cells.items():
            supply[cell] += views
    of_views = settings.FORECAST_AD_PERMILLE
    average = {cell: views * of_views // (PERMILLE * len(runs)) for cell, views in supply.items()}
    newest = by_run[runs[0][0]]
    for cell, excluded in _excluded(order.campaign, *runs[0]).items():
        average[cell] -= average[cell] * excluded // max(newest[cell], excluded, 1)
    market = Market(defaultdict(int, average), by_run)
    _sell(market, order, days)
    return market


def _excluded(campaign: Campaign | None, run: int, day: datetime.date) -> dict[Cell, int]:
    """Views of what the campaign excludes, in one lineup."""
    if campaign is None:
        return {}
    since = datetime.datetime.combine(day - LIFE_OF_A_VIDEO, datetime.time(), datetime.UTC)
    given: dict[str, Any] = {
        "campaign": campaign.pk,
        "run": run,
        "day": day,
        "eve": day - ONE_DAY,
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(EXCLUDED, given)
        return {Cell(category, tier): views for category, tier, views in cursor.fetchall()}


def _sell(market: Market, order: Order, days: Sequence[datetime.date]) -> None:
    """Fill in what is sold of each cell on each of `days`: steps up and down, added up along the days."""
    steps: dict[Cell, dict[datetime.date, int]] = defaultdict(lambda: defaultdict(int))
    for category, tier, starts_on, ends_on, goal in _booked(market, order):
        first, last = (datetime.date.fromisoformat(str(day)) for day in (starts_on, ends_on))
        a_day = -(-goal // ((last - first).days + 1))
        steps[Cell(category, tier)][max(first, days[0])] += a_day
        steps[Cell(category, tier)][last + ONE_DAY] -= a_day
    for cell, changes in steps.items():
        sold, market.sold[cell] = 0, {}
        for day in days:
            sold += changes.get(day, 0)
            market.sold[cell][day] = sold


def _booked(market: Market, order: Order) -> Iterable[tuple[int, int, Any, Any, int]]:
    own = order.campaign.pk if order.campaign else 0
    given: list[Any] = [*market.by_run, *map(str, SOLD_BY), order.market, own, order.ends_on, order.starts_on]
    with connection.cursor() as cursor:
        cursor.execute(SOLD.format(runs=", ".join("%s" for _run in market.by_run)), given)
        return cursor.fetchall()


def _free_by_category(
    market: Market, tier: int, days: Sequence[datetime.date]
) -> dict[int, dict[datetime.date, int]]:
    """Free impressions of every category up to a tier, by day; none where a category was in no lineup."""
    free: dict[int, dict[datetime.date, int]] = defaultdict(lambda: defaultdict(int))
    for cell in [cell for cell in market.supply if cell.tier <= tier]:
        for day in days:
            free[cell.category][day] += market.free(cell, day)
    return free


def _range(market: Market, categories: Collection[int], tier: int) -> tuple[int, int]:
    """The leanest and the richest of the recent days, per mille of their average."""
    totals = [
        sum(views for cell, views in cells.items() if cell.category in categories and cell.tier <= tier)
        for cells in market.by_run.values()
    ]
    whole = sum(totals)
    if not whole:
        return PERMILLE, PERMILLE
    return min(totals) * len(totals) * PERMILLE // whole, max(totals) * len(totals) * PERMILLE // whole


def _with_remedies(
    made: Forecast, order: Order, market: Market, others: list[tuple[Category, int]]
) -> Forecast:
    """What would make the order fit, each by itself: more to choose from, more time, less to spend."""
    missing = made.goal - made.expected
    best = sorted(((category, coarse(more)) for category, more in others if more), key=lambda each: -each[1])
    budget = made.expected * order.cpm_micros // IMPRESSIONS_PER_MILLE
    dollars = budget - budget % 1_000_000
    remedies = Remedies(
        categories=best[:SUGGESTED],
        tier_impressions=_wider(order, market),
        until=_later(order, made.expected, missing),
        budget_micros=dollars or None,
    )
    return Forecast(**{**made.__dict__, "remedies": remedies})


def _wider(order: Order, market: Market) -> int | None:
    """What the next tier would add."""
    if order.tier >= Tier.EXPANDED:
        return None
    cells = [
        cell
        for cell in market.supply
        if cell.tier == order.tier + 1 and any(cell.category == each.pk for each in order.categories)
    ]
    return coarse(sum(market.free(cell, day) for cell in cells for day in order.days)) or None


def _later(order: Order, expected: int, missing: int) -> datetime.date | None:
    """The last day with which the goal would fit, if the days after are like the order's own."""
    if not expected:
        return None
    more = -(-missing * len(order.days) // expected)
    return order.ends_on + more * ONE_DAY if len(order.days) + more <= LONGEST else None
