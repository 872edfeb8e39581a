"""Flags: who bears one, why and since when, until when he has to put it right; a person resolves it."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creators import flags
from creators.eligibility import rule_names
from creators.models import Creator, Flag
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin, counted
from pulse_site.models import User
from pulse_site.panels import panel

SHOWN = 12


class StandingFilter(admin.SimpleListFilter):
    """Who says nothing wants the flags that stand."""

    title = gettext_lazy("status")
    parameter_name = "status"
    everything = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(Flag.Status.CLEARED, Flag.Status.CLEARED.label), (self.everything, _("All"))]

    def choices(self, changelist: Any) -> Any:
        standing, *others = super().choices(changelist)
        yield {**standing, "display": Flag.Status.STANDING.label}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flag]) -> QuerySet[Flag]:
        if self.value() == self.everything:
            return queryset
        return queryset.filter(cleared_at__isnull=self.value() != Flag.Status.CLEARED)


class GraceFilter(admin.SimpleListFilter):
    title = gettext_lazy("grace")
    parameter_name = "grace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("over", _("is over")), ("running", _("still runs"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flag]) -> QuerySet[Flag]:
        today = timezone.localdate()
        if self.value() == "over":
            return queryset.filter(grace_until__lt=today)
        return queryset.filter(grace_until__gte=today) if self.value() == "running" else queryset


class ResolveForm(MoveForm):
    because = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=flags.LONGEST,
        widget=forms.TextInput(attrs={"autofocus": True}),
        help_text=gettext_lazy("For colleagues; it stays with the flag and in the audit trail."),
    )


class FlagForm(MoveForm):
    """What a colleague should look at, and until when at most."""

    detail = forms.CharField(
        label=gettext_lazy("What should be looked at"),
        max_length=flags.LONGEST,
        widget=forms.TextInput(attrs={"autofocus": True}),
        help_text=gettext_lazy("For colleagues; the creator doesn’t read it."),
    )
    until = forms.DateField(
        label=gettext_lazy("Lapses after"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Without a day it stands until somebody resolves it."),
    )

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until and until < timezone.localdate():
            raise forms.ValidationError(_("That day is gone; choose today or a later one."))
        return until


def said(flag: Flag) -> object:
    """Why the flag was raised: the failed rules by their names, the other handle as a link, or the note."""
    if flag.kind == Flag.Kind.RULES:
        return rule_names(flag.detail)
    if flag.kind == Flag.Kind.SIMILAR:
        listed = reverse("admin:creators_creator_changelist")
        return format_html('<a href="{}?q={}">@{}</a>', listed, flag.detail, flag.detail)
    return flag.detail


def grace(flag: Flag) -> object:
    """The last day, and in words that it is over; a colour alone would not do."""
    if flag.grace_until is None:
        return None
    day = date_format(flag.grace_until)
    if flag.status == Flag.Status.STANDING and flag.grace_until < timezone.localdate():
        return model_admin.badges.pill(_("%(day)s, over") % {"day": day}, "bad")
    return day


@admin.register(Flag)
class FlagAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Flag,
            "creator__handle kind detail raised_at raised_by__username grace_until cleared_at "
            "cleared_by__username resolution",
        )
    ]
    list_display = [
        "__str__",
        "why",
        "raised_at",
        "raised_by",
        "until",
        model_admin.badge(),
    ]
    list_filter = [StandingFilter, "kind", GraceFilter]
    list_select_related = ["creator", "raised_by"]
    search_fields = ["creator__handle__prefix"]
    fields = [
        "page",
        "kind",
        "why",
        "raised_at",
        "raised_by",
        "until",
        "cleared_at",
        "cleared_by",
        "resolution",
    ]
    moves = {
        "resolve": Move(
            gettext_lazy("Resolve"),
            ("creators.review_creator",),
            frozenset({str(Flag.Status.STANDING)}),
            tone="good",
            form=ResolveForm,
            key="r",
        )
    }

    @admin.display(description=gettext_lazy("why"), empty_value="–")
    def why(self, flag: Flag) -> object:
        return said(flag)

    @admin.display(description=gettext_lazy("grace until"), empty_value="–")
    def until(self, flag: Flag) -> object:
        return grace(flag)

    @admin.display(description=gettext_lazy("creator"))
    def page(self, flag: Flag) -> SafeString:
        address = reverse("admin:creators_creator_change", args=[flag.creator_id])
        return format_html('<a href="{}">{}</a>', address, flag.creator)

    def figures(self, record: Flag) -> list[tuple[object, object]]:
        return [(_("why"), said(record)), (_("raised"), record.raised_at.date())]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: Any) -> str:
        return counted(flags.resolve(records, cast(User, request.user), answers["because"]))


@panel("admin/panels/flags.html", of=Creator, permission="creators.view_flag", position=5)
def of_creator(request: HttpRequest, creator: Creator) -> dict[str, Any] | None:
    """What a person should look at, the standing ones first; nothing where there never was a flag."""
    found = creator.flags.select_related("raised_by", "cleared_by").order_by("-id")[:SHOWN]
    rows: list[dict[str, Any]] = [{"flag": flag, "said": said(flag), "grace": grace(flag)} for flag in found]
    rows.sort(key=lambda row: row["flag"].status != Flag.Status.STANDING)
    return {"rows": rows} if rows else None
