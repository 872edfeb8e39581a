"""Lineups: each day's run with its placements, and where a creator's or video's days in it stand."""

import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import appearances, browser, daily_run, placements, ranking
from campaigns.admin import browsing, explanations
from campaigns.models import Placement, PlacementRun
from creators.models import Category, Creator, Video
from pulse_site.admin import model_admin
from pulse_site.admin.exports import WRITERS, Exports, columns, download
from pulse_site.feeds.cells import LARGEST_ID
from pulse_site.panels import panel
from pulse_site.templatetags.badges import pill

PAGE = 50
NEWEST = 20


@admin.register(PlacementRun)
class PlacementRunAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            PlacementRun,
            "day market population lineup cutoff_score terms__version frozen superseded computed_at "
            "inputs digest",
        )
    ]
    import_export_change_list_template = "admin/campaigns/placementrun/change_list.html"
    list_display = [
        "day",
        "market",
        model_admin.count("population", _("population")),
        model_admin.count("lineup", _("lineup")),
        model_admin.count("cutoff_score", _("cut-off score")),
        "terms",
        "standing",
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
        "standing",
        "computed_at",
        "inputs",
        "files",
        "digest",
    ]

    def get_urls(self) -> list[Any]:
        def at(address: str, view: Any, name: str) -> Any:
            return path(address, self.admin_site.admin_view(view), name=f"campaigns_placementrun_{name}")

        return [
            at("<int:pk>/lineup.<slug:format>", self.lineup_view, "lineup"),
            at("explain/", explanations.page, "explain"),
            at("browse/", browsing.page, "browse"),
            at("browse.<slug:format>", browsing.file, "browse_file"),
            *super().get_urls(),
        ]

    @admin.display(description=_("status"))
    def standing(self, run: PlacementRun) -> SafeString:
        """Whether it counts, and whether it may still change."""
        if run.corrects_id:
            return pill(gettext("correction"), "warn")
        if run.superseded:
            return pill(gettext("superseded"), "")
        return pill(gettext("frozen"), "info") if run.frozen else pill(gettext("current"), "good")

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
        "movement": None if after else browser.slice_of(run).movement(),
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
    return {"days": days.order_by("-run__day"), "video": video}


@panel("admin/panels/missing_files.html", permission="campaigns.view_placementrun", position=4)
def missing_files(request: HttpRequest) -> dict[str, Any] | None:
    """On the start page, as long as a market's video file of yesterday is overdue."""
    missing = daily_run.missing()
    return {"missing": missing} if missing else None


@panel("admin/panels/videos.html", of=Creator, permission="creators.view_video", position=25)
def videos(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    """The creator's newest videos, and what came of each in the lineups."""
    newest = Video.objects.filter(creator=creator).select_related("category").order_by("-published_at")
    return {
        "appearances": appearances.of_videos(creator, list(newest[:NEWEST])),
        "lineups": request.user.has_perm("campaigns.view_placement"),
    }


@panel("admin/panels/lineup.html", permission="campaigns.view_placementrun", position=30)
def newest_lineup(request: HttpRequest) -> dict[str, Any]:
    return {"run": PlacementRun.objects.current().order_by("-day").first()}
