"""The two passes: the histogram and its cuts, then the ranks of what reaches them.

A group is named by its category's slug; the one of a whole market, or of videos without category, by "".
"""

# ruff: noqa: S608 - the statements are put together from the terms' integers and known slugs, never from input

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from campaigns.lake import files
from campaigns.lake.files import DAY_MICROS, Engine, Subject
from campaigns.ranking import MIXED, crc_of_category, digest_of_inputs, places, score
from creators import recategorising
from creators.models import Category, ProgrammeTerms, Tier
from pulse_site.feeds.staging import select
from pulse_site.refusal import Refused

# How fine buckets are: the scores of one differ by a part in so many.
FINENESS = 32
BUCKET = f"CAST(LN(score + 1) * {FINENESS} AS INTEGER)"
AGED = """
    SELECT counts.*, {group} AS grouped, CASE WHEN market = '{market}' THEN 1 ELSE 0 END AS here,
           {day} - published {divide} {day_micros} AS age_days
      FROM {counts}
"""
# Staff's moves go before what a file says; {moves} are the videos and the slugs, "" for none.
MOVED = """
    (SELECT {columns}, CASE WHEN move.video IS NULL THEN said.category
                            WHEN move.slug <> '' THEN move.slug END AS category
       FROM counts said LEFT JOIN (VALUES {moves}) AS move(video, slug) ON move.video = said.id) counts
"""
HISTOGRAM = """
    SELECT grouped, {bucket} AS bucket, COUNT(*), MIN(score), MAX(score), MAX(bad), SUM(here),
           SUM(CAST(mixed AS DECIMAL(20, 0)))
      FROM (SELECT grouped, here, bad, CASE WHEN bad = 0 AND here = 1 THEN {mixed} END AS mixed,
                   CASE WHEN bad = 0 AND here = 1 AND age_days <= {horizon} THEN {score} END AS score
              FROM (SELECT aged.*, CASE WHEN {good} THEN 0 ELSE 1 END AS bad
                      FROM ({aged}) aged) judged) scored
     GROUP BY grouped, {bucket}
"""
SCORED = "SELECT aged.*, {score} AS score FROM ({aged}) aged WHERE here = 1 AND age_days <= {horizon}"
# {steps} are the buckets down to the cut: group, bucket, how many stand above it, the last rank that is in.
RANKED = """
    SELECT rank, grouped, id, handle, category, tier, published, age_days,
           views, likes, comments, shares, score
      FROM (SELECT scored.*, step.places,
                   step.above + ROW_NUMBER() OVER (PARTITION BY scored.grouped, scored.bucket
                                                   ORDER BY score DESC, published DESC, id) AS rank
              FROM (SELECT scored.*, {bucket} AS bucket FROM ({scored}) scored) scored
              JOIN (VALUES {steps}) AS step(grouped, bucket, above, places)
                ON step.grouped = scored.grouped AND step.bucket = scored.bucket) ranked
     WHERE rank <= places
"""


class Bucket(NamedTuple):
    number: int
    videos: int
    lowest: int
    highest: int


class Histogram(NamedTuple):
    """The buckets of each group, from the top; how many videos of the market the files count, however old,
    and the digest of them (campaigns/ranking.py)."""

    groups: dict[str, list[Bucket]]
    videos: int
    inputs: str

    def population(self, group: str) -> int:
        return sum(bucket.videos for bucket in self.groups[group])


class Asked(NamedTuple):
    """What is asked of the files: the statements' words are made here."""

    subject: Subject
    terms: ProgrammeTerms
    divide: str

    @property
    def counts(self) -> str:
        """Where the files' rows are read from, each with the category that counts on that day."""
        moves = ", ".join(f"({video}, '{slug}')" for video, slug in moved(self.subject.day).items())
        columns = ", ".join(f"said.{name}" for name in ("file", *files.COLUMNS) if name != "category")
        return MOVED.format(columns=columns, moves=moves) if moves else "counts"

    @property
    def words(self) -> dict[str, Any]:
        divide, terms = self.divide, self.terms
        words: dict[str, Any] = {
            "bucket": BUCKET,
            "horizon": terms.horizon_days,
            "score": score(terms, divide),
            "mixed": _mixed(divide),
            "good": " AND ".join(files.good(self.subject).values()),
        }
        words["aged"] = AGED.format(
            group="COALESCE(category, '')" if terms.cut_per_category else "''",
            market=self.subject.market,
            counts=self.counts,
            day=self.subject.number,
            divide=divide,
            day_micros=DAY_MICROS,
        )
        words["scored"] = SCORED.format(**words)
        return words


def moved(day: datetime.date) -> dict[int, str]:
    """The videos that staff moved to another category, by what counts on that day: its slug, "" for none."""
    slugs = dict(Category.objects.values_list("pk", "slug"))
    return {video: slugs.get(category, "") for video, category in select(recategorising.STANDING, [day])}


def histogram(engine: Engine, subject: Subject, terms: ProgrammeTerms) -> Histogram:
    """How many videos have which score; refuses a bad row."""
    rows = engine.select(HISTOGRAM.format(**Asked(subject, terms, engine.divide).words))
    if any(bad for *_bucket, bad, _here, _mixed in rows):
        files.refuse_bad_row(engine, subject)
    groups: dict[str, list[Bucket]] = defaultdict(list)
    for group, number, videos, lowest, highest, *_sums in rows:
        if number is not None:
            groups[group].append(Bucket(number, videos, lowest, highest))
    for buckets in groups.values():
        buckets.sort(reverse=True)
        if any(upper.lowest <= lower.highest for upper, lower in pairwise(buckets)):
            raise ArithmeticError("Two buckets of scores overlap: the engine's logarithm isn't monotonic.")
    counted, total = (sum(int(row[column] or 0) for row in rows) for column in (-2, -1))
    return Histogram(dict(groups), counted, digest_of_inputs(counted, total))


def ranked(
    engine: Engine, subject: Subject, terms: ProgrammeTerms, found: Histogram, groups: Collection[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """The videos of `groups` within their cuts, in batches and no order: rank, group, id, handle, category,
    tier, published, age_days, views, likes, comments, shares, score."""
    steps = [step for group in groups for step in _steps(group, found, terms)]
    expected = sum(places(terms, found.population(group)) for group in groups)
    if steps:
        words = Asked(subject, terms, engine.divide).words
        for rows in engine.stream(RANKED.format(**words, steps=", ".join(steps))):
            expected -= len(rows)
            yield rows
    if expected:
        raise Refused(_("The files changed while they were read: try again when they are complete."))


def _steps(group: str, found: Histogram, terms: ProgrammeTerms) -> Iterator[str]:
    last, above = places(terms, found.population(group)), 0
    for bucket in found.groups[group]:
        if above >= last:
            return
        yield f"('{group}', {bucket.number}, {above}, {last})"
        above += bucket.videos


def _mixed(divide: str) -> str:
    tiers = " ".join(f"WHEN '{tier.name.lower()}' THEN {tier.value}" for tier in Tier)
    slugs = Category.objects.values_list("slug", flat=True)
    return MIXED.format(
        video="id",
        published=f"(published {divide} 1000000)",
        tier=f"CASE tier {tiers} ELSE {Tier.STANDARD.value} END",
        category=crc_of_category("category", {f"'{slug}'": slug for slug in slugs}),
    )
