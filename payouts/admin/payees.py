"""Payees: who is payable and why not, what staff record about them, and their details, masked."""

import json
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from import_export import fields

from creators.models import Creator
from payouts import payability, payees, screening
from payouts.admin.payee_form import PayeeForm
from payouts.models import Method, Payee, PayeeChange
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, HarmlessResource
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin, counted
from pulse_site.models import User
from pulse_site.panels import panel
from pulse_site.refusal import Refused

SHOWN = 10
DAY = forms.DateInput({"type": "date"}, "%Y-%m-%d")


class PayableFilter(admin.SimpleListFilter):
    """Payable, not payable, or not for one of the reasons."""

    title = _("payable")
    parameter_name = "payable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        reasons = [(code, payability.REASONS[code]) for code in payability.CONDITIONS]
        return [("yes", _("payable")), ("no", _("not payable")), *reasons]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = self.value() or ""
        if wanted in ("yes", "no"):
            return payability.payable(queryset, yes=wanted == "yes")
        return payability.held_for(queryset, wanted) if wanted in payability.CONDITIONS else queryset


class PayeeResource(HarmlessResource):
    """Masked, as on the screen. Its bank details and tax numbers have names that no import reads."""

    payable = fields.Field(column_name="payable")
    reasons = fields.Field(column_name="reasons", attribute="reasons")
    handle = fields.Field(column_name="handle", attribute="creator__handle")
    company = fields.Field(column_name="company")
    bank = fields.Field(column_name="bank details (masked)", attribute="destination_hint")
    tax_number = fields.Field(column_name="tax number (masked)", attribute="tax_id_hint")

    class Meta:
        model = Payee
        name = _("masked")
        fields: tuple[str, ...] = (
            "handle",
            "legal_name",
            "company",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "email",
            "method",
            "bank",
            "tax_form",
            "tax_number",
            "tax_status",
            "tax_expires_on",
            "backup_withholding",
            "screening",
            "screened_on",
            "held_until",
            "blocked",
            "payable",
            "reasons",
        )

    def dehydrate_payable(self, payee: Payee) -> str:
        return "no" if getattr(payee, "reasons", "") else "yes"

    def dehydrate_company(self, payee: Payee) -> str:
        return "yes" if payee.is_company else "no"


class FullPayeeResource(PayeeResource):
    """With bank details and tax numbers, in the columns that import_payees reads."""

    bank = None
    tax_number = fields.Field(column_name="tax number", attribute="tax_id")
    routing = fields.Field(column_name="routing")
    account = fields.Field(column_name="account")
    account_type = fields.Field(column_name="account type")
    account_name = fields.Field(column_name="account name")
    iban = fields.Field(column_name="iban")
    bic = fields.Field(column_name="bic")
    paypal_email = fields.Field(column_name="paypal email")
    wise_recipient = fields.Field(column_name="wise recipient")

    class Meta(PayeeResource.Meta):
        fields = (
            *(name for name in PayeeResource.Meta.fields if name != "bank"),
            "routing",
            "account",
            "account_type",
            "account_name",
            "iban",
            "bic",
            "paypal_email",
            "wise_recipient",
        )
        name = _("in full, which is recorded")

    def _of_destination(self, payee: Payee, key: str) -> str:
        return str(json.loads(payee.destination or "{}").get(key, ""))

    def dehydrate_routing(self, payee: Payee) -> str:
        return self._of_destination(payee, "routing")

    def dehydrate_account(self, payee: Payee) -> str:
        return self._of_destination(payee, "account")

    def dehydrate_account_type(self, payee: Payee) -> str:
        return self._of_destination(payee, "account_type")

    def dehydrate_account_name(self, payee: Payee) -> str:
        return self._of_destination(payee, "account_name")

    def dehydrate_iban(self, payee: Payee) -> str:
        return self._of_destination(payee, "iban")

    def dehydrate_bic(self, payee: Payee) -> str:
        return self._of_destination(payee, "bic")

    def dehydrate_paypal_email(self, payee: Payee) -> str:
        return self._of_destination(payee, "email")

    def dehydrate_wise_recipient(self, payee: Payee) -> str:
        return self._of_destination(payee, "recipient_id")


class FormReceived(MoveForm):
    form = forms.ChoiceField(
        label=_("Tax form"), choices=[choice for choice in Payee.TaxForm.choices if choice[0]]
    )
    received_on = forms.DateField(label=_("Signed or received on"), initial=timezone.localdate, widget=DAY)


