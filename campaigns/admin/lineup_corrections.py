"""Beside a lineup that money has used: what it would be now, and how that differs."""

from typing import Any

from django.http import HttpRequest

from campaigns import differences
from campaigns.models import PlacementRun
from pulse_site.panels import panel

FIRST = 20


@panel("admin/panels/correction.html", of=PlacementRun, permission="campaigns.view_placement", position=3)
def correction(request: HttpRequest, run: PlacementRun) -> dict[str, Any] | None:
    """On the page of the lineup that stays, and on that of its correction."""
    newest = run.corrections.select_related("terms").first()
    stays, new = (run.corrects, run) if run.corrects else (run, newest)
    if new is None or stays is None:
        return None
    return {
        "stays": stays,
        "new": new,
        "here": run,
        "changes": differences.changes(stays, new),
        "difference": differences.told(stays, new),
        "entered": differences.only_in(new, stays)[:FIRST],
        "left": differences.only_in(stays, new)[:FIRST],
    }
