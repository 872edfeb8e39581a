"""What is done behind the database's back, past its guards and constraints; and who names it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from payouts.verification import verify
from pulse_site import guards


@contextmanager
def behind_the_back() -> Iterator[None]:
    """No trigger, constraint nor foreign key watches; the guards are there again afterwards."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = 'replica'")
            cursor.execute(DROP_CHECKS)
            yield
            cursor.execute("SET LOCAL session_replication_role = 'origin'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            yield
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
            guards.install()


DROP_CHECKS = """
    DO $$ DECLARE found record; BEGIN
      FOR found IN SELECT conname, conrelid::regclass AS relation FROM pg_constraint
                    WHERE contype = 'c' AND coninhcount = 0  -- a partition's go with those of the whole
                      AND conrelid::regclass::text ~ '^(payouts|campaigns|creators)_' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.relation, found.conname);
      END LOOP;
    END $$
"""


def tamper(statement: str) -> None:
    with behind_the_back(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount


def broken() -> dict[str, str]:
    """Rule -> its breaches, a line each."""
    found: dict[str, str] = {}
    for breach in verify():
        found[breach.rule] = f"{found.get(breach.rule, '')}{breach.what}\n"
    return found
