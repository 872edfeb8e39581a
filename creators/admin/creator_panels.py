"""What a reviewer needs to know of a creator, beside his facts."""

from typing import Any

from django.http import HttpRequest

from creators import eligibility, history, similar
from creators.models import Creator
from pulse_site.linechart import LineChart
from pulse_site.panels import panel

SHOWN = 12
DAYS = 90


@panel("admin/panels/rules.html", of=Creator, permission="creators.view_creator", position=10)
def rules(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    """Every rule of the terms in force with the creator's value, the threshold and the verdict."""
    return {"rules": eligibility.explain(creator)}


@panel("admin/panels/similar.html", of=Creator, permission="creators.view_creator", position=12)
def similar_creators(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    """Whom he may be mistaken for, or may be himself."""
    found = similar.to(creator)
    return {
        "rows": found.similar[:SHOWN],
        "more": max(0, len(found.similar) - SHOWN),
        "namesakes": found.namesakes,
        "told": f"{similar.MOST}+" if found.namesakes >= similar.MOST else str(found.namesakes),
        "creator": creator,
    }


@panel("admin/panels/followers.html", of=Creator, permission="creators.view_creator", position=20)
def follower_history(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    newest_first = list(history.follower_counts(creator, DAYS))
    points = [(count.as_of, count.followers) for count in reversed(newest_first)]
    return {"chart": LineChart(points), "counts": newest_first[:SHOWN]}


@panel("admin/panels/decisions.html", of=Creator, permission="creators.view_decision", position=30)
def decisions(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    related = ("decided_by", "listed_reason", "bulk", "reversed_by")
    newest = list(creator.decisions.select_related(*related).order_by("-id")[: SHOWN + 1])
    return {"decisions": newest[:SHOWN], "more": len(newest) > SHOWN, "creator": creator}


@panel("admin/panels/enrolments.html", of=Creator, permission="creators.view_enrolment", position=40)
def enrolments(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    return {"enrolments": creator.enrolments.order_by("-starts_on")[:SHOWN], "creator": creator}
