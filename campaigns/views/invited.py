"""What a link of an invitation opens: for a new person an account, for one who has an account his consent.

The link has to fit the person: who is logged in must be the one whom it was sent to (invitations.py), and
who has an account logs in first. A link that is unknown, used up, taken back or too old is not found, and
the page says the same of each.
"""

from typing import Any, cast

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from campaigns import invitations, team
from campaigns.models import Invitation
from campaigns.views.gate import start_page
from pulse_site.accounts import people
from pulse_site.models import User
from pulse_site.refusal import Refused


class AccountForm(forms.Form):
    """The account of a new person; his address is the one that the link was sent to."""

    first_name = forms.CharField(
        label=_("First name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters; a few words are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def create(self, email: str) -> User | None:
        """The person, or None when the password is too weak, which the form then says."""
        answers = dict(self.cleaned_data)
        try:
            return people.create(
                email, answers.pop("password"), language=(get_language() or "en")[:2], **answers
            )
        except ValidationError as weak:
            self.add_error("password", weak)
            return None


@method_decorator(never_cache, name="dispatch")
class Invited(TemplateView):
    """A page behind the link of an invitation. `to_apply` is the kind of invitation that it is for."""

    to_apply = False
    invitation: Invitation

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = invitations.find(kwargs["token"], to_apply=self.to_apply)
        if found is None:
            return self._instead("portal/invitation_gone.html", 404)
        self.invitation = found
        if request.user.is_authenticated and not invitations.is_for(found, request.user):
            return self._instead("portal/invitation_other.html", 403)
        if not request.user.is_authenticated and people.holder_of(found.email):
            return self._instead("portal/invitation_log_in.html", 200)
        return super().dispatch(request, *args, **kwargs)

    def _instead(self, template: str, status: int) -> HttpResponse:
        self.template_name = template
        return self.render_to_response({"invitation": getattr(self, "invitation", None)}, status=status)

    @property
    def person(self) -> User | None:
        """Who is logged in; None for a new person."""
        return self.request.user if self.request.user.is_authenticated else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        inviter = self.invitation.invited_by
        name = people.display_name(inviter) if inviter else ""
        return super().get_context_data(invitation=self.invitation, inviter=name, **kwargs)

    def enter(self, person: User, address: str) -> HttpResponse:
        """On to `address`; who has just made his account is logged in by it."""
        if self.person:
            return redirect(address)
        login = Login(user=person, redirect_url=address)
        return cast(HttpResponse, perform_password_login(self.request, {"email": person.email}, login))


class Join(Invited):
    """Into the team that somebody was invited to."""

    template_name = "portal/join.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._shown(AccountForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        account = AccountForm(request.POST)
        if self.person is None and not account.is_valid():
            return self._shown(account)
        try:
            with transaction.atomic():
                person = self.person or account.create(self.invitation.email)
                if person is None:
                    return self._shown(account)
                member = team.join(self.invitation, person)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(request.path)
        return self.enter(person, start_page(member.advertiser))

    def _shown(self, account: AccountForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(account=None if self.person else account))
