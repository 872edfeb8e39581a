"""{% load badges %}: a status as a coloured pill."""

from django import template
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Colour says what a person has to do about it: nothing (good), look (warn), know (info), worry (bad).
TONES = {
    "approved": "good",
    "booked": "good",
    "closed": "good",
    "paid": "good",
    "done": "good",
    "billable": "good",
    "good": "good",
    "valid": "good",
    "clear": "good",
    "pending": "warn",
    "proposed": "warn",
    "received": "warn",
    "not_screened": "warn",
    "submitted": "warn",
    "review": "warn",
    "prepared": "warn",
    "warned": "warn",
    "paused": "warn",
    "previewed": "warn",
    "asked": "info",
    "calculated": "info",
    "reserved": "info",
    "running": "info",
    "queued": "info",
    "applied": "info",
    "rejected": "bad",
    "missing": "bad",
    "match": "bad",
    "suspended": "bad",
    "banned": "bad",
    "failed": "bad",
    "refused": "bad",
    "cancelled": "",
    "withdrawn": "",
    "answered": "info",
    "adjusted": "good",
    "held": "warn",
    "filed": "info",
    "sent": "info",
    "returned": "bad",
    "waiting": "info",
    "accepted": "good",
    "expired": "warn",
    "unpaid": "info",
    "partly_paid": "info",
    "overdue": "bad",
    "available": "info",
    "set_off": "good",
    "standing": "warn",
    "cleared": "good",
}


@register.filter
def badge(record: Model, field: str = "status") -> SafeString:
    """{{ creator|badge }}, {{ creator|badge:"standing" }}: a field with choices, coloured by its value."""
    return pill(str(getattr(record, f"get_{field}_display")()), TONES.get(getattr(record, field), ""))


def pill(label: str, tone: str) -> SafeString:
    """A label as a pill; `tone` is one of the values of TONES."""
    return format_html('<span class="badge badge-{}">{}</span>', tone or "plain", label)
