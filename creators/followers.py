"""The followers feed: how many followers each creator has as of a day.

Each count is kept under its day; a creator's newest one stands in Reach as well. Only what differs is
written, so that a file imported again, or a correction of a few rows, costs next to nothing; and what is
written over is kept, so that an import can be undone (undoing.py).
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from creators import candidates, changes, eligibility, undoing
from pulse_site.feeds import cells, counts
from pulse_site.feeds.feed import Column, Feed, Progress, Warned, between, day_option
from pulse_site.feeds.staging import execute, select, slices
from pulse_site.models import Upload, User

LARGEST_COUNT = 10_000_000_000
COUNT_ALIASES = (
    "subscribers",
    "subscribers count",
    "followers count",
    "follower count",
    "fans",
    "n followers",
)
NAME_ALIASES = ("influencer name", "tiktok name", "display name", "nickname", "full name")


class FollowersFeed(Feed):
    """handle, followers, and if the file has them as_of (else the option of that name) and name."""

    name = "followers"
    key = ("handle", "as_of")
    sample = ("handle", "as_of", "followers_before", "followers")
    undoable = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.as_of = day_option(options, "as_of")

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            candidates.HANDLE,
            Column(
                "followers",
                counts.count(LARGEST_COUNT),
                aliases=COUNT_ALIASES,
                choose=counts.most_exact,
                parse_plain=counts.plain(largest=LARGEST_COUNT),
            ),
            Column(
                "as_of",
                cells.day,
                aliases=("date", "day"),
                type="date",
                required=not self.as_of,
                default=self.as_of or None,
            ),
            Column(
                "name",
                cells.cut_text(200),
                aliases=NAME_ALIASES,
                type="text",
                required=False,
                compared=False,
            ),
        )

    def resolution(self) -> tuple[str, Sequence[Any]]:
        first, last = select("SELECT min(as_of), max(as_of) FROM feed_rows")[0]
        nth = "1" if first == last else "row_number() OVER (PARTITION BY s.handle ORDER BY s.as_of DESC)"
        return beside(
            f"""SELECT s.line, s.handle, s.name, s.as_of, s.followers, c.id AS creator_id, {nth} AS nth
                FROM feed_rows s LEFT JOIN creators_creator c ON c.handle = s.handle""",
            first,
        )

    def extras(self) -> dict[str, Any]:
        return {"new_creators": candidates.count_new(), **changes.figures()}

    def warnings(self, figures: Mapping[str, Any]) -> Iterator[Warned]:
        return changes.warnings(figures)

    def apply(self, upload: Upload) -> None:
        undoing.note(upload)
        known_since = candidates.add(progress=between(0, 500, self.progress))
        upload.before["creators_at"] = known_since.isoformat()
        _name_the_nameless()
        record("feed_ready", upload, between(500, 1_000, self.progress))

    def afterwards(self) -> None:
        eligibility.recheck()

    def obstacles(self, upload: Upload) -> list[str]:
        return undoing.obstacles(upload)

    def undo(self, upload: Upload, by: User | None) -> dict[str, int]:
        return undoing.undo(upload, by, self.progress)


def beside(selection: str, first: datetime.date | str) -> tuple[str, Sequence[Any]]:
    """A SELECT, with its parameters, of follower counts beside what is known of their creators.

    `selection` gives as_of, creator_id, followers and nth (1 for a creator's newest count in the file), with
    whatever else is wanted, one row a creator and day; `first` is its first day. What is added is what
    `record` needs: followers_before and written_by (of the day), reach_before and reach_since (the newest
    count), newest (1 if this count takes the place of that), and change.
    """
    return (
        f"""SELECT n.*, f.followers AS followers_before, f.upload_id AS written_by,
                   r.followers AS reach_before, r.as_of AS reach_since,
                   CASE WHEN n.nth > 1 OR later.as_of > n.as_of THEN 0 ELSE 1 END AS newest,
                   CASE WHEN f.followers IS NULL THEN 'created'
                        WHEN f.followers <> n.followers THEN 'updated' ELSE 'unchanged' END AS change
            FROM ({selection}) n
            LEFT JOIN creators_followercount f ON f.as_of = n.as_of AND f.creator_id = n.creator_id
            LEFT JOIN creators_reach r ON r.creator_id = n.creator_id
            LEFT JOIN (SELECT creator_id, max(as_of) AS as_of FROM creators_followercount
                       WHERE as_of > %s GROUP BY creator_id) later ON later.creator_id = n.creator_id""",
        [first],
    )


def record(table: str, upload: Upload, progress: Progress = lambda permille, step: None) -> None:
    """Keep the follower counts of `table` (as `beside` gives them), and as Reach the newest of each creator.

    Only what differs is written, and what it replaces is kept.
    """
    parts = list(slices(table))
    for step, statement in enumerate(_RECORD):
        # In parts, an UPDATE would go over the table that it updates for each of them again.
        for done, part in [(0, "true")] if statement.startswith("UPDATE") else parts:
            progress((step * 1_000 + done) // len(_RECORD), _("writing"))
            execute(statement.format(table=table, upload=int(upload.pk), part=part))


_RECORD = (
    """INSERT INTO creators_replacedcount (upload_id, as_of, creator_id, followers, written_by_id)
       SELECT {upload}, as_of, creator_id, followers_before, written_by
       FROM {table} n WHERE {part} AND change = 'updated'""",
    """UPDATE creators_followercount SET followers = n.followers, upload_id = {upload} FROM {table} n
       WHERE {part} AND n.change = 'updated' AND creators_followercount.as_of = n.as_of
         AND creators_followercount.creator_id = n.creator_id""",
    """INSERT INTO creators_followercount (as_of, creator_id, followers, upload_id)
       SELECT as_of, creator_id, followers, {upload} FROM {table} n WHERE {part} AND change = 'created'""",
    """INSERT INTO creators_replacedreach (upload_id, creator_id, followers, as_of)
       SELECT {upload}, creator_id, reach_before, reach_since FROM {table} n
       WHERE {part} AND newest = 1 AND (reach_before IS NULL OR reach_before <> followers)""",
    """UPDATE creators_reach SET followers = n.followers, as_of = n.as_of FROM {table} n
       WHERE {part} AND n.newest = 1 AND n.reach_before <> n.followers
         AND creators_reach.creator_id = n.creator_id""",
    """INSERT INTO creators_reach (creator_id, followers, as_of)
       SELECT creator_id, followers, as_of FROM {table} n
       WHERE {part} AND newest = 1 AND reach_before IS NULL""",
)


def _name_the_nameless() -> None:
    execute(
        """UPDATE creators_creator SET name = n.name
           FROM (SELECT creator_id, max(name) AS name FROM feed_ready
                 WHERE name IS NOT NULL GROUP BY creator_id) n
           WHERE creators_creator.id = n.creator_id AND creators_creator.name = ''"""
    )
