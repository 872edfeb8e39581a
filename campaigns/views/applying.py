"""To apply: the public page that sends a link, the application behind it, and what becomes of it."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.generic import FormView

from campaigns import admission, agreements, onboarding
from campaigns.models import Ability, Advertiser
from campaigns.views.company import CompanyForm
from campaigns.views.gate import PortalPage
from campaigns.views.invited import AccountForm, Invited
from pulse_site.refusal import Refused


class StartForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address at the company"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    # No person sees this field; programs fill it in.
    fax = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"tabindex": -1, "autocomplete": "off"})
    )


class Start(FormView):
    """The public page: it takes an address, and says the same whoever asks."""

    template_name = "portal/apply.html"
    form_class = StartForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            open=onboarding.form_is_open(), support=settings.SUPPORT_EMAIL, **kwargs
        )

    def form_valid(self, form: StartForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        try:
            if not form.cleaned_data["fax"]:
                onboarding.ask_for_link(email, (get_language() or "en")[:2], _source(self.request))
        except Refused as refusal:
            messages.error(self.request, str(refusal))
            return redirect("portal:apply")
        return self.render_to_response(self.get_context_data(sent_to=email))


def _source(request: HttpRequest) -> str:
    """Where somebody asks from, as a digest: it can be counted, and not be read back."""
    return salted_hmac("application", get_adapter().get_client_ip(request), algorithm="sha256").hexdigest()


class ConsentForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    agreed = forms.BooleanField(label=gettext_lazy("I accept the agreement for the company, and may do so"))


class Apply(Invited):
    """The application: company and contacts, the account of a new person, the agreement."""

    to_apply = True
    template_name = "portal/application_form.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        consent = ConsentForm(initial={"version": agreements.current().version})
        contacts = {"billing_email": self.invitation.email, "safety_email": self.invitation.email}
        return self._shown(CompanyForm(initial=contacts), AccountForm(), consent)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        company, account = CompanyForm(request.POST), AccountForm(request.POST)
        consent = ConsentForm(request.POST)
        needed = [company, consent] if self.person else [company, account, consent]
        valid = [form.is_valid() for form in needed]  # each says what is wrong with it, not only the first
        if not all(valid):
            return self._shown(company, account, consent)
        try:
            with transaction.atomic():
                person = self.person or account.create(self.invitation.email)
                if person is None:
                    return self._shown(company, account, consent)
                made = onboarding.apply(
                    self.invitation, person, company.cleaned_data, consent.cleaned_data["version"]
                )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(request.path)
        return self.enter(person, reverse("portal:application", args=[made.pk]))

    def _shown(self, company: CompanyForm, account: AccountForm, consent: ConsentForm) -> HttpResponse:
        shown = {"company": company, "account": None if self.person else account, "consent": consent}
        return self.render_to_response(self.get_context_data(agreement=agreements.current(), **shown))


class AnswerForm(forms.Form):
    message = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=admission.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class Application(PortalPage):
    """What becomes of the application: where it stands, what was asked, and the way to answer."""

    admitted_only = False
    template_name = "portal/application.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._shown(AnswerForm(), CompanyForm(instance=self.advertiser))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.membership.may(Ability.ACCOUNT):
            raise PermissionDenied
        message, company = AnswerForm(request.POST), CompanyForm(request.POST)
        valid = [message.is_valid(), company.is_valid()]
        if not all(valid):
            return self._shown(message, company)
        try:
            onboarding.answer(
                self.advertiser, self.person, message.cleaned_data["message"], company.cleaned_data
            )
            messages.success(request, _("Thank you. Your answer is with our team, which looks at it next."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(self.address("application"))

    def _shown(self, message: AnswerForm, company: CompanyForm) -> HttpResponse:
        asked = self.advertiser.status == Advertiser.Status.ASKED
        return self.render_to_response(
            self.get_context_data(
                decisions=self.advertiser.decisions.order_by("-id"),
                acceptance=agreements.acceptance(self.advertiser),
                answerable=asked and self.membership.may(Ability.ACCOUNT),
                message=message,
                company=company,
                support=settings.SUPPORT_EMAIL,
            )
        )
