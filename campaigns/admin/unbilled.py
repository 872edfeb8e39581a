"""What ran and was not billed, for ad operations; and what is wrong with live campaigns today."""

import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns import alerts, reports, unbilled
from campaigns.models import Campaign, Delivery
from pulse_site.panels import panel
from pulse_site.spreadsheets import csv_chunks

SHOWN_ALERTS = 12
SHOWN_ROWS = 100
DAYS = datetime.timedelta(days=30)
DAY = forms.DateInput({"type": "date"}, "%Y-%m-%d")
REASONS = [choice for choice in Delivery.Verdict.choices if choice[0] != Delivery.Verdict.BILLABLE]


class AskedForm(forms.Form):
    """Which deliveries to show; the last thirty days unless said otherwise."""

    reason = forms.ChoiceField(label=_("Reason"), required=False, choices=[("", _("all")), *REASONS])
    campaign = forms.CharField(label=_("Campaign"), required=False, max_length=40)
    first = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    @property
    def asked(self) -> unbilled.Asked:
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "first" not in self.data:
            given["first"] = timezone.now().date() - DAYS
        return unbilled.Asked(**given)


def page(request: HttpRequest) -> HttpResponseBase:
    """What was not billed, by reason, campaign and day, and the newest of its deliveries."""
    form, labels = _asked(request), dict(REASONS)
    context = {
        **admin.site.each_context(request),
        "title": _("Not billed"),
        "form": form,
        "summary": unbilled.summary(form.asked),
        "rows": [(*row[:-1], labels[row[-1]]) for row in unbilled.rows(form.asked, SHOWN_ROWS)],
        "download": f"{reverse('admin:campaigns_delivery_unbilled_csv')}?{request.GET.urlencode()}",
    }
    return TemplateResponse(request, "admin/campaigns/unbilled.html", context)


def download(request: HttpRequest) -> HttpResponseBase:
    content = csv_chunks(unbilled.COLUMNS, unbilled.rows(_asked(request).asked))
    headers = {"Content-Disposition": 'attachment; filename="pulse-not-billed.csv"'}
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: HttpRequest) -> AskedForm:
    if not request.user.has_perm("campaigns.view_delivery"):
        raise PermissionDenied
    form = AskedForm(request.GET)
    form.full_clean()
    return form


@panel("admin/panels/alerts.html", permission="campaigns.view_campaign", position=30)
def today(request: HttpRequest) -> dict[str, Any]:
    """The live campaigns that need a look, the worst first."""
    found = alerts.live(timezone.now().date())
    return {"rows": found[:SHOWN_ALERTS], "count": len(found)}


@panel("admin/panels/campaign_alerts.html", of=Campaign, permission="campaigns.view_delivery", position=9)
def of_campaign(request: HttpRequest, campaign: Campaign) -> dict[str, Any] | None:
    (progress,) = reports.progress([campaign], timezone.now().date())
    found = alerts.of(progress)
    return {"alerts": found, "progress": progress} if found else None