class Screened(MoveForm):
    result = forms.ChoiceField(
        label=_("Result"),
        choices=[c for c in Payee.Screening.choices if c[0] != Payee.Screening.NOT_SCREENED],
    )
    on = forms.DateField(label=_("Screened on"), initial=timezone.localdate, widget=DAY)


def _move(action: str, label: Any, tone: str = "", *, reason: bool = False, form: Any = None) -> Move:
    _starts, permission, _before = screening.MOVES[action]
    return Move(label, (permission,), frozenset(), tone, asks_reason=reason, needs_reason=reason, form=form)


@admin.register(Payee)
class PayeeAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [PayeeResource]
    list_display = [
        "creator",
        "legal_name",
        "payable",
        "method",
        "destination_hint",
        "tax_form",
        model_admin.badge("tax_status", _("status of the form")),
        model_admin.badge("screening", _("sanctions screening")),
    ]
    list_filter = [PayableFilter, "method", "tax_status", "screening"]
    list_select_related = ["creator"]
    ordering = ["-pk"]
    search_fields = ["creator__handle__prefix"]
    search_help_text = _("The creator's handle or its beginning.")
    fieldsets = [
        (None, {"fields": ["creator", "legal_name", "is_company", "email", "created_at"]}),
        (_("Address"), {"fields": ["street", "city", "region", "postal_code", "country"]}),
        (
            _("Payment"),
            {
                "fields": [
                    "method",
                    "destination_hint",
                    "version",
                    "held_until",
                    "sharing_confirmed",
                    "sharing_asked_by",
                    "sharing_reason",
                ]
            },
        ),
        (
            _("Tax"),
            {
                "fields": [
                    "tax_form",
                    "tax_status",
                    "tax_id_hint",
                    "tax_received_on",
                    "tax_expires_on",
                    "backup_withholding",
                    "tax_recorded_by",
                ]
            },
        ),
        (
            _("Sanctions and blocks"),
            {
                "fields": [
                    "screening",
                    "screened_on",
                    "screened_by",
                    "blocked",
                    "blocked_reason",
                    "blocked_by",
                ]
            },
        ),
    ]
    moves = {
        "receive_form": _move("receive_form", _("Record a tax form"), form=FormReceived),
        "accept_form": _move("accept_form", _("Form is valid"), "good"),
        "reject_form": _move("reject_form", _("Reject the form"), "bad", reason=True),
        "withhold": _move("withhold", _("Withhold tax")),
        "stop_withholding": _move("stop_withholding", _("Stop withholding")),
        "screen": _move("screen", _("Record a screening"), form=Screened),
        "clear_match": _move("clear_match", _("Clear the match"), "good", reason=True),
        "ask_to_share": _move("ask_to_share", _("Ask to allow the shared account"), reason=True),
        "confirm_sharing": _move("confirm_sharing", _("Allow the shared account"), "good"),
        "refuse_sharing": _move("refuse_sharing", _("Refuse the shared account"), "bad", reason=True),
        "block": _move("block", _("Block"), "bad", reason=True),
        "unblock": _move("unblock", _("Unblock"), "good", reason=True),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payee]:
        return payability.judged(super().get_queryset(request))

    @admin.display(description=_("payable"))
    def payable(self, payee: Payee) -> SafeString:
        return verdict(cast(Any, payee).reasons)

    def get_export_resource_classes(self, request: HttpRequest) -> list[type[PayeeResource]]:
        return [PayeeResource, FullPayeeResource] if request.user.has_perm(payees.SEES) else [PayeeResource]

    def get_data_for_export(self, request: HttpRequest, queryset: QuerySet[Payee], **kwargs: Any) -> Any:
        chosen = self.choose_export_resource_class(kwargs.get("export_form"), request)
        if chosen is FullPayeeResource:
            payees.record_export(queryset, cast(User, request.user))
        return super().get_data_for_export(request, queryset, **kwargs)

    def offers(self, request: HttpRequest, action: str, record: Payee) -> bool:
        if action == "ask_to_share" and not self._not_now(action, record):
            return "shared" in payability.of(record.creator).reasons
        return not self._not_now(action, record)

    def obstacle(self, request: HttpRequest, action: str, record: Payee) -> str:
        _starts, _permission, before = screening.MOVES[action]
        if self._not_now(action, record):
            return str(_("It can't make this step now."))
        if before and getattr(record, before) == request.user:
            return str(_("You took the step before; somebody else takes this one."))
        return ""

    def _not_now(self, action: str, record: Payee) -> bool:
        starts = screening.MOVES[action][0]
        return bool(starts) and not Payee.objects.filter(starts, pk=record.pk).exists()

    def figures(self, record: Payee) -> list[tuple[object, object]]:
        return [
            (_("legal name"), record.legal_name),
            (_("country"), record.country),
            (_("bank details"), record.destination_hint or "–"),
            (_("tax form"), f"{record.get_tax_form_display()}, {record.get_tax_status_display()}"),
            (_("sanctions screening"), record.get_screening_display()),
            (_("blocked"), record.blocked_reason or "–"),
            (_("why it may share its bank details"), record.sharing_reason or "–"),
        ]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: Any) -> str:
        answers.pop("note", None)
        return counted(getattr(screening, action)(records, by=request.user, **answers))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("propose/<int:creator_id>/", view(self.propose_view), name="payouts_payee_propose"),
            path("<int:pk>/in-full/", view(require_POST(self.in_full_view)), name="payouts_payee_in_full"),
            *super().get_urls(),
        ]

    def propose_view(self, request: HttpRequest, creator_id: int) -> HttpResponse:
        """The form of a change, with the fields of one method; another method is another address."""
        if not request.user.has_perm(payees.PROPOSES):
            raise PermissionDenied
        creator = get_object_or_404(Creator, pk=creator_id)
        payee = Payee.objects.filter(pk=creator_id).first()
        method = request.GET.get("method") or (payee.method if payee else Method.ACH)
        form = PayeeForm(method, payee, creator, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                change = payees.propose(creator, form.fields_given(), cast(User, request.user))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("admin:payouts_payeechange_change", change.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Propose payee details"),
            "opts": self.opts,
            "creator": creator,
            "payee": payee,
            "form": form,
            "methods": [(value, label, value == form.method) for value, label in Method.choices],
        }
        return TemplateResponse(request, "admin/payouts/payee/propose.html", context)

    def in_full_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return in_full(self, request, get_object_or_404(Payee, pk=pk))


@never_cache
def _page_in_full(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "admin/payouts/payee/in_full.html", context)


def in_full(of: admin.ModelAdmin, request: HttpRequest, record: Payee | PayeeChange) -> HttpResponse:
    """The page with the bank details of one record, for who may see them; the job records that he did."""
    try:
        rows = payees.in_full(record, cast(User, request.user))
    except Refused:
        raise PermissionDenied from None
    context = {
        **of.admin_site.each_context(request),
        "title": _("Details in full"),
        "opts": of.opts,
        "record": record,
        "rows": rows,
        "back": reverse(f"admin:payouts_{of.opts.model_name}_change", args=[record.pk]),
    }
    return _page_in_full(request, context)


def verdict(reasons: str) -> SafeString:
    """The codes of JUDGED as a pill, with every reason below it."""
    if not reasons:
        return model_admin.badges.pill(str(_("payable")), "good")
    pill = model_admin.badges.pill(str(_("not payable")), "bad")
    return format_html('{}<br><span class="quiet">{}</span>', pill, ", ".join(payability.labels(reasons)))


@panel("admin/panels/payable.html", of=Payee, permission="payouts.view_payee", position=5)
def payable(request: HttpRequest, payee: Payee) -> dict[str, Any]:
    """Payable or not with every reason, the newest changes, and the buttons that lead on."""
    return {
        "judgement": payability.of(payee.creator),
        "creator": payee.creator,
        "payee": payee,
        "changes": PayeeChange.objects.filter(creator=payee.pk).select_related("proposed_by")[:SHOWN],
        "may_propose": request.user.has_perm(payees.PROPOSES),
        "may_see": request.user.has_perm(payees.SEES),
        "sharing": _sharing(payee),
    }


@panel("admin/panels/payable.html", of=Creator, permission="payouts.view_payee", position=45)
def payable_creator(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    payee = Payee.objects.filter(pk=creator.pk).first()
    return {
        "judgement": payability.of(creator),
        "creator": creator,
        "payee": payee,
        "on_creator": True,
        "may_propose": request.user.has_perm(payees.PROPOSES),
    }


def _sharing(payee: Payee) -> QuerySet[Payee] | list[Payee]:
    """Others who are paid to the same place."""
    if not payee.destination_digest:
        return []
    same = Payee.objects.filter(destination_digest=payee.destination_digest).exclude(pk=payee.pk)
    return same.select_related("creator")[:SHOWN]
