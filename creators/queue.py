"""The review queue as a whole: how long who waits may wait, who they are, and the views people have of it.

Everything that stands around the list comes by one statement (`overview`), so that the list costs the same
however much is shown. The counts are of the creators who wait longest, up to a limit: a queue of a
hundred thousand would cost as much as a hundred lists, and whoever reviews works at its front.
"""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from creators.models import Creator, SavedView
from pulse_site.models import User

COUNTED = 1_000
# Class of size -> from how many followers on, below how many, and what it is called.
SIZES: dict[str, tuple[int, int, Any]] = {
    "0-": (0, 100_000, gettext_lazy("below 100,000")),
    "100k-": (100_000, 1_000_000, gettext_lazy("100,000 to 1 million")),
    "1m-": (1_000_000, 10_000_000, gettext_lazy("1 to 10 million")),
    "10m-": (10_000_000, 10**18, gettext_lazy("10 million or more")),
}
HOURS = """(SELECT review_hours FROM creators_programmeterms
            WHERE status = 'approved' AND starts_on <= %(today)s ORDER BY starts_on DESC LIMIT 1)"""
LATEST = {
    "postgresql": f"CAST(%(now)s AS timestamptz) - {HOURS} * interval '1 hour'",
    "sqlite": f"datetime(%(now)s, '-' || {HOURS} || ' hours')",
}
SIZE = " ".join(f"WHEN followers < {below} THEN '{name}'" for name, (_from, below, _label) in SIZES.items())
# Every row: what it is, its name, a number, and two texts.
ALWAYS = f"""
    SELECT 'hours' AS what, '' AS name, {HOURS} AS number, '' AS first, '' AS second
    UNION ALL SELECT 'category', CAST(id AS varchar), position, name_en, name_fr FROM creators_category
    UNION ALL SELECT 'view', CAST(id AS varchar),
                     CASE WHEN owner_id = %(person)s THEN CASE WHEN opens_first THEN 2 ELSE 1 END ELSE 0 END,
                     name, query
                FROM creators_savedview WHERE owner_id = %(person)s OR shared"""  # noqa: S608
# Followers by look-up: a join would make PostgreSQL read all of reach for a few thousand creators.
COUNTS = """
    WITH waiting AS MATERIALIZED (
        SELECT longest.id, category_id, market, status_since,
               (SELECT followers FROM creators_reach WHERE creator_id = longest.id) AS followers
        FROM (SELECT id, category_id, market, status_since FROM creators_creator
              WHERE status = 'pending' ORDER BY status_since, id LIMIT %(limit)s) longest)
    {always}
    UNION ALL SELECT 'waiting', '', count(*), '', '' FROM waiting
    UNION ALL SELECT 'overdue', '', count(*), '', '' FROM waiting WHERE status_since < {latest}
    UNION ALL SELECT 'by category', CAST(category_id AS varchar), count(*), '', '' FROM waiting
               WHERE category_id IS NOT NULL GROUP BY category_id
    UNION ALL SELECT 'by market', market, count(*), '', '' FROM waiting GROUP BY market
    UNION ALL SELECT 'by size', CASE {size} END, count(*), '', '' FROM waiting
               WHERE followers IS NOT NULL GROUP BY 2
    UNION ALL SELECT 'by flag', kind, count(*), '', '' FROM waiting
                JOIN creators_flag ON creator_id = waiting.id AND cleared_at IS NULL GROUP BY kind"""


@dataclass(frozen=True)
class View:
    """A saved view as its link needs it."""

    pk: int
    name: str
    query: str
    own: bool
    opens_first: bool


@dataclass
class Overview:
    """What stands around the list. `counts` is by what (category, market, size, flag) and then by which."""

    hours: int | None = None
    categories: dict[int, str] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    waiting: int = 0
    overdue: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def capped(self) -> bool:
        return self.waiting >= COUNTED


def overview(person: User, *, counted: bool) -> Overview:
    """The hours of the terms in force, the categories in order, the views `person` sees (his own first);
    and, if `counted`, who waits."""
    now = timezone.now()
    asked = {"person": person.pk, "today": timezone.localdate(now), "limit": COUNTED, "now": _stored(now)}
    statement = COUNTS.format(always=ALWAYS, latest=LATEST[connection.vendor], size=SIZE)
    with connection.cursor() as cursor:
        cursor.execute(statement if counted else ALWAYS, asked)
        return _read(cursor.fetchall())


def _read(rows: list[tuple[Any, ...]]) -> Overview:
    found = Overview()
    french = (get_language() or "en").startswith("fr")
    for what, name, number, first, second in sorted(rows, key=lambda row: (row[0], row[2] or 0)):
        if what == "hours":
            found.hours = number
        elif what == "category":
            found.categories[int(name)] = second if french else first
        elif what == "view":
            found.views.append(View(int(name), first, second, own=number > 0, opens_first=number == 2))
        elif what in ("waiting", "overdue"):
            setattr(found, what, number)
        else:
            found.counts[what.removeprefix("by ")][name] = number
    found.views.sort(key=lambda view: (not view.own, view.name.casefold()))
    return found


def overdue(creators: QuerySet[Creator], hours: int | None) -> QuerySet[Creator]:
    """Those who have waited for a decision longer than the terms allow."""
    if hours is None:  # before the first terms
        return creators.none()
    latest = timezone.now() - datetime.timedelta(hours=hours)
    return creators.filter(status=Creator.Status.PENDING, status_since__lt=latest)


def visible_views(person: User) -> QuerySet[SavedView]:
    """A person's own views and those that are shared."""
    return SavedView.objects.filter(owner=person) | SavedView.objects.filter(shared=True)


def _stored(moment: datetime.datetime) -> Any:
    """A moment as the database of the day keeps it: SQLite compares texts."""
    return connection.ops.adapt_datetimefield_value(moment)
