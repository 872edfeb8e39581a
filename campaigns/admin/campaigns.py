"""Advertisers, their campaigns, and the deliveries that the ad server reports."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, Model, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from import_export import fields

from campaigns import booking
from campaigns.models import ADVERTISER_MOVES, CAMPAIGN_MOVES, Advertiser, Campaign, Delivery, Member
from pulse_site.admin import model_admin
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.admin.exports import DollarsColumn, Exports, HarmlessResource
from pulse_site.admin.moves import Move, MovingAdmin, counted
from pulse_site.panels import panel
from pulse_site.templatetags import badges

SHOWN = 20


class MemberInline(admin.TabularInline):
    model = Member
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Advertiser)
class AdvertiserAdmin(AuditedAdmin, MovingAdmin):
    audited = ("advertiser.create", "advertiser.change")
    list_display = ["name", model_admin.badge(), "legal_name", "billing_email", "created_at"]
    list_filter = ["status"]
    search_fields = ["name__istartswith"]
    fields = ["name", "legal_name", "billing_email", "language", "created_at"]
    readonly_fields = ["created_at"]
    inlines = [MemberInline]
    moves = {
        "approve": Move(
            _("Approve"), ("campaigns.approve_advertiser",), ADVERTISER_MOVES["approve"][0], tone="good"
        ),
        "reject": Move(
            _("Reject"), ("campaigns.approve_advertiser",), ADVERTISER_MOVES["reject"][0], tone="bad"
        ),
    }

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        return counted(booking.admit(records, action, request.user))  # type: ignore[arg-type]

    def facts(self, record: Model) -> dict[str, Any]:
        """Who may act for the advertiser in the portal is a permission too."""
        members = Member.objects.filter(advertiser=record.pk).select_related("user")
        return {**super().facts(record), "members": sorted(f"{each.user} ({each.role})" for each in members)}


class CampaignResource(HarmlessResource):
    budget = DollarsColumn(attribute="budget_micros", column_name="budget_usd")
    cpm = DollarsColumn(attribute="cpm_micros", column_name="cpm_usd")
    goal = fields.Field(attribute="goal_impressions", column_name="goal_impressions")

    class Meta:
        model = Campaign
        fields = (
            "reference",
            "name",
            "advertiser__name",
            "market",
            "tier",
            "status",
            "starts_on",
            "ends_on",
            "budget",
            "cpm",
            "goal",
        )


LABELS = {
    "submit": _("Submit"),
    "book": _("Book"),
    "reject": _("Reject"),
    "pause": _("Pause"),
    "resume": _("Resume"),
    "cancel": _("Cancel campaign"),
}
BUDGET = model_admin.dollars("budget_micros", _("budget"))
CPM = model_admin.dollars("cpm_micros", _("CPM"))
CAMPAIGN_TONES = {"book": "good", "resume": "good", "reject": "bad", "cancel": "bad"}


@admin.register(Campaign)
class CampaignAdmin(AuditedAdmin, Exports, MovingAdmin):
    audited = ("campaign.create", "campaign.change")
    resource_classes = [CampaignResource]
    list_display = [
        "reference",
        "name",
        "advertiser",
        model_admin.badge(),
        "starts_on",
        "ends_on",
        BUDGET,
        CPM,
    ]
    list_filter = ["status", "categories", "tier"]
    list_select_related = ["advertiser"]
    search_fields = ["reference__prefix", "name__istartswith", "advertiser__name__istartswith"]
    autocomplete_fields = ["advertiser"]
    moves = {
        action: Move(
            label, ("campaigns.book_campaign",), CAMPAIGN_MOVES[action][0], CAMPAIGN_TONES.get(action, "")
        )
        for action, label in LABELS.items()
    }
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    commercial = ("reference", "advertiser", "budget_micros", *Campaign.FROZEN_FIELDS)

    def get_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[Any]:
        """What was booked shows its money as dollars; before, dollars are typed."""
        locked = obj and (obj.frozen or not self.has_change_permission(request, obj))
        money: list[Any] = [BUDGET, CPM] if locked else ["budget_micros", "cpm_micros"]
        dated = ["booked_at", "created_at"] if obj else []
        named = ["reference", "advertiser", "name", "market", "categories", "tier", "starts_on", "ends_on"]
        return [*named, *money, *dated]

    def get_form(
        self, request: HttpRequest, obj: Campaign | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        labels = {"budget_micros": _("Budget"), "cpm_micros": _("CPM")}
        return super().get_form(request, obj, change, labels=labels, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[Any]:
        frozen = self.commercial if obj and obj.frozen else ()
        return [*frozen, BUDGET, CPM, "booked_at", "created_at"]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        return counted(booking.move(records, action, request.user))  # type: ignore[arg-type]

    def figures(self, record: Campaign) -> list[tuple[object, object]]:
        return [
            (_("advertiser"), record.advertiser),
            (_("budget"), model_admin.money.dollars(record.budget_micros)),
            (_("CPM"), model_admin.money.dollars(record.cpm_micros)),
            (_("days"), f"{record.starts_on} – {record.ends_on}"),
            (_("impressions bought"), model_admin.grouped(record.goal_impressions)),
        ]


@panel("admin/panels/delivery.html", of=Campaign, permission="campaigns.view_delivery", position=10)
def delivery(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What was delivered so far, by verdict, and what that costs."""
    rows = (
        campaign.deliveries.order_by("verdict")
        .values("verdict")
        .annotate(rows=Count("id"), impressions=Sum("impressions"), revenue=Sum("revenue_micros"))
    )
    labels = dict(Delivery.Verdict.choices)
    verdicts = [{**row, "label": labels[row["verdict"]]} for row in rows]
    return {
        "verdicts": verdicts,
        "revenue": sum(row["revenue"] for row in verdicts),
        "budget": campaign.budget_micros,
        "campaign": campaign,
    }


@panel("admin/panels/campaigns.html", of=Advertiser, permission="campaigns.view_campaign", position=10)
def campaigns(request: HttpRequest, advertiser: Advertiser) -> dict[str, Any]:
    return {"campaigns": advertiser.campaigns.order_by("-starts_on")[:SHOWN]}


@admin.register(Delivery)
class DeliveryAdmin(model_admin.ViewOnlyAdmin):
    list_display = [
        "day",
        "campaign",
        "video_id",
        "creator",
        "category",
        model_admin.count("impressions", _("impressions")),
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
        model_admin.count("impressions", _("impressions")),
        "verdict",
        model_admin.dollars("revenue_micros", _("revenue")),
        "month",
        "came_late",
    ]

    @admin.display(description=_("came late"))
    def came_late(self, delivery: Delivery) -> str:
        return badges.pill(str(_("late")), "warn") if delivery.late else ""
