"""Brings a lineup that was ranked in a lake into Pulse: its creators, its videos and their counts of the day.

Handles that Pulse doesn't know become candidates, and videos are kept up, as the videos feed does. Of the
day's counts only those of the lineup come along, so that it stays explained when the files are gone.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import datetime
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from campaigns.lake import files, ranking
from campaigns.lake.engines import opened
from campaigns.lake.files import Engine, Subject
from campaigns.lake.ranking import Histogram
from campaigns.ranking import Cut, Cuts, places
from creators import candidates, recategorising
from creators.models import Category, CategoryOrigin, ProgrammeTerms, Tier, VideoCounts
from pulse_site import partitions
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.staging import Loader, execute, moment_of
from pulse_site.refusal import Refused

TIERS: dict[str | None, int] = {None: Tier.STANDARD.value, **{tier.name.lower(): tier.value for tier in Tier}}
STAGED = {
    "line": "bigint",  # the rank
    "id": "bigint",
    "handle": "text",
    "category_id": "bigint",
    "tier": "integer",
    "published": "bigint",
    "age_days": "integer",
    **dict.fromkeys((*files.COUNTS, "score"), "bigint"),
}
# The lineup, as campaigns/ranking.py says it of the database's own counts.
LINEUP = "SELECT line AS rank, id AS video_id, creator_id, category_id, tier, score FROM feed_ready"
READY = """
    CREATE TEMPORARY TABLE feed_ready AS
    SELECT staged.*, '' AS name, creator.id AS creator_id, {published_at} AS published_at,
           CASE WHEN {moved} THEN {move} WHEN staged.category_id IS NULL THEN {unknown} ELSE {feed} END
             AS category_origin
      FROM feed_lineup staged LEFT JOIN creators_creator creator ON creator.handle = staged.handle
"""
ORIGINS = {origin.name.lower(): origin.value for origin in CategoryOrigin}


def _kept(table: str, **changes: str) -> str:
    """SQL for a row that was there already: changed where it differs, and otherwise not touched."""
    assigned = ", ".join(f"{column} = {value}" for column, value in changes.items())
    before = ", ".join(f"{table}.{column}" for column in changes)
    return f"UPDATE SET {assigned} WHERE ({before}) IS DISTINCT FROM ({', '.join(changes.values())})"


def _new(*columns: str) -> dict[str, str]:
    return {column: f"excluded.{column}" for column in columns}


_VIDEO = ("market", "creator_id", "published_at", "tier")
_COUNTED = (*_VIDEO, "category_id", "category_origin", "age_days", *files.COUNTS)
_MOVED = f"EXISTS (SELECT 1 FROM ({recategorising.STANDING}) moved WHERE moved.video_id = {{}})"
KEEP_NEW_VIDEOS = """
    INSERT INTO creators_video (platform_id, market, creator_id, published_at, category_id, tier)
    SELECT id, %s, creator_id, published_at, category_id, tier FROM feed_ready WHERE true
        ON CONFLICT (platform_id) DO NOTHING
"""
# Where a file doesn't say the category, or a move overrides it, the video's own stays.
KEEP_VIDEOS = KEEP_NEW_VIDEOS.replace(
    "NOTHING",
    _kept(
        "creators_video",
        category_id=f"""CASE WHEN {_MOVED.format("creators_video.platform_id")}
                             THEN creators_video.category_id
                             ELSE COALESCE(excluded.category_id, creators_video.category_id) END""",
        **_new(*_VIDEO),
    ),
)
KEEP_COUNTS = f"""
    INSERT INTO {{table}} (day, video_id, {", ".join(_COUNTED)})
    SELECT %s, id, %s, {", ".join(_COUNTED[1:])} FROM feed_ready WHERE true {{again}}
