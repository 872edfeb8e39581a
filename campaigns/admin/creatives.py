"""Creatives: the queue of those to look at, each with its preview, and staff's word on it."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import path, reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from campaigns import booking, creatives
from campaigns.admin.orders import ReasonForm
from campaigns.models import CREATIVE_MOVES, Creative
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin, counted
from pulse_site.panels import panel

LABELS = {"approve": _("Approve"), "reject": _("Reject")}
TONES = {"approve": "good", "reject": "bad"}


@admin.register(Creative)
class CreativeAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Creative,
            "reference name campaign__reference url landing_url status reason "
            "added_by__username added_at reviewed_by__username reviewed_at",
        )
    ]
    list_display = ["name", "reference", "campaign", "advertiser", model_admin.badge(), "waiting"]
    list_filter = ["status"]
    list_select_related = ["campaign__advertiser"]
    search_fields = ["reference__prefix", "campaign__reference__exact"]
    search_help_text = _("The creative's reference or its beginning, or the campaign's in full.")
    fields = [
        "name",
        "reference",
        "campaign",
        "advertiser",
        "content_type",
        "landing_url",
        "replaces",
        "reason",
        "added_by",
        "added_at",
        "reviewed_by",
        "reviewed_at",
    ]
    moves = {
        action: Move(
            label,
            ("campaigns.review_creative",),
            CREATIVE_MOVES[action][0],
            TONES[action],
            asks_reason=True,
            needs_reason=action in booking.NEEDS_REASON,
            form=ReasonForm,
        )
        for action, label in LABELS.items()
    }

    def get_ordering(self, request: HttpRequest) -> Any:
        """The queue oldest first, along the index (status, added_at, id); all else newest first."""
        queue = request.GET.get("status__exact") == Creative.Status.SUBMITTED
        return ["added_at", "id"] if queue else ["-id"]

    @admin.display(description=_("advertiser"))
    def advertiser(self, creative: Creative) -> str:
        return str(creative.campaign.advertiser)

    @admin.display(description=_("since"))
    def waiting(self, creative: Creative) -> str:
        return timesince(creative.added_at, depth=1)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<int:pk>/file/", view, name="campaigns_creative_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, as what it was found to be and under headers that let nothing in it run."""
        creative = self.get_object(request, str(pk))
        if creative is None or not creative.file or not self.has_view_permission(request, creative):
            raise Http404
        return FileResponse(
            creative.file.open(), content_type=creative.content_type, headers=creatives.HEADERS
        )

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        return counted(booking.move_creatives(records, action, request.user, **answers))  # type: ignore[arg-type]


@panel("admin/panels/creative.html", of=Creative, permission="campaigns.view_creative", position=5)
def preview(request: HttpRequest, creative: Creative) -> dict[str, Any]:
    return {"creative": creative}


@panel("admin/panels/waiting.html", permission="campaigns.review_creative", position=15)
def creatives_waiting(request: HttpRequest) -> dict[str, Any]:
    """How many creatives wait to be looked at, and since when."""
    waiting = Creative.objects.waiting_longest_first().order_by()
    return {
        "title": _("Creatives to look at"),
        "url": f"{reverse('admin:campaigns_creative_changelist')}?status__exact={Creative.Status.SUBMITTED}",
        **waiting.aggregate(waiting=Count("id"), oldest=Min("added_at")),
    }
