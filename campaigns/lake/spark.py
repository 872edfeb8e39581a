"""Spark: the engine of a cluster, for files that outgrow one machine.

All the work is in SQL, so that executors need Java alone. What they read they read under the types that
files.py asks for; a file that has others fails there, and is named. Whatever else a cluster wants to be told
(memory, keys of a store) stands in its own spark-defaults.conf, found by SPARK_CONF_DIR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.lake import files
from campaigns.lake.files import COLUMNS, DAY, MOMENT, TEXT, WHOLE
from pulse_site.refusal import Refused

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BATCH = 10_000  # rows
_TYPES = {WHOLE: "BIGINT", TEXT: "STRING", DAY: "DATE", MOMENT: "TIMESTAMP"}
_LOCAL = re.compile("^file:/+")
_OTHER_TYPE = re.compile(
    r"reading file (?P<file>\S+?)\. .*column \[?`?(?P<column>\w+)`?\]?.*actual Parquet type (?P<found>\w+)",
    re.DOTALL,
)
_UNREAD = re.compile(r"reading file (?P<file>\S+?)\.\s")


class Spark:
    divide = "DIV"

    def __init__(self, session: SparkSession, pattern: str) -> None:
        self._session = session
        self._pattern = pattern
        schema = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in COLUMNS.items())
        with self._readable():
            read = session.read.schema(schema).parquet(pattern)
            read.selectExpr(
                "REGEXP_REPLACE(_metadata.file_path, '^file:/+', '/') AS file",
                *("unix_micros(published) AS published" if name == "published" else name for name in COLUMNS),
            ).createOrReplaceTempView("counts")

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        with self._readable():
            return [tuple(row) for row in self._session.sql(statement).collect()]

    def stream(self, statement: str) -> Iterator[Sequence[tuple[Any, ...]]]:
        with self._readable():
            rows = self._session.sql(statement).toLocalIterator(prefetchPartitions=True)
            while batch := list(islice(rows, BATCH)):
                yield batch

    def columns(self, file: str) -> dict[str, str]:
        with self._readable():
            return dict(self._session.read.parquet(file).dtypes)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, Py4JJavaError) as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> NoReturn:
        """Find what is wrong in the chain of causes, which Spark tells the driver as text."""
        told = str(error)
        if "PATH_NOT_FOUND" in told:
            files.refuse_unmatched(self._pattern)
        other = _OTHER_TYPE.search(told)
        if other:
            files.refuse_type(_LOCAL.sub("/", other["file"]), other["column"], other["found"])
        unread = _UNREAD.search(told)
        if unread:
            files.refuse_unreadable(_LOCAL.sub("/", unread["file"]), _("its pages can't be decoded"))
        files.refuse_unreadable(self._pattern, told)


@contextmanager
def opened(pattern: str) -> Iterator[Spark]:
    """The files that `pattern` finds, read by the cluster of settings.SPARK_MASTER."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise Refused(
            _("SPARK_MASTER is set, but pyspark isn't installed: install Pulse's extra `spark` (make spark).")
        ) from None
    running = SparkSession.getActiveSession()
    session = running or (
        SparkSession.builder.master(settings.SPARK_MASTER)
        .appName("pulse")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .getOrCreate()
    )
    try:
        yield Spark(session, pattern)
    finally:
        if not running:
            session.stop()
