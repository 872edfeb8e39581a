"""Take decisions back: a wrong one is not deleted but reversed by a new one, and all is as it was before.

Only the newest decision about a creator can be reversed, once. He goes back to the status he came from, and
has waited there since he came into it, so that nobody loses his place in the queue. The days in which he
earns follow: what an approval opened never was; what a suspension or a withdrawal closed is open again. That
would change what has been paid, so it is refused from the last day on that a settled month has: apps above
this one say which day that is (`settled_until`).
"""

import datetime
from collections.abc import Callable

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Exists,
    F,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import enrolments
from creators.approval import Decided
from creators.models import Creator, Decision, Enrolment
from creators.selection import analyze, frozen, insert_from
from pulse_site.models import User
from pulse_site.refusal import Refused

Action, Status = Decision.Action, Creator.Status
SUPERSEDED, SETTLED = "superseded", "settled"
MANY = 1_000  # reversals at once, after which PostgreSQL's statistics no longer fit
# The last day of the newest month whose figures no longer change; None where there is none.
settled_until: list[Callable[[], datetime.date | None]] = []


def reversible(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Those of `decisions` that are the newest about their creator and that his status still shows."""
    newer = Decision.objects.filter(creator=OuterRef("creator"), pk__gt=OuterRef("pk"))
    return decisions.filter(~Exists(newer), creator__status=F("to_status")).exclude(action=Action.REVERSE)


def reverse(decisions: QuerySet[Decision], by: User, *, reason: str, note: str = "") -> Decided:
    """Reverse each of `decisions` that still can be; the others are counted in `refused`.

    `superseded` are those after which something else was decided, `settled` those whose days a reviewed or
    closed month has. Raises Refused without a reason.
    """
    if not reason.strip():
        raise Refused(_("To take a decision back, give a reason."))
    now = timezone.now()
    with transaction.atomic():
        newest = Decision.objects.aggregate(pk=Max("pk", default=0))["pk"]
        total = decisions.count()
        chosen = reversible(decisions)
        with frozen(Creator.objects.filter(pk__in=chosen.values("creator"))) as moving:
            standing = reversible(decisions.filter(creator__in=moving))
            superseded = total - standing.count()
            free = _unsettled(standing)
            moved = _record(free, by, reason.strip(), note, now)
            if moved > MANY:
                analyze(Decision._meta.db_table)
            _reopen_and_close(Decision.objects.filter(reversed_by__pk__gt=newest, creator__in=moving))
            back = _send_back(moving, newest)
            if back != moved:
                raise RuntimeError(f"{moved} reversals, but {back} creators moved: nothing was changed")
    settled = total - superseded - moved
    refused = {SUPERSEDED: superseded, SETTLED: settled}
    return Decided(moved, {name: count for name, count in refused.items() if count})


def _unsettled(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Those whose reversal changes no day that was paid; who doesn't earn by them changes none."""
    days = [day for source in settled_until if (day := source()) is not None]
    if not days:
        return decisions
    first_open = datetime.datetime.combine(max(days), datetime.time.max, datetime.UTC)
    earns = decisions.filter(to_status=Status.APPROVED) | decisions.filter(from_status=Status.APPROVED)
    return decisions.exclude(pk__in=earns.filter(decided_at__lte=first_open).values("pk"))


def _record(decisions: QuerySet[Decision], by: User, reason: str, note: str, now: datetime.datetime) -> int:
    return insert_from(
        decisions.order_by("creator"),
        Decision._meta.db_table,
        creator_id="creator_id",
        action=Value(str(Action.REVERSE)),
        from_status="to_status",
        to_status="from_status",
        reason=Value(reason),
        note=Value(note),
        reverses_id="pk",
        decided_by_id=Value(by.pk, BigIntegerField()),
        decided_at=Value(now, DateTimeField()),
    )


def _send_back(creators: QuerySet[Creator], newest: int) -> int:
    """Each goes back to where he came from, and has been there since the decision that brought him there."""
    reversed_now = Decision.objects.filter(creator=OuterRef("pk"), reversed_by__pk__gt=newest)
    brought = Decision.objects.filter(
        creator=OuterRef("creator"), pk__lt=OuterRef("pk"), to_status=OuterRef("from_status")
    )
    since = Subquery(brought.order_by("-pk").values("decided_at")[:1])
    return creators.filter(Exists(reversed_now)).update(
        status=Subquery(reversed_now.values("from_status")),
        status_since=Coalesce(Subquery(reversed_now.values(since=since)), F("created_at")),
    )


def _reopen_and_close(reversed_now: QuerySet[Decision]) -> None:
    """The spans of days: what these decisions opened never was, what they closed is open again."""
    opened = reversed_now.filter(to_status=Status.APPROVED)
    closed = reversed_now.filter(from_status=Status.APPROVED)
    for day in opened.dates("decided_at", "day"):
        of_day = opened.filter(decided_at__date=day)
        creators = Creator.objects.filter(pk__in=of_day.values("creator"))
        Enrolment.objects.filter(creator__in=creators, starts_on__gte=day).delete()
        enrolments.close_spans(creators, day)
    for day in closed.dates("decided_at", "day"):
        of_day = closed.filter(decided_at__date=day)
        Enrolment.objects.filter(creator__in=of_day.values("creator"), ends_on=day).update(ends_on=None)
