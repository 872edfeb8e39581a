"""What came of the desk in a span of days: who decided how much, what was approved, what was taken back.

Sums over decisions alone, each one statement along the index of their days, so that a report costs what its
days cost and not what the table has grown to. What Pulse decides by itself stands beside the people as an
actor of its own. Who only enters or leaves the queue (by an import, or when one is undone) is not decided
about, and what was taken back counts as decided by whoever did, but not towards what was approved.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, DateField, F, Func, QuerySet

from creators.automation import ROBOT
from creators.models import Category, Decision
from pulse_site.models import User

Action = Decision.Action
ONE_DAY = datetime.timedelta(days=1)
NOT_DECIDED = (Action.QUEUE, Action.DEQUEUE, Action.REVERSE)
COUNTED = [action for action in Action if action not in NOT_DECIDED]
ANSWERS = (Action.APPROVE, Action.REJECT)


@dataclass(frozen=True)
class Period:
    """A span of days, both ends included."""

    first: datetime.date
    last: datetime.date

    @property
    def days(self) -> list[datetime.date]:
        return [self.first + ONE_DAY * number for number in range((self.last - self.first).days + 1)]

    @property
    def bounds(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The moment in which it begins, and the one in which it is over."""
        return _midnight(self.first), _midnight(self.last + ONE_DAY)

    def decisions(self) -> QuerySet[Decision]:
        begins, is_over = self.bounds
        return Decision.objects.filter(decided_at__gte=begins, decided_at__lt=is_over).order_by()


@dataclass
class Actor:
    """Somebody who decided, or Pulse itself, and how often, by action and by day."""

    username: str
    name: str
    by_action: Counter[str] = field(default_factory=Counter)
    by_day: Counter[datetime.date] = field(default_factory=Counter)

    @property
    def robot(self) -> bool:
        return self.username == ROBOT

    @property
    def decisions(self) -> int:
        return self.by_action.total()


@dataclass(frozen=True)
class Approvals:
    """What was answered to the creators of a category; `category` is None for those who have none."""

    category: Category | None
    approved: int
    rejected: int

    @property
    def answered(self) -> int:
        return self.approved + self.rejected

    @property
    def permille(self) -> int:
        """How many of a thousand who were answered were approved."""
        return 1_000 * self.approved // self.answered


@dataclass(frozen=True)
class Decided:
    """The decisions of a period: `actors` the busiest first, and (day, actor, action, how many) by day."""

    period: Period
    actors: list[Actor]
    rows: list[tuple[datetime.date, Actor, str, int]]

    def by_day(self) -> list[tuple[datetime.date, int]]:
        totals: Counter[datetime.date] = Counter()
        for actor in self.actors:
            totals.update(actor.by_day)
        return [(day, totals[day]) for day in self.period.days]


@dataclass(frozen=True)
class Reversals:
    """Decisions that were taken back in a period: by who had decided, by reason, and both together."""

    rows: list[tuple[Actor, str, int]]

    def by_actor(self) -> list[tuple[Actor, int]]:
        return _most_first((actor, count) for actor, _reason, count in self.rows)

    def by_reason(self) -> list[tuple[str, int]]:
        return _most_first((reason, count) for _actor, reason, count in self.rows)


def decisions(period: Period) -> Decided:
    """Who decided what on which day; two queries."""
    day = Func(F("decided_at"), function="date", output_field=DateField())
    counted = period.decisions().filter(action__in=COUNTED).values_list(day, "decided_by", "action")
    found = list(counted.annotate(Count("pk")))
    actors = _actors(pk for _day, pk, _action, _count in found)
    rows: dict[tuple[datetime.date, str, str], int] = defaultdict(int)
    for day_of, pk, action, count in found:
        actors[pk].by_action[action] += count
        actors[pk].by_day[day_of] += count
        rows[day_of, actors[pk].username, action] += count
    named = {actor.username: actor for actor in actors.values() if actor.decisions}
    ordered = sorted(named.values(), key=lambda actor: (-actor.decisions, actor.username))
    return Decided(
        period, ordered, [(on, named[who], what, n) for (on, who, what), n in sorted(rows.items())]
    )


def approvals(period: Period) -> list[Approvals]:
    """Approved and rejected by category, in the order of the categories; two queries."""
    answered = _standing(period).filter(action__in=ANSWERS).values_list("creator__category", "action")
    counts = {(pk, action): count for pk, action, count in answered.annotate(Count("pk"))}
    categories: list[Category | None] = [*Category.objects.all(), None]
    found = (
        Approvals(category, *(counts.get((category.pk if category else None, each), 0) for each in ANSWERS))
        for category in categories
    )
    return [each for each in found if each.answered]


def reversals(period: Period) -> Reversals:
    """What was taken back in the period, whenever it had been decided; two queries."""
    taken_back = period.decisions().filter(action=Action.REVERSE)
    found = list(taken_back.values_list("reverses__decided_by", "reason").annotate(Count("pk")))
    actors = _actors(pk for pk, _reason, _count in found)
    return Reversals([(actors[pk], reason, count) for pk, reason, count in found])


def _standing(period: Period) -> QuerySet[Decision]:
    """Those that nobody took back; a reversal is younger than what it reverses."""
    begins, _is_over = period.bounds
    reversing = Decision.objects.filter(action=Action.REVERSE, decided_at__gte=begins, reverses__isnull=False)
    return period.decisions().exclude(pk__in=reversing.values("reverses"))


def _actors(decided_by: Iterable[int | None]) -> dict[int | None, Actor]:
    """Who stands behind the keys of users; behind None, and behind its own user, the robot."""
    pks = set(decided_by)
    people = User.objects.in_bulk([pk for pk in pks if pk is not None])
    robot = Actor(ROBOT, "Pulse")
    actors: dict[int | None, Actor] = {None: robot}
    for pk, person in people.items():
        told = Actor(person.username, person.get_full_name() or person.username)
        actors[pk] = robot if told.robot else told
    return actors


def _most_first(pairs: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    totals: dict[Any, tuple[Any, int]] = {}
    for key, count in pairs:
        name = key.username if isinstance(key, Actor) else key
        totals[name] = key, totals.get(name, (key, 0))[1] + count
    return [pair for _name, pair in sorted(totals.items(), key=lambda item: (-item[1][1], item[0]))]


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


def decision_rows(period: Period) -> Iterator[tuple[Any, ...]]:
    for day, actor, action, count in decisions(period).rows:
        yield day, actor.username, action, count


def approval_rows(period: Period) -> Iterator[tuple[Any, ...]]:
    for each in approvals(period):
        slug = each.category.slug if each.category else ""
        yield slug, each.approved, each.rejected, f"{each.permille // 10}.{each.permille % 10}"


def reversal_rows(period: Period) -> Iterator[tuple[Any, ...]]:
    for actor, reason, count in sorted(reversals(period).rows, key=lambda row: (row[0].username, row[1])):
        yield actor.username, reason, count
