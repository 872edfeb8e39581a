"""How much work something is: the CPU time of this process and of its PostgreSQL backend together.

The machine may be shared, and a clock then tells more of the neighbours than of the statement. Helpers of a
parallel query are processes of their own, which nobody could count: the backend works alone meanwhile. Of a
server on another machine only the clock is known.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
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


def family() -> list[Path]:
    """Where Linux tells of this process and all that it started, which started others."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parents[int(stat.parent.name)] = int(_fields(stat)[1])
    found = [os.getpid()]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return [Path(f"/proc/{process}") for process in found]


def spent_by_family() -> float:
    return sum(_spent(process / "stat") for process in family())


def peak_bytes(process: Path) -> int:
    """The most memory that the process ever had."""
    lines = (process / "status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def _spent(stat: Path) -> float:
    """Its user and system time."""
    fields = _fields(stat)
    return (int(fields[11]) + int(fields[12])) / TICKS


def _fields(stat: Path) -> list[str]:
    """What stands after the name, which is in brackets and may hold blanks."""
    return stat.read_text().rpartition(")")[2].split()
