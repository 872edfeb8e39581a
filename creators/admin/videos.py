"""Videos and what was counted of them each day."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from creators import history
from creators.models import Video
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.panels import panel

DAYS = 40


@admin.register(Video)
class VideoAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [columns(Video, "platform_id creator__handle category__slug tier market published_at")]
    list_display = ["platform_id", "creator", "category", "tier", "market", "published_at"]
    list_select_related = ["creator", "category"]
    ordering = ["-platform_id"]
    search_fields = ["platform_id"]
    search_help_text = _("The platform's number of the video, or the handle of its creator.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Video], search_term: str
    ) -> tuple[QuerySet[Video], bool]:
        """By number or handle, exactly: each has an index, a part of them has none."""
        term = search_term.strip().lstrip("@").lower()
        if not term:
            return queryset, False
        if term.isdecimal() and int(term) <= models.BigIntegerField.MAX_BIGINT:
            return queryset.filter(platform_id=int(term)), False
        return queryset.filter(creator__handle=term), False


@panel("admin/panels/video_counts.html", of=Video, permission="creators.view_video", position=10)
def daily_counts(request: HttpRequest, video: Video) -> dict[str, Any]:
    return {"counts": history.video_counts(video, DAYS)}
