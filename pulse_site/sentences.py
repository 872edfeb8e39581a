"""An audit event in words: one sentence, what changed before and after, and the facts beside it.

The event keeps plain values; here they become what a person reads, in his own language: amounts in dollars,
choices by their labels, fields by their names.
"""

import json
import re
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from pulse_site import audit, money
from pulse_site.models import AuditEvent

NOTHING = "–"
MICROS = "_micros"
UNIT = re.compile(r"\s*\(micros\)$")


class _Words(dict[str, str]):
    """The words that a sentence asks for; what an event lacks, for it is older than the sentence, is a dash.

    Each only when it is asked for: an export writes a million sentences.
    """

    def __init__(self, event: AuditEvent) -> None:
        super().__init__(actor=actor(event), subject=event.subject_label)
        self.event = event

    def __missing__(self, word: str) -> str:
        if word == "fields":
            return ", ".join(label for label, _before, _after in changes(self.event)) or NOTHING
        name = word if word in self.event.detail else f"{word}{MICROS}"
        return _plain(name, self.event.detail.get(name))


def sentence(event: AuditEvent) -> str:
    """Who did what to what, in one line: "fiona put 2026-10 under review: $1,234.00 revenue, ..."."""
    action = audit.declared().get(event.action)
    if action is None:
        return f"{actor(event)}: {event.action} {event.subject_label}"
    return str(action.sentence) % _Words(event)


def actor(event: AuditEvent) -> str:
    return event.actor_label or "Pulse"


def changes(event: AuditEvent) -> list[tuple[str, str, str]]:
    """Label, before and after of each field that the event changed."""
    model = _model(event)
    return [
        (_label(model, name), _shown(model, name, before), _shown(model, name, after))
        for name, (before, after) in event.detail.get(audit.CHANGED, {}).items()
    ]


def facts(event: AuditEvent) -> list[tuple[str, str]]:
    """Label and value of what else the event says."""
    model = _model(event)
    return [
        (_label(model, name), _shown(model, name, value))
        for name, value in event.detail.items()
        if name != audit.CHANGED
    ]


def _model(event: AuditEvent) -> type[Model] | None:
    try:
        return apps.get_model(event.subject_type)
    except (LookupError, ValueError):
        return None


def _field(model: type[Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _label(model: type[Model] | None, name: str) -> str:
    field = _field(model, name)
    if field is not None and field.auto_created:
        return str(field.related_model._meta.verbose_name_plural)
    plain = field.verbose_name if field is not None else _(name.removesuffix(MICROS).replace("_", " "))
    return UNIT.sub("", str(plain))


def _shown(model: type[Model] | None, name: str, value: Any) -> str:
    labels = dict(getattr(_field(model, name), "flatchoices", None) or ())
    return str(labels[value]) if isinstance(value, str | int) and value in labels else _plain(name, value)


def _plain(name: str, value: Any) -> str:
    if value is None or value in ("", []):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return money.dollars(value) if name.endswith(MICROS) else number_format(value, force_grouping=True)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
