"""Ranks a market's videos of a day by score and cuts the top off: of the market, or of each category.

Who is ranked together, and so is cut together, is a group: the market, or one category of it, as the terms
say. Within a group a video is in when fewer than the lineup's share of its videos rank above it, by score,
then newer first, then the lower platform id. Unsuitable videos count and have ranks, but are never in.

Where each category is cut by itself, a video without one is ranked among none and never in: nobody could book
what follows it. It still counts in the population of the market.

95 of 100 videos can't be in, so they are never ranked. A sample says where a cut will lie, and a little below
that everything is ranked, into a temporary table. Whatever the sample says, the lineup is exact: where fewer
rank than there are places, all of the group are ranked instead. On PostgreSQL with a million videos, in CPU
seconds: ranking what a sample leaves 0.22, against 0.22 + 0.22 for a top-N scan that finds the cut first,
0.38 + 0.22 for an exact histogram of scores, and 0.64 for a window over all of them.

The same scan that counts the population adds up what was counted, so that a run can say later whether its
inputs are still the same. Their digest is the SHA-256 of "number of videos, tab, sum of (k * t) modulo
137438953447 over them, newline" with

    k = platform id modulo 2147483629
    t = (60013 views + 50021 likes + 40503 comments + 30011 shares + 20011 published + 10007 age in days
         + 9973 tier + category) modulo 2147483647

where published is in whole seconds since 1970 and category the CRC-32 of its slug, 0 for none: integers that
fit into 64 bits, in any order, on any engine. The market's counts of the day are all in, however old.
"""

# ruff: noqa: S608 - the statements are put together from the terms' integers, never from input

import datetime
import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection

from creators.models import BASIS_POINTS, Category, ProgrammeTerms

SAMPLED_FROM = 100_000  # videos; fewer are all ranked
MARGIN_PERCENT, MARGIN = 15, 30  # how many more of a sample are looked at than are expected to be in
SAMPLE = {"postgresql": "TABLESAMPLE SYSTEM (1) REPEATABLE (1)", "sqlite": "AND video_id %% 97 = 0"}
WORK_MEM = "128MB"  # what ranks above the guess of ten million videos is sorted without going by the disk

# What each video adds to the digest of the inputs.
MIXED = """
    ({video} % 2147483629)
    * ((views * 60013 + likes * 50021 + comments * 40503 + shares * 30011
        + {published} * 20011 + age_days * 10007 + {tier} * 9973 + {category}) % 2147483647)
    % 137438953447
"""
COUNTED = """
    SELECT {group}, COUNT(*), SUM(CASE WHEN age_days <= {horizon} THEN 1 ELSE 0 END), SUM({mixed})
      FROM creators_videocounts WHERE day = %(day)s AND market = %(market)s {by_group}
"""
GUESSES = """
    SELECT grouped, score
      FROM (SELECT grouped, score, COUNT(*) OVER (PARTITION BY grouped) AS sampled,
                   ROW_NUMBER() OVER (PARTITION BY grouped ORDER BY score DESC) AS nth
              FROM (SELECT {group} AS grouped, score FROM ({sample}) sample) sample) ordered
     WHERE nth = sampled * {basis_points} * {percent} / 1000000 + {margin}
"""
RANKED = """
    CREATE TEMPORARY TABLE lineup_ranked AS
    SELECT video_id, creator_id, category_id, tier, score, {group} AS grouped,
           ROW_NUMBER() OVER ({by_group} ORDER BY score DESC, published_at DESC, video_id) AS rank
      FROM ({scored}) scored WHERE {likely}
"""
CUTS = """
    SELECT grouped, MAX(rank), MAX(CASE WHEN rank = {places} THEN score END)
      FROM lineup_ranked GROUP BY grouped
"""
WITHIN = """
    SELECT video_id, creator_id, category_id, tier, score, rank FROM lineup_ranked WHERE rank <= {places}
"""
FORGET = "DROP TABLE IF EXISTS lineup_ranked"


class Cut(NamedTuple):
    """How many were ranked together, the last rank that is in, and its score (None when no rank is in)."""

    population: int
    places: int
    score: int | None


class Cuts(NamedTuple):
    """The population of a market, its cuts by category (number), and the digest of what was counted.

    None is the category of the one cut of the whole market. There is no digest where nothing was counted.
    """

    population: int
    by_category: dict[int | None, Cut]
    inputs: str = ""


