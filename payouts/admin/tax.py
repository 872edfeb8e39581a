"""Tax years: their thresholds, what was paid in them, and the file for Forms 1099."""

from collections.abc import Iterator
from io import StringIO
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext_lazy as _

from payouts import payees, tax
from payouts.models import TaxYear
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.models import User
from pulse_site.panels import panel

LABELS = {
    "threshold_micros": _("Reporting threshold"),
    "royalty_threshold_micros": _("Reporting threshold of royalties"),
}


@admin.register(TaxYear)
class TaxYearAdmin(Exports, model_admin.PulseModelAdmin):
    resource_classes = [
        columns(
            TaxYear,
            "year threshold_micros royalty_threshold_micros withholding_basis_points",
        )
    ]
    list_display = [
        "year",
        model_admin.dollars("threshold_micros", _("reporting threshold")),
        model_admin.dollars("royalty_threshold_micros", _("reporting threshold of royalties")),
    ]
    ordering = ["-year"]

    def get_form(
        self, request: HttpRequest, obj: TaxYear | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, labels=LABELS, **kwargs)

    def get_fields(self, request: HttpRequest, obj: TaxYear | None = None) -> list[Any]:
        """Dollars are typed by who may change them, and shown to the others."""
        if self.has_change_permission(request, obj) or obj is None:
            return ["year", *LABELS, "withholding_basis_points"]
        return ["year", *self.list_display[1:], "withholding_basis_points"]

    def get_readonly_fields(self, request: HttpRequest, obj: TaxYear | None = None) -> list[Any]:
        return ["year", *self.list_display[1:]] if obj else []

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("<int:year>/1099.csv", view, name="payouts_taxyear_1099"), *super().get_urls()]

    def export_view(self, request: HttpRequest, year: int) -> HttpResponse:
        """The file: masked, or by a POST with the tax numbers, for who may see them."""
        if not (self.has_view_permission(request) and request.user.has_perm("payouts.view_payee")):
            raise PermissionDenied
        full = request.method == "POST"
        if full and not request.user.has_perm(payees.SEES):
            raise PermissionDenied
        get_object_or_404(TaxYear, pk=year)
        text = StringIO()
        tax.export(year, text, cast(User, request.user), in_full=full)
        response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="1099-{year}.csv"'
        response["Cache-Control"] = "no-store"
        return response


@panel("admin/panels/tax_year.html", of=TaxYear, permission="payouts.view_payee", position=5)
def totals(request: HttpRequest, year: TaxYear) -> dict[str, Any]:
    found = tax.totals(year.pk)
    return {
        **found,
        "rows": list(_rows(found)),
        "may_see": request.user.has_perm(payees.SEES),
    }


def _rows(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for verdict, label in tax.VERDICTS.items():
        yield {"label": label, **found["verdicts"][verdict]}
