"""Manual entries: prepared by one person with a form, approved or rejected by another."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from payouts import entries, ledger
from payouts.models import Entry, Transfer
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.panels import panel
from pulse_site.refusal import Refused


class EntryForm(forms.ModelForm):
    """What the job module refuses is said on the form, before anything is kept."""

    class Meta:
        model = Entry
        fields = [
            "reason",
            "debit_account",
            "credit_account",
            "amount_micros",
            "received_on",
            "bank_reference",
            "invoice",
            "note",
            "evidence",
        ]
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "debit_account": _("Search by code (bank, suspense, receivable:…) or by a creator's handle."),
            "note": _("What it is, for colleagues and auditors: the transfer carries it too."),
        }

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                entries.require_allowed(Entry(**{**data, "evidence": ""}))
            except Refused as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return data


@admin.register(Entry)
class EntryAdmin(Exports, MovingAdmin):
    resource_classes = [
        columns(
            Entry,
            "id status debit_account__code credit_account__code amount_micros reason note "
            "prepared_by__username prepared_at approved_by__username approved_at",
        )
    ]
    form = EntryForm
    in_bulk = False
    autocomplete_fields = ["debit_account", "credit_account", "invoice"]
    list_display = [
        "__str__",
        model_admin.badge(),
        "debit_account",
        "credit_account",
        model_admin.dollars("amount_micros", _("amount")),
        "prepared_by",
        "prepared_at",
        "approved_by",
    ]
    list_select_related = ["debit_account", "credit_account", "prepared_by", "approved_by"]
    ordering = ["-id"]
    moves = {
        "approve": Move(_("Approve"), (entries.APPROVES,), frozenset(entries.MOVES["approve"][0]), "good"),
        "reject": Move(_("Reject"), entries.MOVES["reject"][2], frozenset(entries.MOVES["reject"][0]), "bad"),
    }
    jobs = {"approve": entries.approve, "reject": entries.reject}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.evidence_view)
        return [path("<int:pk>/evidence/", view, name="payouts_entry_evidence"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(entries.PREPARES)

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Entry | None = None) -> list[Any]:
        if obj is None:
            return EntryForm.Meta.fields
        amount = model_admin.dollars("amount_micros", _("amount"))
        told = ["received_on", "bank_reference", "invoice"] if entries.of_advertisers(obj) else []
        shown = ["reason", "debit_account", "credit_account", amount, *told, "note", self.evidence_link]
        return [*shown, "evidence_sha256", "prepared_by", "prepared_at", "approved_by", "approved_at"]

    def get_form(
        self, request: HttpRequest, obj: Entry | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, labels={"amount_micros": _("Amount")}, **kwargs)

    @admin.display(description=_("evidence"), empty_value="–")
    def evidence_link(self, entry: Entry) -> SafeString | None:
        if not entry.evidence:
            return None
        name = str(entry.evidence.name).rpartition("/")[2]
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:payouts_entry_evidence", args=[entry.pk]), name
        )

    def evidence_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, only to be saved: what somebody uploaded never runs as a page of ours."""
        entry = self.get_object(request, str(pk))
        if entry is None or not entry.evidence or not self.has_view_permission(request, entry):
            raise Http404
        return FileResponse(entry.evidence.open(), as_attachment=True)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.has_add_permission(request):
            entries.open_accounts()
        return super().add_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Entry, form: Any, change: bool) -> None:
        entries.prepare(obj, request.user, form.cleaned_data.get("evidence"))  # type: ignore[arg-type]

    def obstacle(self, request: HttpRequest, action: str, record: Entry) -> str:
        if action == "approve" and record.prepared_by == request.user:
            return str(_("You prepared it; somebody else approves it."))
        return super().obstacle(request, action, record)

    def figures(self, record: Entry) -> list[tuple[object, object]]:
        return [
            (_("reason"), record.get_reason_display()),
            (pgettext_lazy("account", "from"), record.debit_account),
            (pgettext_lazy("account", "to"), record.credit_account),
            (_("amount"), model_admin.money.dollars(record.amount_micros)),
            *((_("invoice"), invoice) for invoice in [record.invoice] if invoice),
            (_("prepared by"), record.prepared_by),
        ]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        entry = records.get()
        self.jobs[action](entry, request.user)  # type: ignore[arg-type]
        return str(_("%(entry)s: done.")) % {"entry": entry}


@panel("admin/panels/entry.html", of=Entry, permission="payouts.view_transfer", position=10)
def effect(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """The balances of both accounts, and the transfer once there is one."""
    rows = [(side, ledger.balance(side)) for side in (entry.debit_account, entry.credit_account)]
    return {"rows": rows, "transfer": Transfer.objects.filter(key=f"entry:{entry.pk}").first()}
