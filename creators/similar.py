"""Who else a creator might be: handles that look alike, the same name, the same address.

What reads alike is written once (creators.models.creators.LOOKS): a handle without separators and with
the letters that an eye takes for one another made the same. By it flags are raised (flags.py), and by it,
indexed, look-alikes are found here. One letter off is asked for as it stands: every handle that differs in
one letter, a thousand or so, is looked up in that index. So the answer costs the same among a million
creators and misses none, neither of which a search for common trigrams would do.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db import models
from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from creators.models import Creator, Decision
from creators.models.creators import ALIKE, LOOKS

SHORTEST = 4  # letters; shorter ones read alike by chance
SHORTEST_OFF = 6  # and these are one letter off by chance
LETTERS = "abcdefghjklmnopqrstuvwxyz2689"  # that are left when a handle is read
MOST = 100  # of each cause
COMMON = 5  # a name that more others have says nothing of each


class Cause(models.TextChoices):
    """Why a creator is shown beside another, the likeliest to be one and the same first."""

    ALIKE = "alike", _("handle reads alike")
    EMAIL = "email", _("same e-mail address")
    NAME = "name", _("same name")
    OFF = "off", _("handle is one letter off")


@dataclass(frozen=True)
class Similar:
    """A creator who may be another one, why, and what was decided about him last."""

    creator: Creator
    causes: list[Cause]

    @property
    def decided(self) -> str:
        action = getattr(self.creator, "last_action", None)
        return str(Decision.Action(action).label) if action else ""


@dataclass(frozen=True)
class Found:
    """Whoever is similar; `namesakes` is how many have his common name (to a hundred), 0 for a rare one."""

    similar: list[Similar]
    namesakes: int


def looks(handle: str) -> str:
    """What an eye makes of a handle, as the database reads it."""
    return reduce(lambda read, pair: read.replace(*pair), ALIKE, handle)


def to(creator: Creator) -> Found:
    """Whoever looks like `creator`, the likeliest cause and the most followers first.

    Four queries at most; of each cause the first hundred are looked at. A common name alone is no likeness:
    those are counted.
    """
    causes: dict[int, list[Cause]] = defaultdict(list)
    namesakes = list(_same(creator, "name"))
    for pk in _same(creator, "email"):
        causes[pk].append(Cause.EMAIL)
    for pk, handle, read in _alike(creator):
        if read == looks(creator.handle):
            causes[pk].append(Cause.ALIKE)
        elif not _differ_by_number(handle, creator.handle):
            causes[pk].append(Cause.OFF)
    for pk in namesakes if len(namesakes) <= COMMON else causes.keys() & set(namesakes):
        causes[pk].append(Cause.NAME)
    rank = {cause: number for number, cause in enumerate(Cause)}
    found = [Similar(other, sorted(causes[other.pk], key=rank.__getitem__)) for other in _told(causes.keys())]
    found.sort(key=lambda each: (rank[each.causes[0]], -_followers(each.creator), each.creator.pk))
    return Found(found, len(namesakes) if len(namesakes) > COMMON else 0)


def _alike(creator: Creator) -> Iterable[tuple[int, str, str]]:
    read = looks(creator.handle)
    if len(read) < SHORTEST:
        return []
    wanted = {read} | (set(_one_off(read)) if len(read) >= SHORTEST_OFF else set())
    others = Creator.objects.annotate(looks=LOOKS).filter(looks__in=wanted).exclude(pk=creator.pk)
    alike_first = Case(When(looks=read, then=0), default=1)
    return others.order_by(alike_first).values_list("pk", "handle", "looks")[:MOST]


def _same(creator: Creator, field: str) -> Iterable[int]:
    given = getattr(creator, field)
    if not given:
        return []
    others = Creator.objects.alias(lower=Lower(field)).filter(lower=Lower(Value(given)))
    return others.exclude(pk=creator.pk).order_by().values_list("pk", flat=True)[:MOST]


def _told(pks: Iterable[int]) -> QuerySet[Creator]:
    newest: QuerySet[Any] = Decision.objects.filter(creator=OuterRef("pk")).order_by("-id")
    return (
        Creator.objects.filter(pk__in=pks)
        .select_related("reach")
        .annotate(
            last_action=Subquery(newest.values("action")[:1]),
            last_decided=Subquery(newest.values("decided_at")[:1]),
        )
    )


def _one_off(read: str) -> Iterable[str]:
    """Every text with one letter less, more, another, or two neighbours changed about."""
    cuts = [(read[:at], read[at:]) for at in range(len(read) + 1)]
    for before, after in cuts:
        yield from (f"{before}{letter}{after}" for letter in LETTERS)
        if after:
            yield before + after[1:]
            yield from (f"{before}{letter}{after[1:]}" for letter in LETTERS)
        if len(after) > 1:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"


def _differ_by_number(handle: str, other: str) -> bool:
    """Numbered handles are told apart by their numbers."""
    one, two = (re.sub(r"\d+", "0", each) for each in (handle, other))
    return one == two


def _followers(creator: Creator) -> int:
    reach = getattr(creator, "reach", None)
    return reach.followers if reach else 0
