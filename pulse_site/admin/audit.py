"""The auditor's room: who did what and when, newest first, filtered, told in words, exported as filtered.

Nothing here can be changed by anybody. What the apps have to show there beside the list (the seals, the
latest check of the books) are panels of ROOM.
"""

import datetime
import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from pulse_site import audit, panels, sentences
from pulse_site.admin.exports import WRITERS, download
from pulse_site.admin.model_admin import ViewOnlyAdmin, badge
from pulse_site.models import AuditEvent, User
from pulse_site.panels import panel

ROOM = "audit"
PULSE = "Pulse"  # its own doings, in the field for names
SHOWN = 6
NAMES = 200  # of staff that the field for names offers
CHUNK = 2_000
COLUMNS = ["at", "actor", "area", "action", "subject_type", "subject_key", "subject", "what", "detail"]
VIEW = "pulse_site.view_auditevent"


class WantedForm(forms.Form):
    """Who, what and when; `subject` is "campaigns.month:2026-10", as a record's own page asks."""

    who = forms.CharField(label=_("Who"), required=False, widget=forms.TextInput(attrs={"list": "staff"}))
    action = forms.ChoiceField(label=_("What"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    subject = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given, label_suffix="")
        actions = [(slug, capfirst(str(action.label))) for slug, action in audit.declared().items()]
        self.fields["action"].choices = [("", _("everything")), *actions]  # type: ignore[attr-defined]

    def clean_who(self) -> User | str:
        name = self.cleaned_data["who"].strip()
        if name in ("", PULSE):
            return name
        try:
            return User.objects.get(username=name)
        except User.DoesNotExist:
            raise ValidationError(_("Nobody is called so.")) from None

    def narrowed(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """The events that are wanted; none where a field can't be read."""
        if not self.is_valid():
            return events.none()
        wanted = self.cleaned_data
        kind, _colon, key = wanted["subject"].partition(":")
        given = {
            "actor": wanted["who"],
            "action": wanted["action"],
            "at__gte": wanted["since"] and _midnight(wanted["since"]),
            "at__lt": wanted["until"] and _midnight(wanted["until"] + datetime.timedelta(days=1)),
            "subject_type": kind,
            "subject_key": key,
        }
        chosen = {name: value for name, value in given.items() if value}
        return events.filter(**chosen | ({"actor": None} if wanted["who"] == PULSE else {}))


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


class Wanted(admin.ListFilter):
    """The filter that is a form; the others are links."""

    title = _("who, what and when")
    template = "admin/pulse_site/auditevent/wanted.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.form = WantedForm(self.used_parameters)

    def expected_parameters(self) -> list[str | None]:
        return list(WantedForm.base_fields)

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return self.form.narrowed(queryset)

    def staff(self) -> QuerySet[Any, str]:
        return (
            User.objects.filter(is_staff=True).order_by("username").values_list("username", flat=True)[:NAMES]
        )

    def choices(self, changelist: Any) -> Iterator[Any]:
        """What else the list is filtered by, which the form sends along."""
        for name, value in changelist.params.items():
            if name not in self.expected_parameters():
                yield {"name": name, "value": value}


@admin.register(AuditEvent)
class AuditEventAdmin(ViewOnlyAdmin):
    list_display = ["at", "told", badge("area", _("area"))]
    list_display_links = ["told"]
    list_filter = ["area", Wanted]
    search_fields = ["subject_label__prefix"]
    search_help_text = _("What it was done to: a month, a batch, a campaign, a name, or its beginning.")
    fields = ["at", "who", "told", "subject", "action", badge("area", _("area"))]

    @admin.display(description=_("what happened"))
    def told(self, event: AuditEvent) -> str:
        return sentences.sentence(event)

    @admin.display(description=_("who"))
    def who(self, event: AuditEvent) -> str:
        return sentences.actor(event)

    @admin.display(description=_("subject"))
    def subject(self, event: AuditEvent) -> str:
        return f"{event.subject_label} ({event.subject_type} {event.subject_key})"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """By the whole text: a campaign's name has blanks."""
        term = search_term.strip()
        return (queryset.filter(subject_label__prefix=term) if term else queryset), False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/<slug:format>/", view, name="pulse_site_auditevent_export"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": _("Auditor’s room"), "formats": list(WRITERS), **(extra_context or {})}
        if self.has_view_permission(request):
            context["panels"] = panels.shown(request, page=ROOM)
        return super().changelist_view(request, context)

    def export_view(self, request: HttpRequest, format: str) -> StreamingHttpResponse:
        """The list as it is filtered, of any length, sent as it is read."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if format not in WRITERS:
            raise Http404
        try:
            events = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            raise Http404 from None
        rows = map(_row, events.iterator(CHUNK))
        return download(f"audit-{timezone.now():%Y-%m-%d}", format, COLUMNS, rows)


def _row(event: AuditEvent) -> list[str]:
    return [
        event.at.isoformat(timespec="microseconds"),
        sentences.actor(event),
        event.area,
        event.action,
        event.subject_type,
        event.subject_key,
        event.subject_label,
        sentences.sentence(event),
        json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
    ]


@panel("admin/panels/event.html", of=AuditEvent, permission=VIEW, position=10)
def details(request: HttpRequest, event: AuditEvent) -> dict[str, Any]:
    """Each field before and after, the other facts, and the way to what it was done to."""
    return {
        "changes": sentences.changes(event),
        "facts": sentences.facts(event),
        "subject": event.subject_label,
        "page": _page_of_subject(request, event),
    }


@panel("admin/panels/trail.html", of=Model, permission=VIEW, position=8)
def who_did_what(request: HttpRequest, record: Model) -> dict[str, Any] | None:
    """The newest that was done to a record; on the page of an event, to the same subject."""
    if isinstance(record, AuditEvent):
        kind, key = record.subject_type, record.subject_key
    else:
        kind, key = record._meta.label_lower, str(record.pk)
    found = AuditEvent.objects.filter(subject_type=kind, subject_key=key)[:SHOWN]
    events = [(event, sentences.sentence(event)) for event in found]
    return {"events": events, "subject": f"{kind}:{key}"} if events else None


def _page_of_subject(request: HttpRequest, event: AuditEvent) -> str:
    """Where the subject stands in the admin; nothing when it is gone or not for this person's eyes."""
    try:
        model = apps.get_model(event.subject_type)
        exists = model._default_manager.filter(pk=event.subject_key).exists()
    except (LookupError, ValueError, ValidationError):
        return ""
    shown = admin.site._registry.get(model)
    if not (exists and shown and shown.has_view_permission(request)):
        return ""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return reverse(name, args=[event.subject_key])
