"""Moves: the buttons and list actions that take records through a state machine.

One page asks before each move: what will move, what can't and why, a reason and a note where the move wants
them. It is reached from a record's page (a button) or from ticked rows of a list (an action), works on ids
that stand in its address, and calls one job function; the job module decides, never this page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pulse_site import panels
from pulse_site.admin.model_admin import PulseModelAdmin
from pulse_site.refusal import Refused


@dataclass(frozen=True)
class Move:
    """What a button says, who may press it (one of the permissions), where it starts, what it asks for.

    What it asks for besides a reason stands in a `form` of its own.
    `tone` is "good" for the move that is hoped for, "bad" for one that takes something away.
    """

    label: Any
    permissions: tuple[str, ...]
    starts_from: frozenset[str]
    tone: str = ""
    asks_reason: bool = False
    needs_reason: bool = False
    form: "type[MoveForm] | None" = None
    key: str = ""  # the letter that presses the button
    binds: bool = False  # the answer is bound to what the page showed (MovingAdmin.seen)


class MoveForm(forms.Form):
    """The reason is for the one who is decided about, the note for colleagues."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    ready = False  # whether Enter alone makes the move, on the page that asks

    def __init__(self, move: Move, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = move.needs_reason
        if not move.asks_reason:
            del self.fields["reason"], self.fields["note"]
        if not move.binds:
            del self.fields["seen"]


class MovingAdmin(PulseModelAdmin):
    """A ModelAdmin whose records are moved by `perform`, by the table `moves`."""

    moves: dict[str, Move] = {}
    in_bulk = True

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        """Make the move and return what to tell the user; raises Refused."""
        raise NotImplementedError

    def obstacle(self, request: HttpRequest, action: str, record: Any) -> str:
        """Why this record can't make the move; empty when it can."""
        if record.status in self.moves[action].starts_from:
            return ""
        return _("It is %(status)s.") % {"status": record.get_status_display()}

    def offers(self, request: HttpRequest, action: str, record: Any) -> bool:
        """Whether the record's page has a button for the move."""
        return record.status in self.moves[action].starts_from

    def figures(self, record: Any) -> Iterable[tuple[object, object]]:
        """Label and value of what must be seen before the one record is moved."""
        return ()

    def seen(self, record: Any) -> str:
        """A digest of what the page of a move that binds shows; `perform` gets it back as an answer."""
        return ""

    def moves_for(self, request: HttpRequest) -> Iterator[tuple[str, Move]]:
        for action, move in self.moves.items():
            if _may(request, move):
                yield action, move

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.move_view)
        return [path("move/<slug:action>/", view, name=self._url_name("move")), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if self.in_bulk:
            for action, move in self.moves_for(request):
                actions[action] = (partial(_ask_for, action), action, str(move.label))
        return actions

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = kwargs.get("obj")
        if record is not None:
            context["moves"] = [
                {
                    "label": move.label,
                    "tone": move.tone,
                    "key": move.key,
                    "url": self.link_of_move(request, action, record),
                }
                for action, move in self.moves_for(request)
                if self.offers(request, action, record)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def move_url(self, action: str, ids: Iterable[Any]) -> str:
        address = reverse(f"admin:{self._url_name('move')}", args=[action])
        return f"{address}?{urlencode({'ids': ','.join(map(str, ids))})}"

    def link_of_move(self, request: HttpRequest, action: str, record: Any) -> str:
        """Where the button of the record's page leads."""
        return self.move_url(action, [record.pk])

    def after_move(self, request: HttpRequest, records: list[Any]) -> HttpResponseRedirect:
        """Where to go once the records were moved, or were not."""
        return redirect(self.back(request, records))

    def move_view(self, request: HttpRequest, action: str) -> HttpResponse:
        if action not in self.moves:
            raise Http404
        move = self.moves[action]
        if not _may(request, move):
            raise PermissionDenied
        obstacles = [(record, self.obstacle(request, action, record)) for record in self._chosen(request)]
        seen = self.seen(obstacles[0][0]) if move.binds and len(obstacles) == 1 else ""
        answers = request.POST if request.method == "POST" else None
        form = (move.form or MoveForm)(move, answers, initial={"seen": seen})
        if form.is_valid() and not all(why for _record, why in obstacles):
            return self._moved(request, action, [r for r, why in obstacles if not why], form.cleaned_data)
        return self._asked(request, action, obstacles, form)

    def _chosen(self, request: HttpRequest) -> QuerySet[Any]:
        ids = [each for each in request.GET.get("ids", "").split(",") if each]
        try:
            chosen = self.get_queryset(request).filter(pk__in=ids[: self.list_per_page])
        except (ValueError, ValidationError):
            raise Http404 from None
        if not ids or not chosen:
            raise Http404
        return chosen

    def _asked(
        self, request: HttpRequest, action: str, obstacles: list[tuple[Any, str]], form: MoveForm
    ) -> HttpResponse:
        move = self.moves[action]
        movable = [record for record, why in obstacles if not why]
        one = obstacles[0][0] if len(obstacles) == 1 else None
        context = {
            **self.admin_site.each_context(request),
            "title": move.label,
            "opts": self.opts,
            "move": move,
            "form": form,
            "movable": movable,
            "refused": [(record, why) for record, why in obstacles if why],
            "figures": self.figures(one) if one else (),
            "panels": panels.shown(request, one, decisive=True) if one else (),
            "back": self.back(request, [record for record, _why in obstacles]),
        }
        return TemplateResponse(request, "admin/move.html", context)

    def _moved(
        self, request: HttpRequest, action: str, movable: list[Any], answers: dict[str, str]
    ) -> HttpResponseRedirect:
        records = self.model._default_manager.filter(pk__in=[record.pk for record in movable])
        try:
            messages.success(request, self.perform(request, action, records, **answers))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return self.after_move(request, movable)

    def back(self, request: HttpRequest, records: list[Any]) -> str:
        """The page from which the move was asked for."""
        if len(records) == 1:
            return reverse(f"admin:{self._url_name('change')}", args=[records[0].pk])
        return reverse(f"admin:{self._url_name('changelist')}")

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"


def _may(request: HttpRequest, move: Move) -> bool:
    return any(request.user.has_perm(permission) for permission in move.permissions)


def counted(moved: int) -> str:
    """What a move of plain rows tells the user."""
    return ngettext("%(count)s moved.", "%(count)s moved.", moved) % {"count": moved}


def _ask_for(
    action: str, model_admin: "MovingAdmin", request: HttpRequest, ticked: QuerySet[Any]
) -> HttpResponseRedirect:
    """The list action: on to the page that asks, with the ids of the ticked rows."""
    return redirect(model_admin.move_url(action, ticked.values_list("pk", flat=True)))
