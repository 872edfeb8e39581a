"""The audit trail: who did what to what and when, for money, terms, people and advertisers.

A job module writes one event in the transaction of the step itself, so that neither is there without the
other; the rows are append-only and sealed with the ledger. Names are kept as they read then, and amounts in
micros; the words around them stand in the code, so that the auditor's room reads in his own language.

How a job module takes part:

1. It declares its actions in the `audited.py` of its app, which the AppConfig names (`audited =
   "payouts.audited.AUDITED"`): slug -> Action(area, label, sentence). The sentence may use %(actor)s,
   %(subject)s, %(fields)s (which fields changed) and the event's own facts: a fact `amount_micros` is
   %(amount)s and reads as dollars, an integer has its thousands apart. What an event lacks reads as "–".
2. It writes, after its checks and inside its transaction:

    audit.record(by, "batch.approve", held, payouts=3, amount_micros=1_500_000)

   or for many rows at once, in one INSERT .. SELECT, before it changes what `changed` takes from them:

    audit.record_all(by, "campaign.book", chosen, label=F("reference"),
                     changed={"status": (F("status"), "booked")}, budget_micros=F("budget_micros"))

`by` is None when Pulse itself acts by a rule. Facts are plain JSON, dates or Decimals (text); never a
secret: no password, no bank account, no tax number of a person (a company's stands on its invoices), for
these rows can't be taken back. The forms of the admin do all this by themselves (admin/audited.py), with each
field before and after.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Model, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONArray, JSONObject, Left
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from pulse_site.models import AuditEvent, User

LONGEST_LABEL = AuditEvent._meta.get_field("subject_label").max_length or 0
CHANGED = "changed"  # the fact that holds fields as [before, after]
# What a form never shows, and what changes without anybody's doing.
UNTOLD = frozenset({"id", "password", "last_login"})


@dataclass(frozen=True)
class Action:
    """What is done: the area it belongs to, a label for lists, and the sentence of an event."""

    area: str
    label: Any
    sentence: Any


@cache
def declared() -> dict[str, Action]:
    """The actions of all apps by their slugs, in the order in which the apps are installed."""
    found: dict[str, Action] = {}
    for config in apps.get_app_configs():
        found |= import_string(config.audited) if hasattr(config, "audited") else {}
    return found


def record(
    by: User | None, action: str, subject: Model, *, changed: Mapping[str, Any] | None = None, **facts: Any
) -> None:
    """Write that `by` did `action` to `subject`; `changed` is what `differences` returns.

    Raises LookupError when no app declares the action.
    """
    AuditEvent.objects.create(
        actor=by,
        actor_label=by.get_username() if by else "",
        area=_area(action),
        action=action,
        subject_type=subject._meta.label_lower,
        subject_key=str(subject.pk),
        subject_label=str(subject)[:LONGEST_LABEL],
        detail={**facts, **({CHANGED: dict(changed)} if changed else {})},
    )


def record_all(
    by: User | None,
    action: str,
    subjects: QuerySet[Any],
    *,
    label: Combinable,
    changed: Mapping[str, tuple[Any, Any]] | None = None,
    **facts: Any,
) -> int:
    """Write that `by` did `action` to each of `subjects`, in one statement; returns to how many.

    `label` is the expression that names a row as its page does. Facts, and both sides of what `changed`,
    are expressions over the row, or texts and integers that are the same for all. The rows should be locked
    and each come once. Raises LookupError when no app declares the action.
    """
    detail = {name: _expression(value) for name, value in facts.items()}
    if changed:
        pairs = {name: JSONArray(*map(_expression, sides)) for name, sides in changed.items()}
        detail[CHANGED] = JSONObject(**pairs)
    columns = {
        "at": Value(timezone.now(), DateTimeField()),
        "actor_id": Value(by.pk if by else None, BigIntegerField()),
        "actor_label": Value(by.get_username() if by else ""),
        "area": Value(_area(action)),
        "action": Value(action),
        "subject_type": Value(subjects.model._meta.label_lower),
        "subject_key": Cast("pk", TextField()),
        "subject_label": Left(label, LONGEST_LABEL),
        "detail": JSONObject(**detail),
    }
    rows: QuerySet[Any, Any] = subjects.order_by("pk").values_list(*columns.values())
    try:
        select, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return 0
    table = AuditEvent._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {select}", parameters)
        return cursor.rowcount


def snapshot(record: Model) -> dict[str, Any]:
    """What the record says now: its fields and, by name, what it is linked to; never a password.

    Names are in the house's language, whoever looks, for they are kept.
    """
    fields = [field for field in record._meta.concrete_fields if field.name not in UNTOLD]
    links = [field.name for field in record._meta.many_to_many]
    with translation.override(settings.LANGUAGE_CODE):
        return {
            **{field.name: _value(record, field) for field in fields},
            **{name: sorted(map(_name, getattr(record, name).all())) for name in links},
        }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Field -> [before, after] of what differs; of a list, what was taken out of it and what came in."""
    return {
        name: _sides(before.get(name), value)
        for name, value in after.items()
        if value != before.get(name) and (name in before or not (value is False or value in (None, "", [])))
    }


def _sides(before: Any, after: Any) -> list[Any]:
    if isinstance(after, list) and all(isinstance(each, str) for each in [*after, *(before or [])]):
        return [sorted(set(before or []) - set(after)), sorted(set(after) - set(before or []))]
    return [before, after]


def _value(record: Model, field: Any) -> Any:
    value = getattr(record, field.name)
    return value if value is None or not (field.is_relation or hasattr(value, "chunks")) else _name(value)


def _name(of: Any) -> str:
    """Permissions by their codes, which no translation changes; anything else as it calls itself."""
    if isinstance(of, Permission):
        return f"{of.content_type.app_label}.{of.codename}"
    return str(of)


def _expression(value: Any) -> Any:
    return value if hasattr(value, "resolve_expression") else Value(value)


def _area(action: str) -> str:
    if action not in declared():
        raise LookupError(f"No app declares the action {action!r}: add it to AUDITED in its audited.py.")
    return declared()[action].area
