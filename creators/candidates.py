"""Creators whom a feed names and Pulse doesn't know yet become candidates.

The followers and the videos feed both come here, so that a handle means the same in both.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import datetime
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from creators.models import Creator
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Column, Progress
from pulse_site.feeds.staging import execute, select, slices

LONGEST_HANDLE = 64
_HANDLE = re.compile(rf"[\w.\-]{{1,{LONGEST_HANDLE}}}")
_PLAIN_HANDLES = re.compile(rf"(?:[a-z0-9_.\-]{{1,{LONGEST_HANDLE}}}\n)*")


def handle(cell: str) -> str:
    """A handle as Pulse keeps it: lower case, without @; raises Unusable for what can't be one."""
    name = cell.strip().removeprefix("@").lower()
    if not _HANDLE.fullmatch(name):
        raise Unusable(
            "bad_handle", _("A handle has at most 64 letters, digits, points, hyphens and underscores.")
        )
    return name


def plain_handles(cells: Sequence[str]) -> Sequence[str] | None:
    """Many handles at once where all are written as Pulse keeps them, else None."""
    lines = "\n".join(cells) + "\n"
    return cells if lines.count("\n") == len(cells) and _PLAIN_HANDLES.fullmatch(lines) else None


HANDLE = Column(
    "handle",
    handle,
    aliases=("tiktoker", "tiktoker name", "username", "user", "account", "creator", "author", "unique id"),
    type="text",
    parse_plain=plain_handles,
)


def count_new() -> int:
    """How many handles of feed_ready belong to nobody whom Pulse knows."""
    return select("SELECT count(DISTINCT handle) FROM feed_ready WHERE creator_id IS NULL")[0][0]


def add(
    market: str = settings.LAUNCH_MARKET, progress: Progress = lambda permille, step: None
) -> datetime.datetime:
    """Make a candidate of each unknown handle of feed_ready, in the file's order, and fill in creator_id.

    Returns the moment since which they are all known. `progress` is called with the permille done and the
    step: a first file brings a million of them.
    """
    now = timezone.now()
    moment = connection.ops.adapt_datetimefield_value(now)
    values: dict[str, Any] = {
        "kind": Creator.Kind.CREATOR,
        "market": market,
        "standing": Creator.Standing.GOOD,
        "email": "",
        "language": settings.LANGUAGE_CODE,
        "status": Creator.Status.CANDIDATE,
        "status_since": moment,
        "created_at": moment,
    }
    execute(
        """CREATE TEMPORARY TABLE feed_newcomers AS
           SELECT handle, COALESCE(max(name), '') AS name, min(line) AS line
           FROM feed_ready WHERE creator_id IS NULL GROUP BY handle ORDER BY min(line)"""
    )
    added = 0
    for done, part in slices("feed_newcomers"):
        progress(done * 9 // 10, _("writing"))
        added += execute(
            f"""INSERT INTO creators_creator (handle, name, {", ".join(values)})
                SELECT handle, name, {", ".join(["%s"] * len(values))}
                FROM feed_newcomers n WHERE {part} ORDER BY line
                ON CONFLICT (handle) DO NOTHING""",
            list(values.values()),
        )
    progress(900, _("writing"))
    execute("DROP TABLE feed_newcomers")
    if added:
        execute("ANALYZE creators_creator")
    execute(
        """UPDATE feed_ready SET creator_id = c.id FROM creators_creator c
           WHERE feed_ready.creator_id IS NULL AND c.handle = feed_ready.handle"""
    )
    return now
