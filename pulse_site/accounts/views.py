"""One's own account on one page, and the switch of languages that remembers."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.generic import UpdateView

from pulse_site.accounts.language import speak
from pulse_site.models import User


class AccountPage(LoginRequiredMixin, UpdateView):
    """What he may change of himself, and the ways to what needs more than a field."""

    model = User
    fields = ["first_name", "last_name", "language"]
    template_name = "account/page.html"
    success_url = reverse_lazy("account")

    def get_object(self, queryset: Any = None) -> User:
        return User.objects.get(username=self.request.user.get_username())

    def form_valid(self, form: ModelForm) -> HttpResponse:
        response = speak(super().form_valid(form), form.instance.language)
        with translation.override(form.instance.language):
            messages.success(self.request, _("Saved."))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.object
        types = list(Authenticator.objects.filter(user=person).values_list("type", flat=True))
        return super().get_context_data(
            verified=EmailAddress.objects.filter(user=person, email=person.email.lower(), verified=True),
            app=Authenticator.Type.TOTP in types,
            passkeys=types.count(Authenticator.Type.WEBAUTHN),
            sessions=UserSession.objects.filter(user=person).count(),
            **kwargs,
        )


def set_language(request: HttpRequest) -> HttpResponse:
    """Django's own, and from now on the person's own language too."""
    language = request.POST.get(i18n.LANGUAGE_QUERY_PARAMETER)
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return i18n.set_language(request)
