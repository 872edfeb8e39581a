"""The queue of proposed changes: seen side by side and masked, approved or rejected by another person."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from payouts import details, payees
from payouts.admin.payees import in_full
from payouts.models import PayeeChange
from pulse_site import runs
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.models import Upload, User
from pulse_site.panels import panel

APPROVAL = "approve_payee_changes"  # the run of payouts/tasks.py
OF_A_FILE = ("approve_file", "reject_file")


def _move(action: str, label: Any, tone: str, *, reason: bool = False) -> Move:
    starts_from, _status, permissions = payees.MOVES[action]
    return Move(label, permissions, frozenset(starts_from), tone, asks_reason=reason, needs_reason=reason)


@admin.register(PayeeChange)
class PayeeChangeAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            PayeeChange,
            "id creator__handle summary status reason proposed_by__username proposed_at "
            "approved_by__username approved_at",
        )
    ]
    list_display = [
        "creator",
        "what",
        model_admin.badge(),
        "proposed_by",
        "proposed_at",
        "upload",
        "approved_by",
    ]
    list_filter = ["status"]
    list_select_related = ["creator", "proposed_by", "approved_by", "upload"]
    ordering = ["-id"]
    search_fields = ["creator__handle__prefix"]
    fields = [
        "creator",
        "what",
        "proposed_by",
        "proposed_at",
        "upload",
        "approved_by",
        "approved_at",
        "reason",
    ]
    moves = {
        "approve": _move("approve", _("Approve"), "good"),
        "reject": _move("reject", _("Reject"), "bad", reason=True),
        "approve_file": _move("approve", _("Approve the whole file"), "good"),
        "reject_file": _move("reject", _("Reject the whole file"), "bad", reason=True),
    }

    @admin.display(description=_("what changes"))
    def what(self, change: PayeeChange) -> str:
        return details.summarised(change.summary)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those of a file stand on the page of one of its changes, which says how many it has."""
        return {
            name: action for name, action in super().get_actions(request).items() if name not in OF_A_FILE
        }

    def offers(self, request: HttpRequest, action: str, record: PayeeChange) -> bool:
        of_a_file = action in OF_A_FILE
        return super().offers(request, action, record) and (record.upload_id is not None or not of_a_file)

    def obstacle(self, request: HttpRequest, action: str, record: PayeeChange) -> str:
        if action in OF_A_FILE and record.upload_id is None:
            return str(_("It didn't come by a file."))
        if action.startswith("approve") and record.proposed_by == request.user:
            return str(_("You proposed it; somebody else approves it."))
        return super().obstacle(request, action, record)

    def figures(self, record: PayeeChange) -> list[tuple[object, object]]:
        figures: list[tuple[object, object]] = [
            (_("what changes"), details.summarised(record.summary)),
            (_("proposed by"), record.proposed_by),
        ]
        if record.upload is not None:
            waiting = _of_file(record).count()
            figures += [(_("file"), record.upload), (_("changes of the file that wait"), waiting)]
        return figures

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        by, reason = cast(User, request.user), answers.get("reason", "")
        if action == "approve":
            return payees.counted(payees.approve(records, by))
        if action == "approve_file":
            upload_id = records.get().upload_id
            arguments = {"upload_id": upload_id, "by_id": by.pk}
            runs.start(APPROVAL, key=str(upload_id), arguments=arguments, owner=by)
            return str(_("The changes of the file are being approved; see the runs."))
        chosen = _of_file(records.get()) if action == "reject_file" else records
        rejected = payees.reject(chosen, by, reason)
        return ngettext("%(count)s change rejected.", "%(count)s changes rejected.", rejected) % {
            "count": rejected
        }

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.in_full_view))
        return [path("<int:pk>/in-full/", view, name="payouts_payeechange_in_full"), *super().get_urls()]

    def in_full_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return in_full(self, request, get_object_or_404(PayeeChange, pk=pk))


def _of_file(change: PayeeChange) -> QuerySet[PayeeChange]:
    return PayeeChange.objects.filter(upload=change.upload_id, status=PayeeChange.Status.PROPOSED)


@panel("admin/panels/compared.html", of=PayeeChange, permission="payouts.view_payeechange", position=5)
def compared(request: HttpRequest, change: PayeeChange) -> dict[str, Any]:
    """What the payee has now beside what is proposed; of a decided change only what was proposed."""
    return {
        "change": change,
        "rows": payees.compare(change),
        "open": change.status == PayeeChange.Status.PROPOSED,
        "may_see": request.user.has_perm(payees.SEES),
    }


@panel("admin/panels/payee_changes.html", permission="payouts.view_payeechange", position=35)
def waiting(request: HttpRequest) -> dict[str, Any] | None:
    """How many changes wait, and since when."""
    proposed = PayeeChange.objects.filter(status=PayeeChange.Status.PROPOSED)
    found = proposed.aggregate(waiting=Count("id"), oldest=Min("proposed_at"))
    return found if found["waiting"] else None


@panel("admin/panels/upload_payouts.html", of=Upload, permission="payouts.view_payeechange", position=20)
def proposed_by(request: HttpRequest, upload: Upload) -> dict[str, Any] | None:
    """The changes that a file of payees proposed."""
    if not PayeeChange.objects.filter(upload=upload).exists():
        return None
    url = f"{reverse('admin:payouts_payeechange_changelist')}?upload__id__exact={upload.pk}"
    return {"links": [(_("Proposed changes"), url)]}
