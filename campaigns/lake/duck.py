"""DuckDB: the engine inside the worker, with memory that stays within its limit.

What doesn't fit goes to disk, into a folder of its own that is gone afterwards.
"""

# ruff: noqa: S608 - patterns and names of files are quoted

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from django.conf import settings

from campaigns.lake import files
from campaigns.lake.files import COLUMNS, DAY, MOMENT, REQUIRED, TEXT, WHOLE

BATCH = 10_000  # rows
# UBIGINT is left out: what it can hold and BIGINT can't, no engine would read alike.
_TYPES = {
    WHOLE: re.compile("U?(TINYINT|SMALLINT|INTEGER)|BIGINT"),
    TEXT: re.compile("VARCHAR"),
    DAY: re.compile("DATE"),
    MOMENT: re.compile("TIMESTAMP|TIMESTAMP WITH TIME ZONE"),
}
_READ = {WHOLE: "CAST({} AS BIGINT)", TEXT: "{}", DAY: "{}", MOMENT: "epoch_us({})"}


class Duck:
    divide = "//"

    def __init__(self, connection: duckdb.DuckDBPyConnection, pattern: str) -> None:
        self._connection = connection
        self._pattern = pattern
        self._found: set[str] = set()
        names = [name for (name,) in self.select(f"SELECT file FROM glob({_quoted(pattern)}) ORDER BY file")]
        if not names:
            files.refuse_unmatched(pattern)
        for name in names:
            self._check(name)
        self.select(self._view())

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        with self._readable():
            return self._connection.execute(statement).fetchall()

    def stream(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._readable():
            answer = self._connection.execute(statement)
            while rows := answer.fetchmany(BATCH):
                yield rows

    def columns(self, file: str) -> dict[str, str]:
        described = self.select(f"DESCRIBE SELECT * FROM read_parquet({_quoted(file)}, {_PLAIN})")
        return {name: kind for name, kind, *_rest in described}

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            files.refuse_unreadable(self._pattern, error)

    def _check(self, file: str) -> None:
        columns = self.columns(file)
        for name, kind in COLUMNS.items():
            if name in columns and not _TYPES[kind].fullmatch(columns[name]):
                files.refuse_type(file, name, columns[name])
            if name in REQUIRED and name not in columns:
                files.refuse_missing(file, name)
        self._found.update(columns)

    def _view(self) -> str:
        """The files as `counts`; an optional column that none of them has is empty."""
        read = [
            f"{_READ[kind].format(name)} AS {name}"
            if name in self._found
            else f"CAST(NULL AS VARCHAR) AS {name}"
            for name, kind in COLUMNS.items()
        ]
        source = f"read_parquet({_quoted(self._pattern)}, union_by_name = true, filename = true, {_PLAIN})"
        return f"CREATE TEMPORARY VIEW counts AS SELECT filename AS file, {', '.join(read)} FROM {source}"


_PLAIN = "hive_partitioning = false"  # folders such as day=2026-10-15 say nothing that a column doesn't


@contextmanager
def opened(pattern: str) -> Iterator[Duck]:
    """The files that `pattern` finds; raises Refused when there are none, or they lack columns."""
    with tempfile.TemporaryDirectory(prefix="lake-", dir=settings.LAKE_SCRATCH) as scratch:
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": settings.LAKE_MEMORY,
            "temp_directory": scratch,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(config=options) as connection:
            yield Duck(connection, pattern)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
