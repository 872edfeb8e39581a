"""The page on which a creator accepts the terms, by his signed link (invitations.py)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from creators import invitations
from creators.models import ProgrammeTerms
from pulse_site.refusal import Refused
from pulse_site.unlisted import private, speak


@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """What he is asked to accept, and a button; afterwards, from when he earns."""
    try:
        creator = invitations.creator_of(token)
    except invitations.Expired:
        return private(
            render(request, "portal/no_terms.html", {"support": settings.SUPPORT_EMAIL}, status=410)
        )
    except invitations.Forged:
        return private(render(request, "404.html", status=404))
    speak(request, creator.language)
    refusal = ""
    if request.method == "POST":
        try:
            invitations.accept(creator, translation.get_language())
            return private(redirect(request.path))
        except Refused as refused:
            refusal = str(refused)
    terms = ProgrammeTerms.objects.in_force(timezone.localdate())
    context = {"creator": creator, "terms": terms, "refusal": refusal}
    return private(render(request, "portal/terms.html", context))


def _nothing(request: HttpRequest, status: int) -> HttpResponse:
    context = {"expired": status == 410, "email": settings.SUPPORT_EMAIL}
    return render(request, "portal/no_terms.html", context, status=status)
