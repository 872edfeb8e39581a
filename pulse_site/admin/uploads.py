"""Feed files: given, previewed in the background, confirmed, applied. Leaving a page loses nothing."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from pulse_site import runs
from pulse_site.admin.model_admin import PulseModelAdmin, badge, column, grouped
from pulse_site.feeds import run as imports
from pulse_site.models import Run, Upload
from pulse_site.spreadsheets import csv_chunks

MEGABYTE = 1_000_000
LARGEST = 200 * MEGABYTE
FEEDS = {
    "followers": gettext_lazy("Follower counts"),
    "videos": gettext_lazy("Videos and their daily counts"),
    "deliveries": gettext_lazy("Delivered impressions"),
    "payees": gettext_lazy("Payees: names, bank details, tax forms"),
    "invalid_traffic": gettext_lazy("Invalid traffic"),
    "payment_results": gettext_lazy("The bank's answers to payments"),
}
# Why rows are rejected: the codes that feeds give, in words.
REASONS = {
    "absurd": gettext_lazy("absurd"),
    "ambiguous": gettext_lazy("ambiguous"),
    "bad_date": gettext_lazy("not a usable date"),
    "bad_handle": gettext_lazy("not a handle"),
    "bad_number": gettext_lazy("not a number"),
    "bad_details": gettext_lazy("details that can’t be used"),
    "before_programme": gettext_lazy("before the programme"),
    "cells": gettext_lazy("wrong number of cells"),
    "change_open": gettext_lazy("another change waits"),
    "conflict": gettext_lazy("contradicting rows"),
    "fractional": gettext_lazy("not whole"),
    "future_date": gettext_lazy("still to come"),
    "missing": gettext_lazy("missing"),
    "month_settled": gettext_lazy("month under review or closed"),
    "negative": gettext_lazy("negative"),
    "too_long": gettext_lazy("too long"),
    "unknown_campaign": gettext_lazy("unknown campaign"),
    "unknown_category": gettext_lazy("unknown category"),
    "unknown_creator": gettext_lazy("unknown creator"),
    "unknown_tier": gettext_lazy("unknown tier"),
    "unknown_video": gettext_lazy("unknown video"),
    "unreadable": gettext_lazy("unreadable"),
    "approved": gettext_lazy("approved with another count"),
    "not_billed": gettext_lazy("never billed"),
    "not_delivered": gettext_lazy("no such delivery"),
    "nothing": gettext_lazy("no impressions"),
    "too_many": gettext_lazy("more than the delivery has"),
    "bad_reference": gettext_lazy("not a payment's reference"),
    "unknown_status": gettext_lazy("neither paid nor returned"),
    "unknown_payment": gettext_lazy("unknown payment"),
    "payment_not_sent": gettext_lazy("not handed to the bank"),
    "paid_after_return": gettext_lazy("returned before"),
}
SHOWN_REJECTED_ROWS = 20


class UploadForm(forms.Form):
    feed = forms.ChoiceField(label=gettext_lazy("What is in it"), choices=list(FEEDS.items()))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX, up to 200 MB. Pulse finds the columns by their names."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    as_of = forms.DateField(
        label=gettext_lazy("As of"),
        required=False,
        help_text=gettext_lazy("The day of the counts. Deliveries name their own days."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    market = forms.CharField(
        label=gettext_lazy("Market"),
        max_length=2,
        required=False,
        initial=settings.LAUNCH_MARKET,
        help_text=gettext_lazy("For videos only."),
    )

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > LARGEST:
            raise ValidationError(_("The file is larger than 200 MB. Split it."))
        return self.cleaned_data["file"]

    def clean(self) -> dict[str, Any]:
        answers = self.cleaned_data
        if answers.get("feed") in ("followers", "videos") and not answers.get("as_of"):
            self.add_error("as_of", _("Say as of which day the counts are."))
        return answers

    def options(self) -> dict[str, str]:
        """The feed's options, as the upload keeps them."""
        answers = self.cleaned_data
        asked: dict[str, list[str]] = {"followers": ["as_of"], "videos": ["as_of", "market"]}
        return {name: str(answers[name]) for name in asked.get(answers["feed"], []) if answers[name]}


def summed(key: str, label: Any) -> Any:
    """A column that shows a figure of the upload's summary."""
    return column("summary", label, lambda summary: grouped(summary.get(key, 0)))


