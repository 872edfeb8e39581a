"""The videos feed: a market's videos with their counts as seen on a day.

A video is known by the platform's number. Its counts of the day are kept with all that its rank of that day
depends on, so that a lineup can be computed again from one table. What a file doesn't say of a video
(category, tier) is taken from what was known: on that day, of the video, of its creator.

A video's category on a day is, in this order: that to which staff moved it (recategorising.py); the file's
category; that of the first of the file's hashtags that belongs to one; what was known on that day, of the
video, of its creator. The video itself keeps what the feeds say.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import datetime
import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from creators import candidates, eligibility, followers, recategorising
from creators.models import Category, CategoryOrigin, ThinnedDay, Tier, VideoCounts
from pulse_site import partitions
from pulse_site.feeds import cells, counts
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Column, Feed, between, day_option
from pulse_site.feeds.mapping import folded
from pulse_site.feeds.staging import execute, moment, select, slices
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

SECONDS_A_DAY = 86_400
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_TIERS = {tier.name.lower(): tier.value for tier in Tier}
_HASHTAG = re.compile(r"""[^\s,#'"\[\]]+""")

# What the day's record of a video says: the file, else what was known.
_OWN = """COALESCE(s.category, s.hashtags, CASE WHEN m.video_id IS NULL THEN k.category_id END,
                    v.category_id, c.category_id)"""
_CATEGORY = f"CASE WHEN m.video_id IS NULL THEN {_OWN} ELSE m.category_id END"
_ORIGIN = f"""CASE WHEN m.video_id IS NOT NULL THEN {CategoryOrigin.MOVE}
                   WHEN s.category IS NOT NULL THEN {CategoryOrigin.FEED}
                   WHEN s.hashtags IS NOT NULL THEN {CategoryOrigin.HASHTAG}
                   WHEN k.category_id IS NOT NULL THEN k.category_origin
                   WHEN v.category_id IS NOT NULL THEN {CategoryOrigin.VIDEO}
                   WHEN c.category_id IS NOT NULL THEN {CategoryOrigin.CREATOR}
                   ELSE {CategoryOrigin.UNKNOWN} END"""
_TIER = f"COALESCE(s.tier, k.tier, v.tier, {Tier.STANDARD.value})"


class VideosFeed(Feed):
    """id, handle, published, views, likes, comments, shares, and if the file has them hashtags, category,
    tier and the creator's followers. Options: as_of (required), market."""

    name = "videos"
    key = ("id",)
    sample = ("id", "handle", "published_at", "views", "likes", "comments", "shares")

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        as_of = day_option(options, "as_of")
        self.market = str(options.get("market", "")).strip().upper()
        if not as_of:
            raise Refused(_("Say the day on which these counts were seen (as of)."))
        if not re.fullmatch("[A-Z]{2}", self.market):
            raise Refused(
                _("%(market)r isn't a market; write two letters such as US.") % {"market": self.market}
            )
        self.day = datetime.date.fromisoformat(as_of)

    def admit(self, by: User | None) -> None:
        thinned = ThinnedDay.objects.filter(day=self.day).first()
        if thinned:
            raise Refused(
                _(
                    "The counts of %(day)s were removed on %(removed)s, but for those that are still needed; "
                    "that day takes no file any more."
                )
                % {"day": self.day, "removed": thinned.thinned_at.date()}
            )

    @property
    def columns(self) -> tuple[Column, ...]:
        categories = list(Category.objects.all())
        by_name = {name: c.pk for c in categories for name in (c.slug, c.name_en, c.name_fr)}
        by_hashtag = {tag: c.pk for c in reversed(categories) for tag in c.hashtags}
        return (
            Column(
                "id",
                cells.number,
                aliases=("video id", "platform id", "video", "aweme id"),
                parse_plain=counts.plain(1, cells.LARGEST_ID),
            ),
            candidates.HANDLE,
            Column(
                "published",
                _published_until(self.day),
                aliases=("create time", "created", "created at", "published at", "publish time", "posted"),
                parse_plain=counts.plain(*_published_between(self.day)),
            ),
            _count("views", "n plays", "plays", "play count", "view count", "n views"),
            _count("likes", "n likes", "like count", "hearts", "digg count"),
            _count("comments", "n comments", "comment count"),
            _count("shares", "n shares", "share count"),
            Column("hashtags", _first_category(by_hashtag), aliases=("tags", "hash tags"), required=False),
            Column("category", _one_of(by_name, "unknown_category"), required=False),
            Column("tier", _one_of(_TIERS, "unknown_tier"), aliases=("inventory tier",), required=False),
            Column(
                "followers",
                counts.count(followers.LARGEST_COUNT),
                aliases=followers.COUNT_ALIASES,
                choose=counts.most_exact,
                parse_plain=counts.plain(largest=followers.LARGEST_COUNT),
                required=False,
                compared=False,
            ),
        )

    @property
    def knowledge(self) -> str:
        """Categories are found by their names and hashtags, which staff may change."""
        known = Category.objects.order_by("pk").values_list("pk", "slug", "name_en", "name_fr", "hashtags")
        return json.dumps(list(known))

    def resolution(self) -> tuple[str, Sequence[Any]]:
        published = moment("s.published")
        return (
            f"""SELECT s.line,
                       CASE WHEN k.video_id IS NULL THEN 'created'
                            WHEN (COALESCE(c.id, 0), %s, {published}, COALESCE({_CATEGORY}, 0), {_TIER},
                                  s.views, s.likes, s.comments, s.shares)
                              <> (k.creator_id, k.market, k.published_at, COALESCE(k.category_id, 0), k.tier,
                                  k.views, k.likes, k.comments, k.shares)
                            THEN 'updated' ELSE 'unchanged' END AS change,
                       s.id, s.handle, '' AS name, c.id AS creator_id, %s AS day, %s AS market,
                       {published} AS published_at,
                       CAST(%s - s.published / {SECONDS_A_DAY} AS integer) AS age_days,
                       {_CATEGORY} AS category_id, {_OWN} AS own_category_id,
                       {_ORIGIN} AS category_origin, {_TIER} AS tier,
                       s.views, s.likes, s.comments, s.shares, s.followers, k.views AS views_before,
                       CASE WHEN v.platform_id IS NULL
                              OR (COALESCE(c.id, 0), %s, {published}, COALESCE({_OWN}, 0), {_TIER})
                              <> (v.creator_id, v.market, v.published_at, COALESCE(v.category_id, 0), v.tier)
                            THEN 1 ELSE 0 END AS video_differs
                FROM feed_rows s
                LEFT JOIN creators_creator c ON c.handle = s.handle
                LEFT JOIN creators_video v ON v.platform_id = s.id
                LEFT JOIN creators_videocounts k ON k.day = %s AND k.video_id = s.id
                LEFT JOIN ({recategorising.STANDING}) m ON m.video_id = s.id""",
            (self.market, self.day, self.market, _days(self.day), self.market, self.day, self.day),
        )

    def extras(self) -> dict[str, Any]:
        return {
            "new_creators": candidates.count_new(),
            "inconsistent_followers": select(
                """SELECT count(*) FROM (SELECT handle FROM feed_ready WHERE followers IS NOT NULL
                                         GROUP BY handle HAVING min(followers) <> max(followers)) differing"""
            )[0][0],
            **_figures(),
        }

    def apply(self, upload: Upload) -> None:
        candidates.add(self.market, between(0, 200, self.progress))
        parts = list(slices("feed_ready"))
        videos, counted = between(200, 450, self.progress), between(450, 900, self.progress)
        for done, part in parts:
            videos(done, _("writing"))
            self._keep_videos(part)
        with partitions.fresh("creators_videocounts", self.day) as fresh:
            table, again = (fresh, "") if fresh else ("creators_videocounts", _AGAIN)
            for done, part in parts:
                counted(done, _("writing"))
                execute(_KEEP_COUNTS.format(table=table, part=part, again=again))
        beside, parameters = followers.beside(_FOLLOWERS, self.day)
        execute(f"CREATE TEMPORARY TABLE feed_counts AS {beside}", parameters)
        followers.record("feed_counts", upload, between(900, 1_000, self.progress))

    def afterwards(self) -> None:
        eligibility.recheck()

    def _keep_videos(self, part: str) -> None:
        """A file of a day before the newest one knows nothing new about videos that are known."""
        newest = not VideoCounts.objects.filter(day__gt=self.day).exists()
        execute(
            f"""INSERT INTO creators_video (platform_id, creator_id, published_at, market, category_id, tier)
                SELECT id, creator_id, published_at, market, own_category_id, tier
                FROM feed_ready n WHERE {part} AND change <> 'unchanged' AND video_differs = 1
                ON CONFLICT (platform_id) DO {_KEEP_UP if newest else "NOTHING"}"""
        )


def _figures() -> dict[str, Any]:
    """The views of those already counted on that day, before and after; rows by category, blank for none."""
    before, after = select(
        """SELECT CAST(sum(views_before) AS bigint), CAST(sum(views) AS bigint)
           FROM feed_ready WHERE views_before IS NOT NULL"""
    )[0]
    categories = select(
        """SELECT COALESCE(max(c.slug), ''), count(*) FROM feed_ready r
           LEFT JOIN creators_category c ON c.id = r.category_id
           GROUP BY r.category_id ORDER BY count(*) DESC"""
    )
    return {"views": {"before": before or 0, "after": after or 0}, "categories": dict(categories)}


# Of a file that says a creator's followers beside each of his videos, where it says the same everywhere.
_FOLLOWERS = """
    SELECT min(day) AS as_of, creator_id, min(followers) AS followers, 1 AS nth FROM feed_ready
    WHERE followers IS NOT NULL GROUP BY creator_id HAVING min(followers) = max(followers)"""
_KEEP_UP = """UPDATE
    SET creator_id = excluded.creator_id, published_at = excluded.published_at, market = excluded.market,
        category_id = excluded.category_id, tier = excluded.tier"""
_KEEP_COUNTS = """
    INSERT INTO {table} (day, video_id, creator_id, market, category_id, category_origin, tier, published_at,
                         age_days, views, likes, comments, shares)
    SELECT day, id, creator_id, market, category_id, category_origin, tier, published_at,
           age_days, views, likes, comments, shares
    FROM feed_ready n WHERE {part} AND change <> 'unchanged' {again}"""
_AGAIN = """
    ON CONFLICT (day, video_id) DO UPDATE
    SET creator_id = excluded.creator_id, market = excluded.market, category_id = excluded.category_id,
        category_origin = excluded.category_origin, tier = excluded.tier,
        published_at = excluded.published_at, age_days = excluded.age_days, views = excluded.views,
        likes = excluded.likes, comments = excluded.comments, shares = excluded.shares"""


def _count(name: str, *aliases: str) -> Column:
    return Column(name, counts.count(), aliases=aliases, choose=counts.most_exact, parse_plain=counts.plain())


def _days(day: datetime.date) -> int:
    """Days since 1970."""
    return (day - EPOCH.date()).days


def _published_until(day: datetime.date) -> Callable[[str], int]:
    """A parser of moments (seconds since 1970, or ISO, UTC where it doesn't say) up to the end of `day`."""
    earliest, latest = _published_between(day)

    def parse(cell: str) -> int:
        seconds = int(cell) if cell.isdigit() and cell.isascii() and len(cell) < 12 else _iso_seconds(cell)
        if seconds > latest:
            raise Unusable("future_date", _("Published after the day of the counts; check both dates."))
        if seconds < earliest:
            raise Unusable("bad_date", _("This day is too long ago; check the date."))
        return seconds

    return parse


def _published_between(day: datetime.date) -> tuple[int, int]:
    """The first and the last second, since 1970, in which a video of that day's counts may have come out."""
    return _days(cells.EARLIEST_DAY) * SECONDS_A_DAY, (_days(day) + 1) * SECONDS_A_DAY - 1


def _iso_seconds(cell: str) -> int:
    try:
        parsed = datetime.datetime.fromisoformat(cell.strip())
    except ValueError:
        raise Unusable(
            "bad_date", _("Write it like 2026-10-31T18:00:00Z, or in seconds since 1970.")
        ) from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=datetime.UTC)
    return (parsed - EPOCH) // datetime.timedelta(seconds=1)


def _first_category(by_hashtag: Mapping[str, int]) -> Callable[[str], int | None]:
    """A parser of hashtags, however they are listed, to the category of the first that belongs to one."""

    def parse(cell: str) -> int | None:
        return next((by_hashtag[tag] for tag in _HASHTAG.findall(cell.lower()) if tag in by_hashtag), None)

    return parse


def _one_of(values: Mapping[str, int], reason: str) -> Callable[[str], int]:
    """A parser of names, compared like header names."""
    known = {folded(name): value for name, value in values.items()}

    @functools.lru_cache(maxsize=1_000)
    def parse(cell: str) -> int:
        if folded(cell) not in known:
            raise Unusable(reason, _("Write one of: %(names)s.") % {"names": ", ".join(values)[:200]})
        return known[folded(cell)]

    return parse
