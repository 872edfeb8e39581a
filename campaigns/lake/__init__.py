"""Lineups of days whose counts lie in a lake: Parquet files, ranked where they are by an existing engine.

A platform's counts are no business of a back office's database; the lineup of them is. Two passes over the
files find it exactly, with the same SQL on every engine:

1. A histogram: how many videos of each group (the market, or one category of it) have a score in each bucket.
   Buckets grow with the score, a few hundred in all, so that the engines' workers each add up their part and
   hand over a few kilobytes. Adding up from the top finds the bucket in which the cut lies, and how many
   videos stand above each bucket.
2. The videos of the buckets down to the cut, about one in twenty-five, are ranked within their bucket; what
   stands above it is added. So no worker ever sorts more than a bucket, and nobody sorts what can't be in.

Scores are integers, computed as the database computes them. A bucket is a logarithm, so a float, but all it
decides is who is sorted with whom: that no two buckets overlap is checked, and then any will do.

Only the lineup comes into Pulse (loading.py): its creators, its videos, their counts of the day. What files
must hold, and how they are refused, stands in files.py; the engines in duck.py (embedded, the default) and
spark.py (a cluster, where settings.SPARK_MASTER says which).
"""

from campaigns.lake.counted import look_up
from campaigns.lake.loading import LINEUP, absolute, forget, load

__all__ = ["LINEUP", "absolute", "forget", "load", "look_up"]
