"""Flags: what asks for a person to look at a creator, who raises it and when it goes.

Three kinds. An approved creator who no longer meets a rule has a span of grace, and the flag goes when he
meets the rules again. Who waits under a handle that reads like an approved creator's may be an impostor; the
flag goes with his decision, or when the other is no longer approved. A colleague may flag anybody and say
why, until a day if he likes. Each flag may also be resolved by a person who says why, and then it is not
raised again for the same: never for the same pair of handles, not for a span of grace for the same rules.

Everything that is raised, resolved or lapses stands in the audit trail; whatever Pulse does by itself, it
does with a fixed number of statements.
"""

import datetime

from django.db import connection, transaction
from django.db.models import CharField, DateField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import similar
from creators.models import Creator, Flag, ProgrammeTerms
from creators.models.creators import READ
from creators.selection import frozen, insert_from
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

LONGEST = Flag._meta.get_field("detail").max_length or 0
WAITING = (Creator.Status.PENDING, Creator.Status.ASKED)
HANDLE = Concat(Value("@"), F("creator__handle"))
# Each who waits beside the approved creator who reads like him, unless that is flagged, or was resolved.
LOOKALIKES = """
    INSERT INTO creators_flag (creator_id, kind, detail, raised_at)
    WITH waiting AS MATERIALIZED (
        SELECT id, {read} AS looks FROM creators_creator WHERE status IN ('pending', 'asked')),
    approved AS MATERIALIZED (
        SELECT {read} AS looks, min(id) AS id FROM creators_creator
        WHERE status = 'approved' AND EXISTS (SELECT 1 FROM waiting) GROUP BY 1)
    SELECT waiting.id, 'similar', original.handle, %(now)s
    FROM waiting
    JOIN approved ON approved.looks = waiting.looks AND length(waiting.looks) >= {shortest}
    JOIN creators_creator original ON original.id = approved.id
    WHERE NOT EXISTS (
        SELECT 1 FROM creators_flag known WHERE known.creator_id = waiting.id AND known.kind = 'similar'
           AND (known.cleared_at IS NULL
                OR (known.cleared_by_id IS NOT NULL AND known.detail = original.handle)))"""


def standing(kind: str = "") -> QuerySet[Flag]:
    """The flags that nobody has cleared."""
    flags = Flag.objects.filter(cleared_at=None)
    return flags.filter(kind=kind) if kind else flags


def raise_by_hand(
    creators: QuerySet[Creator], by: User, detail: str, until: datetime.date | None = None
) -> int:
    """Flag each of `creators` in the name of `by`, who says why; returns how many.

    Who bears such a flag already keeps it as it is. Raises Refused without a reason, with one that is too
    long, and for a day that is gone.
    """
    detail = _checked(detail)
    if until and until < timezone.localdate():
        raise Refused(_("That day is gone; choose today or a later one."))
    with transaction.atomic(), frozen(creators) as chosen:
        flagged = standing(Flag.Kind.MANUAL).values("creator")
        now = timezone.now()
        raised = insert_from(
            chosen.exclude(pk__in=flagged).order_by("pk"),
            Flag._meta.db_table,
            creator_id="pk",
            kind=Value(str(Flag.Kind.MANUAL)),
            detail=Value(detail),
            raised_at=Value(now, DateTimeField()),
            raised_by_id=Value(by.pk),
            grace_until=Value(until, DateField()),
        )
        _record_raised(by, Flag.Kind.MANUAL, now)
    return raised


def resolve(flags: QuerySet[Flag], by: User, reason: str) -> int:
    """Clear those of `flags` that stand, in the name of `by`, who says why; returns how many."""
    reason = _checked(reason)
    with transaction.atomic():
        chosen = list(standing().filter(pk__in=flags.values("pk")).select_for_update().values_list("pk"))
        cleared = Flag.objects.filter(pk__in=[pk for (pk,) in chosen])
        audit.record_all(
            by, "flag.resolve", cleared, label=HANDLE, kind=F("kind"), detail=F("detail"), reason=reason
        )
        return cleared.update(cleared_at=timezone.now(), cleared_by=by, resolution=reason)


def raise_failing(terms: ProgrammeTerms, today: datetime.date) -> int:
    """Flag approved creators who no longer meet a rule, with the grace that the terms give."""
    grace = datetime.timedelta(days=terms.grace_days)
    flagged = Flag.objects.filter(creator=OuterRef("pk"), kind=Flag.Kind.RULES)
    left_alone = Q(
        cleared_by__isnull=False,
        cleared_at__gt=timezone.now() - grace,
        detail=OuterRef("eligibility__failed_rules"),
    )
    failing = Creator.objects.filter(status=Creator.Status.APPROVED, eligibility__eligible=False)
    now = timezone.now()
    raised = insert_from(
        failing.exclude(Exists(flagged.filter(Q(cleared_at=None) | left_alone))).order_by("pk"),
        Flag._meta.db_table,
        creator_id="pk",
        kind=Value(str(Flag.Kind.RULES)),
        detail=Cast("eligibility__failed_rules", CharField(max_length=200)),
        raised_at=Value(now, DateTimeField()),
        grace_until=Value(today + grace, DateField()),
    )
    if raised:
        _record_raised(None, Flag.Kind.RULES, now)
    return raised


def raise_lookalikes() -> int:
    """Flag whoever waits under a handle that reads like that of an approved creator.

    Every handle in question is read once, however many there are, and met by its letters.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        stored = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(
            LOOKALIKES.format(read=READ.format("handle"), shortest=similar.SHORTEST), {"now": stored}
        )
        raised = cursor.rowcount
    if raised:
        _record_raised(None, Flag.Kind.SIMILAR, now)
    return raised


def lapse(today: datetime.date) -> int:
    """Clear the flags whose cause is gone; returns how many."""
    approved = Creator.objects.filter(handle=OuterRef("detail"), status=Creator.Status.APPROVED)
    over = (
        Q(kind=Flag.Kind.RULES)
        & (Q(creator__eligibility__eligible=True) | ~Q(creator__status=Creator.Status.APPROVED))
        | Q(kind=Flag.Kind.SIMILAR) & (~Q(creator__status__in=WAITING) | ~Exists(approved))
        | Q(kind=Flag.Kind.MANUAL, grace_until__lt=today)
    )
    now = timezone.now()
    gone = Flag.objects.filter(pk__in=standing().filter(over).values("pk"))
    cleared = gone.update(cleared_at=now)
    if cleared:
        lapsed = Flag.objects.filter(cleared_at=now, cleared_by=None)
        audit.record_all(None, "flag.lapse", lapsed, label=HANDLE, kind=F("kind"), detail=F("detail"))
    return cleared


def _checked(said: str) -> str:
    said = said.strip()
    if not said:
        raise Refused(_("Say why, so that whoever looks next knows."))
    if len(said) > LONGEST:
        raise Refused(
            _("The note has %(length)d characters; %(longest)d at most.")
            % {"length": len(said), "longest": LONGEST}
        )
    return said


def _record_raised(by: User | None, kind: str, now: datetime.datetime) -> None:
    raised = standing(kind).filter(raised_at=now, raised_by=by)
    audit.record_all(by, "flag.raise", raised, label=HANDLE, kind=F("kind"), detail=F("detail"))
