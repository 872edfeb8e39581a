"""Approving 100,000 creators in bulk takes at most three times as long as hand-written SQL for the same rows.

From the frozen choice to the result of each; undoing it right afterwards, before any database has looked at
its statistics, at most ten times as long as that SQL. BENCH_SCALE is the number of creators. CPU time of
client and server together, see cpu.py.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction

from creators import bulk
from creators.models import Bulk, BulkRow, Creator, Decision, Enrolment
from pulse_site.models import User
from tests.bench import cpu

CREATORS = int(os.environ.get("BENCH_SCALE", 100_000))
AT_MOST, UNDO_AT_MOST, ATTEMPTS = 3.0, 10.0, 3
SERIES = f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {CREATORS})"
WAITING = f"""
    INSERT INTO creators_creator (handle, name, kind, market, standing, email, language, status, status_since,
                                  terms_accepted_on, created_at)
    {SERIES} SELECT 'creator' || n, '', 'creator', 'US', 'good', '', 'en', 'pending', CURRENT_TIMESTAMP,
                    CURRENT_DATE, CURRENT_TIMESTAMP FROM series"""
ELIGIBLE = """
    INSERT INTO creators_eligibility (creator_id, as_of, terms_id, eligible, failed_rules, followers, videos)
    SELECT id, CURRENT_DATE, (SELECT min(id) FROM creators_programmeterms), true, '', 100000, 5
    FROM creators_creator"""
BY_HAND = (
    """INSERT INTO creators_bulk (action, reason, note, chosen_by, status, results, prepared_by_id,
                                  prepared_at, decided_at)
       SELECT 'approve', '', '', 'by hand', 'decided', '{}', min(id), CURRENT_TIMESTAMP, CURRENT_TIMESTAMP
       FROM pulse_site_user""",
    """INSERT INTO creators_bulkrow (bulk_id, creator_id, result)
       SELECT (SELECT max(id) FROM creators_bulk), c.id, 'moved'
       FROM creators_creator c JOIN creators_eligibility e ON e.creator_id = c.id AND e.eligible
       WHERE c.status = 'pending'""",
    """INSERT INTO creators_decision
           (creator_id, action, from_status, to_status, reason, note, decided_by_id, bulk_id, decided_at)
       SELECT creator_id, 'approve', 'pending', 'approved', '', '', (SELECT min(id) FROM pulse_site_user),
              bulk_id, CURRENT_TIMESTAMP
       FROM creators_bulkrow""",
    """UPDATE creators_creator SET status = 'approved', status_since = CURRENT_TIMESTAMP
       WHERE id IN (SELECT creator_id FROM creators_bulkrow)""",
    """INSERT INTO creators_enrolment (creator_id, starts_on)
       SELECT id, CURRENT_DATE FROM creators_creator
       WHERE status = 'approved' AND terms_accepted_on IS NOT NULL""",
)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def in_bulk(by: User) -> None:
    bulk.decide(bulk.prepare(Creator.objects.pending(), Decision.Action.APPROVE, by, chosen_by="the queue"))


def undo(by: User) -> Iterator[float]:
    in_bulk(by)
    made = Bulk.objects.get()
    yield cpu.seconds(lambda: bulk.undo(made, by, reason="Wrong"))
    assert Creator.objects.pending().count() == CREATORS


def cost(act: Callable[[], object]) -> float:
    """The CPU seconds that `act` takes; all that it wrote is checked and taken back."""
    with transaction.atomic():
        taken = cpu.seconds(act)
        written = [
            Decision.objects.exclude(bulk=None).count(),
            Creator.objects.filter(status=Creator.Status.APPROVED).count(),
            Enrolment.objects.filter(ends_on=None).count(),
            BulkRow.objects.filter(result=bulk.MOVED).count(),
        ]
        assert written == [CREATORS] * len(written)
        transaction.set_rollback(True)
    return taken


@pytest.mark.django_db
def test_approving_a_hundred_thousand_in_bulk_stays_near_hand_written_sql(administrator: User) -> None:
    run(WAITING, ELIGIBLE, "ANALYZE")
    pairs = [(cost(lambda: run(*BY_HAND)), cost(lambda: in_bulk(administrator))) for _n in range(ATTEMPTS)]
    floor, ours = (min(taken) for taken in zip(*pairs, strict=True))
    print(
        f"\n{connection.vendor}: approve {CREATORS:,} in bulk: {ours:.2f} s, by hand {floor:.2f} s, "
        f"{ours / floor:.2f} times"
    )
    (undone,) = undo(administrator)
    print(f"  and undone: {undone:.2f} s, {undone / floor:.2f} times")
    assert ours / floor <= AT_MOST
    assert undone / floor <= UNDO_AT_MOST
