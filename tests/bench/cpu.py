"""How much work something is: the CPU time of this process and of its PostgreSQL backend together.

The machine may be shared, and a clock then tells more of the neighbours than of the statement. Helpers of a
parallel query are processes of their own, which nobody could count: the backend works alone meanwhile. Of a
server on another machine only the clock is known.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")


def seconds(act: Callable[[], object]) -> float:
    """The CPU seconds that `act` takes client and server; inside a transaction, on the default connection."""
    backend = _backend()
    if backend is None:
        clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
        started = clock()
        act()
        return clock() - started
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    started = time.process_time() + _spent(backend)
    act()
    return time.process_time() + _spent(backend) - started


def _backend() -> Path | None:
    """Where Linux tells of the process that serves our connection, if it runs here."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = Path(f"/proc/{cursor.fetchone()[0]}")
    here = process.exists() and (process / "comm").read_text().strip() == "postgres"
    return process / "stat" if here else None


def _spent(stat: Path) -> float:
    """Its user and system time; the name, in brackets, may hold blanks."""
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
