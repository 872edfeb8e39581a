"""What is known of the company, and the agreement that it accepted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import agreements, onboarding
from campaigns.models import Ability, Advertiser
from campaigns.views.gate import PortalPage
from pulse_site import countries
from pulse_site.refusal import Refused

# What browsers and assistive programs know each field by.
AUTOCOMPLETE = {
    "name": "organization",
    "legal_name": "organization",
    "website": "url",
    "street": "address-line1",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
    "country": "country",
    "billing_name": "billing name",
    "billing_email": "billing email",
}


def _countries() -> list[tuple[str, str]]:
    return [("", "—"), *countries.choices()]


class CompanyForm(forms.ModelForm):
    """What an applicant says, and an owner changes later: all of it is needed but the region."""

    website = forms.URLField(label=gettext_lazy("Website"), assume_scheme="https", max_length=200)
    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=_countries)

    class Meta:
        model = Advertiser
        fields = Advertiser.DETAILS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = name != "region"
            if name in AUTOCOMPLETE:
                field.widget.attrs["autocomplete"] = AUTOCOMPLETE[name]

    def clean(self) -> dict[str, Any]:
        """Each in one line: a name goes into the subject of letters."""
        return {name: " ".join(value.split()) for name, value in self.cleaned_data.items()}

    @property
    def about(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "legal_name", "website", "tax_number")]

    @property
    def place(self) -> list[forms.BoundField]:
        return [self[name] for name in ("street", "city", "postal_code", "region", "country")]

    @property
    def contacts(self) -> list[forms.BoundField]:
        return [self[name] for name in ("billing_name", "billing_email", "safety_name", "safety_email")]


class Company(PortalPage):
    """What is known of the company; its owners change it, and staff look at what they change."""

    needs = Ability.ACCOUNT
    section = "company"
    template_name = "portal/company.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._shown(CompanyForm(instance=self.advertiser))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = CompanyForm(request.POST)
        if not form.is_valid():
            return self._shown(form)
        changed = onboarding.change(self.advertiser, self.person, form.cleaned_data)
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect(self.address("company"))

    def _shown(self, form: CompanyForm) -> HttpResponse:
        accepted = agreements.acceptance(self.advertiser)
        return self.render_to_response(self.get_context_data(company=form, acceptance=accepted))


class AgreementPage(PortalPage):
    """The agreement in force: everybody of the team reads it, an owner accepts it."""

    admitted_only = False
    template_name = "portal/agreement.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.membership.may(Ability.ACCOUNT):
            raise PermissionDenied
        shown = request.POST.get("version", "")
        try:
            agreements.accept(self.advertiser, int(shown) if shown.isdecimal() else 0, self.person)
            messages.success(request, _("Thank you. You accepted the agreement."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(self.address("agreement"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        accepted = agreements.acceptance(self.advertiser)
        return super().get_context_data(agreement=agreements.current(), acceptance=accepted, **kwargs)
