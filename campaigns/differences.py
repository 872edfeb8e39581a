"""What differs between two lineups of a day: the one there is, and the one that was computed again."""

from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Placement, PlacementRun

# Who came in, who left, and who stayed with another rank, score, category, tier or creator.
ROWS = """
    SELECT (SELECT COUNT(*) FROM campaigns_placement new WHERE new.run_id = %(new)s
               AND NOT EXISTS (SELECT 1 FROM campaigns_placement old
                                WHERE old.run_id = %(old)s AND old.video_id = new.video_id)),
           (SELECT COUNT(*) FROM campaigns_placement old WHERE old.run_id = %(old)s
               AND NOT EXISTS (SELECT 1 FROM campaigns_placement new
                                WHERE new.run_id = %(new)s AND old.video_id = new.video_id)),
           (SELECT COUNT(*) FROM campaigns_placement old
              JOIN campaigns_placement new ON new.run_id = %(new)s AND new.video_id = old.video_id
             WHERE old.run_id = %(old)s
               AND (old.rank <> new.rank OR old.score <> new.score OR old.tier <> new.tier
                    OR old.creator_id <> new.creator_id
                    OR COALESCE(old.category_id, 0) <> COALESCE(new.category_id, 0)))
"""


def changes(old: PlacementRun, new: PlacementRun) -> list[str]:
    """Which of terms, inputs and rows differ; nothing is known of the inputs of a lineup without digest."""
    differ = {
        "terms": old.terms_id != new.terms_id,
        "inputs": old.inputs != new.inputs and bool(old.inputs),
        "rows": old.digest != new.digest,
    }
    return [name for name, differs in differ.items() if differs]


def told(old: PlacementRun, new: PlacementRun) -> dict[str, Any]:
    """What terms, population, lineup and cutoff_score were and are, where they differ; and how many videos
    entered and left, or moved to another rank, score, category, tier or creator."""
    facts = {
        name: [str(before), str(after)] if name == "terms" else [before, after]
        for name in ("terms", "population", "lineup", "cutoff_score")
        if (before := getattr(old, name)) != (after := getattr(new, name))
    }
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"old": old.pk, "new": new.pk})
        entered, left, moved = cursor.fetchone()
    return {**facts, "entered": entered, "left": left, "moved": moved}


def only_in(run: PlacementRun, other: PlacementRun) -> QuerySet[Placement]:
    """The placements of `run` whose videos are not in `other`, by rank."""
    same = Placement.objects.filter(run=other, video_id=OuterRef("video_id"))
    rows = Placement.objects.filter(~Exists(same), run=run).select_related("creator", "category")
    return rows.order_by("rank", "video_id")
