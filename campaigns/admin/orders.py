"""Campaigns: the queue of those that wait, their pages, and the moves that book or reject them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import booking, budgets, forecast, pricing
from campaigns.models import CAMPAIGN_MOVES, Campaign, Creative
from pulse_site.admin import model_admin
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin, counted
from pulse_site.forms import DollarsField
from pulse_site.panels import panel
from pulse_site.refusal import Refused


class ReasonForm(MoveForm):
    """Only what the advertiser reads: colleagues find the rest in the audit trail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["note"]
        self.fields["reason"].help_text = _("The advertiser reads it.")


LABELS = {
    "book": _("Book"),
    "reject": _("Reject"),
    "submit": _("Submit"),
    "pause": _("Pause"),
    "resume": _("Resume"),
    "cancel": _("Cancel campaign"),
}


class RaiseForm(MoveForm):
    budget = DollarsField(label=_("New budget"), help_text=_("US dollars."))


BUDGET = model_admin.dollars("budget_micros", _("budget"))
CPM = model_admin.dollars("cpm_micros", _("CPM"))
CAMPAIGN_TONES = {"book": "good", "resume": "good", "reject": "bad", "cancel": "bad"}


@admin.register(Campaign)
class CampaignAdmin(Exports, AuditedAdmin, MovingAdmin):
    audited = ("campaign.create", "campaign.change")
    resource_classes = [
        columns(
            Campaign,
            "reference name advertiser__name purchase_order market tier status starts_on ends_on "
            "budget_micros cpm_micros goal_impressions booked_at",
        )
    ]
    list_display = [
        "reference",
        "name",
        "advertiser",
        model_admin.badge(),
        "starts_on",
        "ends_on",
        BUDGET,
        CPM,
        "since",
    ]
    list_filter = ["status", "categories", "tier"]
    list_select_related = ["advertiser"]
    search_fields = ["reference__prefix", "name__istartswith", "advertiser__name__istartswith"]
    autocomplete_fields = ["advertiser"]
    moves = {
        action: Move(
            label,
            ("campaigns.book_campaign",),
            CAMPAIGN_MOVES[action][0],
            CAMPAIGN_TONES.get(action, ""),
            asks_reason=True,
            needs_reason=action in booking.NEEDS_REASON,
            form=ReasonForm,
        )
        for action, label in LABELS.items()
    } | {
        "raise_budget": Move(
            _("Raise budget"), ("campaigns.book_campaign",), budgets.RAISES_IN, form=RaiseForm
        )
    }
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    commercial = ("reference", "advertiser", "budget_micros", "frequency_cap", *Campaign.FROZEN_FIELDS)
    written = ("negotiated", "status_reason", "status_since", "moved_by", "booked_at", "created_at")

    def get_ordering(self, request: HttpRequest) -> Any:
        """The queue oldest first, along the index (status, status_since, id); all else newest first."""
        queue = request.GET.get("status__exact") == Campaign.Status.SUBMITTED
        return ["status_since", "id"] if queue else ["-id"]

    @admin.display(description=_("since"))
    def since(self, campaign: Campaign) -> str:
        return timesince(campaign.status_since, depth=1)

    def get_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[Any]:
        """What was booked shows its money as dollars; before, dollars are typed."""
        locked = obj and (obj.frozen or not self.has_change_permission(request, obj))
        money: list[Any] = [BUDGET, CPM] if locked else ["budget_micros", "cpm_micros"]
        written = self.written if obj else ()
        named = ["reference", "advertiser", "name", "purchase_order", "market", "categories", "tier"]
        return [*named, "starts_on", "ends_on", *money, "frequency_cap", *written]

    def get_form(
        self, request: HttpRequest, obj: Campaign | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        labels = {"budget_micros": _("Budget"), "cpm_micros": _("CPM")}
        return super().get_form(request, obj, change, labels=labels, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[Any]:
        frozen = self.commercial if obj and obj.frozen else ()
        return [*frozen, BUDGET, CPM, *self.written]

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        """Another CPM than the rate card's is one that was agreed on."""
        if not obj.frozen:
            obj.negotiated = obj.cpm_micros != _by_the_card(obj, form.cleaned_data["categories"])
        super().save_model(request, obj, form, change)

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: Any) -> str:
        if action == "raise_budget":
            return counted(budgets.raise_to(records, answers["budget"], request.user))  # type: ignore[arg-type]
        return counted(booking.move(records, action, request.user, **answers))  # type: ignore[arg-type]

    def figures(self, record: Campaign) -> list[tuple[object, object]]:
        """What is sold, and whatever speaks against it."""
        dollars = model_admin.money.dollars
        card = _by_the_card(record, record.categories.all())
        agreed = card is not None and card != record.cpm_micros
        return [
            (_("advertiser"), record.advertiser),
            (_("budget"), dollars(record.budget_micros)),
            (_("CPM"), dollars(record.cpm_micros)),
            *([(_("by the rate card"), dollars(card))] if agreed and card else []),
            (_("days"), f"{record.starts_on} – {record.ends_on}"),
            (_("impressions bought"), model_admin.grouped(record.goal_impressions)),
            *((_("mind"), warning) for warning in _warnings(record)),
        ]


def _by_the_card(campaign: Campaign, categories: Any) -> int | None:
    """The rate card's CPM of the order, None where it has no price."""
    try:
        return pricing.quote(campaign.market, list(categories), campaign.starts_on).cpm_micros
    except Refused:
        return None


def _warnings(campaign: Campaign) -> list[str]:
    """What to mind before the campaign is booked; none afterwards."""
    if campaign.frozen:
        return []
    found = []
    if not campaign.creatives.filter(status=Creative.Status.APPROVED).exists():
        found.append(gettext("No creative is approved yet: nothing can be shown."))
    if campaign.starts_on < timezone.now().date():
        found.append(gettext("Its first day is over."))
    fits = forecast.of_campaign(campaign)
    if fits and fits.fit == forecast.Fit.SHORT:
        found.append(
            gettext("The goal will not fit: about %(free)s impressions are free.")
            % {"free": model_admin.grouped(fits.expected)}
        )
    return found


@panel("admin/panels/waiting.html", permission="campaigns.book_campaign", position=14)
def campaigns_waiting(request: HttpRequest) -> dict[str, Any]:
    """How many campaigns wait to be booked, and since when."""
    waiting = Campaign.objects.waiting_longest_first().order_by()
    return {
        "title": _("Campaigns to book"),
        "url": f"{reverse('admin:campaigns_campaign_changelist')}?status__exact={Campaign.Status.SUBMITTED}",
        **waiting.aggregate(waiting=Count("id"), oldest=Min("status_since")),
    }


@panel("admin/panels/campaign_forecast.html", of=Campaign, permission="campaigns.view_campaign", position=5)
def campaign_forecast(request: HttpRequest, campaign: Campaign) -> dict[str, Any] | None:
    """Whether the goal fits, while that can still be changed."""
    found = None if campaign.frozen else forecast.of_campaign(campaign)
    return {"forecast": found} if found else None


@panel("admin/panels/campaign_creatives.html", of=Campaign, permission="campaigns.view_creative", position=6)
def campaign_creatives(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    return {
        "creatives": campaign.creatives.all(),
        "videos": campaign.excluded_videos.standing().count(),
        "creators": campaign.excluded_creators.standing().count(),
    }
