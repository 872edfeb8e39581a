"""The list of creators, whatever is asked of it, costs the same among 1,000,000 as among 10,000.

So do a creator's page, with who looks like him, and the way to the next one who waits.

CPU time of Python and the database together, the stock ModelAdmin's beside it.
"""

import datetime
import os

from django.contrib import admin
from django.core import signing
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from creators.models import Creator, Reach
from pulse_site.admin.keyset import SALT
from pulse_site.models import User
from tests.bench import cpu

LARGE, SMALL, AT_MOST, QUERIES, ATTEMPTS = int(os.environ.get("BENCH_SCALE", 1_000_000)), 10_000, 1.5, 5, 5
SERIES = "WITH RECURSIVE series(n) AS (SELECT {} UNION ALL SELECT n + 1 FROM series WHERE n < {})"
# Of a hundred creators ten are approved and two wait; one in a hundred thousand is called "needle".
CREATED = """
    INSERT INTO creators_creator (handle, name, kind, market, standing, email, language, status,
                                  status_since, created_at)
    {series}
    SELECT CASE WHEN n % 100000 = 7 THEN 'the.needle.' ELSE 'creator.' END || n,
           CASE WHEN n % 25 = 0 THEN 'Martin ' ELSE 'Somebody ' END || n, 'creator', 'US', 'good', '', 'en',
           CASE WHEN n % 100 < 10 THEN 'approved' WHEN n % 100 < 12 THEN 'pending' ELSE 'candidate' END,
           CAST({moment} AS {type}), CURRENT_TIMESTAMP
      FROM series"""
REACHED = """
    INSERT INTO creators_reach (creator_id, followers, as_of)
    SELECT id, 1000 + CAST(id AS bigint) * 7919 % 5000011, CURRENT_DATE FROM creators_creator
     WHERE id NOT IN (SELECT creator_id FROM creators_reach)"""
LISTS = {
    "first page": "?status=all",
    "the queue": "?status=pending",
    "a rare part of a handle": "?q=needle",
    "a part of a name": "?q=martin",
    "by followers": "?status=all&o=-4",
    "approved, by followers": "?status=approved&o=-4",
    "waiting, by followers": "?status=pending&o=-4",
}
PAGE_QUERIES = 30  # of a creator's page, with all that an administrator sees on it
DEEP = {
    "deep": ("?status=all", ["id"], lambda row: [row.pk]),
    "deep, by followers": (
        "?status=all&o=-4",
        ["reach__followers", "id"],
        lambda row: [row.reach.followers, row.pk],
    ),
}


class Stock(admin.ModelAdmin):
    """What most would write first."""

    list_display = ("handle", "name", "status", "followers", "rules", "category", "status_since")
    list_filter = ("status", "market", "kind", "standing", "category")
    search_fields = ("handle", "name")

    @admin.display(ordering="reach__followers")
    def followers(self, creator: Creator) -> int:
        return creator.reach.followers

    def rules(self, creator: Creator) -> str:
        return "" if hasattr(creator, "eligibility") else "-"


def fill(first: int, last: int) -> None:
    postgresql = connection.vendor == "postgresql"
    moment = (
        "timestamp '2026-01-01' + n * interval '1 second'"
        if postgresql
        else "datetime('2026-01-01', n || ' seconds')"
    )
    created = CREATED.format(
        series=SERIES.format(first, last), moment=moment, type="timestamptz" if postgresql else "text"
    )
    with connection.cursor() as cursor:
        for statement in (created, REACHED, "ANALYZE"):
            cursor.execute(statement)


def deep(rows: int) -> dict[str, str]:
    """Addresses of pages that begin a tenth of the rows deep."""
    found = {}
    for name, (query, paths, values) in DEEP.items():
        order = ["-reach__followers", "-id"] if "followers" in name else ["-id"]
        row = Creator.objects.select_related("reach").order_by(*order)[rows // 10]
        cursor = signing.dumps([paths, [str(value) for value in values(row)]], salt=SALT)
        found[name] = f"{query}&after={cursor}"
    return found


def pages() -> dict[str, str]:
    """The newest creator's page, who has look-alikes and namesakes, and the way to who waits longest."""
    return {
        "a creator's page": f"{Creator.objects.order_by('pk').last().pk}/change/",
        "review next": "next/?_view=status%3Dpending",
    }


def cost(client: Client, query: str) -> float:
    address = f"/admin/creators/creator/{query}"
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code in (200, 302)
    most = QUERIES if query.startswith("?") else PAGE_QUERIES
    assert len(asked) <= most, (query, len(asked), [each["sql"] for each in asked])
    return min(cpu.seconds(lambda: client.get(address)) for _attempt in range(ATTEMPTS))


def stock_cost(person: User, query: str) -> float:
    listed = Stock(Creator, admin.AdminSite("stock"))
    query = query.replace("?status=all", "?").replace("status=", "status__exact=")

    def show() -> None:
        request = RequestFactory().get(f"/{query}")
        request.user = person
        listed.changelist_view(request).render()  # type: ignore[attr-defined]

    return min(cpu.seconds(show) for _attempt in range(2))


def test_every_list_costs_the_same_among_a_million_creators(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    fill(1, SMALL)
    few = {name: cost(client, query) for name, query in (LISTS | deep(SMALL) | pages()).items()}
    fill(SMALL + 1, LARGE)
    many = {name: cost(client, query) for name, query in (LISTS | deep(LARGE) | pages()).items()}
    assert Reach.objects.count() == LARGE
    admin.site.urls  # noqa: B018 - the stock list's links need the admin's addresses
    stock = {name: stock_cost(administrator, query) for name, query in LISTS.items()}
    stock["deep, by followers"] = stock_cost(administrator, f"?o=-4&p={LARGE // 10 // 100}")
    stock["deep"] = stock_cost(administrator, f"?p={LARGE // 10 // 100}")
    print(f"\n{connection.vendor}: {LARGE:,} creators, CPU of Python and database, {datetime.date.today()}")
    for name, taken in many.items():
        beside = f", stock {stock[name] * 1000:.0f} ms" if name in stock else ""
        print(f"  {name}: {taken * 1000:.0f} ms, {taken / few[name]:.2f} of {SMALL:,} creators{beside}")
    worst = max(many[name] / few[name] for name in many)
    assert worst <= AT_MOST
