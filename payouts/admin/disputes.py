"""Disputes: the oldest first, answered, resolved by a correction, or refused with a reason."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from creators.models import Creator
from payouts import disputes
from payouts.models import Correction, Dispute
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin
from pulse_site.models import User
from pulse_site.panels import panel

SHOWN = 12


class AnswerForm(MoveForm):
    text = forms.CharField(
        label=_("Answer to the creator"),
        max_length=disputes.LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class ResolveForm(MoveForm):
    correction = forms.ModelChoiceField(
        label=_("Number of the approved correction"),
        queryset=Correction.objects.filter(status=Correction.Status.APPROVED),
        widget=forms.NumberInput,
    )
    text = forms.CharField(
        label=_("Answer to the creator"),
        required=False,
        max_length=disputes.LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


def _move(action: str, label: Any, form: type[MoveForm], tone: str = "") -> Move:
    return Move(label, (disputes.ANSWERS,), frozenset(disputes.MOVES[action][0]), tone, form=form)


class StatusFilter(admin.SimpleListFilter):
    """Those that need a person, unless another status is asked for."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(value), label) for value, label in Dispute.Status.choices]

    def choices(self, changelist: Any) -> Any:
        live, *others = super().choices(changelist)
        yield {**live, "display": _("open and answered")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        return queryset.filter(status__in=[self.value()] if self.value() else disputes.LIVE)


@admin.register(Dispute)
class DisputeAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Dispute,
            "id creator__handle month_id status text answer opened_at resolved_at",
        )
    ]
    in_bulk = False
    list_display = ["__str__", model_admin.badge(), "age", "beginning"]
    list_filter = [StatusFilter]
    list_select_related = ["creator"]
    ordering = ["opened_at", "id"]
    fields = [
        "creator_page",
        "month",
        "opened_at",
        "text",
        "answer",
        "correction",
        "resolved_by",
        "resolved_at",
    ]
    moves = {
        "answer": _move("answer", _("Answer"), AnswerForm),
        "resolve": _move("resolve", _("Resolve by a correction"), ResolveForm, "good"),
        "refuse": _move("refuse", _("Refuse"), AnswerForm, "bad"),
    }

    @admin.display(description=_("age"))
    def age(self, dispute: Dispute) -> str:
        return timesince(dispute.opened_at, dispute.resolved_at, depth=1)

    @admin.display(description=_("what the creator says"))
    def beginning(self, dispute: Dispute) -> str:
        return dispute.text[:80] + ("…" if len(dispute.text) > 80 else "")

    @admin.display(description=_("creator"))
    def creator_page(self, dispute: Dispute) -> SafeString:
        address = reverse("admin:creators_creator_change", args=[dispute.creator_id])
        return format_html('<a href="{}">{}</a>', address, dispute.creator)

    def figures(self, record: Dispute) -> list[tuple[object, object]]:
        return [
            (_("statement of"), record.month_id),
            (_("opened"), record.opened_at.date()),
            (_("what the creator says"), record.text),
        ]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: Any) -> str:
        dispute, user, text = records.get(), cast(User, request.user), answers["text"]
        if action == "resolve":
            disputes.resolve(dispute, user, answers["correction"], text)
        else:
            {"answer": disputes.answer, "refuse": disputes.refuse}[action](dispute, user, text)
        return str(_("%(dispute)s: done.")) % {"dispute": dispute}


@panel("admin/panels/disputes.html", permission="payouts.view_dispute", position=13)
def waiting(request: HttpRequest) -> dict[str, Any]:
    """How many disputes nobody has answered yet."""
    unanswered = Dispute.objects.filter(status=Dispute.Status.OPEN)
    return unanswered.aggregate(waiting=Count("pk"), oldest=Min("opened_at"))


@panel("admin/panels/creator_disputes.html", of=Creator, permission="payouts.view_dispute", position=54)
def of_creator(request: HttpRequest, creator: Creator) -> dict[str, Any] | None:
    found = list(creator.disputes.select_related("correction").order_by("-id")[:SHOWN])
    return {"disputes": found} if found else None