def places(terms: ProgrammeTerms, population: int) -> int:
    """The last rank that is in: the greatest with 10,000 * (rank - 1) < basis points * population."""
    return -(-terms.lineup_basis_points * population // BASIS_POINTS)


def scored(terms: ProgrammeTerms, counts: str = "creators_videocounts") -> str:
    """SQL for the population of %(day)s and %(market)s: its videos with their scores under `terms`."""
    return f"""
        SELECT video_id, creator_id, category_id, tier, published_at, {score(terms)} AS score
          FROM {counts}
         WHERE day = %(day)s AND market = %(market)s AND age_days <= {terms.horizon_days}
    """


def score(terms: ProgrammeTerms, divide: str = "/") -> str:
    """SQL for the score of a row of counts; `divide` is the engine's operator for integers.

    Counts are at most ten trillion each, so that no product under sensible weights outgrows 64 bits.
    """
    return f"""
               (views * {int(terms.weight_views)} + likes * {int(terms.weight_likes)}
                + comments * {int(terms.weight_comments)} + shares * {int(terms.weight_shares)})
               * {_decay_at(terms.decay_permille)} {divide} 1000"""


def rank(terms: ProgrammeTerms, day: datetime.date, market: str) -> Cuts:
    """Rank what may be in under `terms`, and say where the cuts lie; of categories only those with a video.

    Inside a transaction; `within` selects those that are in until its end, or until `forget`.
    """
    given = {"day": day, "market": market}
    categories = Category.objects.values_list("pk", "slug")
    mixed = MIXED.format(
        video="video_id",
        published=_seconds("published_at"),
        tier="tier",
        category=crc_of_category("category_id", {f"{pk}": slug for pk, slug in categories}),
    )
    statement = COUNTED.format(
        group=_group(terms),
        by_group="GROUP BY category_id" if terms.cut_per_category else "",
        horizon=terms.horizon_days,
        mixed=mixed.replace("%", "%%"),
    )
    counted = [row for row in _rows(statement, given) if row[1]]
    population = sum(row[2] for row in counted)
    groups: dict[int | None, int] = {} if terms.cut_per_category else {None: population}
    if terms.cut_per_category:
        groups.update((row[0], row[2]) for row in counted if row[0] and row[2])
    wanted = {group: places(terms, size) for group, size in groups.items()}
    found = _rank(terms, given, wanted, _guesses(terms, given, population))
    return Cuts(
        population,
        {group: Cut(size, wanted[group], found.get(group)) for group, size in groups.items()},
        digest_of_inputs(*(sum(int(row[column] or 0) for row in counted) for column in (1, 3))),
    )


def within(by_category: Mapping[int | None, Cut]) -> str:
    """SQL for those that `rank` found to be within these cuts."""
    return WITHIN.format(places=_of_group({group: cut.places for group, cut in by_category.items()}))


def forget() -> None:
    _execute(FORGET)


def _rank(
    terms: ProgrammeTerms,
    given: Mapping[str, Any],
    wanted: Mapping[int | None, int],
    guesses: Mapping[int | None, int],
) -> dict[int | None, int]:
    """Rank what reaches the guesses; the score of each group's last place.

    Where that were too few, the guess is dropped and all of the group are ranked.
    """
    group = _group(terms)
    likely = f"score >= {_of_group(guesses, otherwise='0')}"
    by_group = "PARTITION BY category_id" if terms.cut_per_category else ""
    likely += " AND category_id IS NOT NULL" if terms.cut_per_category else ""
    forget()
    if connection.vendor == "postgresql":
        _execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
    statement = RANKED.format(group=group, by_group=by_group, scored=scored(terms), likely=likely)
    _execute(statement, given)
    found = {
        _key(terms, grouped): (last, at_the_cut)
        for grouped, last, at_the_cut in _rows(CUTS.format(places=_of_group(wanted)), {})
    }
    short = [each for each, last in wanted.items() if each in guesses and found.get(each, (0, 0))[0] < last]
    if short:
        kept = {each: guess for each, guess in guesses.items() if each not in short}
        return _rank(terms, given, wanted, kept)
    return {each: at_the_cut for each, (_last, at_the_cut) in found.items() if at_the_cut is not None}


def _guesses(terms: ProgrammeTerms, given: Mapping[str, Any], population: int) -> dict[int | None, int]:
    """For each group a score that a little more than its lineup should reach; none where it is small."""
    if population < SAMPLED_FROM:
        return {}
    sampled = SAMPLE[connection.vendor]
    if connection.vendor == "postgresql":
        sample = scored(terms, f"creators_videocounts {sampled}")
    else:
        sample = f"{scored(terms)} {sampled}"
    statement = GUESSES.format(
        group=_group(terms),
        sample=sample,
        basis_points=terms.lineup_basis_points,
        percent=100 + MARGIN_PERCENT,
        margin=MARGIN,
    )
    return {_key(terms, grouped): guess for grouped, guess in _rows(statement, given)}


def _group(terms: ProgrammeTerms) -> str:
    return "category_id" if terms.cut_per_category else "0"


def _key(terms: ProgrammeTerms, grouped: int | None) -> int | None:
    return grouped if terms.cut_per_category else None


def _of_group(values: Mapping[int | None, int], otherwise: str = "NULL") -> str:
    """SQL for the value of a row's category, or for the only one; `otherwise` for others."""
    if None in values or not values:
        return str(values.get(None, otherwise))
    cases = " ".join(f"WHEN {each} THEN {value}" for each, value in values.items())
    return f"CASE category_id {cases} ELSE {otherwise} END"


def digest_of_inputs(videos: int, total: int) -> str:
    """The digest of what was counted, from the number of videos and the sum of what each adds; "" of none."""
    return hashlib.sha256(f"{videos}\t{total}\n".encode()).hexdigest() if videos else ""


def crc_of_category(column: str, slugs: Mapping[str, str]) -> str:
    """SQL for a number by which a row's category is known everywhere; `slugs` by what stands in `column`."""
    cases = " ".join(f"WHEN {value} THEN {zlib.crc32(slug.encode())}" for value, slug in slugs.items())
    return f"CASE {column} {cases} ELSE 0 END" if cases else "0"


def _seconds(moment: str) -> str:
    """SQL for the whole seconds from 1970 to a moment."""
    if connection.vendor == "postgresql":
        return f"CAST(FLOOR(date_part('epoch', {moment})) AS bigint)"
    return f"unixepoch(substr({moment}, 1, 19))"  # a fraction would be rounded


def _execute(statement: str, given: Mapping[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


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
