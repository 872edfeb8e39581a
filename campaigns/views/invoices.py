"""An advertiser's invoices and credit notes: what is to be paid and how, each document, and the files."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import DetailView, ListView, View

from campaigns.invoices import files, sheet, wording
from campaigns.invoices.issuer import Issuer, issuer
from campaigns.invoices.standing import standing
from campaigns.models import Ability, Invoice
from campaigns.views.gate import PortalView
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import csv_chunks

AT_ONCE = 200  # documents read at a time for the list of a year


class OwnInvoices(PortalView):
    """Another advertiser's document is not found, whoever asks."""

    needs = Ability.BILLING
    section = "invoices"

    def get_queryset(self) -> QuerySet[Invoice]:
        return self.advertiser.invoices.with_balance().select_related("month").order_by("-pk")

    def years(self) -> list[int]:
        return list(self.advertiser.invoices.order_by("-year").values_list("year", flat=True).distinct())


class InvoiceList(OwnInvoices, ListView):
    template_name = "portal/invoices.html"
    paginate_by = 25

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.now().date()
        return super().get_context_data(
            standing=standing(self.advertiser, today),
            years=self.years(),
            today=today,
            issuer=_payable(),
            **kwargs,
        )


class InvoiceDetail(OwnInvoices, DetailView):
    template_name = "portal/invoice.html"
    pk_url_kwarg = "invoice"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invoice = self.object
        settled = invoice.allocations if invoice.is_invoice else invoice.offsets
        return super().get_context_data(
            title=wording.title(invoice),
            month=wording.month(invoice.month_id),
            parts=_parts(invoice),
            steps=wording.steps(invoice),
            terms=wording.terms(invoice),
            explanations=wording.explanations(invoice),
            settled=settled.select_related("payment", "credit_note", "invoice").order_by("pk"),
            days_overdue=invoice.days_overdue(timezone.now().date()),
            issuer=_payable(),
            **kwargs,
        )


class InvoiceDownload(OwnInvoices, View):
    def get(self, request: HttpRequest, advertiser: int, invoice: int, format: str) -> HttpResponse:
        found = self.get_queryset().filter(pk=invoice).first()
        if found is None or format not in files.RENDERERS:
            raise Http404
        try:
            return served(found, format)
        except Refused:
            messages.error(request, _("This file is not ready yet; try again later, or ask us for it."))
            return redirect("portal:invoice", advertiser, invoice)


class YearDownload(OwnInvoices, View):
    """All lines of a year's documents, for the advertiser's own books."""

    def get(self, request: HttpRequest, advertiser: int, year: int) -> HttpResponseBase:
        if year not in self.years():
            raise Http404
        documents = self.advertiser.invoices.filter(year=year).order_by("pk").prefetch_related("lines")
        rows = sheet.rows(documents.iterator(AT_ONCE))
        response = StreamingHttpResponse(
            csv_chunks(sheet.columns(), rows), content_type=files.CONTENT_TYPES[files.Format.CSV]
        )
        response["Content-Disposition"] = f'attachment; filename="invoices-{year}.csv"'
        return response


def served(invoice: Invoice, format: str) -> HttpResponse:
    """The stored bytes, to be saved. Raises Refused without an issuer's details."""
    file = files.file_of(invoice, format)
    response = HttpResponse(bytes(file.content), content_type=files.CONTENT_TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="{files.name(file)}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _parts(invoice: Invoice) -> list[dict[str, Any]]:
    return [
        {"section": section, "rows": [(line, wording.note(line)) for line in section.lines]}
        for section in wording.sections(invoice, invoice.lines.all())
    ]


def _payable() -> Issuer | None:
    """Where to pay; None until the settings say it."""
    try:
        return issuer()
    except Refused:
        return None
