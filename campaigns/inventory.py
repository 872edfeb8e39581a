"""Adds up what the videos of a lineup could carry, by category and tier, for forecasts.

Feeds give views since a video was published. Those of one day are the difference from the day before; where
that day's counts are missing, the video's average a day so far. One statement a lineup, when it is computed:
two look-ups for each of its videos, and forty rows.
"""

# ruff: noqa: S608 - the statement is put together from texts of this module, never from input

import datetime

from django.db import connection

from campaigns.models import PlacementRun

ONE_DAY = datetime.timedelta(days=1)
# {counts} and {before} are the rows of a video on a day and on the day before, if there is one.
VIEWS_OF_THE_DAY = """
    CASE WHEN {before}.views IS NULL THEN {counts}.views / ({counts}.age_days + 1)
         WHEN {counts}.views > {before}.views THEN {counts}.views - {before}.views
         ELSE 0 END
"""
ADD_UP = f"""
    INSERT INTO campaigns_inventory (run_id, category_id, tier, videos, views)
    SELECT placement.run_id, placement.category_id, placement.tier, COUNT(*),
           SUM({VIEWS_OF_THE_DAY.format(counts="counts", before="before")})
      FROM campaigns_placement placement
      JOIN creators_videocounts counts ON counts.day = %(day)s AND counts.video_id = placement.video_id
      LEFT JOIN creators_videocounts before ON before.day = %(eve)s AND before.video_id = placement.video_id
     WHERE placement.run_id = %(run)s AND placement.category_id IS NOT NULL
     GROUP BY placement.run_id, placement.category_id, placement.tier
"""


def add_up(run: PlacementRun) -> int:
    """Write the inventory of a lineup that was just computed; returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(ADD_UP, {"run": run.pk, "day": run.day, "eve": run.day - ONE_DAY})
        return cursor.rowcount
