"""What Pulse wants of django-allauth: no sign-up, letters in the reader's language, sealed secrets."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from pulse_site import encryption, mail
from pulse_site.accounts import second_factors
from pulse_site.accounts.language import speak

LOGGED_IN = "logged_in_at"  # the session's key for when it was logged in


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        staff = request.user.is_authenticated and request.user.is_staff
        return resolve_url("admin:index" if staff else settings.LOGIN_REDIRECT_URL)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """From here on Pulse speaks his language, and knows for a while that it is he."""
        request.session[LOGGED_IN] = time.time()
        return speak(super().post_login(request, user, **kwargs), user.language)

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> Any:
        """Who has no address would be sent to and fro between the log-in and a code that nobody sends."""
        if user and not user.email:
            text = _("Your account has no e-mail address. Ask an administrator to add one.")
            self.add_message(request, messages.ERROR, message=text)
            raise ImmediateHttpResponse(redirect("account_login"))
        return super().respond_email_verification_sent(request, user)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the site's own address, whatever name the request called it by."""
        person, _dash, token = key.partition("-")
        page = reverse("account_reset_password_from_key", kwargs={"uidb36": person, "key": token})
        return f"{settings.SITE_URL}{page}"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of who has just logged in: he would enter his password twice to set up a second factor."""
        since = time.time() - self.request.session.get(LOGGED_IN, 0)
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and since > app_settings.REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Not the password, while the session owes the second factor."""
        methods = super().get_reauthentication_methods(user)
        if settings.SECOND_FACTOR_REQUIRED and second_factors.awaited(self.request):
            return [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def can_delete_email(self, email_address: Any) -> bool:
        return not email_address.primary

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every letter goes through Pulse's own post, in the reader's language."""
        reader = context.get("user")
        language = reader.language if reader else translation.get_language()
        mail.post(email, template_prefix.rpartition("/")[2], language, **context)


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        had = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)s") % {"number": had + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Pulse"}