@admin.register(Upload)
class UploadAdmin(PulseModelAdmin):
    list_display = [
        "name",
        "feed_name",
        badge(),
        summed("rows", gettext_lazy("rows")),
        summed("rejected", pgettext_lazy("rows", "rejected")),
        "uploaded_by",
        "uploaded_at",
    ]
    list_filter = ["status"]
    list_select_related = ["uploaded_by"]
    search_fields = ["name__prefix", "sha256__exact"]
    change_form_template = "admin/pulse_site/upload/page.html"

    @admin.display(description=gettext_lazy("feed"))
    def feed_name(self, upload: Upload) -> str:
        return str(FEEDS.get(upload.feed, upload.feed))

    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        def at(route: str, view: Any, name: str) -> Any:
            return path(
                f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"pulse_site_upload_{name}"
            )

        return [
            at("rejected.csv", self.rejected_view, "rejected"),
            at("apply/", require_POST(self.apply_view), "apply"),
            at("cancel/", require_POST(self.cancel_view), "cancel"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page that takes a file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            return redirect(page_of(_stored(form, request)))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Upload a file"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/pulse_site/upload/new.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The upload's page: what a preview found, what an import did, or how far either is."""
        upload = self.get_object(request, object_id)
        if upload is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_permission(request, upload):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "opts": self.opts, **_page(upload)}
        context["may_apply"] = request.user.has_perm("pulse_site.apply_upload")
        return TemplateResponse(request, "admin/pulse_site/upload/page.html", context)

    def rejected_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        upload = self._visible(request, pk)
        response = StreamingHttpResponse(_rejected_lines(upload), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rejected-{upload.pk}.csv"'
        return response

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = self._visible(request, pk)
        if not request.user.has_perm("pulse_site.apply_upload"):
            raise PermissionDenied
        if upload.status == Upload.Status.PREVIEWED:
            _start("apply_upload", upload, request)
        else:
            messages.error(request, _("This upload is no longer waiting to be applied."))
        return redirect(page_of(upload))

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = self._visible(request, pk)
        if not self.has_add_permission(request):
            raise PermissionDenied
        waiting = Upload.objects.filter(pk=pk, status__in=Upload.WAITING)
        if waiting.update(status=Upload.Status.CANCELLED):
            imports.forget(Upload.objects.get(pk=pk))
            messages.success(request, _("Cancelled. Nothing of the file was taken."))
        else:
            messages.error(request, _("This upload is no longer waiting to be applied."))
        return redirect(page_of(upload))

    def _visible(self, request: HttpRequest, pk: int) -> Upload:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Upload, pk=pk)


def page_of(upload: Upload) -> str:
    return reverse("admin:pulse_site_upload_change", args=[upload.pk])


def latest_run(upload: Upload) -> Run | None:
    kinds = ["preview_upload", "apply_upload"]
    return Run.objects.filter(kind__in=kinds, key=str(upload.pk)).order_by("-id").first()


def _stored(form: UploadForm, request: HttpRequest) -> Upload:
    """Keep the file and ask for its preview, both or neither."""
    file = form.cleaned_data["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    with transaction.atomic():
        upload = Upload.objects.create(
            feed=form.cleaned_data["feed"],
            file=file,
            name=file.name[:255],
            sha256=digest.hexdigest(),
            options=form.options(),
            uploaded_by=request.user,  # type: ignore[misc]
        )
        _start("preview_upload", upload, request)
    return upload


def _start(kind: str, upload: Upload, request: HttpRequest) -> None:
    runs.start(kind, key=str(upload.pk), arguments={"upload_id": upload.pk}, owner=request.user)  # type: ignore[arg-type]


def _page(upload: Upload) -> dict[str, Any]:
    run = latest_run(upload)
    earlier = Upload.objects.filter(
        feed=upload.feed, sha256=upload.sha256, status=Upload.Status.APPLIED
    ).exclude(pk=upload.pk)
    sample = upload.summary.get("sample") or []
    reasons = upload.summary.get("reasons", {})
    return {
        "title": upload.name,
        "upload": upload,
        "run": run,
        "feed": FEEDS.get(upload.feed, upload.feed),
        "earlier": earlier.order_by("-applied_at").first() if upload.sha256 else None,
        "figures": _figures(upload.summary),
        "columns": upload.summary.get("columns", {}),
        "reasons": [(REASONS.get(code, code), rows) for code, rows in reasons.items()],
        "rejected_rows": upload.rejected_rows.all()[:SHOWN_REJECTED_ROWS],
        "sample_columns": list(sample[0]) if sample else [],
        "sample": [list(row.values()) for row in sample],
    }


def _figures(summary: dict[str, Any]) -> list[tuple[str, int]]:
    labels = {
        "rows": _("rows read"),
        "created": _("new"),
        "updated": _("changed"),
        "unchanged": _("unchanged"),
        "duplicates": _("repeated in the file"),
        "rejected": pgettext("rows", "rejected"),
    }
    return [(label, summary[key]) for key, label in labels.items() if key in summary]


def _rejected_lines(upload: Upload) -> Iterator[str]:
    """The kept rejected rows as CSV."""
    columns = ("line", "column", "value", "reason", "message")
    return csv_chunks(columns, upload.rejected_rows.values_list(*columns).iterator())
