"""Statements for creators, who have no account: every page starts from the link's signature.

A link that is forged, and a month that is not his, look the same: nothing is found. One that is too old says
so and whom to ask. Nothing of a page is kept by caches, found by search engines or told to other sites.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import Month
from creators.models import Creator
from payouts import disputes, statements
from payouts.models import Dispute
from payouts.statements import files, links, wording
from pulse_site.refusal import Refused
from pulse_site.unlisted import LANGUAGES, private, speak

View = Callable[..., HttpResponse]


def signed(view: View) -> View:
    """The gate: `view` gets the creator whom the link is for instead of the token, in his language."""

    @wraps(view)
    def gated(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        try:
            creator = links.creator_of(token)
        except links.Expired:
            return private(_nothing(request, 410))
        except links.Forged:
            return private(_nothing(request, 404))
        speak(request, creator.language)
        return private(view(request, creator, token=token, **kwargs))

    return gated


@require_safe
@signed
def statement(request: HttpRequest, creator: Creator, token: str, code: str = "") -> HttpResponse:
    """A month's statement; the newest one when the address names none."""
    months = list(links.months_of(creator))
    month = _chosen(months, code)
    if month is None:
        return _nothing(request, 404) if code or months else _none_yet(request, creator)
    context = wording.page(statements.of(creator, month))
    context |= {"token": token, "months": months, "month": month, "languages": list(LANGUAGES)}
    context |= {"disputes": _disputes(creator, month), "may_dispute": _may_dispute(creator, month)}
    return render(request, "portal/statement.html", context)


@require_safe
@signed
def download(
    request: HttpRequest, creator: Creator, token: str, code: str, language: str, format: str
) -> HttpResponse:
    month = _chosen(list(links.months_of(creator)), code)
    if month is None or language not in LANGUAGES or format not in files.RENDERERS:
        return _nothing(request, 404)
    return served(files.file_of(creator, month, language, format))


@require_POST
@signed
def dispute(request: HttpRequest, creator: Creator, token: str, code: str) -> HttpResponse:
    month = _chosen(list(links.months_of(creator)), code)
    if month is None or not _may_dispute(creator, month):
        return _nothing(request, 404)
    try:
        disputes.open_dispute(creator, month, request.POST.get("text", ""))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you: we read it and answer on this page."))
    return redirect("statements:month", token=token, code=code)


def served(file: Any) -> HttpResponse:
    """The stored bytes as a download."""
    return HttpResponse(
        bytes(file.content),
        content_type=files.CONTENT_TYPES[file.format],
        headers={"Content-Disposition": f'attachment; filename="{files.name(file)}"'},
    )


def _chosen(months: list[Month], code: str) -> Month | None:
    return next((month for month in months if code in ("", month.code)), None)


def _nothing(request: HttpRequest, status: int) -> HttpResponse:
    context = {"expired": status == 410, "email": settings.SUPPORT_EMAIL}
    return render(request, "portal/no_statement.html", context, status=status)


def _none_yet(request: HttpRequest, creator: Creator) -> HttpResponse:
    return render(request, "portal/no_statement.html", {"creator": creator, "email": settings.SUPPORT_EMAIL})


def _disputes(creator: Creator, month: Month) -> list[Dispute]:
    return list(Dispute.objects.filter(creator=creator, month=month).order_by("id"))


def _may_dispute(creator: Creator, month: Month) -> bool:
    """In time, and one at a time, as the database has it."""
    live = (Dispute.Status.OPEN, Dispute.Status.ANSWERED)
    return disputes.in_time(month) and not any(each.status in live for each in _disputes(creator, month))
