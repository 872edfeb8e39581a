"""The gate of the portal: every page of an advertiser opens for its members alone.

The advertiser stands in the address (`/a/<number>/…`), so that two tabs may show two of them and a link says
what it leads to. Who is no member of it gets 404, whether it exists or not; a member whose role lacks what
the page needs gets 403. Views take whatever belongs to the advertiser from `self.advertiser`, never from the
number of a row alone.
"""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from django.views.generic.base import ContextMixin, TemplateResponseMixin

from campaigns.models import Ability, Advertiser, Agreement, AgreementAcceptance, Member
from pulse_site.models import User


@dataclass(frozen=True)
class Section:
    """An entry of the portal's menu: the name of its URL, and what a member needs to see it."""

    name: str
    label: Any
    needs: str = Ability.VIEW


SECTIONS = (
    Section("campaigns", _("Campaigns")),
    Section("reports", _("Reports")),
    Section("invoices", _("Invoices"), Ability.BILLING),
    Section("team", _("Team"), Ability.TEAM),
    Section("company", _("Company"), Ability.ACCOUNT),
)


class PortalView(LoginRequiredMixin, ContextMixin, View):
    """A page of one advertiser. `needs` is the ability that opens it, `section` its entry in the menu.

    Only who was admitted has campaigns, reports and invoices; pages of the application itself are for
    advertisers in any status (`admitted_only = False`).
    """

    needs: str = Ability.VIEW
    section = ""
    admitted_only = True
    memberships: list[Member]
    membership: Member

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.memberships = memberships(self.person)
        found = [each for each in self.memberships if each.advertiser_id == kwargs["advertiser"]]
        if not found or (self.admitted_only and not found[0].advertiser.admitted):
            raise Http404
        self.membership = found[0]
        if not self.membership.may(self.needs):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def person(self) -> User:
        return cast(User, self.request.user)  # nobody else comes past the gate

    @property
    def advertiser(self) -> Advertiser:
        return self.membership.advertiser

    def address(self, name: str, *keys: Any) -> str:
        """The address of another page of the same advertiser."""
        return reverse(f"portal:{name}", args=[self.advertiser.pk, *keys])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            advertiser=self.advertiser,
            membership=self.membership,
            memberships=self.memberships,
            abilities={ability: self.membership.may(ability) for ability in Ability.values},
            sections=[
                {
                    "label": section.label,
                    "url": self.address(section.name),
                    "current": section.name == self.section,
                }
                for section in SECTIONS
                if self.advertiser.admitted and self.membership.may(section.needs)
            ],
            **kwargs,
        )


class PortalPage(PortalView, TemplateResponseMixin):
    """A page that shows `template_name`."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data())


def memberships(person: User) -> list[Member]:
    """The advertisers for which a person may act, by name.

    Each says as `agreement_due` whether the agreement in force is still to be accepted.
    """
    accepted = AgreementAcceptance.objects.filter(
        advertiser=OuterRef("advertiser"), agreement__in=Agreement.objects.in_force(timezone.now().date())
    )
    found = person.memberships.select_related("advertiser").annotate(agreement_due=~Exists(accepted))
    return list(found.order_by("advertiser__name", "advertiser"))


def home(request: HttpRequest) -> HttpResponse:
    """To the one advertiser of the person who asks, or a choice of several."""
    if not request.user.is_authenticated:
        return redirect("portal:login")
    found = memberships(request.user)
    if len(found) == 1:
        return redirect(start_page(found[0].advertiser))
    return render(request, "portal/home.html", {"memberships": found})


def start_page(advertiser: Advertiser) -> str:
    """Where its people begin: at the campaigns, or at the application until it is approved."""
    page = "campaigns" if advertiser.admitted else "application"
    return reverse(f"portal:{page}", args=[advertiser.pk])
