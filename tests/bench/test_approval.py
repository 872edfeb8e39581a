"""Approving 100,000 creators takes at most three times as long as hand-written SQL for the same rows."""

import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from creators.approval import decide
from creators.models import Creator, Decision, Enrolment

CREATORS = 100_000
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
    """INSERT INTO creators_decision
           (creator_id, action, from_status, to_status, reason, note, decided_by_id, decided_at)
       SELECT c.id, 'approve', c.status, 'approved', '', '', NULL, CURRENT_TIMESTAMP
       FROM creators_creator c JOIN creators_eligibility e ON e.creator_id = c.id AND e.eligible
       WHERE c.status = 'pending'""",
    """UPDATE creators_creator SET status = 'approved', status_since = CURRENT_TIMESTAMP
       WHERE status = 'pending' AND id IN (SELECT creator_id FROM creators_eligibility WHERE eligible)""",
    """INSERT INTO creators_enrolment (creator_id, starts_on)
       SELECT id, CURRENT_DATE FROM creators_creator
       WHERE status = 'approved' AND terms_accepted_on IS NOT NULL""",
)


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def seconds(act: Callable[[], object]) -> float:
    """How long `act` takes; all that it wrote is checked and taken back."""
    with transaction.atomic():
        started = time.perf_counter()
        act()
        taken = time.perf_counter() - started
        written = [Decision.objects.count(), Enrolment.objects.filter(ends_on=None).count()]
        assert written == [CREATORS, CREATORS]
        transaction.set_rollback(True)
    return taken


@pytest.mark.django_db
def test_approving_a_hundred_thousand_stays_near_hand_written_sql() -> None:
    run(WAITING, ELIGIBLE, "ANALYZE")
    floor, ours = zip(
        *(
            (
                seconds(lambda: run(*BY_HAND)),
                seconds(lambda: decide(Creator.objects.pending(), Decision.Action.APPROVE, None)),
            )
            for _ in range(3)
        ),
        strict=True,
    )
    ratio = min(ours) / min(floor)
    print(f"\napprove {CREATORS:,}: {min(ours):.2f} s, by hand {min(floor):.2f} s, ratio {ratio:.2f}")
    assert ratio <= 3
