"""The desk's reports among 1,000,000 creators and as many decisions of a year: a second of CPU at most each.

BENCH_SCALE is the number of either. A tenth of the decisions are of the days asked for.
"""

import os
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from creators import reports, waiting
from creators.models import Decision
from creators.reports import ONE_DAY, Period
from pulse_site.models import User
from tests.bench import cpu

ROWS = int(os.environ.get("BENCH_SCALE", 1_000_000))
AT_MOST, DAYS, ATTEMPTS = 1.0, 36, 3
SERIES = f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {ROWS})"
AGO = {
    "postgresql": "CURRENT_TIMESTAMP - make_interval(mins => {})",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({}) || ' minutes')",
}
# Every creator was queued half a year ago at the latest; of a hundred, two wait and the others were answered.
CREATED = f"""
    INSERT INTO creators_creator (handle, name, kind, market, category_id, standing, email, language, status,
                                  status_since, created_at)
    {SERIES} SELECT 'creator' || n, '', 'creator', 'US', 1 + n % 12, 'good', '', 'en',
                    CASE WHEN n % 100 < 2 THEN 'pending' ELSE 'approved' END, {{since}}, {{known}}
               FROM series"""
DECIDED = """
    INSERT INTO creators_decision (creator_id, action, from_status, to_status, reason, note, decided_by_id,
                                   decided_at)
    SELECT id, CASE WHEN id % 7 = 0 THEN 'reject' ELSE 'approve' END, 'pending', 'approved', '', '',
           (SELECT min(id) FROM pulse_site_user) + id % 20, status_since
      FROM creators_creator WHERE status = 'approved' ORDER BY status_since"""


def fill() -> None:
    User.objects.bulk_create([User(username=f"reviewer{number}") for number in range(20)])
    ago = AGO[connection.vendor]
    year = 365 * 24 * 60
    created = CREATED.format(since=ago.format(f"n % {year}"), known=ago.format(f"n % {year} + n % 4000"))
    with connection.cursor() as cursor:
        for statement in (created, DECIDED, "ANALYZE"):
            cursor.execute(statement)


@pytest.mark.django_db
def test_the_desks_reports_stay_fast() -> None:
    fill()
    today = timezone.localdate()
    period = Period(today - ONE_DAY * DAYS, today)
    asked: dict[str, Callable[[], object]] = {
        "decisions": lambda: reports.decisions(period),
        "approvals": lambda: reports.approvals(period),
        "reversals": lambda: reports.reversals(period),
        "ages": lambda: waiting.ages(48),
        "queue day by day": lambda: waiting.history(period, 48),
    }
    assert sum(actor.decisions for actor in reports.decisions(period).actors) >= ROWS // 11
    taken = {name: min(cpu.seconds(act) for _n in range(ATTEMPTS)) for name, act in asked.items()}
    print(f"\n{connection.vendor}: {Decision.objects.count():,} decisions, {DAYS} days of them, CPU")
    for name, seconds in taken.items():
        print(f"  {name}: {seconds * 1000:.0f} ms")
    assert max(taken.values()) <= AT_MOST
