"""Payout batches: prepared by one person, approved by another, paid or cancelled."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from payouts import batches
from payouts.models import Payout, PayoutBatch
from pulse_site.admin import model_admin
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.panels import panel

SHOWN = 50


def _move(action: str, label: Any, tone: str) -> Move:
    starts_from, _status, _payouts, permissions = batches.MOVES[action]
    return Move(label, permissions, frozenset(starts_from), tone)


@admin.register(PayoutBatch)
class PayoutBatchAdmin(MovingAdmin, model_admin.ViewOnlyAdmin):
    in_bulk = False
    list_display = [
        "reference",
        "month",
        model_admin.badge(),
        "prepared_by",
        "prepared_at",
        "approved_by",
        "paid_at",
    ]
    list_filter = ["status"]
    list_select_related = ["month", "prepared_by", "approved_by"]
    search_fields = ["reference__prefix"]
    fields = [
        "reference",
        "month",
        model_admin.dollars("minimum_micros", _("minimum payout")),
        "prepared_by",
        "prepared_at",
        "approved_by",
        "approved_at",
        "paid_at",
    ]
    moves = {
        "approve": _move("approve", _("Approve"), "good"),
        "mark_paid": _move("mark_paid", _("Mark as paid"), "good"),
        "cancel": _move("cancel", _("Cancel batch"), "bad"),
    }
    jobs = {"approve": batches.approve, "mark_paid": batches.mark_paid, "cancel": batches.cancel}

    def obstacle(self, request: HttpRequest, action: str, record: PayoutBatch) -> str:
        if action == "approve" and record.prepared_by == request.user:
            return str(_("You prepared it; somebody else approves it."))
        return super().obstacle(request, action, record)

    def figures(self, record: PayoutBatch) -> list[tuple[object, object]]:
        total = totals(record)
        return [
            (_("pays up to"), record.month_id),
            (_("payouts"), model_admin.grouped(total["payouts"])),
            (_("amount"), model_admin.money.dollars(total["amount"])),
            (_("prepared by"), record.prepared_by),
        ]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        batch = records.get()
        self.jobs[action](batch, request.user)  # type: ignore[arg-type]
        return str(_("%(batch)s: done.")) % {"batch": batch}


def totals(batch: PayoutBatch) -> dict[str, int]:
    """How many payouts the batch has, and their amount in micros."""
    found = batch.payouts.aggregate(payouts=Count("id"), amount=Sum("amount_micros"))
    return {"payouts": found["payouts"], "amount": found["amount"] or 0}


@panel("admin/panels/payouts.html", of=PayoutBatch, permission="payouts.view_payout", position=10)
def payouts(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
    largest = batch.payouts.select_related("creator").order_by("-amount_micros")
    return {**totals(batch), "rows": largest[:SHOWN], "batch": batch}


@admin.register(Payout)
class PayoutAdmin(model_admin.ViewOnlyAdmin):
    list_display = [
        "id",
        "batch",
        "creator",
        model_admin.dollars("amount_micros", _("amount")),
        model_admin.badge(),
    ]
    list_filter = ["status"]
    list_select_related = ["batch", "creator"]
    ordering = ["-id"]
    search_fields = ["creator__handle__prefix"]
    fields = [
        "batch",
        "creator",
        model_admin.dollars("amount_micros", _("amount")),
        model_admin.badge(),
    ]
