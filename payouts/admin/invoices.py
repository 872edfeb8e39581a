"""Invoices, credit notes and what was received for them: read, downloaded, reminded of, never written."""

from collections.abc import Iterable
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from campaigns.invoices import files, letters, wording
from campaigns.invoices.standing import ageing, standing
from campaigns.models import Advertiser, Invoice, Month, Payment
from campaigns.views.invoices import served
from payouts import entries, invoicing
from payouts.models import Account, Entry
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin, counted
from pulse_site.models import Run, User
from pulse_site.money import dollars, plain
from pulse_site.panels import panel
from pulse_site.refusal import Refused

VIEW = "campaigns.view_invoice"
SHOWN = 20
OVERDUE = Invoice.State.OVERDUE


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Invoice.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in Invoice.State.values:
            return queryset
        found = cast(Any, queryset)
        return cast(QuerySet[Any], found.in_state(self.value(), timezone.now().date()))


@admin.register(Invoice)
class InvoiceAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Invoice,
            "number kind advertiser__name month issued_on due_on amount_micros open_micros",
        )
    ]
    import_export_change_list_template = "admin/campaigns/invoice/change_list.html"
    list_display = [
        "number",
        "advertiser",
        model_admin.badge(),
        "month",
        "issued_on",
        "due_on",
        model_admin.dollars("signed_micros", gettext_lazy("amount")),
        model_admin.dollars("signed_open_micros", gettext_lazy("still open")),
    ]
    list_filter = [StateFilter, "kind"]
    list_select_related = ["advertiser", "month"]
    search_fields = ["number"]
    search_help_text = gettext_lazy("The number or its beginning, or the advertiser's name.")
    fields = [
        "number",
        "kind",
        "advertiser",
        "month",
        "issued_on",
        "due_on",
        "billed_to",
        "tax_number",
        "language",
        model_admin.dollars("total_micros", gettext_lazy("sum of the lines")),
        model_admin.dollars("carried_from_micros", gettext_lazy("carried from the last document")),
        model_admin.dollars("carried_to_micros", gettext_lazy("carried to the next document")),
        model_admin.dollars("amount_micros", gettext_lazy("amount")),
        model_admin.dollars("open_micros", gettext_lazy("still open")),
    ]
    moves = {
        "pay": Move(
            gettext_lazy("Record a payment"), (entries.PREPARES,), frozenset(Invoice.OWED), tone="good"
        ),
        "remind": Move(gettext_lazy("Send a reminder"), ("campaigns.remind_invoice",), frozenset({OVERDUE})),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast(Any, super().get_queryset(request)).with_balance()

    def get_urls(self) -> list[Any]:
        ours: list[Any] = [
            path("<int:pk>/pay/", self._view(self.pay), name="campaigns_invoice_pay"),
            path("<int:pk>.<str:format>", self._view(self.download), name="campaigns_invoice_file"),
            path(
                "month/<str:code>/issue/",
                self._view(require_POST(self.issue_month)),
                name="campaigns_invoice_issue",
            ),
        ]
        return [*ours, *super().get_urls()]

    def _view(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    @admin.display(description=gettext_lazy("billed to"))
    def billed_to(self, invoice: Invoice) -> str:
        return ", ".join(invoice.address)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ages = ageing(Invoice.objects.all(), timezone.now().date())
        context = {"ages": ages, "owed": sum(age.micros for age in ages), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By number or by advertiser, never both at once: each has its index, an OR of the two has none."""
        term = search_term.strip()
        if term.upper().startswith(tuple(Invoice.PREFIXES.values())):
            return queryset.filter(number__startswith=term.upper()), False
        return (queryset.filter(advertiser__name__istartswith=term) if term else queryset), False

    def move_url(self, action: str, ids: Iterable[Any]) -> str:
        """To record a payment is to prepare a manual entry, and that has a page of its own."""
        ids = list(ids)
        if action == "pay" and ids:
            return reverse("admin:campaigns_invoice_pay", args=ids[:1])
        return super().move_url(action, ids)

    def pay(self, request: HttpRequest, pk: int) -> HttpResponse:
        """To the form of a manual entry, filled in: what is open of the invoice came from its advertiser."""
        if not request.user.has_perm(entries.PREPARES):
            raise PermissionDenied
        invoice = get_object_or_404(self.get_queryset(request).select_related("advertiser__account"), pk=pk)
        entries.open_accounts()
        given = {
            "reason": Entry.Reason.RECEIVED,
            "debit_account": Account.objects.get(kind=Account.Kind.BANK).pk,
            "credit_account": invoice.advertiser.account.pk,
            "amount_micros": plain(invoice.open_micros)[:-4],  # whole cents
            "invoice": invoice.pk,
            "received_on": timezone.now().date().isoformat(),
        }
        return redirect(f"{reverse('admin:payouts_entry_add')}?{urlencode(given)}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """A payment is recorded from the page of an invoice, one at a time."""
        return {name: each for name, each in super().get_actions(request).items() if name != "pay"}

    def obstacle(self, request: HttpRequest, action: str, record: Invoice) -> str:
        if action == "remind":
            return letters.obstacle(record)
        return _("Record it on the page of the invoice.")

    def figures(self, record: Invoice) -> list[tuple[object, object]]:
        last = letters.reminders(record).first()
        return [
            (_("advertiser"), record.advertiser),
            (_("still open"), dollars(record.open_micros)),
            (_("due on"), date_format(record.due_on) if record.due_on else "–"),
            (_("days overdue"), record.days_overdue(timezone.now().date())),
            (_("goes to"), ", ".join(letters.readers(record.advertiser)) or "–"),
            (_("last reminder"), date_format(last.at) if last else "–"),
        ]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        return counted(letters.remind(records, cast(User, request.user)))

    def download(self, request: HttpRequest, pk: int, format: str) -> HttpResponse:
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        invoice = get_object_or_404(Invoice, pk=pk)
        if format not in files.RENDERERS:
            raise Http404
        try:
            return served(invoice, format)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:campaigns_invoice_change", pk)

    def issue_month(self, request: HttpRequest, code: str) -> HttpResponse:
        """The documents of a month that was closed before there were any."""
        month = get_object_or_404(Month, pk=code)
        try:
            issued = invoicing.issue_closed(code, cast(User, request.user))
            messages.success(request, _("%(invoices)s invoices were issued.") % issued)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("admin:campaigns_month_change", month.pk)


@admin.register(Payment)
class PaymentAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Payment,
            "advertiser__name amount_micros received_on bank_reference created_at",
        )
    ]
    list_display = [
        "received_on",
        "advertiser",
        model_admin.dollars("amount_micros", gettext_lazy("amount")),
        model_admin.dollars("rest_micros", gettext_lazy("not allocated")),
        "bank_reference",
        "transfer_key",
    ]
    list_select_related = ["advertiser"]
    search_fields = ["advertiser__name__istartswith"]
    fields: ClassVar[Any] = [*list_display, "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast(Any, super().get_queryset(request)).with_rest()


@panel("admin/panels/invoice.html", of=Invoice, permission=VIEW, position=10)
def document(request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
    """The lines, what settled it, its files and the reminders."""
    settled = invoice.allocations if invoice.is_invoice else invoice.offsets
    return {
        "invoice": invoice,
        "parts": [
            (section, [(line, wording.note(line)) for line in section.lines])
            for section in wording.sections(invoice, invoice.lines.all())
        ],
        "settled": settled.select_related("payment", "credit_note", "invoice").order_by("pk"),
        "reminders": letters.reminders(invoice)[:SHOWN],
    }


@panel("admin/panels/payment_invoices.html", of=Payment, permission=VIEW, position=10)
def settled_by(request: HttpRequest, payment: Payment) -> dict[str, Any]:
    """The invoices that the payment settled, or opened again."""
    return {"allocations": payment.allocations.select_related("invoice").order_by("pk")}


@panel("admin/panels/overdue.html", permission=VIEW, position=25)
def overdue(request: HttpRequest) -> dict[str, Any] | None:
    """What advertisers owe, and since when."""
    ages = ageing(Invoice.objects.all(), timezone.now().date())
    late = [age for age in ages if age.late]
    return {
        "open": sum(age.micros for age in ages),
        "overdue": sum(age.micros for age in late),
        "invoices": sum(age.invoices for age in late),
        "ages": [age for age in late if age.invoices],
    }


@panel("admin/panels/advertiser_invoices.html", of=Advertiser, permission=VIEW, position=20)
def of_advertiser(request: HttpRequest, advertiser: Advertiser) -> dict[str, Any]:
    """Where the advertiser stands, and the newest documents."""
    return {
        "advertiser": advertiser,
        "standing": standing(advertiser, timezone.now().date()),
        "invoices": advertiser.invoices.with_balance().order_by("-pk")[:SHOWN],
    }


@panel("admin/panels/month_invoices.html", of=Month, permission=VIEW, position=15)
def of_month(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """The month's documents by kind, how far their rendering is, and a button where none were issued."""
    if month.status != Month.Status.CLOSED:
        return None
    labels = dict(Invoice.Kind.choices)
    kinds = (
        Invoice.objects.filter(month=month)
        .order_by("-kind")
        .values("kind")
        .annotate(count=Count("pk"), amount=Sum("amount_micros"))
    )
    rows = [{**row, "label": labels[row["kind"]]} for row in kinds]
    return {
        "month": month,
        "rows": rows,
        "lacking": not rows and invoicing.without_documents().filter(pk=month.pk).exists(),
        "unrendered": files.lacking().filter(month=month).count(),
        "run": Run.objects.filter(kind=invoicing.RENDERING, key=month.code).order_by("-id").first(),
    }
