"""Statements: looked at, downloaded, handed out by a signed link, and made for a whole month."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from campaigns.models import Month
from creators.models import Creator
from payouts import statements
from payouts.models import StatementFile
from payouts.statements import files, links, wording
from payouts.views import served
from pulse_site import runs
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.models import Run, User
from pulse_site.panels import panel

PERMISSION = "payouts.view_statementfile"
RENDERING = "render_statements"  # the run of payouts/tasks.py
SHOWN = 24


@admin.register(StatementFile)
class StatementFileAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [columns(StatementFile, "month_id creator__handle language format sha256 created_at")]
    list_display = ["month", "creator", "language", "format", "created_at"]
    list_filter = ["format"]
    list_select_related = ["creator", "month"]
    search_fields = ["creator__handle__exact"]
    search_help_text = gettext_lazy("The creator's handle, in full.")
    fields = [
        "creator",
        "month",
        "language",
        "format",
        model_admin.count("size", gettext_lazy("size (bytes)")),
        "sha256",
        "created_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the bytes: a list of fifty would read fifty files."""
        return super().get_queryset(request).defer("content").annotate(size=Length("content"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().lstrip("@").lower()
        return (queryset.filter(creator__handle=term) if term else queryset), False

    def get_urls(self) -> list[Any]:
        pages: list[tuple[str, Any, str]] = [
            ("<int:creator>/<str:code>/preview/", self.preview, "preview"),
            ("<int:creator>/<str:code>.<str:format>", self.download, "file"),
            ("<int:creator>/link/", require_POST(self.link), "link"),
            ("month/<str:code>/render/", require_POST(self.render_month), "render"),
        ]
        ours = [
            path(address, self.admin_site.admin_view(view), name=f"payouts_statement_{name}")
            for address, view, name in pages
        ]
        return [*ours, *super().get_urls()]

    def preview(self, request: HttpRequest, creator: int, code: str) -> HttpResponse:
        """The figures as the creator sees them, in the reader's language."""
        whose, month = _chosen(request, creator, code)
        context = {
            **self.admin_site.each_context(request),
            **wording.page(statements.of(whose, month)),
            "opts": self.opts,
            "creator": whose,
        }
        return TemplateResponse(request, "admin/payouts/statement.html", context)

    def download(self, request: HttpRequest, creator: int, code: str, format: str) -> HttpResponse:
        whose, month = _chosen(request, creator, code)
        if format not in files.RENDERERS:
            raise Http404
        return served(files.file_of(whose, month, whose.language, format))

    def link(self, request: HttpRequest, creator: int) -> HttpResponse:
        """A new link, shown once, to be copied: whoever has it reads the statements."""
        _require(request)
        whose = get_object_or_404(Creator, pk=creator)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Signed link to the statements"),
            "opts": self.opts,
            "creator": whose,
            "days": settings.STATEMENT_LINK_DAYS,
            "link": request.build_absolute_uri(links.issue(whose, cast(User, request.user))),
        }
        response = TemplateResponse(request, "admin/payouts/link.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def render_month(self, request: HttpRequest, code: str) -> HttpResponse:
        _require(request)
        month = get_object_or_404(Month, pk=code, status=Month.Status.CLOSED)
        runs.start(RENDERING, key=code, arguments={"code": code}, owner=cast(User, request.user))
        messages.success(request, _("Statements of %(month)s are being rendered.") % {"month": month})
        return redirect("admin:campaigns_month_change", month.pk)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _chosen(request: HttpRequest, creator: int, code: str) -> tuple[Creator, Month]:
    """The creator and a month of which he has a statement."""
    _require(request)
    whose = get_object_or_404(Creator, pk=creator)
    return whose, get_object_or_404(links.months_of(whose), pk=code)


@panel("admin/panels/statements.html", of=Creator, permission=PERMISSION, position=55)
def statements_of_creator(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    """The closed months of which the creator has a statement."""
    return {"months": links.months_of(creator)[:SHOWN], "creator": creator}


@panel("admin/panels/month_statements.html", of=Month, permission=PERMISSION, position=20)
def statements_of_month(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """How far the rendering of the month's statements is."""
    if month.status != Month.Status.CLOSED:
        return None
    run = Run.objects.filter(kind=RENDERING, key=month.code).order_by("-id").first()
    return {"month": month, "run": run, "files": StatementFile.objects.filter(month=month).count()}
