"""The history of one creator or video, out of tables whose key starts with the day.

Such a table has no index by creator or video. So the days that it holds, which are few, are walked along
the key from the newest back, and each is asked for the one row: as many index look-ups as days.
"""

import datetime

from django.db import connection
from django.db.models import Model, QuerySet

from creators.models import Creator, FollowerCount, Video, VideoCounts


def follower_counts(creator: Creator, days: int) -> QuerySet[FollowerCount]:
    """The counts of `creator` on the newest `days` days of the table, newest first."""
    newest = _newest_days(FollowerCount, "as_of", days)
    return FollowerCount.objects.filter(as_of__in=newest, creator_id=creator.pk).order_by("-as_of")


def video_counts(video: Video, days: int) -> QuerySet[VideoCounts]:
    """The counts of `video` on the newest `days` days of the table, newest first."""
    newest = _newest_days(VideoCounts, "day", days)
    return VideoCounts.objects.filter(day__in=newest, video_id=video.pk).order_by("-day")


def _newest_days(model: type[Model], field: str, days: int) -> list[datetime.date]:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            # Names of our own.
            f"""WITH RECURSIVE days(day) AS (
                    SELECT max({field}) FROM {table}
                    UNION ALL
                    SELECT (SELECT max({field}) FROM {table} WHERE {field} < days.day)
                    FROM days WHERE days.day IS NOT NULL
                )
                SELECT day FROM days WHERE day IS NOT NULL LIMIT %s""",  # noqa: S608
            [days],
        )
        return [day for (day,) in cursor.fetchall()]
