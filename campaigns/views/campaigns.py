"""An advertiser's campaigns: the list, and how each one runs."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _
from django.views.generic import DetailView, ListView

from campaigns import alerts, charts, history, reports
from campaigns.models import CREATIVE_MOVES, Campaign
from campaigns.views import estimates, orders
from campaigns.views.gate import PortalView

# A booked campaign shows its phase instead.
STAGES = [
    *[choice for choice in Campaign.Status.choices if choice[0] != Campaign.Status.BOOKED],
    *Campaign.Phase.choices,
]


class OwnCampaigns(PortalView):
    """Another advertiser's campaign is not found, whoever asks."""

    section = "campaigns"

    def get_queryset(self) -> QuerySet[Campaign]:
        return self.advertiser.campaigns.order_by("-starts_on", "-id")


class FindForm(forms.Form):
    q = forms.CharField(
        label=_("Name, reference or purchase order"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    stage = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("all")), *STAGES])


class CampaignList(OwnCampaigns, ListView):
    template_name = "portal/campaigns.html"
    paginate_by = 25

    def get_queryset(self) -> QuerySet[Campaign]:
        self.find = FindForm(self.request.GET, label_suffix="")
        campaigns = super().get_queryset()
        wanted = self.find.cleaned_data if self.find.is_valid() else {}
        if text := wanted.get("q", "").strip():
            campaigns = campaigns.filter(
                Q(name__icontains=text) | Q(reference__icontains=text) | Q(purchase_order__icontains=text)
            )
        if stage := wanted.get("stage"):
            campaigns = campaigns.in_stage(stage, timezone.now().date())  # type: ignore[attr-defined]
        return campaigns

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = reports.progress(list(context["object_list"]), timezone.now().date())
        context["rows"] = [(row, alerts.of(row)) for row in rows]
        context["find"] = self.find
        context["narrowed"] = any(self.request.GET.get(name) for name in self.find.fields)
        return context


class CampaignDetail(OwnCampaigns, DetailView):
    template_name = "portal/campaign.html"

    def get_queryset(self) -> QuerySet[Campaign]:
        return super().get_queryset().select_related("moved_by").prefetch_related("categories", "creatives")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = reports.report(self.object, timezone.now().date())
        chart = charts.bar_chart([(_caption(day), day.impressions) for day in report.running_days])
        return super().get_context_data(
            report=report,
            progress=report.progress,
            alerts=alerts.of(report.progress),
            chart=chart,
            **_order(self.object),
            **kwargs,
        )


def _order(campaign: Campaign) -> dict[str, Any]:
    """What its page shows beside the delivery: what it may become, and how it came to be what it is."""
    asked = not campaign.frozen and campaign.status != Campaign.Status.CANCELLED
    return {
        "buttons": orders.buttons(campaign),
        "estimate": estimates.of_campaign(campaign) if asked else None,
        "withdrawable": CREATIVE_MOVES["withdraw"][0],
        "excluded_videos": campaign.excluded_videos.standing().count(),
        "excluded_creators": campaign.excluded_creators.standing().count(),
        "history": history.of_campaign(campaign),
    }


def _caption(day: reports.Day) -> str:
    return f"{date_format(day.day, 'j N')}: {number_format(day.impressions, force_grouping=True)}"
