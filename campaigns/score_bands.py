"""How the scores of a day are spread: videos by category and band of scores, beside those in the lineup.

Bands begin at 0, 1, 2, 5, 10, 20, 50, ...: as scores fall off over many sizes, each band tells something.
A lineup's bands are added up by one scan of the day's counts, when the nightly run has computed it or else
when somebody first looks, and are kept: the page that shows them never reads ten million rows. They are only
kept if they are of the very videos that were ranked; counts that came later would tell another day.
"""

# ruff: noqa: S608 - the statements are put together from the terms' integers, never from input

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from campaigns import ranking
from campaigns.models import PlacementRun, ScoreBand

# By its first digit and the number of its digits, as every database can tell them without a logarithm.
_BANDS = "category_id, LENGTH(CAST(score AS text)) AS digits, SUBSTR(CAST(score AS text), 1, 1) AS first"
RANKED = f"SELECT {_BANDS}, COUNT(*) FROM ({{scored}}) scored GROUP BY 1, 2, 3"
PLACED = f"SELECT {_BANDS}, COUNT(*) FROM campaigns_placement WHERE run_id = %(run)s GROUP BY 1, 2, 3"

Band = tuple[int | None, int]  # category (its number), floor


def of(run: PlacementRun) -> list[ScoreBand]:
    """The bands of the lineup, added up if they never were; none if the ranked counts are gone or changed."""
    kept = list(run.bands.all())
    return kept or _keep(run)


def following(floor: int) -> int:
    """Where the next band begins."""
    if not floor:
        return 1
    return floor * 5 // 2 if str(floor)[0] == "2" else floor * 2


def _keep(run: PlacementRun) -> list[ScoreBand]:
    given = {"day": run.day, "market": run.market, "run": run.pk}
    ranked = _counted(RANKED.format(scored=ranking.scored(run.terms)), given)
    if not ranked or sum(ranked.values()) != run.population:
        return []
    placed = _counted(PLACED, given)
    bands = [
        ScoreBand(run=run, category_id=category, floor=floor, videos=videos, placed=placed[category, floor])
        for (category, floor), videos in ranked.items()
    ]
    with transaction.atomic():
        PlacementRun.objects.select_for_update().get(pk=run.pk)
        if not run.bands.exists():  # two may have looked at once
            ScoreBand.objects.bulk_create(bands)
    return bands


def _counted(statement: str, given: Mapping[str, Any]) -> dict[Band, int]:
    counted: dict[Band, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        for category, digits, first, videos in cursor.fetchall():
            counted[category, _floor(digits, int(first))] += videos
    return counted


def _floor(digits: int, first: int) -> int:
    """The beginning of the band of a score with so many digits, the first of which is `first`."""
    begins = next((each for each in (5, 2, 1) if first >= each), 0)
    return int(begins * 10 ** (digits - 1))
