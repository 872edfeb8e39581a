"""The funnel of a creator's month: a page of his, and the way to it from his own page."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.models import Month
from creators.models import Creator
from payouts import funnel
from payouts.funnel import Step
from pulse_site.panels import panel

MONTHS = 12
PAGE = 50


def page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The steps of one month, and the videos behind one of them."""
    if not (
        request.user.has_perm("creators.view_creator") and request.user.has_perm("campaigns.view_placement")
    ):
        raise PermissionDenied
    creator = get_object_or_404(Creator, pk=pk)
    months = list(Month.objects.order_by("-code")[:MONTHS])
    code = request.GET.get("month", "")
    month = (
        next((each for each in months if each.code == code), None) or Month.objects.filter(code=code).first()
    )
    if code and month is None:
        raise Http404
    month = month or next(iter(months), None)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("A month of %(creator)s") % {"creator": creator},
        "creator": creator,
        "month": month,
        "months": months,
    }
    if month:
        context |= _told(request, funnel.of(creator, month))
    return TemplateResponse(request, "admin/payouts/funnel.html", context)


def _told(request: HttpRequest, found: funnel.Funnel) -> dict[str, Any]:
    most = max(found.lines[0].videos, 1)
    asked = request.GET.get("step", "")
    step = Step(asked) if asked in Step.values else Step.PLACED
    lost = "lost" in request.GET
    videos = Paginator(found.at(step, lost=lost), PAGE).get_page(request.GET.get("p"))
    return {
        "funnel": found,
        "lines": [(line, line.videos * 1_000 // most) for line in found.lines],
        "step": step,
        "lost": lost,
        "videos": videos,
        "rows": [
            (life, life.days[Step.COUNTED], life.days[Step.PLACED], life.impressions[Step.BILLED])
            for life in videos
        ],
        "sees_revenue": request.user.has_perm("campaigns.view_delivery"),
        "sees_share": request.user.has_perm("payouts.view_earning"),
    }


@panel("admin/panels/funnel.html", of=Creator, permission="campaigns.view_placement", position=55)
def months(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    """The way to the funnel of each of his last months."""
    codes = Month.objects.order_by("-code").values_list("code", flat=True)
    return {"creator": creator, "months": list(codes[:MONTHS])}
