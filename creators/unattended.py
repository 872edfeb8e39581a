"""What Pulse did lately without being asked, by the rules of the terms: for the page that explains them.

Creators who entered the queue by themselves, decisions of the robot with their reasons, and the flags of
those who no longer meet a rule, with the day on which their grace ends. A fixed number of queries.
"""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, DateField, F, Func, Q, QuerySet

from creators.automation import ROBOT
from creators.models import Decision, Flag, ProgrammeTerms
from creators.reports import ONE_DAY, Period

Action = Decision.Action
BY_ITSELF = (Action.QUEUE, Action.APPROVE, Action.REJECT)
SOON = 7 * ONE_DAY


@dataclass(frozen=True)
class Lately:
    """The robot's decisions of a period: (day, action) -> how many, and how many for each reason."""

    by_day: Counter[tuple[datetime.date, str]]
    reasons: list[tuple[str, str, int]]

    def total(self, action: str) -> int:
        return sum(count for (_day, of), count in self.by_day.items() if of == action)


@dataclass(frozen=True)
class Flags:
    """Flags of approved creators who no longer meet a rule: of a period, and as they stand now."""

    raised: int
    cleared: int
    standing: int
    ends_soon: int
    over: int


def lately(period: Period) -> Lately:
    """What was decided in nobody's name or the robot's; one query."""
    by_itself = Q(decided_by=None) | Q(decided_by__username=ROBOT)
    day = Func(F("decided_at"), function="date", output_field=DateField())
    counted = period.decisions().filter(by_itself, action__in=BY_ITSELF).values_list(day, "action", "reason")
    by_day: Counter[tuple[datetime.date, str]] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for on, action, reason, count in counted.annotate(Count("pk")):
        by_day[on, action] += count
        reasons[action, reason] += count
    return Lately(by_day, [(action, reason, count) for (action, reason), count in reasons.most_common()])


def flags(period: Period, today: datetime.date) -> Flags:
    """Who was flagged and cleared in the period, and how the grace of the standing flags ends; one query."""
    begins, is_over = period.bounds
    stands = Q(cleared_at=None)
    found = Flag.objects.filter(kind=Flag.Kind.RULES).aggregate(
        raised=Count("pk", filter=Q(raised_at__gte=begins, raised_at__lt=is_over)),
        cleared=Count("pk", filter=Q(cleared_at__gte=begins, cleared_at__lt=is_over)),
        standing=Count("pk", filter=stands),
        ends_soon=Count("pk", filter=stands & Q(grace_until__range=(today, today + SOON))),
        over=Count("pk", filter=stands & Q(grace_until__lt=today)),
    )
    return Flags(**found)


def ending_first() -> QuerySet[Flag]:
    """The standing flags of those who no longer meet a rule, in the order in which their grace ends."""
    standing = Flag.objects.filter(kind=Flag.Kind.RULES, cleared_at=None)
    return standing.select_related("creator").order_by("grace_until", "pk")


def terms_around(today: datetime.date) -> tuple[ProgrammeTerms | None, ProgrammeTerms | None]:
    """The approved terms in force, and those that follow them; one query."""
    approved = list(ProgrammeTerms.objects.approved().order_by("starts_on"))
    begun = [terms for terms in approved if terms.starts_on <= today]
    coming = [terms for terms in approved if terms.starts_on > today]
    return (begun[-1] if begun else None), (coming[0] if coming else None)
