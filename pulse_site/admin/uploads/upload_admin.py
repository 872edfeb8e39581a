"""Feed files: given, their columns seen to, previewed in the background, confirmed, applied, undone.

Each page is an address of its own and the upload's row says which of them is next, so leaving one loses
nothing. These are doors: what happens is in feeds/run.py.
"""

import hashlib
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from pulse_site import panels, runs
from pulse_site.admin.exports import Exports, columns, download
from pulse_site.admin.model_admin import PulseModelAdmin, badge, column, grouped
from pulse_site.admin.uploads import page
from pulse_site.admin.uploads.forms import TOO_LARGE, MappingForm, ReadingForm, UploadForm
from pulse_site.admin.uploads.handler import is_too_large
from pulse_site.admin.uploads.words import COLUMNS, FEEDS
from pulse_site.feeds import feed as feeds
from pulse_site.feeds import rejected
from pulse_site.feeds import run as imports
from pulse_site.feeds.feed import Column
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

ADD, APPLY, UNDO = "pulse_site.add_upload", "pulse_site.apply_upload", "pulse_site.undo_upload"


def summed(key: str, label: Any) -> Any:
    """A column that shows a figure of the upload's summary."""
    return column("summary", label, lambda summary: grouped(summary.get(key, 0)))


class FeedFilter(admin.SimpleListFilter):
    title = gettext_lazy("feed")
    parameter_name = "feed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, feed.label) for name, feed in FEEDS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(feed=self.value()) if self.value() in FEEDS else queryset


