"""Payout batches: prepared by one person, approved by another, filed, sent and settled."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Month
from payouts import batches
from payouts.models import Method, PayoutBatch
from pulse_site import runs
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.forms import DollarsField
from pulse_site.models import Run, User
from pulse_site.money import dollars
from pulse_site.panels import panel

SHOWN = 30
STEP, PREPARATION = "move_batch", "prepare_batch"  # the runs of payouts/tasks.py
PREPARES = "payouts.prepare_batch"


def _move(action: str, label: Any, tone: str, **options: Any) -> Move:
    starts_from, _status, _payouts, permissions = batches.MOVES[action]
    return Move(label, permissions, frozenset(starts_from), tone, **options)


class PreparationForm(forms.Form):
    """What `batches.prepare` may be told; without answers everybody who is due is paid."""

    minimum_micros = DollarsField(
        label=gettext_lazy("Minimum payout"), help_text=gettext_lazy("US dollars; may be raised.")
    )
    methods = forms.MultipleChoiceField(
        label=gettext_lazy("Only these methods"),
        choices=Method.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    include = forms.CharField(
        label=gettext_lazy("Only these creators"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Handles, separated by blanks, commas or lines; blank pays everybody."),
    )
    exclude = forms.CharField(
        label=gettext_lazy("All but these creators"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def selection(self) -> dict[str, Any]:
        """The answers as the run keeps them."""
        lists = {name: self.cleaned_data[name].replace(",", " ").split() for name in ("include", "exclude")}
        return {**self.cleaned_data, **lists}


@admin.register(PayoutBatch)
class PayoutBatchAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            PayoutBatch,
            "reference month_id status minimum_micros prepared_by__username prepared_at "
            "approved_by__username approved_at effective_on sent_at paid_at digest",
        )
    ]
    in_bulk = False
    list_display = [
        "reference",
        "month",
        model_admin.badge(),
        "prepared_by",
        "prepared_at",
        "approved_by",
        "effective_on",
        "paid_at",
    ]
    list_filter = ["status"]
    list_select_related = ["month", "prepared_by", "approved_by"]
    search_fields = ["reference__prefix"]
    fields = [
        "reference",
        "month",
        model_admin.column("month__last_day", gettext_lazy("cut-off date"), str),
        model_admin.dollars("minimum_micros", gettext_lazy("minimum payout")),
        "chosen",
        "prepared_by",
        "prepared_at",
        "approved_by",
        "approved_at",
        "filed_at",
        "effective_on",
        "sent_by",
        "sent_at",
        "paid_at",
        "digest",
    ]
    moves = {
        "approve": _move("approve", gettext_lazy("Approve"), "good", binds=True),
        "make_files": _move("make_files", gettext_lazy("Make payment files"), "good"),
        "mark_sent": _move("mark_sent", gettext_lazy("Handed to the bank"), "good"),
        "mark_paid": _move("mark_paid", gettext_lazy("All paid"), "good"),
        "cancel": _move("cancel", gettext_lazy("Cancel batch"), "bad"),
    }

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.prepare_view)
        return [path("prepare/", view, name="payouts_payoutbatch_prepare"), *super().get_urls()]

    @admin.display(description=gettext_lazy("selection"))
    def chosen(self, batch: PayoutBatch) -> str:
        labels = {
            "include": _("only"),
            "exclude": _("all but"),
            "methods": _("methods"),
        }
        said = [
            f"{label}: {', '.join(batch.selection[name][:SHOWN])}"
            for name, label in labels.items()
            if batch.selection.get(name)
        ]
        return "; ".join(said) or _("everybody who is due")

    def prepare_view(self, request: HttpRequest) -> HttpResponse:
        """Asks whom to pay of a closed month, and starts the run that prepares the batch."""
        if not request.user.has_perm(PREPARES):
            raise PermissionDenied
        month = _closed_month(request.GET.get("month", ""))
        initial = {"minimum_micros": month.terms.minimum_payout_micros} if month.terms else {}
        form = PreparationForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            runs.start(
                PREPARATION,
                key=month.code,
                arguments={"month": month.code, **form.selection()},
                owner=cast(User, request.user),
            )
            return redirect(reverse("admin:campaigns_month_change", args=[month.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prepare a payout batch"),
            "opts": self.opts,
            "form": form,
            "month": month,
            "back": reverse("admin:campaigns_month_change", args=[month.pk]),
        }
        return TemplateResponse(request, "admin/payouts/prepare.html", context)

    def obstacle(self, request: HttpRequest, action: str, record: PayoutBatch) -> str:
        if action == "approve" and record.prepared_by == request.user:
            return str(_("You prepared it; somebody else approves it."))
        return super().obstacle(request, action, record)

    def seen(self, record: PayoutBatch) -> str:
        return batches.review(record).digest if record.status == PayoutBatch.Status.PREPARED else ""

    def figures(self, record: PayoutBatch) -> list[tuple[object, object]]:
        """What would be approved now, where that is the question, or what the batch adds up to."""
        shown: list[tuple[object, object]] = [(_("cut-off date"), batches.cut_off(record))]
        if record.status != PayoutBatch.Status.PREPARED:
            return [*shown, *_figures(batches.totals(record)), (_("prepared by"), record.prepared_by)]
        review = batches.review(record)
        shown += [*_figures(review.now), (_("prepared by"), record.prepared_by)]
        if review.dropped:
            dropped = f"{model_admin.grouped(review.dropped)}, {dollars(review.dropped_micros)}"
            shown.append((_("no longer payable since it was prepared"), dropped))
        return shown + [(label, model_admin.grouped(total.payments)) for label, total in review.now.by_reason]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        batch = records.get()
        arguments = {"batch_id": batch.pk, "action": action, "seen": answers.get("seen") or None}
        run = runs.start(STEP, key=batch.reference, arguments=arguments, owner=cast(User, request.user))
        if run.arguments != arguments:
            return _("%(batch)s is under way already; this page shows how far it is.") % {"batch": batch}
        return _("%(batch)s is under way.") % {"batch": batch}


def _closed_month(code: str) -> Month:
    month = Month.objects.filter(code=code.replace("\0", ""), status=Month.Status.CLOSED).first()
    if month is None:
        raise Http404
    return month


def _figures(totals: batches.Totals) -> list[tuple[object, object]]:
    paid, held = totals.payable, totals.held
    return [
        (_("payments"), model_admin.grouped(paid.payments)),
        (_("amount"), dollars(paid.amount)),
        (_("tax withheld"), dollars(paid.withheld)),
        (_("paid by banks"), dollars(paid.net)),
        (_("held"), f"{model_admin.grouped(held.payments)}, {dollars(held.amount)}"),
    ]


@panel("admin/panels/batch_run.html", of=PayoutBatch, permission="payouts.view_payoutbatch", position=5)
def step_under_way(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any] | None:
    """The newest step taken in the background: how far it is, or why it failed."""
    run = Run.objects.filter(kind=STEP, key=batch.reference).order_by("-id").first()
    return {"run": run} if run and (run.active or run.error) else None


@panel("admin/panels/batch_totals.html", of=PayoutBatch, permission="payouts.view_payout", position=10)
def totals(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
    """Eligible and held, by status, method and reason."""
    return {"batch": batch, "totals": batches.totals(batch)}


@panel("admin/panels/batch_files.html", of=PayoutBatch, permission="payouts.view_paymentfile", position=20)
def payment_files(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any] | None:
    files = list(batch.files.defer("content"))
    return {"files": files, "may": request.user.has_perm("payouts.download_paymentfile")} if files else None


@panel("admin/panels/payouts.html", of=PayoutBatch, permission="payouts.view_payout", position=30)
def payouts(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
    largest = batch.payouts.select_related("creator").order_by("-amount_micros")
    return {"rows": largest[:SHOWN], "batch": batch}


@panel("admin/panels/preparation.html", of=Month, permission="payouts.view_payoutbatch", position=6)
def preparation(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """The month's batches, and how far the one is that is being prepared."""
    if month.status != Month.Status.CLOSED:
        return None
    run = Run.objects.filter(kind=PREPARATION, key=month.code).order_by("-id").first()
    return {"run": run, "batches": month.batches.order_by("-id")[:SHOWN]}