"""
AGAIN = f"ON CONFLICT (day, video_id) DO {_kept('creators_videocounts', **_new(*_COUNTED))}"


def absolute(pattern: str) -> str:
    """The pattern as it can be asked for again from anywhere; that of a store (s3://…) is so already."""
    return str(Path(pattern).absolute()) if pattern and "://" not in pattern else pattern


def load(pattern: str, terms: ProgrammeTerms, day: datetime.date, market: str) -> Cuts:
    """Rank the videos of the market that the files count, and load the lineup: then LINEUP selects it.

    To be called inside a transaction; the lineup can be read until its end, or until `forget`. Raises Refused
    for files that can't be used.
    """
    if not re.fullmatch("[A-Z]{2}", market):
        raise Refused(_("%(market)r isn't a market; write two letters such as US.") % {"market": market})
    subject = Subject(day, market)
    with opened(pattern) as engine:
        found = ranking.histogram(engine, subject, terms)
        if not found.videos:
            raise Refused(
                _("%(files)s: there are no counts of %(market)s. Choose its files, or another market.")
                % {"files": pattern, "market": market}
            )
        files.refuse_repeated(engine)
        judge = _Judge(engine, subject)
        groups = _groups(judge, terms, found)
        lowest = _stage(judge, ranking.ranked(engine, subject, terms, found, groups))
    _keep(subject)
    by_category = {
        category: Cut(size := found.population(group), places(terms, size), lowest.get(group))
        for group, category in groups.items()
    }
    return Cuts(sum(map(found.population, found.groups)), by_category, found.inputs)


def forget() -> None:
    """Drop the lineup that was loaded; what is kept stays."""
    for table in ("feed_lineup", "feed_ready"):
        execute(f"DROP TABLE IF EXISTS {table}")


class _Judge:
    """Turns what files say of a video in the lineup into what Pulse keeps, or refuses it."""

    def __init__(self, engine: Engine, subject: Subject) -> None:
        self.engine = engine
        self.subject = subject
        self.categories: dict[str | None, int | None] = {None: None}
        self.categories.update(Category.objects.values_list("slug", "pk"))

    def handle(self, video: int, handle: str | None) -> str:
        try:
            return candidates.handle(handle or "")
        except Unusable as reason:
            self.refuse(f"id = {video}", "handle", handle, reason.message)

    def category(self, video: int, slug: str | None) -> int | None:
        if slug not in self.categories:
            self.refuse_category(f"id = {video}")
        return self.categories[slug]

    def tier(self, video: int, tier: str | None) -> int:
        if tier not in TIERS:
            self.refuse(f"id = {video}", "tier", tier, _one_of(TIERS))
        return TIERS[tier]

    def refuse_category(self, where: str) -> NoReturn:
        names = ", ".join(f"'{slug}'" for slug in self.categories if slug)
        unknown = f"{where} AND category NOT IN ({names})"
        [(slug,)] = self.engine.select(f"SELECT MIN(category) FROM counts WHERE {unknown}")
        self.refuse(unknown, "category", slug, _one_of(self.categories))

    def refuse(self, where: str, column: str, value: object, remedy: str) -> NoReturn:
        [(file, video)] = self.engine.select(
            f"SELECT file, id FROM counts WHERE {where} ORDER BY file, id LIMIT 1"
        )
        files.refuse_value(file, video, column, value, remedy, self.subject)


def _one_of(known: Iterable[str | None]) -> str:
    return _("Write one of: %(names)s.") % {"names": ", ".join(name for name in known if name)}


def _groups(judge: _Judge, terms: ProgrammeTerms, found: Histogram) -> dict[str, int | None]:
    """Who is cut together, by the names of the histogram: the market, or each category that has a video."""
    if not terms.cut_per_category:
        return {"": None}
    named = [slug for slug in found.groups if slug]
    if not judge.categories.keys() >= set(named):
        judge.refuse_category("TRUE")
    return {slug: judge.categories[slug] for slug in named}


def _stage(judge: _Judge, batches: Iterable[list[tuple[Any, ...]]]) -> dict[str, int]:
    """Put the lineup into feed_lineup; returns the score at the cut of each group."""
    forget()
    columns = ", ".join(f"{name} {kind}" for name, kind in STAGED.items())
    execute(f"CREATE TEMPORARY TABLE feed_lineup ({columns})")
    loader = Loader("feed_lineup", ", ".join(STAGED))
    lowest: dict[str, int] = {}
    for rows in batches:
        loader.load(list(_suitable(judge, rows, lowest)))
    loader.flush()
    return lowest


def _suitable(
    judge: _Judge, rows: Iterable[tuple[Any, ...]], lowest: dict[str, int]
) -> Iterator[tuple[Any, ...]]:
    """The rows for feed_lineup. Unsuitable videos have ranks, and move the cut, but don't come in."""
    for rank, group, video, handle, category, named, *counted, score in rows:
        lowest[group] = min(score, lowest.get(group, score))
        tier = judge.tier(video, named)
        if tier != Tier.UNSUITABLE:
            known = judge.handle(video, handle), judge.category(video, category), tier
            yield (rank, video, *known, *counted, score)


def _keep(subject: Subject) -> None:
    """Make feed_ready of feed_lineup; keep its creators, its videos and its counts."""
    market, day = subject.market, subject.day
    moved = _MOVED.format("staged.id")
    execute(READY.format(published_at=moment_of("staged.published"), moved=moved, **ORIGINS), [day])
    execute("ANALYZE feed_ready")
    candidates.add(market)
    # Counts of a day before the newest one say nothing new about videos that are known.
    if VideoCounts.objects.filter(day__gt=day).exists():
        execute(KEEP_NEW_VIDEOS, [market])
    else:
        execute(KEEP_VIDEOS, [market, day, day])
    with partitions.fresh("creators_videocounts", day) as fresh:
        table, again = (fresh, "") if fresh else ("creators_videocounts", AGAIN)
        execute(KEEP_COUNTS.format(table=table, again=again), [day, market])
