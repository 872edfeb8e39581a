"""Decisions about many creators: chosen by a filter or a list, previewed, decided, perhaps undone."""

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from creators import approval, bulk, reversal
from creators.admin.creators import MOVE_LABELS
from creators.admin.queue import QueueList
from creators.models import Bulk, BulkRow, Creator, Decision, DecisionReason
from pulse_site import runs
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.models import Run, User
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import csv_chunks

PERMISSION = "creators.review_in_bulk"
DECIDING, UNDOING = "decide_in_bulk", "undo_in_bulk"  # the runs of creators/tasks.py
SHOWN = 20
LARGEST_LIST = 20_000_000  # bytes
VIEW = "_view"


class BulkForm(forms.Form):
    """What is decided; and whom it is about, unless the address says so."""

    action = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[(action, Decision.Action(action).label) for action in MOVE_LABELS],
    )
    listed = forms.ModelChoiceField(
        DecisionReason.objects.filter(offered=True),
        label=gettext_lazy("Reason of the list"),
        required=False,
        help_text=gettext_lazy("Each creator reads it in his language."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason in other words"), max_length=approval.LONGEST_REASON, required=False
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    handles = forms.CharField(
        label=gettext_lazy("Handles"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("One a line, with or without @."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file of handles"), required=False, help_text=gettext_lazy("One a line.")
    )

    def __init__(self, *args: Any, chosen: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if chosen:
            del self.fields["handles"], self.fields["file"]

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        given = answers.get("file")
        if given and given.size > LARGEST_LIST:
            self.add_error("file", _("The file is larger than 20 MB; divide it."))
        if "handles" in self.fields and not (given or answers.get("handles", "").strip()):
            self.add_error("handles", _("Name the creators here, or choose a file that does."))
        return answers


class UndoForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=approval.LONGEST_REASON,
        help_text=gettext_lazy("It stands in the decision that sends each creator back."),
    )


@admin.register(Bulk)
class BulkAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Bulk,
            "action reason note chosen_by status prepared_by__username prepared_at decided_at "
            "undone_by__username undone_at",
        )
    ]
    list_display = ["__str__", model_admin.badge(), "chosen_by", "prepared_by", "prepared_at", "decided_at"]
    list_filter = ["status", "action"]
    list_select_related = ["prepared_by"]
    change_form_template = "admin/creators/bulk/page.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def get_urls(self) -> list[Any]:
        def at(route: str, view: Any, name: str) -> Any:
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"creators_bulk_{name}")

        return [
            at("decide/", require_POST(self.decide_view), "decide"),
            at("undo/", self.undo_view, "undo"),
            at("staying.csv", self.staying_view, "staying"),
            at("cancel/", require_POST(self.cancel_view), "cancel"),
            at("results.csv", self.results_view, "results"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whom and what: the creators of the address (ticked ids, or a view of the list), or of a list."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        chosen = self._chosen(request)
        form = BulkForm(
            request.POST or None,
            request.FILES or None,
            chosen=chosen is not None,
            initial={"action": request.GET.get("action", Decision.Action.APPROVE)},
        )
        if request.method == "POST" and form.is_valid():
            try:
                return redirect(self._prepared(request, chosen, form.cleaned_data))
            except Refused as refusal:
                form.add_error(None, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Decide about many creators"),
            "opts": self.opts,
            "form": form,
            "chosen": chosen[1] if chosen else "",
            "count": chosen[0].count() if chosen else None,
        }
        return TemplateResponse(request, "admin/creators/bulk/new.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What would come of it, how far it is, or what came of it."""
        held = self.get_object(request, object_id)
        if held is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, held):
            raise PermissionDenied
        runs_of_it = Run.objects.filter(kind__in=(DECIDING, UNDOING), key=str(held.pk))
        run = runs_of_it.order_by("-id").first()
        results: dict[str, Any] = bulk.preview(held) if held.status == Bulk.Status.PREPARED else held.results
        context = {
            **self.admin_site.each_context(request),
            "title": str(held),
            "opts": self.opts,
            "bulk": held,
            "run": run,
            "doing": _("Undoing") if run and run.kind == UNDOING else _("Deciding"),
            "undone": results.get(bulk.UNDONE),
            "stayed": _told(results.get(bulk.STAYED, {})),
            "moved": results.get(bulk.MOVED, 0),
            "refused": [(_named(name), count) for name, count in results.items() if name in REFUSALS],
            "unknown": held.results.get(bulk.UNKNOWN, []),
            "may": request.user.has_perm(PERMISSION),
        }
        return TemplateResponse(request, self.change_form_template, context)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        held = self._held(request, pk)
        runs.start(DECIDING, key=str(pk), arguments={"bulk_id": pk}, owner=cast(User, request.user))
        return redirect(page_of(held))

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who would go back and who would stay, and why; then a run undoes it."""
        held = self._held(request, pk)
        if held.status != Bulk.Status.DECIDED:
            messages.error(request, _("%s can’t be undone.") % held)
            return redirect(page_of(held))
        form = UndoForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            by = cast(User, request.user)
            arguments = {"bulk_id": pk, "by": by.pk, "reason": form.cleaned_data["reason"]}
            runs.start(UNDOING, key=str(pk), arguments=arguments, owner=by)
            return redirect(page_of(held))
        would = bulk.preview_undo(held)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo: %s") % held,
            "opts": self.opts,
            "bulk": held,
            "form": form,
            "moved": would.moved,
            "stay": _told(would.refused),
            "sample": [
                (decision.creator, WHY_STAYING[decision.hindrance])
                for decision in (bulk.staying(held)[:SHOWN] if would.refused else ())
            ],
            "more": max(0, sum(would.refused.values()) - SHOWN),
        }
        return TemplateResponse(request, "admin/creators/bulk/undo.html", context)

    def staying_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        held = self._held(request, pk)
        rows = bulk.staying(held).values_list("creator__handle", "hindrance")
        told = ((handle, WHY_STAYING[why]) for handle, why in rows.iterator(chunk_size=5_000))
        return _as_file(csv_chunks(("handle", "why"), told), f"bulk-{pk}-staying.csv")

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        held = self._held(request, pk)
        try:
            bulk.cancel(held)
            messages.success(request, _("Cancelled. Nobody was decided about."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(page_of(held))

    def results_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        held = get_object_or_404(Bulk, pk=pk)
        if not self.has_view_permission(request, held):
            raise PermissionDenied
        return _as_file(_result_lines(held), f"bulk-{pk}.csv")

    def _held(self, request: HttpRequest, pk: int) -> Bulk:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return get_object_or_404(Bulk, pk=pk)

    def _chosen(self, request: HttpRequest) -> tuple[QuerySet[Creator], str] | None:
        """The creators that the address names, and how in words."""
        ids = [int(each) for each in request.GET.get("ids", "").split(",") if each.isdigit()]
        if ids:
            return Creator.objects.filter(pk__in=ids), _("ticked rows")
        if VIEW not in request.GET:
            return None
        view = request.GET[VIEW]
        desk = cast(QueueList, self.admin_site._registry[Creator])
        return desk.creators_of(request, view), desk.in_words(request, view)

    def _prepared(
        self, request: HttpRequest, chosen: tuple[QuerySet[Creator], str] | None, answers: dict[str, Any]
    ) -> str:
        unknown: list[str] = []
        if chosen is None:
            given = answers["file"] or None
            text = given.read().decode("utf-8-sig", "replace") if given else answers["handles"]
            creators, unknown = bulk.named(text.splitlines())
            chosen = creators, given.name if given else _("a list")
        said = {name: answers[name] for name in ("listed", "reason", "note")}
        made = bulk.prepare(
            chosen[0],
            answers["action"],
            cast(User, request.user),
            chosen_by=chosen[1],
            unknown=unknown,
            **said,
        )
        return page_of(made)


REFUSALS = {*dict(Creator.Status.choices), approval.NOT_ELIGIBLE}
WHY_STAYING = {
    reversal.SUPERSEDED: gettext_lazy("something else was decided since"),
    reversal.SETTLED: gettext_lazy("a reviewed month depends on it"),
}


def page_of(held: Bulk) -> str:
    return reverse("admin:creators_bulk_change", args=[held.pk])


def _named(result: str) -> str:
    labels = {
        **dict(Creator.Status.choices),
        approval.NOT_ELIGIBLE: _("not eligible"),
        bulk.MOVED: _("moved"),
        bulk.UNDONE: _("undone"),
        **WHY_STAYING,
    }
    return str(labels.get(result, result))


def _told(stayed: dict[str, int]) -> list[tuple[Any, int]]:
    """Why some stay, in words, and how many."""
    return [(WHY_STAYING[why], count) for why, count in stayed.items()]


def _as_file(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _result_lines(held: Bulk) -> Iterator[str]:
    rows = BulkRow.objects.filter(bulk=held).order_by("creator_id").values_list("creator__handle", "result")
    told = ((handle, _named(result)) for handle, result in rows.iterator(chunk_size=5_000))
    return csv_chunks(("handle", "result"), told)
