"""Staff move a video to another category from a day on, with a reason, and take that back by a new move.

The move counts for the counts of that day and later, as they are imported, and at once for those that are
stored already: except on days whose lineup money has used, which apps above this one name (`used_days`). They
hear of the move and of the days whose counts changed (`recounted`), to compute their lineups again. What a
move replaced is kept in it, category and origin, so that taking it back restores each day. Days that were
thinned stay as they are: what is left of them is kept because it was used.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from creators.models import (
    Category,
    CategoryMove,
    CategoryOrigin,
    DecisionReason,
    ThinnedDay,
    Video,
    VideoCounts,
)
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

LONGEST = 400  # days back: older counts are in no lineup that still moves
Said = tuple[int | None, int]  # a category (its number), and its origin
# Of a market and days those whose lineup money has used; and what to do when a video was moved from a day on,
# or back, and its stored counts of days changed.
used_days: list[Callable[[str, Sequence[datetime.date]], set[datetime.date]]] = []
recounted: list[Callable[[Video, datetime.date, Sequence[datetime.date]], None]] = []
# The move that says a video's category on the day %s, of the videos that have one.
STANDING = """
    SELECT video_id, category_id FROM creators_categorymove
     WHERE id IN (SELECT MAX(id) FROM creators_categorymove
                   WHERE from_day <= %s AND reverses_id IS NULL
                     AND id NOT IN (SELECT reverses_id FROM creators_categorymove
                                     WHERE reverses_id IS NOT NULL)
                   GROUP BY video_id)
"""


def standing(video: Video) -> CategoryMove | None:
    """The newest move of the video that was not taken back."""
    return video.category_moves.filter(reverses=None, reversed_by=None).first()


def told_by(counts: VideoCounts) -> CategoryMove | None:
    """The move that says the category of these counts: the newest to it, and rather one that stands."""
    if counts.category_origin != CategoryOrigin.MOVE:
        return None
    moves = CategoryMove.objects.filter(
        video=counts.video_id, reverses=None, category=counts.category_id, from_day__lte=counts.day
    )
    return moves.select_related("moved_by").order_by(F("reversed_by").asc(nulls_first=True), "-id").first()


def move(
    video: Video,
    category: Category | None,
    from_day: datetime.date,
    by: User,
    *,
    listed: DecisionReason | None = None,
    reason: str = "",
    note: str = "",
) -> list[datetime.date]:
    """Move the video from that day on; returns the days whose stored counts changed.

    Raises Refused without a reason, or for a day before the video came out.
    """
    reason = reason.strip() or (listed.text_en if listed else "")
    if not reason:
        raise Refused(_("Choose a reason, or write one."))
    if from_day < video.published_at.date():
        raise Refused(
            _("The video came out on %(day)s: move it from that day on, or later.")
            % {"day": video.published_at.date()}
        )
    with transaction.atomic():
        _lock(video)
        free = _free(video, from_day)
        before = {row.day: (row.category_id, row.category_origin) for row in free}
        target = category.pk if category else None
        changed = [day for day, (was, _origin) in before.items() if was != target]
        CategoryMove.objects.create(
            video=video,
            category=category,
            from_day=from_day,
            listed_reason=listed,
            reason=reason,
            note=note,
            replaced={str(day): was for day, was in before.items()},
            moved_by=by,
        )
        audit.record(
            by, "video.recategorise", video, category=_name(category), from_day=str(from_day), reason=reason
        )
        _write(video, from_day, dict.fromkeys(changed, (target, int(CategoryOrigin.MOVE))))
    return changed


def take_back(video: Video, by: User, *, reason: str = "", note: str = "") -> list[datetime.date]:
    """Take the newest standing move of the video back; returns the days whose stored counts changed.

    Raises Refused without a reason, or when there is no such move.
    """
    if not reason.strip():
        raise Refused(_("To take a move back, give a reason."))
    with transaction.atomic():
        _lock(video)
        last = standing(video)
        if last is None:
            raise Refused(_("No move of this video stands."))
        free = {row.day: (row.category_id, row.category_origin) for row in _free(video, last.from_day)}
        CategoryMove.objects.create(
            video=video, from_day=last.from_day, reason=reason.strip(), note=note, reverses=last, moved_by=by
        )
        audit.record(
            by, "video.undo_recategorise", video, category=_name(last.category), reason=reason.strip()
        )
        again = {day: _before(video, last, day) for day in free}
        changed = {day: said for day, said in again.items() if said != free[day]}
        _write(video, last.from_day, changed)
    return [day for day, (category, _origin) in changed.items() if category != free[day][0]]


def _before(video: Video, last: CategoryMove, day: datetime.date) -> Said:
    """What the counts of a day said before the move, or would say without it where they came since.

    Moves of the time when no origin was kept have the category alone.
    """
    if str(day) in last.replaced:
        was = last.replaced[str(day)]
        return (was[0], was[1]) if isinstance(was, list) else (was, int(CategoryOrigin.UNKNOWN))
    earlier = video.category_moves.filter(reverses=None, reversed_by=None, from_day__lte=day).first()
    if earlier:
        return earlier.category_id, int(CategoryOrigin.MOVE)
    return video.category_id, int(CategoryOrigin.VIDEO if video.category_id else CategoryOrigin.UNKNOWN)


def _lock(video: Video) -> None:
    """One move of a video at a time; on SQLite the transaction is the only writer."""
    Video.objects.select_for_update().get(pk=video.pk)


def _free(video: Video, from_day: datetime.date) -> list[VideoCounts]:
    """The video's stored counts from that day on, but for days whose lineup money has used or that are thin.

    Asked for day by day, as the key of the counts begins with it.
    """
    newest = VideoCounts.objects.order_by("-day").values_list("day", flat=True).first()
    if newest is None:
        return []
    first = max(from_day, newest - datetime.timedelta(days=LONGEST))
    days = [first + datetime.timedelta(days=ahead) for ahead in range((newest - first).days + 1)]
    thinned = ThinnedDay.objects.filter(day__in=days).values("day")
    rows = list(VideoCounts.objects.filter(day__in=days, video_id=video.pk).exclude(day__in=thinned))
    by_market: dict[str, list[datetime.date]] = {}
    for row in rows:
        by_market.setdefault(row.market, []).append(row.day)
    used = {
        (market, day)
        for market, counted in by_market.items()
        for source in used_days
        for day in source(market, counted)
    }
    return [row for row in rows if (row.market, row.day) not in used]


def _write(video: Video, from_day: datetime.date, said: dict[datetime.date, Said]) -> None:
    for category, origin in set(said.values()):
        days = [day for day, of in said.items() if of == (category, origin)]
        rows = VideoCounts.objects.filter(day__in=days, video_id=video.pk)
        rows.update(category=category, category_origin=origin)
    for tell in recounted:
        tell(video, from_day, sorted(said))


def _name(category: Any) -> str:
    return category.slug if category else "–"
