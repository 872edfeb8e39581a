"""Lineups: each day's run with its placements, and where a creator's or video's days in it stand."""

import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns import placements, ranking
from campaigns.models import Placement, PlacementRun
from creators.models import Category, Video, VideoCounts
from pulse_site.admin import model_admin
from pulse_site.admin.exports import WRITERS, Exports, columns, download
from pulse_site.feeds.cells import LARGEST_ID
from pulse_site.panels import panel

PAGE = 50
FRESH = datetime.timedelta(days=1)  # counts of a day come on the day after


@admin.register(PlacementRun)
class PlacementRunAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            PlacementRun,
            "day market population lineup cutoff_score terms__version frozen superseded computed_at digest",
        )
    ]
    list_display = [
        "day",
        "market",
        model_admin.count("population", _("population")),
        model_admin.count("lineup", _("lineup")),
        model_admin.count("cutoff_score", _("cut-off score")),
        "terms",
        "frozen",
        "superseded",
        "computed_at",
    ]
    list_filter = ["superseded", "frozen"]
    list_select_related = ["terms"]
    search_fields = ["digest__prefix"]
    fields = [
        "day",
        "market",
        model_admin.count("population", _("population")),
        model_admin.count("lineup", _("lineup")),
        model_admin.count("cutoff_score", _("cut-off score")),
        "terms",
        "frozen",
        "superseded",
        "computed_at",
        "files",
        "digest",
    ]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.lineup_view)
        address = "<int:pk>/lineup.<slug:format>"
        return [path(address, view, name="campaigns_placementrun_lineup"), *super().get_urls()]

    def lineup_view(self, request: HttpRequest, pk: int, format: str) -> StreamingHttpResponse:
        """The whole lineup by rank, as a file."""
        if not (self.has_view_permission(request) and request.user.has_perm("campaigns.view_placement")):
            raise PermissionDenied
        if format not in WRITERS:
            raise Http404
        run = get_object_or_404(PlacementRun, pk=pk)
        name = f"lineup-{run.market}-{run.day}"
        return download(name, format, placements.EXPORTED, placements.exported(run))


@panel("admin/panels/placements.html", of=PlacementRun, permission="campaigns.view_placement", position=10)
def placed(request: HttpRequest, run: PlacementRun) -> dict[str, Any]:
    """One page of the lineup by rank, of all categories or one."""
    category = request.GET.get("category", "")
    after = request.GET.get("after", "")
    ranked = Placement.objects.filter(run=run).filter(_beyond(after))
    if category:
        ranked = ranked.filter(category__slug=category)
    rows = list(ranked.select_related("creator", "category").order_by("rank", "video_id")[: PAGE + 1])
    return {
        "run": run,
        "movement": None if after else placements.movement(run),
        "rows": rows[:PAGE],
        "next": f"{rows[PAGE - 1].rank}-{rows[PAGE - 1].video_id}" if len(rows) > PAGE else None,
        "first": not after,
        "category": category,
        "categories": _categories(run),
    }


def _beyond(after: str) -> Q:
    """What comes after "rank-video"; several videos share a rank where each category is cut by itself."""
    rank, _dash, video = after.partition("-")
    if not (rank.isdecimal() and video.isdecimal() and int(video) <= LARGEST_ID):
        return Q()
    return Q(rank__gt=int(rank)) | Q(rank=int(rank), video_id__gt=int(video))


def _categories(run: PlacementRun) -> list[tuple[Category, int]]:
    sizes = dict(run.placements.values_list("category_id").annotate(Count("rank")).order_by())
    return [(category, sizes.get(category.pk, 0)) for category in Category.objects.all()]


@panel("admin/panels/cuts.html", of=PlacementRun, permission="campaigns.view_placement", position=5)
def category_cuts(request: HttpRequest, run: PlacementRun) -> dict[str, Any] | None:
    """Where each category was cut, in a lineup that is cut by category."""
    if not run.terms.cut_per_category:
        return None
    cuts = run.cuts.select_related("category").order_by("category__position")
    return {"cuts": [(cut, ranking.places(run.terms, cut.population)) for cut in cuts]}


@panel("admin/panels/lineup_days.html", of=Video, permission="campaigns.view_placement", position=20)
def lineup_days(request: HttpRequest, video: Video) -> dict[str, Any]:
    """The days on which the video was in the lineup; a video lives as long as the terms' horizon."""
    first = video.published_at.date()
    runs = PlacementRun.objects.current().filter(
        market=video.market, day__range=(first, first + datetime.timedelta(days=60))
    )
    days = Placement.objects.filter(run__in=runs, video_id=video.pk).select_related("run")
    return {"days": days.order_by("-run__day")}


@panel("admin/panels/lineup.html", permission="campaigns.view_placementrun", position=30)
def newest_lineup(request: HttpRequest) -> dict[str, Any]:
    """The newest lineup, and whether the feed that it is made of has come."""
    counted = VideoCounts.objects.order_by("-day").values_list("day", flat=True).first()
    due = timezone.now().date() - FRESH
    return {
        "run": PlacementRun.objects.current().order_by("-day").first(),
        "counted": counted,
        "missing": due if counted is None or counted < due else None,
    }