@admin.register(Upload)
class UploadAdmin(Exports, PulseModelAdmin):
    resource_classes = [
        columns(
            Upload,
            "id feed name status summary__rows summary__created summary__updated summary__unchanged "
            "summary__rejected uploaded_by__username uploaded_at applied_at confirmed_by__username "
            "undone_by__username undone_at error sha256",
        )
    ]
    list_display = [
        "name",
        "feed_name",
        badge(),
        summed("rows", gettext_lazy("rows")),
        summed("rejected", pgettext_lazy("rows", "rejected")),
        "uploaded_by",
        "uploaded_at",
    ]
    list_filter = ["status", FeedFilter]
    list_select_related = ["uploaded_by"]
    search_fields = ["name__prefix", "sha256__exact"]

    @admin.display(description=gettext_lazy("feed"))
    def feed_name(self, upload: Upload) -> str:
        return str(FEEDS.get(upload.feed, upload.feed))

    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        def at(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"pulse_site_upload_{name}")

        return [
            at("template/<slug:feed>.csv", self.template_view, "template"),
            at("<int:pk>/columns/", self.columns_view, "columns"),
            at("<int:pk>/rejected.csv", self.rejected_view, "rejected"),
            at("<int:pk>/apply/", require_POST(self.apply_view), "apply"),
            at("<int:pk>/cancel/", require_POST(self.cancel_view), "cancel"),
            at("<int:pk>/undo/", self.undo_view, "undo"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page that takes a file; another one of the same kind begins with that one's options."""
        self._require(request, ADD)
        form = UploadForm(request.POST or None, request.FILES or None, initial=request.GET.dict())
        if is_too_large(request):
            form.fields["file"].error_messages["required"] = TOO_LARGE
        if request.method == "POST" and form.is_valid():
            try:
                return redirect("admin:pulse_site_upload_columns", _stored(form, request).pk)
            except Refused as refusal:
                form.add_error("file", str(refusal))
        context = {"title": _("Upload a file"), "form": form, "feeds": list(_described())}
        return self._page(request, "new", context)

    def template_view(self, request: HttpRequest, feed: str) -> StreamingHttpResponse:
        """A file of the feed with nothing but its header."""
        self._require(request, ADD)
        if feed not in FEEDS:
            raise Http404
        return download(feed, "csv", [each.name for each in _columns(feed)], ())

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What Pulse made of the file's header, for a person to correct."""
        self._require(request, ADD)
        upload = self._visible(request, pk)
        run = page.latest_run(upload)
        if upload.status not in Upload.WAITING or (run and run.active):
            return redirect(page.page_of(upload))
        try:
            mapping = imports.inspect(upload)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:pulse_site_upload_changelist")
        again = "reread" in request.POST
        form = MappingForm(mapping, request.POST if request.method == "POST" and not again else None)
        reading = ReadingForm(mapping, request.POST if again else None)
        if again and reading.is_valid():
            try:
                imports.read_otherwise(upload, reading.reading(), _user(request))
                return redirect("admin:pulse_site_upload_columns", upload.pk)
            except Refused as refusal:
                reading.add_error(None, str(refusal))
        if form.is_valid():
            try:
                return self._previewed(request, upload, form)
            except Refused as refusal:
                form.add_error(None, str(refusal))
        context = {
            **page.frame(upload, "columns"),
            **page.found(mapping),
            "form": form,
            "reading": reading,
            "run": run,
        }
        return self._page(request, "columns", context)

    def _previewed(self, request: HttpRequest, upload: Upload, form: MappingForm) -> HttpResponse:
        """Take the mapping and ask for the preview, unless that is there already."""
        changed = form.has_changed()
        with transaction.atomic():
            if changed:
                imports.correct(upload, form.wanted(), _user(request))
            if changed or upload.status != Upload.Status.PREVIEWED:
                _start("preview_upload", upload, request)
        return redirect(page.page_of(upload))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The upload's page: what a preview found, what an import did, or how far either is."""
        upload = self.get_object(request, object_id)
        if upload is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, upload):
            raise PermissionDenied
        context = page.shown(upload)
        unseen = upload.status == Upload.Status.UPLOADED and upload.file and context["waiting"]
        if unseen and request.user.has_perm(ADD):
            return redirect("admin:pulse_site_upload_columns", upload.pk)
        return self._page(request, "page", {**context, "panels": panels.shown(request, upload)})

    def rejected_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        upload = self._visible(request, pk)
        header, rows = rejected.lines(upload)
        return download(f"rejected-{upload.pk}", "csv", header, rows)

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = self._visible(request, pk)
        self._require(request, APPLY)
        codes = {warning["code"] for warning in upload.summary.get("warnings", [])}
        if upload.status != Upload.Status.PREVIEWED:
            messages.error(request, _("This upload is no longer waiting to be applied."))
        elif codes - set(request.POST.getlist("confirmed")):
            messages.error(request, _("Nothing was applied: confirm each warning, or cancel."))
        else:
            with transaction.atomic():
                if codes:
                    imports.confirm(upload, codes, _user(request))
                _start("apply_upload", upload, request)
        return redirect(page.page_of(upload))

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = self._visible(request, pk)
        self._require(request, ADD)
        try:
            imports.cancel(upload)
            messages.success(request, _("Cancelled. Nothing of the file was taken."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(page.page_of(upload))

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would return to what it was, and what stands in the way of that."""
        upload = self._visible(request, pk)
        self._require(request, UNDO)
        obstacles = imports.obstacles(upload)
        if request.method == "POST" and not obstacles:
            _start("undo_upload", upload, request)
            return redirect(page.page_of(upload))
        context = {**page.frame(upload, "result"), "obstacles": obstacles, "summary": upload.summary}
        return self._page(request, "undo", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/pulse_site/upload/{name}.html", {**shared, **context})

    def _visible(self, request: HttpRequest, pk: int) -> Upload:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Upload, pk=pk)

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not request.user.has_perm(permission):
            raise PermissionDenied


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _columns(feed: str) -> tuple[Column, ...]:
    """What the feed reads, given its options."""
    options = {"as_of": str(timezone.localdate()), "market": settings.LAUNCH_MARKET}
    return feeds.named(feed)({name: options[name] for name in FEEDS[feed].options}).columns


def _described() -> list[dict[str, Any]]:
    """Each feed as the page that takes a file describes it."""
    return [
        {
            "name": name,
            "words": words,
            "columns": [
                {"name": each.name, "required": each.required, "words": COLUMNS.get(each.name)}
                for each in _columns(name)
            ],
        }
        for name, words in FEEDS.items()
    ]


def _stored(form: UploadForm, request: HttpRequest) -> Upload:
    """Keep the file if its header can be read at all; raises Refused, and keeps nothing, when it can't."""
    file = form.cleaned_data["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    upload = Upload.objects.create(
        feed=form.cleaned_data["feed"],
        file=imports.at_rest(form.cleaned_data["feed"], file),
        name=file.name[:255],
        sha256=digest.hexdigest(),
        options=form.options(),
        uploaded_by=_user(request),
    )
    try:
        imports.inspect(upload)
    except Refused:
        upload.file.delete(save=False)
        upload.delete()
        raise
    return upload


def _start(kind: str, upload: Upload, request: HttpRequest) -> None:
    runs.start(kind, key=str(upload.pk), arguments={"upload_id": upload.pk}, owner=_user(request))
