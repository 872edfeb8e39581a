"""What the ad server delivered of campaigns."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _

from campaigns.admin import unbilled
from campaigns.models import Campaign, Delivery
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.panels import panel
from pulse_site.templatetags import badges


@panel("admin/panels/delivery.html", of=Campaign, permission="campaigns.view_delivery", position=10)
def delivery(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What was delivered so far, by verdict, and what that costs."""
    rows = (
        campaign.deliveries.order_by("verdict")
        .values("verdict")
        .annotate(
            rows=Count("id"),
            impressions=Sum("impressions"),
            billed=Sum("billed_impressions"),
            revenue=Sum("revenue_micros"),
        )
    )
    labels = dict(Delivery.Verdict.choices)
    verdicts = [{**row, "label": labels[row["verdict"]]} for row in rows]
    return {
        "verdicts": verdicts,
        "revenue": sum(row["revenue"] for row in verdicts),
        "budget": campaign.budget_micros,
        "campaign": campaign,
    }


@admin.register(Delivery)
class DeliveryAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Delivery,
            "day campaign__reference video_id creator__handle category__slug rank impressions verdict "
            "revenue_micros month_id late",
        )
    ]
    list_display = [
        "day",
        "campaign",
        "video_id",
        "creator",
        "category",
        model_admin.count("impressions", _("impressions")),
        model_admin.count("billed_impressions", _("billed")),
        model_admin.dollars("revenue_micros", _("revenue")),
        "verdict",
        "month",
        "came_late",
    ]
    list_select_related = ["campaign", "creator", "category", "month"]
    search_fields = ["campaign__reference__exact"]
    search_help_text = _("The campaign's reference, in full.")
    fields = [
        "day",
        "campaign",
        "video",
        "creator",
        "category",
        "rank",
        "creative_number",
        model_admin.count("impressions", _("impressions")),
        model_admin.count("billed_impressions", _("billed")),
        "verdict",
        model_admin.dollars("revenue_micros", _("revenue")),
        "month",
        "came_late",
    ]

    def get_urls(self) -> list[Any]:
        own = [
            path(
                "not-billed/", self.admin_site.admin_view(unbilled.page), name="campaigns_delivery_unbilled"
            ),
            path(
                "not-billed.csv",
                self.admin_site.admin_view(unbilled.download),
                name="campaigns_delivery_unbilled_csv",
            ),
        ]
        return own + super().get_urls()

    @admin.display(description=_("came late"))
    def came_late(self, delivery: Delivery) -> str:
        return badges.pill(str(_("late")), "warn") if delivery.late else ""
