"""The form of a decision: a reason of the managed list, more words, and a note for colleagues."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from creators.approval import LONGEST_REASON, NEEDS_REASON
from creators.models import DecisionReason
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm


class DecisionForm(MoveForm):
    """Where a reason is needed either the list or the words must give it."""

    action = ""
    listed = forms.ModelChoiceField(
        DecisionReason.objects.none(),
        label=_("Reason of the list"),
        required=False,
        help_text=_("The creator reads it in his language."),
    )
    field_order = ("listed", "reason", "note")

    def __init__(self, move: Move, *args: Any, **kwargs: Any) -> None:
        super().__init__(move, *args, **kwargs)
        offered = DecisionReason.objects.filter(action=self.action, offered=True)
        self.fields["listed"].queryset = offered  # type: ignore[attr-defined]
        self.fields["reason"].required = False
        self.fields["reason"].label = _("Reason in other words")
        self.fields["reason"].max_length = LONGEST_REASON  # type: ignore[attr-defined]
        self.ready = self.action not in NEEDS_REASON
        if not self.ready:
            self.fields["listed"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        if self.action in NEEDS_REASON and not (answers.get("listed") or answers.get("reason")):
            self.add_error("listed", _("Choose a reason, or write one."))
        return answers


def form_for(action: str) -> type[DecisionForm]:
    return type("DecisionForm", (DecisionForm,), {"action": action})


@admin.register(DecisionReason)
class DecisionReasonAdmin(Exports, model_admin.PulseModelAdmin):
    """Words that were given to somebody stay as they are; a better wording is a new reason."""

    resource_classes = [
        columns(
            DecisionReason,
            "action text_en text_fr position offered",
        )
    ]
    list_display = ["text_en", "text_fr", "action", "position", "offered"]
    list_filter = ["action", "offered"]
    search_fields = ["text_en__istartswith", "text_fr__istartswith"]
    fields = ["action", "text_en", "text_fr", "position", "offered"]

    def get_readonly_fields(self, request: HttpRequest, obj: DecisionReason | None = None) -> list[str]:
        return ["action", "text_en", "text_fr"] if obj and obj.decisions.exists() else []
