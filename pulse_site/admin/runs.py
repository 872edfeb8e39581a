"""Background runs: what is being done, what failed and why."""

import json
from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.model_admin import ViewOnlyAdmin, badge
from pulse_site.admin.uploads import FEEDS
from pulse_site.models import Run, Upload
from pulse_site.panels import panel

Listed = TypeVar("Listed", Run, Upload)
RECENT = 6
NAMES = {
    "preview_upload": _("preview of upload"),
    "apply_upload": _("import of upload"),
    "undo_upload": _("undoing of upload"),
    "refresh_eligibility": _("check of eligibility"),
    "recompute_placements": _("lineup"),
    "calculate_month": _("draft of month"),
    "decide_in_bulk": _("bulk decision"),
    "undo_in_bulk": _("undoing of bulk decision"),
    "verify": _("check of the books"),
    "answer_what_if": _("what if"),
    "approve_payee_changes": _("approval of payees of upload"),
    "approve_correction": _("approval of correction"),
    "render_invoices": _("invoices of month"),
    "render_statements": _("statements of month"),
    "prepare_batch": _("payout batch of month"),
    "move_batch": _("payout batch"),
}


TOLD = 10_000  # characters of an answer


@admin.register(Run)
class RunAdmin(Exports, ViewOnlyAdmin):
    resource_classes = [
        columns(
            Run,
            "id kind key status owner__username attempts created_at finished_at error",
        )
    ]
    list_display = ["name", badge(), "percent", "owner", "created_at", "finished_at"]
    list_filter = ["status"]
    list_select_related = ["owner"]
    search_fields = ["kind__prefix", "key__exact"]
    fields = [
        "kind",
        "key",
        badge(),
        "percent",
        "step",
        "error",
        "answer",
        "question",
        "owner",
        "attempts",
        "created_at",
        "finished_at",
    ]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<int:pk>/progress/", view, name="pulse_site_run_progress"), *super().get_urls()]

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far the run is; for all staff, as the pages that wait for it are other than the run's own."""
        run = get_object_or_404(Run, pk=pk)
        return JsonResponse({"busy": run.active, "permille": run.progress_permille, "step": run.step})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Without the answers, which may be long and no list shows."""
        return super().get_queryset(request).defer("result")

    @admin.display(description=_("run"))
    def name(self, run: Run) -> str:
        return named(run)

    @admin.display(description=_("progress"))
    def percent(self, run: Run) -> str:
        return f"{run.progress_permille // 10} %"

    @admin.display(description=_("result"))
    def answer(self, run: Run) -> SafeString:
        return as_code(run.result)

    @admin.display(description=_("arguments"))
    def question(self, run: Run) -> SafeString:
        return as_code(run.arguments)


def named(run: Run) -> str:
    """What the run does, in words, and to what."""
    return f"{capfirst(NAMES.get(run.kind, run.kind))} {run.key}"


def as_code(value: object) -> SafeString:
    """The beginning of it: the answer of a what-if has thousands of rows."""
    told = json.dumps(value, ensure_ascii=False, default=str)
    return format_html("<code>{}</code>", told if len(told) <= TOLD else f"{told[:TOLD]}…")


@panel("admin/panels/recent.html", permission="pulse_site.view_run", position=40)
def recent(request: HttpRequest) -> dict[str, object]:
    """The newest uploads and runs; those that failed stand first."""
    runs = _failures_first(Run.objects.select_related("owner"), Run.Status.FAILED)
    uploads = _failures_first(Upload.objects.select_related("uploaded_by"), Upload.Status.REFUSED)
    return {
        "runs": [(named(run), run) for run in runs],
        "uploads": [(FEEDS.get(upload.feed, upload.feed), upload) for upload in uploads],
    }


def _failures_first(rows: QuerySet[Listed], failed: str) -> list[Listed]:
    return sorted(rows.order_by("-id")[:RECENT], key=lambda row: row.status != failed)
