"""The language that Pulse speaks with somebody: by his cookie, which is set from his own field at log-in."""

from django.conf import settings
from django.http import HttpResponse


def speak(response: HttpResponse, language: str) -> HttpResponse:
    """Set the cookie by which the next request speaks `language`."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response
