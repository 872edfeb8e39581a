"""Who looks at whom: "review next" gives each reviewer somebody else, the one who waits longest first.

A claim is a row that lapses after a quarter of an hour, so that nobody waits for a reviewer who went home.
It is taken by one guarded statement: whoever comes second finds the row taken and is given the next one. It
keeps two people from doing the same work, not from deciding: who opens the page sees who holds it.
"""

import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from creators.models import Claim, Creator
from pulse_site.models import User

LAPSES_AFTER = datetime.timedelta(minutes=15)
AT_ONCE = 20  # looked at in one go: as many colleagues may be quicker before we look again
TAKE = """
    INSERT INTO creators_claim AS held (creator_id, reviewer_id, until) VALUES (%s, %s, %s)
    ON CONFLICT (creator_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, until = excluded.until
     WHERE held.until <= %s OR held.reviewer_id = excluded.reviewer_id
"""


def next_for(reviewer: User, among: QuerySet[Creator], after: Creator | None = None) -> Creator | None:
    """Claim for `reviewer` whoever of `among` waits longest and nobody else looks at.

    Returns None when there is nobody. `after` was skipped: his claim is given back, and only who waits
    less long than he is looked for.
    """
    waiting = among.waiting_longest_first()  # type: ignore[attr-defined]
    if after is not None:
        release(after, reviewer)
        later = Q(status_since=after.status_since, pk__gt=after.pk) | Q(status_since__gt=after.status_since)
        waiting = waiting.filter(later)
    while found := list(waiting.exclude(Exists(_of_others(reviewer)))[:AT_ONCE]):
        for creator in found:
            if hold(creator, reviewer):
                return creator
    return None


def hold(creator: Creator, reviewer: User) -> bool:
    """Claim the creator, or claim him for longer; False when somebody else looks at him."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [creator.pk, reviewer.pk, _stored(now + LAPSES_AFTER), _stored(now)])
        return bool(cursor.rowcount)


def release(creator: Creator, reviewer: User) -> None:
    """Give the claim back, if the reviewer has it."""
    Claim.objects.filter(creator=creator, reviewer=reviewer).delete()


def of(creator: Creator) -> Claim | None:
    """Who looks at the creator now."""
    return Claim.objects.select_related("reviewer").filter(creator=creator, until__gt=timezone.now()).first()


def _of_others(reviewer: User) -> QuerySet[Claim]:
    return Claim.objects.filter(creator=OuterRef("pk"), until__gt=timezone.now()).exclude(reviewer=reviewer)


def _stored(moment: datetime.datetime) -> Any:
    """A moment as the database of the day keeps it: SQLite compares texts."""
    return connection.ops.adapt_datetimefield_value(moment)
