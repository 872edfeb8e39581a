"""Preparing and moving campaigns: the form with its price and forecast, submit, pause, cancel, copy."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.generic.base import TemplateResponseMixin

from campaigns import booking, drafts
from campaigns.models import CAMPAIGN_MOVES, Ability, Campaign
from campaigns.views import estimates
from campaigns.views.forms import OrderForm
from campaigns.views.gate import PortalView
from pulse_site.refusal import Refused

# The moves that an advertiser makes himself: what the button says, and what he is told afterwards.
MOVES: dict[str, tuple[Any, Any]] = {
    "submit": (
        gettext_lazy("Submit"),
        gettext_lazy("Submitted. We look at it and write to you."),
    ),
    "recall": (
        pgettext_lazy("a submitted campaign", "Take back"),
        gettext_lazy("Taken back: you can change it and submit it again."),
    ),
    "pause": (gettext_lazy("Pause"), gettext_lazy("Paused from tomorrow on.")),
    "resume": (gettext_lazy("Resume"), gettext_lazy("It runs again from today on.")),
    "cancel": (gettext_lazy("Cancel campaign"), gettext_lazy("Cancelled.")),
}
# These are asked about once more.
ASKED = ("pause", "cancel")


class Page(TemplateResponseMixin):
    """A page that is its template; what stands in the address is asked for by name."""

    get_context_data: Any

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data())


class OneCampaign(PortalView):
    """A page about one campaign; another advertiser's is not found, whoever asks."""

    section = "campaigns"

    @cached_property
    def campaign(self) -> Campaign:
        return get_object_or_404(self.advertiser.campaigns, pk=self.kwargs["pk"])

    @property
    def chosen(self) -> QuerySet[Campaign]:
        return self.advertiser.campaigns.filter(pk=self.campaign.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(campaign=self.campaign, **kwargs)

    def back(self, name: str = "campaign") -> HttpResponse:
        return redirect(self.address(name, self.campaign.pk))


class OrderPage(Page):
    """The form of an order, with what it costs and how it fits beside it.

    While somebody types, htmx asks for what stands beside the form alone; the button “Work out” does the
    same without a script.
    """

    template_name = "portal/order.html"

    def form(self, data: Any = None) -> OrderForm:
        raise NotImplementedError

    def save(self, form: OrderForm) -> Campaign:
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=self.form()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        valid = form.is_valid()
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "portal/campaign/estimate.html", {"estimate": estimates.of_form(form)})
        if valid and "estimate" not in request.POST:
            try:
                saved = self.save(form)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("portal:campaign", saved.advertiser_id, saved.pk)
        context = self.get_context_data(form=form, estimate=estimates.of_form(form))
        return self.render_to_response(context)


class NewCampaign(OrderPage, PortalView):
    needs = Ability.EDIT
    section = "campaigns"

    def form(self, data: Any = None) -> OrderForm:
        return OrderForm(data)

    def save(self, form: OrderForm) -> Campaign:
        saved = drafts.create(self.advertiser, self.person, **form.cleaned_data)
        messages.success(self.request, _("Your draft is saved. Add creatives, then submit it."))
        return saved


class EditCampaign(OrderPage, OneCampaign):
    needs = Ability.EDIT

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.campaign.editable:
            messages.error(request, _("This order can't be changed now."))
            return self.back()
        return super().get(request, *args, **kwargs)

    def form(self, data: Any = None) -> OrderForm:
        return OrderForm(data, instance=get_object_or_404(self.advertiser.campaigns, pk=self.campaign.pk))

    def save(self, form: OrderForm) -> Campaign:
        saved = drafts.edit(self.campaign, self.person, **form.cleaned_data)
        messages.success(self.request, _("The order is saved."))
        return saved

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if not kwargs["form"].is_bound:
            kwargs["estimate"] = estimates.of_campaign(self.campaign)
        return super().get_context_data(**kwargs)


class MoveCampaign(Page, OneCampaign):
    """Makes a move; asked for by link, it says first what the move does."""

    needs = Ability.EDIT
    template_name = "portal/campaign/ask.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        action = self.kwargs["action"]
        if action not in MOVES or self.campaign.status not in CAMPAIGN_MOVES[action][0]:
            raise Http404
        label, _told = MOVES[action]
        return super().get_context_data(action=action, label=label, **kwargs)

    def post(self, request: HttpRequest, action: str, **kwargs: Any) -> HttpResponse:
        if action not in MOVES:
            raise Http404
        try:
            booking.move(self.chosen, action, self.person)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, MOVES[action][1])
        return self.back()


class CloneCampaign(Page, OneCampaign):
    needs = Ability.EDIT
    template_name = "portal/campaign/ask.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(action="clone", label=_("Copy"), **kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            made = drafts.clone(self.campaign, self.person)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return self.back()
        messages.success(request, _("This is the copy. Choose its dates."))
        return redirect(self.address("campaign_edit", made.pk))


def buttons(campaign: Campaign) -> list[dict[str, Any]]:
    """The moves that the campaign can make now, as its page shows them."""
    return [
        {"action": action, "label": label, "asks": action in ASKED, "main": action in ("submit", "resume")}
        for action, (label, _told) in MOVES.items()
        if campaign.status in CAMPAIGN_MOVES[action][0]
    ]
