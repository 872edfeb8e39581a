"""Which engine reads a lake's files: a cluster where settings say which, else the one in the worker."""

from contextlib import AbstractContextManager

from django.conf import settings

from campaigns.lake import duck, spark
from campaigns.lake.files import Engine


def opened(pattern: str) -> AbstractContextManager[Engine]:
    """The files that `pattern` finds; raises Refused when there are none, or they can't be read."""
    return spark.opened(pattern) if settings.SPARK_MASTER else duck.opened(pattern)
