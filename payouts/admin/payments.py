"""Payments of batches and the files that they went out in."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from payouts import batches, payability
from payouts.models import PaymentFile, Payout, Transfer
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin, counted
from pulse_site.models import User
from pulse_site.panels import panel
from pulse_site.refusal import Refused

SETTLES = batches.MOVES["mark_paid"][3]


def _answer(status: str, label: Any, tone: str, **options: Any) -> Move:
    return Move(label, SETTLES, frozenset(batches.PAYOUT_MOVES[status]), tone, **options)


@admin.register(Payout)
class PayoutAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Payout,
            "reference batch__reference creator__handle status method amount_micros withheld_micros "
            "net_micros reasons bank_reason settled_on",
        )
    ]
    list_display = [
        "reference",
        "batch",
        "creator",
        model_admin.badge(),
        "method",
        model_admin.dollars("amount_micros", gettext_lazy("amount")),
        model_admin.dollars("withheld_micros", gettext_lazy("tax withheld")),
        "why",
    ]
    list_filter = ["status", "method"]
    list_select_related = ["batch", "creator"]
    ordering = ["-id"]
    search_fields = ["creator__handle__prefix"]
    search_help_text = gettext_lazy("A creator's handle or its beginning, or a payment's reference.")
    fields = [
        "reference",
        "batch",
        "creator",
        model_admin.badge(),
        model_admin.dollars("amount_micros", gettext_lazy("amount")),
        model_admin.dollars("withheld_micros", gettext_lazy("tax withheld")),
        model_admin.dollars("net_micros", gettext_lazy("paid by banks")),
        "method",
        "details_version",
        "why",
        "file",
        "settled_on",
        "reissue_of",
    ]
    moves = {
        "paid": _answer(Payout.Status.PAID, pgettext_lazy("payment", "Paid"), "good"),
        "returned": _answer(
            Payout.Status.RETURNED,
            gettext_lazy("Returned by the bank"),
            "bad",
            asks_reason=True,
            needs_reason=True,
        ),
        "reissue": Move(
            gettext_lazy("Re-issue"), ("payouts.prepare_batch",), frozenset({Payout.Status.RETURNED}), "good"
        ),
    }

    @admin.display(description=gettext_lazy("reference"))
    def reference(self, payout: Payout) -> str:
        return payout.reference

    @admin.display(description=gettext_lazy("why"), empty_value="–")
    def why(self, payout: Payout) -> str | None:
        return ", ".join(payability.labels(payout.reasons)) or payout.bank_reason or None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payout], search_term: str
    ) -> tuple[QuerySet[Payout], bool]:
        term = search_term.strip().upper()
        if term.startswith("P") and term[1:].isascii() and 9 <= len(term[1:]) <= 14 and term[1:].isdigit():
            return queryset.filter(pk=int(term[1:])), False
        return super().get_search_results(request, queryset, search_term)

    def figures(self, record: Payout) -> list[tuple[object, object]]:
        return [
            (_("creator"), record.creator),
            (_("status"), record.get_status_display()),
            (_("amount"), model_admin.money.dollars(record.amount_micros)),
            (_("tax withheld"), model_admin.money.dollars(record.withheld_micros)),
        ]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        user = cast(User, request.user)
        if action == "reissue":
            batch = batches.reissue(list(records.select_related("creator")), user)
            address = reverse("admin:payouts_payoutbatch_change", args=[batch.pk])
            said = _("Prepared; another person approves it:")
            return format_html('{} <a href="{}">{}</a>', said, address, batch)
        return counted(batches.record(records, action, user, reason=answers.get("reason", "")))


@panel("admin/panels/payment.html", of=Payout, permission="payouts.view_transfer", position=10)
def life(request: HttpRequest, payout: Payout) -> dict[str, Any]:
    """The payment from its preparation on, with the transfers that it made."""
    batch, of_creator = payout.batch, f"{payout.batch.reference}:creator:{payout.creator_id}"
    keys = [f"{verb}:{of_creator}" for verb in ("reserve", "release", "withholding", "payment")]
    keys += [f"return:{payout.reference}", f"return:{payout.reference}:tax"]
    steps = [
        (_("prepared"), batch.prepared_at, batch.prepared_by),
        (_("approved"), batch.approved_at if payout.reserved else None, batch.approved_by),
        (_("files made"), batch.filed_at if payout.file_id else None, ""),
        (_("handed to the bank"), batch.sent_at if payout.file_id else None, batch.sent_by),
    ]
    transfers = Transfer.objects.filter(key__in=keys).select_related("debit_account", "credit_account")
    return {
        "payout": payout,
        "steps": [step for step in steps if step[1]],
        "transfers": transfers.order_by("pk"),
        "again": Payout.objects.filter(reissue_of=payout).select_related("batch").first(),
    }


@admin.register(PaymentFile)
class PaymentFileAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            PaymentFile,
            "name batch__reference method payments total_micros sha256 created_at",
        )
    ]
    list_display = [
        "name",
        "batch",
        "method",
        model_admin.count("payments", gettext_lazy("payments")),
        model_admin.dollars("total_micros", gettext_lazy("amount")),
        "created_at",
    ]
    list_select_related = ["batch"]
    ordering = ["-id"]
    search_fields = ["name__prefix"]
    fields = [
        "name",
        "batch",
        "method",
        model_admin.count("payments", gettext_lazy("payments")),
        model_admin.dollars("total_micros", gettext_lazy("amount")),
        "sha256",
        "created_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentFile]:
        return super().get_queryset(request).defer("content")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.download_view)
        return [path("<int:pk>/download/", view, name="payouts_paymentfile_download"), *super().get_urls()]

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        file = get_object_or_404(PaymentFile, pk=pk)
        try:
            content = batches.hand_out(file, cast(User, request.user))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(reverse("admin:payouts_payoutbatch_change", args=[file.batch_id]))
        response = HttpResponse(content, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="{file.name}"'
        return response
