"""Pages that a signed link opens: in the language of whom they are for, and told to nobody else."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control

LANGUAGES = dict(settings.LANGUAGES)


def speak(request: HttpRequest, language: str) -> None:
    """Answer in `language`, unless whoever looks has chosen one."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    spoken = chosen if chosen in LANGUAGES else language
    translation.activate(spoken)
    request.LANGUAGE_CODE = spoken


def private(response: HttpResponse) -> HttpResponse:
    """Nothing of it is kept by caches, found by search engines or told to other sites."""
    patch_cache_control(response, private=True, no_cache=True)
    response["Referrer-Policy"] = "same-origin"  # none to others; the form's check needs it among ourselves
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
