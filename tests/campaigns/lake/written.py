"""Files of a lake as tests write them: a row is a dict, and what it doesn't say is sensible."""

import datetime
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from creators.models import Tier, VideoCounts
from tests import factories

NOON = datetime.datetime.combine(factories.DAY, datetime.time(12))
TYPES = {
    "day": "DATE",
    "market": "VARCHAR",
    "id": "BIGINT",
    "handle": "VARCHAR",
    "published": "TIMESTAMP",
    "views": "BIGINT",
    "likes": "BIGINT",
    "comments": "BIGINT",
    "shares": "BIGINT",
    "category": "VARCHAR",
    "tier": "VARCHAR",
}
_ids = itertools.count(1)


def row(**fields: Any) -> dict[str, Any]:
    """A video of today: its score is its views."""
    plain = {"day": factories.DAY, "market": "US", "handle": "someone", "published": NOON, "views": 1_000}
    plain |= {"likes": 0, "comments": 0, "shares": 0, "category": None, "tier": None}
    return {"id": next(_ids), **plain, **fields}


def write(path: Path, rows: Iterable[dict[str, Any]], **types: str | None) -> Path:
    """`types` says otherwise of a column; None leaves it out."""
    columns = {name: kind for name, kind in (TYPES | types).items() if kind}
    with duckdb.connect() as lake:
        lake.execute(f"CREATE TABLE counts ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        values = [[each[name] for name in columns] for each in rows]
        lake.executemany(f"INSERT INTO counts VALUES ({', '.join('?' * len(columns))})", values)
        lake.execute(f"COPY counts TO '{path}' (FORMAT parquet)")
    return path


def of_database(folder: Path) -> str:
    """All counts of the database in three files; returns the pattern that finds them."""
    stored = VideoCounts.objects.select_related("creator", "category").order_by("video_id")
    rows = [
        row(
            day=each.day,
            market=each.market,
            id=each.video_id,
            handle=each.creator.handle,
            published=each.published_at.replace(tzinfo=None),
            category=each.category and each.category.slug,
            tier=Tier(each.tier).name.lower(),
            **{name: getattr(each, name) for name in ("views", "likes", "comments", "shares")},
        )
        for each in stored
    ]
    for part in range(3):
        write(folder / f"part-{part}.parquet", rows[part::3])
    return str(folder / "*.parquet")
