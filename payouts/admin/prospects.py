"""On the page of a creator who doesn't earn: what he would have earned last month.

Whoever may see the creator sees it, for it is there to decide by and nobody's earnings.
"""

from typing import Any

from django.http import HttpRequest

from creators.models import Creator, ProgrammeTerms
from payouts import prospects
from pulse_site.panels import panel

EARNING = (Creator.Status.APPROVED, Creator.Status.SUSPENDED)


@panel("admin/panels/prospect.html", of=Creator, permission="creators.view_creator", position=15)
def last_month(request: HttpRequest, creator: Creator) -> dict[str, Any] | None:
    if creator.status in EARNING:
        return None
    found = prospects.of_last_month(creator)
    if found is None:
        return None
    share = ProgrammeTerms(share_basis_points=found.share_basis_points)
    return {"prospect": found, "percent": share.share_percent}
