"""What a file of follower counts would change, in figures: for the eye of whoever confirms it.

All of it is about creators' newest counts: a count of a day gone by changes nobody's reach. One statement
goes over feed_ready and counts by how much the creators grew or shrank; the rest is a few rows each.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from creators.models import FollowerCount, ProgrammeTerms
from pulse_site.feeds.feed import Warned
from pulse_site.feeds.guardrails import FEW_ROWS, percent
from pulse_site.feeds.staging import select

LARGEST = 20
SAMPLE = 10
FELL = 20  # percent: who lost more than this has lost much
# Where the classes of change begin and end, in percent.
LOSSES = (-100, -50, -20, -10, -5, -1, 0)
GAINS = (0, 1, 5, 10, 20, 50, 100, None)
CLASSES = [*zip(LOSSES, LOSSES[1:], strict=False), (0, 0), *zip(GAINS, GAINS[1:], strict=False)]
_CHANGE = "(followers - reach_before) * 100"
_CLASS = f"""
    CASE WHEN reach_before IS NULL THEN NULL WHEN followers = reach_before THEN {len(LOSSES) - 1}
    {"".join(f" WHEN {_CHANGE} < {to} * reach_before THEN {at}" for at, to in enumerate(LOSSES[1:]))}
    {"".join(f" WHEN {_CHANGE} <= {to} * reach_before THEN {at}" for at, to in enumerate(GAINS[1:-1], 7))}
    ELSE {len(CLASSES) - 1} END"""
_UP = "reach_before < %(threshold)s AND followers >= %(threshold)s"
_DOWN = "reach_before >= %(threshold)s AND followers < %(threshold)s"
_COUNTED = f"""
    SELECT {_CLASS} AS class, count(*), CAST(sum(reach_before) AS bigint), CAST(sum(followers) AS bigint),
           count(CASE WHEN {_UP} THEN 1 END), count(CASE WHEN {_DOWN} THEN 1 END),
           count(CASE WHEN followers >= %(threshold)s THEN 1 END)
    FROM feed_ready WHERE newest = 1 GROUP BY class"""
_CHANGED = """
    SELECT handle, reach_before, followers FROM feed_ready WHERE newest = 1 AND {}
    ORDER BY abs(followers - reach_before) DESC, handle LIMIT {}"""


def figures() -> dict[str, Any]:
    """What feed_ready would change.

    total: creators known before, and the sums of their counts before and after; crossed: how many known ones
    come to the threshold of the terms (up) or fall below it (down), some of them, and how many of the
    unknown ones are at it (new); largest: handle, before, after; distribution: from, to (percent), count;
    older, if there are such: counts of days before the newest that is known.
    """
    threshold = {"threshold": _threshold()}
    counted = {row[0]: row[1:] for row in select(_COUNTED, threshold)}
    *_unknown, above = counted.pop(None, (0,) * 6)
    known, before, after, up, down, _above = map(sum, zip((0,) * 6, *counted.values(), strict=True))
    return {
        "total": {"creators": known, "before": before, "after": after},
        "crossed": {
            **threshold,
            "up": {"count": up, "sample": _changed(_UP, SAMPLE, threshold) if up else []},
            "down": {"count": down, "sample": _changed(_DOWN, SAMPLE, threshold) if down else []},
            "new": above,
        },
        "largest": _changed("reach_before <> followers", LARGEST),
        "distribution": [
            {"from": low, "to": high, "count": counted.get(at, (0,))[0]}
            for at, (low, high) in enumerate(CLASSES)
        ],
        **_older(),
    }


def warnings(figures: Mapping[str, Any]) -> Iterator[Warned]:
    """Why these figures should be confirmed by a person."""
    yield from _followers_drop(figures["total"])
    yield from _creators_drop(figures)
    if "older" in figures:
        yield Warned(
            "older",
            figures["older"],
            _("Counts of %(as_of)s come late: those of %(newest)s are known already (%(rows)s rows).")
            % figures["older"],
        )


def _followers_drop(total: Mapping[str, int]) -> Iterator[Warned]:
    before, lost = total["before"], total["before"] - total["after"]
    limit = settings.IMPORT_WARN_FOLLOWERS_DROP_PERCENT
    if lost * 100 > before * limit:
        found = {"before": before, "after": total["after"], "percent": percent(lost, before), "limit": limit}
        yield Warned(
            "followers_drop",
            found,
            _("The known creators lose %(percent)s %% of their followers (expected at most %(limit)s %%).")
            % found,
        )


def _creators_drop(figures: Mapping[str, Any]) -> Iterator[Warned]:
    known = figures["total"]["creators"]
    fell = sum(
        each["count"] for each in figures["distribution"] if each["to"] is not None and each["to"] <= -FELL
    )
    limit = settings.IMPORT_WARN_CREATORS_DROP_PERCENT
    if fell >= FEW_ROWS and fell * 100 > known * limit:
        found = {
            "creators": fell,
            "known": known,
            "percent": percent(fell, known),
            "limit": limit,
            "fell": FELL,
        }
        yield Warned(
            "creators_drop",
            found,
            _(
                "%(creators)s of %(known)s known creators lose more than %(fell)s %% of their followers "
                "(%(percent)s %%, expected at most %(limit)s %%)."
            )
            % found,
        )


def _threshold() -> int | None:
    """The followers that the terms of today ask for; nobody crosses it before the first terms."""
    try:
        return ProgrammeTerms.objects.in_force(timezone.localdate()).min_followers
    except ProgrammeTerms.DoesNotExist:
        return None


def _older() -> dict[str, Any]:
    newest = FollowerCount.objects.aggregate(day=Max("as_of"))["day"]
    rows, first = select(
        "SELECT count(*), min(as_of) FROM feed_ready WHERE as_of < %s AND change <> 'unchanged'", [newest]
    )[0]
    return {"older": {"as_of": str(first), "newest": str(newest), "rows": rows}} if rows else {}


def _changed(which: str, most: int, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    found = select(_CHANGED.format(which, most), parameters or {})
    return [{"handle": handle, "before": before, "after": after} for handle, before, after in found]
