"""The brand-safety statement of a month: each delivery with the video that it followed, and where that stood.

Whoever reads it can check for himself that what was billed ran in the top of the market: a row has the rank
of its video, how many videos were ranked that day, the last rank that was in, and says whether the rank is
within that. The digest names the stored lineup beyond doubt; the form in which it is computed is public
(placements.py). What ran elsewhere stands here too, with its reason, and was not billed.

A month is that of the days on which impressions ran. A million rows are sent as they are read, in the order
of an index, so that nothing is sorted or kept.
"""

# ruff: noqa: S608 - statements of ours around one another

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from campaigns.models import Month
from creators.models import BASIS_POINTS, Tier
from pulse_site.money import plain

COLUMNS = (
    "day", "campaign", "campaign_name", "creative", "video", "creator", "category", "tier", "rank",
    "population", "last_rank_in", "rank_within_cut", "score", "cutoff_score", "impressions",
    "billed_impressions", "billed_usd", "verdict", "lineup_digest",
)  # fmt: skip
_TIERS = {tier.value: tier.name.lower() for tier in Tier}
# The greatest rank with 10,000 * (rank - 1) < basis points * population, as ranking.places has it.
_LAST_IN = f"((terms.lineup_basis_points * {{population}} + {BASIS_POINTS - 1}) / {BASIS_POINTS})"
# What the row's rank was cut by: all videos of the market, or those of its category.
_POPULATION = "COALESCE(cut.population, run.population)"
_WITHIN = f"placement.rank <= {_LAST_IN.format(population=_POPULATION)}"
_LAST_OF_ALL = (
    f"""CASE WHEN NOT terms.cut_per_category THEN {_LAST_IN.format(population="run.population")} END"""
)
_FROM = """
      FROM campaigns_delivery delivery
      JOIN campaigns_campaign campaign ON campaign.id = delivery.campaign_id
      LEFT JOIN campaigns_placementrun run
        ON run.day = delivery.day AND run.market = campaign.market AND NOT run.superseded
      LEFT JOIN creators_programmeterms terms ON terms.id = run.terms_id
      LEFT JOIN campaigns_placement placement
        ON placement.run_id = run.id AND placement.video_id = delivery.video_id
      LEFT JOIN campaigns_categorycut cut
        ON cut.run_id = run.id AND cut.category_id = placement.category_id
"""
_WHERE = "WHERE campaign.advertiser_id = %s AND delivery.day BETWEEN %s AND %s"
ROWS = f"""
    SELECT delivery.day, campaign.reference, campaign.name, COALESCE(creative.reference, ''),
           delivery.video_id, creator.handle, category.slug, placement.tier, placement.rank,
           {_POPULATION}, {_LAST_IN.format(population=_POPULATION)}, placement.score,
           COALESCE(cut.cutoff_score, run.cutoff_score), delivery.impressions,
           delivery.billed_impressions, delivery.revenue_micros, delivery.verdict, run.digest
    {_FROM}
      JOIN creators_creator creator ON creator.id = COALESCE(placement.creator_id, delivery.creator_id)
      LEFT JOIN creators_category category ON category.id = placement.category_id
      LEFT JOIN campaigns_creative creative ON creative.id = delivery.creative_number
     {_WHERE}
     ORDER BY delivery.day, delivery.campaign_id, delivery.video_id, delivery.creative_number
"""
DAYS = f"""
    SELECT delivery.day, run.market, run.population, {_LAST_OF_ALL}, run.digest,
           CAST(SUM(delivery.impressions) AS bigint), CAST(SUM(delivery.billed_impressions) AS bigint),
           CAST(SUM(CASE WHEN {_WITHIN} THEN delivery.billed_impressions ELSE 0 END)
                AS bigint),
           MAX(CASE WHEN delivery.billed_impressions > 0 THEN placement.rank END)
    {_FROM} {_WHERE}
     GROUP BY delivery.day, run.market, run.population, terms.lineup_basis_points, terms.cut_per_category,
              run.digest
     ORDER BY delivery.day, run.market
"""


@dataclass(frozen=True)
class Day:
    """One day and market: its lineup, what was delivered, how much of what was billed ran within the cut."""

    day: datetime.date
    market: str | None
    population: int | None
    last_rank_in: int | None  # None too where each category has its own
    digest: str | None
    impressions: int
    billed: int
    within: int
    lowest_rank: int | None  # of the videos beside which something was billed

    @property
    def proven(self) -> bool:
        return self.within == self.billed


@dataclass(frozen=True)
class Statement:
    """A month's days and their totals."""

    month: Month
    days: list[Day]

    @property
    def impressions(self) -> int:
        return sum(day.impressions for day in self.days)

    @property
    def billed(self) -> int:
        return sum(day.billed for day in self.days)

    @property
    def within(self) -> int:
        return sum(day.within for day in self.days)

    @property
    def proven(self) -> bool:
        """Everything that was billed ran beside a video within the cut."""
        return self.within == self.billed


def statement(advertiser: int, month: Month) -> Statement:
    """The advertiser's statement of the month, by one query."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS, [advertiser, month.first_day, month.last_day])
        return Statement(month, [Day(_date(row[0]), *row[1:]) for row in cursor.fetchall()])


def rows(advertiser: int, month: Month) -> Iterator[Sequence[Any]]:
    """The month's deliveries as COLUMNS says, read as they are asked for."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(ROWS, [advertiser, month.first_day, month.last_day])
        yield from map(_row, cursor)


def _row(given: tuple[Any, ...]) -> tuple[Any, ...]:
    day, reference, name, creative, video, handle, category, tier, rank, population, last, *others = given
    score, cutoff, impressions, billed, micros, verdict, digest = others
    return (
        str(_date(day)), reference, name, creative, video, f"@{handle}", category or "",
        _TIERS.get(tier, ""), rank or "", population or "", last or "",
        "" if rank is None else "yes" if rank <= last else "no",
        "" if score is None else score, "" if cutoff is None else cutoff,
        impressions, billed, plain(micros), verdict, digest or "",
    )  # fmt: skip


def _date(day: datetime.date | str) -> datetime.date:
    """SQLite gives days of a plain statement as text."""
    return day if isinstance(day, datetime.date) else datetime.date.fromisoformat(day)
