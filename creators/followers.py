"""The followers feed: how many followers each creator has as of a day.

Each count is kept under its day; a creator's newest one stands in Reach as well. Only what differs is
written, so that a file imported again, or a correction of a few rows, costs next to nothing.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.db.models import Max

from creators import candidates, eligibility
from creators.models import Eligibility, FollowerCount, VideoCounts
from pulse_site.feeds import cells, counts
from pulse_site.feeds.feed import Column, Feed, day_option
from pulse_site.feeds.staging import execute
from pulse_site.models import Upload
from pulse_site.refusal import Refused

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

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self.as_of = day_option(options, "as_of")

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            candidates.HANDLE,
            Column("followers", counts.count(LARGEST_COUNT), aliases=COUNT_ALIASES, choose=counts.most_exact),
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
        return (
            """SELECT s.line, s.handle, s.name, s.as_of, s.followers, c.id AS creator_id,
                      f.followers AS followers_before,
                      CASE WHEN f.followers IS NULL THEN 'created'
                           WHEN f.followers <> s.followers THEN 'updated' ELSE 'unchanged' END AS change
               FROM feed_rows s
               LEFT JOIN creators_creator c ON c.handle = s.handle
               LEFT JOIN creators_followercount f ON f.as_of = s.as_of AND f.creator_id = c.id""",
            (),
        )

    def extras(self) -> dict[str, Any]:
        return {"new_creators": candidates.count_new()}

    def apply(self, upload: Upload) -> None:
        candidates.add()
        _name_the_nameless()
        record("SELECT as_of, creator_id, followers FROM feed_ready WHERE change <> 'unchanged'", upload)

    def afterwards(self) -> None:
        recheck_eligibility()


def record(selection: str, upload: Upload) -> int:
    """Keep follower counts, and as Reach the newest of each creator; returns how many were written.

    `selection` is a SELECT of as_of, creator_id and followers, one row a creator and day.
    """
    written = execute(
        f"""INSERT INTO creators_followercount (as_of, creator_id, followers, upload_id)
            SELECT n.as_of, n.creator_id, n.followers, %s FROM ({selection}) n WHERE true
            ON CONFLICT (as_of, creator_id) DO UPDATE
            SET followers = excluded.followers, upload_id = excluded.upload_id
            WHERE creators_followercount.followers <> excluded.followers""",
        [upload.pk],
    )
    execute(
        f"""INSERT INTO creators_reach (creator_id, followers, as_of)
            SELECT creator_id, followers, as_of
            FROM (SELECT creator_id, followers, as_of,
                         row_number() OVER (PARTITION BY creator_id ORDER BY as_of DESC) AS nth
                  FROM ({selection}) counts) newest
            WHERE nth = 1
            ON CONFLICT (creator_id) DO UPDATE SET followers = excluded.followers, as_of = excluded.as_of
            WHERE creators_reach.as_of <= excluded.as_of
              AND (creators_reach.as_of, creators_reach.followers) <> (excluded.as_of, excluded.followers)"""
    )
    return written


def recheck_eligibility() -> None:
    """Check everyone again after an import: as of the newest day that Pulse knows anything about.

    So an import of old counts never takes the verdicts back in time.
    """
    newest = (
        FollowerCount.objects.aggregate(day=Max("as_of")),
        VideoCounts.objects.aggregate(day=Max("day")),
        Eligibility.objects.aggregate(day=Max("as_of")),
    )
    day = max((found["day"] for found in newest if found["day"]), default=None)
    with suppress(Refused):  # before the first terms nobody can be eligible
        eligibility.refresh(day)


def _name_the_nameless() -> None:
    execute(
        """UPDATE creators_creator SET name = n.name
           FROM (SELECT creator_id, max(name) AS name FROM feed_ready
                 WHERE name IS NOT NULL GROUP BY creator_id) n
           WHERE creators_creator.id = n.creator_id AND creators_creator.name = ''"""
    )
