"""Ranks a market's videos of a day by score and cuts the top off: of the market, or of each category.

Who is ranked together, and so is cut together, is a group: the market, or one category of it, as the terms
say. Within a group a video is in when fewer than the lineup's share of its videos rank above it, by score,
then newer first, then the lower platform id. Unsuitable videos count and have ranks, but are never in.

Where each category is cut by itself, a video without one is ranked among none and never in: nobody could book
what follows it. It still counts in the population of the market.

96 of 100 videos can't be in, so they are never ranked: one statement finds the score at the cut (a top-N scan
of bare scores), another ranks what reaches it. On PostgreSQL with a million videos that took 0.9 s, against
1.5 s for ORDER BY .. LIMIT over whole rows and 2.6 s for a window over all of them.
"""

# ruff: noqa: S608 - the statements are put together from the terms' integers, never from input

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection

from creators.models import BASIS_POINTS, ProgrammeTerms

POPULATIONS = "SELECT {group}, COUNT(*) FROM ({scored}) scored GROUP BY 1"
SCORE_AT_THE_CUT = (
    "SELECT score FROM ({scored}) scored WHERE {group} ORDER BY score DESC LIMIT 1 OFFSET {above}"
)
RANKED = """
    SELECT ranked.* FROM (
      SELECT scored.*, ROW_NUMBER() OVER (PARTITION BY {group}
                                          ORDER BY score DESC, published_at DESC, video_id) AS rank
        FROM ({scored}) scored WHERE score >= {cut}) ranked
     WHERE rank <= {places}
"""


class Cut(NamedTuple):
    """How many were ranked together, the last rank that is in, and its score (None when no rank is in)."""

    population: int
    places: int
    score: int | None


class Cuts(NamedTuple):
    """The population of a market, and its cuts by category (number); None is the one of the whole market."""

    population: int
    by_category: dict[int | None, Cut]


def places(terms: ProgrammeTerms, population: int) -> int:
    """The last rank that is in: the greatest with 10,000 * (rank - 1) < basis points * population."""
    return -(-terms.lineup_basis_points * population // BASIS_POINTS)


def scored(terms: ProgrammeTerms) -> str:
    """SQL for the population of %(day)s and %(market)s: its videos with their scores under `terms`.

    Counts are at most ten trillion each, so that no product under sensible weights outgrows 64 bits.
    """
    return f"""
        SELECT video_id, creator_id, category_id, tier, published_at, {score(terms)} AS score
          FROM creators_videocounts
         WHERE day = %(day)s AND market = %(market)s AND age_days <= {terms.horizon_days}
    """


def score(terms: ProgrammeTerms, divide: str = "/") -> str:
    """SQL for the score of a row of counts; `divide` is the engine's operator for integers."""
    return f"""
               (views * {int(terms.weight_views)} + likes * {int(terms.weight_likes)}
                + comments * {int(terms.weight_comments)} + shares * {int(terms.weight_shares)})
               * {_decay_at(terms.decay_permille)} {divide} 1000"""


def cuts(terms: ProgrammeTerms, day: datetime.date, market: str) -> Cuts:
    """Where the cuts of `day` lie under `terms`; of categories only those with a video."""
    given = {"day": day, "market": market}
    group = "category_id" if terms.cut_per_category else "NULL"
    counted = _rows(POPULATIONS.format(group=group, scored=scored(terms)), given)
    populations: dict[int | None, int] = {} if terms.cut_per_category else {None: 0}
    populations.update(counted)
    population = sum(populations.values())
    if terms.cut_per_category:
        populations.pop(None, None)
    return Cuts(population, {each: _cut(terms, given, each, size) for each, size in populations.items()})


def ranked(terms: ProgrammeTerms, by_category: Mapping[int | None, Cut]) -> str:
    """SQL for those of %(day)s and %(market)s that are within their cuts, as `scored` with `rank`."""
    within = {each: cut for each, cut in by_category.items() if cut.score is not None}
    return RANKED.format(
        group="category_id" if terms.cut_per_category else "1",
        scored=scored(terms),
        cut=_of_category({each: cut.score for each, cut in within.items()}),
        places=_of_category({each: cut.places for each, cut in within.items()}),
    )


def _cut(terms: ProgrammeTerms, given: Mapping[str, Any], category: int | None, population: int) -> Cut:
    last = places(terms, population)
    if not last:
        return Cut(population, 0, None)
    group = f"category_id = {category}" if category else "1 = 1"
    statement = SCORE_AT_THE_CUT.format(scored=scored(terms), group=group, above=last - 1)
    return Cut(population, last, _rows(statement, given)[0][0])


def _of_category(values: Mapping[int | None, Any]) -> str:
    """SQL for the value of a row's category, or for the only one; NULL, which nothing passes, for others."""
    if None in values or not values:
        return str(values.get(None, "NULL"))
    return f"CASE category_id {' '.join(f'WHEN {each} THEN {value}' for each, value in values.items())} END"


def _rows(statement: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()


def _decay_at(permille: list[int], first: int = 0) -> str:
    """SQL for the decay at age_days, of which permille[0] is that of age `first`.

    Halved again and again: five comparisons a video instead of up to thirty-one, or a join that SQLite would
    have to look up for each video (12 times slower).
    """
    if len(permille) == 1:
        return str(int(permille[0]))
    half = len(permille) // 2
    younger, older = _decay_at(permille[:half], first), _decay_at(permille[half:], first + half)
    return f"CASE WHEN age_days < {first + half} THEN {younger} ELSE {older} END"
