"""Exports of a long list: flat memory, and what they cost beside the least that Python can do."""

import csv
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from pulse_site.models import User

ROWS = 100_000 * int(os.environ.get("SCALE", "1"))
pytestmark = pytest.mark.django_db
FILL = """
    INSERT INTO creators_creator (handle, name, kind, market, standing, email, language, status, status_since,
                                  created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)
    SELECT 'creator.' || i, 'Creator ' || i, 'creator', 'US', 'good', '', 'en', 'approved',
           CURRENT_TIMESTAMP, CURRENT_TIMESTAMP FROM n
"""
REACH = """
    INSERT INTO creators_reach (creator_id, followers, as_of)
    SELECT id, 100000 + id, '2026-10-15' FROM creators_creator
"""

PLAIN = """
    SELECT c.handle, c.name, c.kind, c.market, g.slug, c.standing, c.status, c.status_since,
           c.terms_accepted_on, r.followers, e.eligible, e.failed_rules
    FROM creators_creator c LEFT JOIN creators_category g ON g.id = c.category_id
    LEFT JOIN creators_reach r ON r.creator_id = c.id LEFT JOIN creators_eligibility e ON e.creator_id = c.id
    ORDER BY c.id DESC
"""


def memory() -> int:
    """Megabytes that this process has in memory."""
    found = re.search(r"VmRSS:\s+([0-9]+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) // 1024


def consumed(chunks: Iterable[bytes]) -> tuple[int, int]:
    """Bytes received, and how many megabytes the memory grew after the first of them."""
    size, first, most = 0, 0, 0
    for number, chunk in enumerate(chunks):
        size += len(chunk)
        if number % 10 == 0:
            most = max(most, memory())
            first = first or most
    return size, most - first


def floor() -> float:
    """CPU seconds of the least that Python can do: one statement, its rows written as they come."""
    began = time.process_time()
    with connection.chunked_cursor() as cursor, Path("/dev/null").open("w") as nowhere:
        cursor.execute(PLAIN)
        csv.writer(nowhere).writerows(cursor)
    return time.process_time() - began


@pytest.mark.parametrize(("format", "limit"), [("csv", 12), ("xlsx", 16)])
def test_a_long_list_goes_out_in_flat_memory(
    client: Client, administrator: User, format: str, limit: int
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL, [ROWS])
        cursor.execute(REACH)
        cursor.execute("ANALYZE")
    client.force_login(administrator)
    address = reverse("admin:creators_creator_export") + "?status=all"
    began, cpu = time.monotonic(), time.process_time()
    answer = client.post(address, {"format": "0" if format == "csv" else "1", "resource": "0"})
    size, grown = consumed(answer.streaming_content)  # type: ignore[attr-defined]
    taken, cpu = time.monotonic() - began, time.process_time() - cpu
    least = floor()
    print(
        f"\n{format} of {ROWS:,} creators, {connection.vendor}: {size / 1e6:.0f} MB in {taken:.1f} s, memory "
        f"+{grown} MB, {cpu:.1f} s of CPU, {cpu / least:.1f} times a bare SELECT as CSV (limit {limit})"
    )
    assert grown < 30
    assert cpu < limit * least
