"""Background runs: what is being done, what failed and why."""

import json

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pulse_site.admin.model_admin import ViewOnlyAdmin, badge
from pulse_site.models import Run, Upload
from pulse_site.panels import panel

RECENT = 6


@admin.register(Run)
class RunAdmin(ViewOnlyAdmin):
    list_display = ["__str__", badge(), "percent", "owner", "created_at", "finished_at"]
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

    @admin.display(description=_("progress"))
    def percent(self, run: Run) -> str:
        return f"{run.progress_permille // 10} %"

    @admin.display(description=_("result"))
    def answer(self, run: Run) -> SafeString:
        return as_code(run.result)

    @admin.display(description=_("arguments"))
    def question(self, run: Run) -> SafeString:
        return as_code(run.arguments)


def as_code(value: object) -> SafeString:
    return format_html("<code>{}</code>", json.dumps(value, ensure_ascii=False, default=str))


@panel("admin/panels/recent.html", permission="pulse_site.view_run", position=40)
def recent(request: HttpRequest) -> dict[str, object]:
    """The newest uploads and runs; those that failed stand first."""
    return {
        "runs": _failures_first(Run.objects.select_related("owner"), Run.Status.FAILED),
        "uploads": _failures_first(Upload.objects.select_related("uploaded_by"), Upload.Status.REFUSED),
    }


def _failures_first(rows: object, failed: str) -> list[object]:
    newest = list(rows.order_by("-id")[:RECENT])  # type: ignore[attr-defined]
    return sorted(newest, key=lambda row: row.status != failed)
