"""The rate card: lines are added from a day on; what has begun is never changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.models import Rate
from pulse_site.admin import model_admin
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.admin.exports import Exports, columns
from pulse_site.templatetags import badges

CPM = model_admin.dollars("cpm_micros", _("CPM"))


@admin.register(Rate)
class RateAdmin(Exports, AuditedAdmin):
    resource_classes = [
        columns(
            Rate,
            "market category__slug starts_on cpm_micros",
        )
    ]
    audited = ("rate.add", "rate.change")
    list_display = ["category", "market", "starts_on", CPM, "begun"]
    list_filter = ["category"]
    list_select_related = ["category"]
    ordering = ["market", "category__position", "-starts_on"]

    @admin.display(description=_("state"))
    def begun(self, rate: Rate) -> SafeString:
        if rate.begun_on(timezone.now().date()):
            return badges.pill(str(_("begun")), "")
        return badges.pill(str(_("to come")), "info")

    def has_change_permission(self, request: HttpRequest, obj: Rate | None = None) -> bool:
        begun = obj is not None and obj.begun_on(timezone.now().date())
        return super().has_change_permission(request, obj) and not begun

    def get_fields(self, request: HttpRequest, obj: Rate | None = None) -> list[Any]:
        """What has begun shows its price as dollars; before, dollars are typed."""
        typed = obj is None or self.has_change_permission(request, obj)
        return ["market", "category", "starts_on", "cpm_micros" if typed else CPM]

    def get_readonly_fields(self, request: HttpRequest, obj: Rate | None = None) -> list[Any]:
        return [CPM]

    def get_form(
        self, request: HttpRequest, obj: Rate | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, labels={"cpm_micros": _("CPM")}, **kwargs)
