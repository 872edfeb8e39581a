"""Who must log in with a second factor, and the gate that lets nobody pass who must and did not.

Each app says who must, as a condition on User in its AppConfig: `second_factor = Q(is_staff=True)`. A log-in
of somebody who has one is not complete before he shows it (allauth sees to that). The gate is for the rest:
who has none yet may only set one up, and a session that began before he had one must show it first, or
whoever knew his password alone would stay inside. It stands before every page, whatever app it belongs to.
"""

import operator
from collections.abc import Callable
from functools import cache, reduce
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from pulse_site import encryption
from pulse_site.models import User

SHOWN = "second_factor"  # the session's key for whose second factor it has seen
SECRETS = frozenset({"secret", "seed"})
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one
ALWAYS_OPEN = frozenset({"account_logout", "set_language", "healthz", "readyz"})
SETTING_UP = frozenset({"mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate"})
SHOWING = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})


@cache
def _who() -> Q:
    declared = [config.second_factor for config in apps.get_app_configs() if hasattr(config, "second_factor")]
    return reduce(operator.or_, declared)


def needing() -> QuerySet[User]:
    """People who must have a second factor, whether they have one or not."""
    return User.objects.filter(pk__in=User.objects.filter(_who()).values("pk"))


def having() -> QuerySet[User]:
    """People who have one, whether they must or not."""
    return User.objects.filter(pk__in=Authenticator.objects.filter(type__in=FACTORS).values("user"))


def has_one(person: User) -> bool:
    return having().filter(pk=person.pk).exists()


def remember(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receives the signals that a second factor was shown, or set up, in this very session."""
    request.session[SHOWN] = user.pk


def seal_anew() -> int:
    """Encrypt all secrets by the first key of the ring; returns of how many authenticators."""
    sealed = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)  # that key is a public one
    with transaction.atomic():
        for each in sealed.select_for_update():
            for name in SECRETS & each.data.keys():
                each.data[name] = encryption.encrypt(encryption.decrypt(each.data[name]))
            each.save(update_fields=["data"])
    return sealed.count()


def awaited(request: HttpRequest) -> bool:
    """Whether this session has still to show the second factor that its person has."""
    return not _shown(request) and has_one(cast(User, request.user))


def _shown(request: HttpRequest) -> bool:
    return request.session.get(SHOWN) == request.user.pk


class Gate:
    """The middleware: it comes after those who say who is asking."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        page = request.resolver_match.view_name if request.resolver_match else ""
        if not settings.SECOND_FACTOR_REQUIRED or page in ALWAYS_OPEN or not request.user.is_authenticated:
            return None
        person, asked = request.user, request.get_full_path()
        has = has_one(person)
        if (has and _shown(request)) or not needing().filter(pk=person.pk).exists():
            return None
        if has:
            ways = get_adapter(request).get_reauthentication_methods(person)
            return None if page in SHOWING else redirect_to_login(asked, ways[0]["url"])
        request.second_factor_due = True  # type: ignore[attr-defined] # the pages say why they are shown
        return None if page in SETTING_UP else redirect_to_login(asked, reverse("mfa_index"))
