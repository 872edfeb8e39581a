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
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import enrolments
from creators.approval import Decided
from creators.models import Creator, Decision, Enrolment
from creators.selection import analyze, frozen, insert_from
from pulse_site.feeds.feed import Progress
from pulse_site.models import User
from pulse_site.refusal import Refused

Action, Status = Decision.Action, Creator.Status
SUPERSEDED, SETTLED = "superseded", "settled"
MANY = 1_000  # reversals at once, after which PostgreSQL's statistics no longer fit
# The last day of the newest month whose figures no longer change; None where there is none.
settled_until: list[Callable[[], datetime.date | None]] = []


def hindrance() -> Case:
    """Why a decision can't be taken back: SUPERSEDED, SETTLED, or nothing where it can."""
    return Case(
        When(~_stands(), then=Value(SUPERSEDED)),
        When(_settled(), then=Value(SETTLED)),
        default=Value(""),
        output_field=CharField(),
    )


def preview(decisions: QuerySet[Decision]) -> Decided:
    """What reversing `decisions` would come to now; changes nothing."""
    counted = decisions.order_by().values_list(hindrance()).annotate(Count("pk"))
    found = dict(counted)
    return Decided(found.pop("", 0), found)


def reverse(
    decisions: QuerySet[Decision],
    by: User,
    *,
    reason: str,
    note: str = "",
    progress: Progress = lambda permille, step: None,
) -> Decided:
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
        progress(0, _("holding who is concerned"))
        with frozen(Creator.objects.filter(pk__in=decisions.filter(_stands()).values("creator"))) as moving:
            standing = decisions.filter(_stands(), creator__in=moving)
            superseded = total - standing.count()
            progress(200, _("writing the decisions"))
            moved = _record(standing.exclude(_settled()), by, reason.strip(), note, now)
            if moved > MANY:
                analyze(Decision._meta.db_table)
            progress(500, _("putting the days back"))
            _reopen_and_close(Decision.objects.filter(reversed_by__pk__gt=newest, creator__in=moving))
            progress(700, _("sending them back"))
            back = _send_back(moving, newest)
            if back != moved:
                raise RuntimeError(f"{moved} reversals, but {back} creators moved: nothing was changed")
    settled = total - superseded - moved
    refused = {SUPERSEDED: superseded, SETTLED: settled}
    return Decided(moved, {name: count for name, count in refused.items() if count})


def _stands() -> Q:
    """It is the newest about its creator, his status still shows it, and it is no reversal itself."""
    newer = Decision.objects.filter(creator=OuterRef("creator"), pk__gt=OuterRef("pk"))
    return ~Exists(newer) & Q(creator__status=F("to_status")) & ~Q(action=Action.REVERSE)


def _settled() -> Q:
    """Its reversal would change days that were paid; of who doesn't earn by it none were."""
    days = [day for source in settled_until if (day := source()) is not None]
    if not days:
        return Q(pk__in=[])
    first_open = datetime.datetime.combine(max(days), datetime.time.max, datetime.UTC)
    return Q(decided_at__lte=first_open) & (Q(to_status=Status.APPROVED) | Q(from_status=Status.APPROVED))


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
