"""The creatives of a campaign: add, look at, replace, withdraw."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from campaigns import booking, creatives
from campaigns.models import CREATIVE_MOVES, Ability, Creative
from campaigns.views.forms import CreativeForm
from campaigns.views.orders import OneCampaign, Page
from pulse_site.refusal import Refused


class OneCreative(OneCampaign):
    @cached_property
    def creative(self) -> Creative:
        return get_object_or_404(self.campaign.creatives, pk=self.kwargs["creative"])


class NewCreative(Page, OneCampaign):
    needs = Ability.EDIT
    template_name = "portal/creative.html"

    @property
    def replaced(self) -> Creative | None:
        return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", CreativeForm(initial=self.proposed()))
        return super().get_context_data(replaced=self.replaced, **kwargs)

    def proposed(self) -> dict[str, Any]:
        old = self.replaced
        return {"name": old.name, "landing_url": old.landing_url} if old else {}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        campaign, replaced = self.campaign, self.replaced
        form = CreativeForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                creatives.add(campaign, self.person, replaces=replaced, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Added. We look at it before it is shown."))
                return self.back()
        return self.render_to_response(self.get_context_data(form=form))


class ReplaceCreative(OneCreative, NewCreative):
    """The old one runs on until the new one is approved."""

    @property
    def replaced(self) -> Creative:
        if self.creative.status not in CREATIVE_MOVES["withdraw"][0]:
            raise Http404
        return self.creative


class WithdrawCreative(Page, OneCreative):
    needs = Ability.EDIT
    template_name = "portal/campaign/ask.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        label = _("Withdraw")
        return super().get_context_data(action="withdraw", creative=self.creative, label=label, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = self.campaign.creatives.filter(pk=self.creative.pk)
        try:
            booking.move_creatives(chosen, "withdraw", self.person)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Withdrawn: it is not shown any more."))
        return self.back()


class CreativeFile(OneCreative):
    """The file of a creative, as what it was found to be and under headers that let nothing in it run."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.creative.file:
            raise Http404
        return FileResponse(
            self.creative.file.open(), content_type=self.creative.content_type, headers=creatives.HEADERS
        )
