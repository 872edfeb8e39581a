"""The team: who is in it, who is invited, and who may do what."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import invitations, team
from campaigns.models import Ability, Invitation, Member
from campaigns.views.gate import PortalPage, PortalView
from pulse_site.refusal import Refused


def _described() -> list[tuple[str, str]]:
    """Each role with what it may do."""
    shown = "<span>{}<small>{}</small></span>"
    return [(role.value, format_html(shown, capfirst(role.label), _abilities(role))) for role in Member.Role]


def _abilities(role: str) -> str:
    return ", ".join(str(ability.label) for ability in Ability if ability in Member.MAY[role])


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=_described, widget=forms.RadioSelect)


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    field_order = ("email", "role")


class Team(PortalPage):
    """Who is in the team and who is invited; the form that invites."""

    needs = Ability.TEAM
    section = "team"
    template_name = "portal/team.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._shown(InviteForm(initial={"role": Member.Role.VIEWER}))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = InviteForm(request.POST)
        if not form.is_valid():
            return self._shown(form)
        try:
            invited = team.invite(self.advertiser, **form.cleaned_data, by=self.person)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._shown(form)
        told = _("We have sent an invitation to %(email)s. It is good for seven days.")
        messages.success(request, told % {"email": invited.email})
        return redirect(self.address("team"))

    def _shown(self, form: InviteForm) -> HttpResponse:
        members = self.advertiser.members.select_related("user").order_by("joined_at", "id")
        invited = self.advertiser.invitations.open().select_related("invited_by")
        return self.render_to_response(self.get_context_data(form=form, members=members, invitations=invited))


class OneMember(PortalView):
    """A page about one member of the team."""

    needs = Ability.TEAM
    section = "team"

    @property
    def member(self) -> Member:
        members = self.advertiser.members.select_related("user", "advertiser")
        return get_object_or_404(members, pk=self.kwargs["member"])


class MemberPage(OneMember, PortalPage):
    """The role of one member, and the way out."""

    template_name = "portal/member.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        member = self.member
        form = RoleForm(initial={"role": member.role})
        return super().get_context_data(member=member, form=form, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member, form = self.member, RoleForm(request.POST)
        if form.is_valid():
            _told(
                request, _("Saved."), lambda: team.change_role(member, form.cleaned_data["role"], self.person)
            )
        return redirect(_after(self, member))


class RemoveMember(OneMember):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        member = self.member
        done = _("%(person)s is no longer in the team.") % {"person": member.user}
        _told(request, done, lambda: team.remove(member, self.person))
        return redirect(_after(self, member))


class Leave(PortalPage):
    """Anybody may leave a team, unless nobody would own it then."""

    admitted_only = False
    template_name = "portal/leave.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        done = _("You left the team of %(advertiser)s.") % {"advertiser": self.advertiser}
        _told(request, done, lambda: team.remove(self.membership, self.person))
        return redirect("portal:home")


class OneInvitation(PortalView):
    """Something that is done to one invitation of the team."""

    needs = Ability.TEAM

    @property
    def invitation(self) -> Invitation:
        return get_object_or_404(self.advertiser.invitations, pk=self.kwargs["invitation"])


class SendAgain(OneInvitation):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        invited = self.invitation
        done = _("We have sent a new link to %(email)s.") % {"email": invited.email}
        _told(request, done, lambda: invitations.send_again(invited, self.person))
        return redirect(self.address("team"))


class TakeBack(OneInvitation):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        invited = self.invitation
        done = _("The invitation of %(email)s is taken back.") % {"email": invited.email}
        _told(request, done, lambda: invitations.take_back(invited, self.person))
        return redirect(self.address("team"))


def _told(request: HttpRequest, done: str, work: Any) -> None:
    """Do it, and say so or why not."""
    try:
        work()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)


def _after(view: PortalView, member: Member) -> str:
    """Back to the team; who has just given up his own ownership sees it no more."""
    still = Member.objects.filter(advertiser=member.advertiser_id, user=view.person, role=Member.Role.OWNER)
    return view.address("team" if still.exists() else "campaigns")
