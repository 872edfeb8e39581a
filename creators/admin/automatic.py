"""The page of what Pulse does by itself: its rules in words, what they did lately, and how to change them."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from creators import unattended
from creators.eligibility import rule_names
from creators.models import Decision, ProgrammeTerms
from creators.reports import ONE_DAY, Period
from pulse_site.countchart import ColumnChart

SEES = "creators.view_programmeterms"
DAYS = 30
SHOWN = 20
Action = Decision.Action
TONES = {Action.QUEUE: "others", Action.APPROVE: "series-0", Action.REJECT: "late"}
# What the robot is told by: a change of one of them is worth a word before it comes.
SETTINGS = ("auto_approve_followers", "auto_reject_rules", "grace_days")


def page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    today = timezone.localdate()
    period = Period(today - ONE_DAY * (DAYS - 1), today)
    terms, coming = unattended.terms_around(today)
    lately, flags = unattended.lately(period), unattended.flags(period, today)
    context = {
        **admin.site.each_context(request),
        "title": _("Automation"),
        "terms": terms,
        "coming": coming if _differs(terms, coming) else None,
        "rejects": rule_names(terms.auto_reject_rules) if terms else "",
        "coming_rejects": rule_names(coming.auto_reject_rules) if coming else "",
        "days": DAYS,
        "queued": lately.total(Action.QUEUE),
        "approved": lately.total(Action.APPROVE),
        "rejected": lately.total(Action.REJECT),
        "flags": flags,
        "chart": _chart(period, lately),
        "tones": [(tone, Action(action).label) for action, tone in TONES.items()],
        "reasons": [
            (Action(action).label, reason, count) for action, reason, count in lately.reasons[:SHOWN]
        ],
        "ending": [(flag, rule_names(flag.detail)) for flag in unattended.ending_first()[:SHOWN]],
        "today": today,
    }
    return TemplateResponse(request, "admin/creators/automation.html", context)


def _differs(terms: ProgrammeTerms | None, coming: ProgrammeTerms | None) -> bool:
    return bool(coming) and any(getattr(terms, name, None) != getattr(coming, name) for name in SETTINGS)


def _chart(period: Period, lately: unattended.Lately) -> ColumnChart:
    columns: list[tuple[str, Any]] = [
        (date_format(day, "j M"), [lately.by_day[day, action] for action in TONES]) for day in period.days
    ]
    return ColumnChart(list(TONES.values()), columns)
