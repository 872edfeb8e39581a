"""The portal: what an advertiser's people see. Every page starts from Campaign.objects.visible_to(user)."""

from typing import Any, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.views.generic import DetailView, ListView, View

from campaigns import charts, reports
from campaigns.models import Campaign
from pulse_site.models import User


class VisibleCampaigns(LoginRequiredMixin, View):
    """The gate: another advertiser's campaign is not found, whoever asks."""

    @property
    def person(self) -> User:
        return cast(User, self.request.user)  # LoginRequiredMixin lets nobody else in

    def get_queryset(self) -> QuerySet[Campaign]:
        visible = Campaign.objects.visible_to(self.person)
        return visible.select_related("advertiser").order_by("-starts_on", "-id")


class CampaignList(VisibleCampaigns, ListView):
    template_name = "portal/campaigns.html"
    paginate_by = 25

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["rows"] = reports.progress(list(context["object_list"]), timezone.now().date())
        if not context["rows"]:
            context["memberships"] = self.person.memberships.select_related("advertiser")
        return context


class CampaignDetail(VisibleCampaigns, DetailView):
    template_name = "portal/campaign.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = reports.report(self.object, timezone.now().date())
        chart = charts.bar_chart([(_caption(day), day.impressions) for day in report.running_days])
        return super().get_context_data(report=report, progress=report.progress, chart=chart, **kwargs)


def _caption(day: reports.Day) -> str:
    return f"{date_format(day.day, 'j N')}: {number_format(day.impressions, force_grouping=True)}"
