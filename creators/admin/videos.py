"""Videos and what was counted of them each day."""

import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from creators import history, recategorising
from creators.models import Category, CategoryMove, DecisionReason, Video
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin
from pulse_site.models import User
from pulse_site.panels import panel

DAYS = 40
NO_CATEGORY = "none"
RECATEGORISE, TAKE_BACK = "recategorise", "take-back"


def _choices() -> list[tuple[str, Any]]:
    categories = [(str(category.pk), str(category)) for category in Category.objects.all()]
    return [("", "---------"), *categories, (NO_CATEGORY, _("without a category"))]


def _chosen(value: str) -> Category | None:
    return None if value == NO_CATEGORY else Category.objects.get(pk=value)


class CategoryForm(MoveForm):
    """Where to, from which day on, and why: a reason of the list, or words."""

    category = forms.TypedChoiceField(label=_("Category"), choices=_choices, coerce=_chosen)
    from_day = forms.DateField(
        label=_("From"),
        initial=datetime.date.today,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Counts of this day and later; not of days whose lineup money has used."),
    )
    listed = forms.ModelChoiceField(
        DecisionReason.objects.none(), label=_("Reason of the list"), required=False
    )
    field_order = ("category", "from_day", "listed", "reason", "note")

    def __init__(self, move: Move, *args: Any, **kwargs: Any) -> None:
        super().__init__(move, *args, **kwargs)
        offered = DecisionReason.objects.filter(action=DecisionReason.MOVE_VIDEO, offered=True)
        self.fields["listed"].queryset = offered  # type: ignore[attr-defined]
        self.fields["reason"].label = _("Reason in other words")

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        if not (answers.get("listed") or answers.get("reason")):
            self.add_error("listed", _("Choose a reason, or write one."))
        return answers


@admin.register(Video)
class VideoAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [columns(Video, "platform_id creator__handle category__slug tier market published_at")]
    list_display = ["platform_id", "creator", "category", "tier", "market", "published_at"]
    list_select_related = ["creator", "category"]
    ordering = ["-platform_id"]
    search_fields = ["platform_id"]
    search_help_text = _("The platform's number of the video, or the handle of its creator.")

    in_bulk = False
    moves = {
        RECATEGORISE: Move(
            _("Move to another category"),
            ("creators.recategorise_video",),
            frozenset(),
            asks_reason=True,
            form=CategoryForm,
        ),
        TAKE_BACK: Move(
            _("Take the last move back"),
            ("creators.recategorise_video",),
            frozenset(),
            "bad",
            asks_reason=True,
            needs_reason=True,
        ),
    }

    def obstacle(self, request: HttpRequest, action: str, record: Video) -> str:
        if action == TAKE_BACK and recategorising.standing(record) is None:
            return gettext("No move of this video stands.")
        return ""

    def figures(self, record: Video) -> list[tuple[object, object]]:
        newest = next(iter(history.video_counts(record, 1)), None)
        said = newest.category if newest else record.category
        return [
            (_("Creator"), record.creator),
            (_("Category now"), said or "–"),
            (_("Published"), date_format(record.published_at)),
        ]

    def offers(self, request: HttpRequest, action: str, record: Video) -> bool:
        return not self.obstacle(request, action, record)

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Video], **answers: Any) -> str:
        by = cast(User, request.user)
        days = 0
        for video in records:
            if action == TAKE_BACK:
                days += len(recategorising.take_back(video, by, **answers))
            else:
                days += len(recategorising.move(video, by=by, **answers))
        return gettext("Done; the stored counts of %(days)s days follow.") % {"days": days}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Video], search_term: str
    ) -> tuple[QuerySet[Video], bool]:
        """By number or handle, exactly: each has an index, a part of them has none."""
        term = search_term.strip().lstrip("@").lower()
        if not term:
            return queryset, False
        if term.isdecimal() and int(term) <= models.BigIntegerField.MAX_BIGINT:
            return queryset.filter(platform_id=int(term)), False
        return queryset.filter(creator__handle=term), False


@panel("admin/panels/video_counts.html", of=Video, permission="creators.view_video", position=10)
def daily_counts(request: HttpRequest, video: Video) -> dict[str, Any]:
    return {"counts": history.video_counts(video, DAYS)}


@panel("admin/panels/category_moves.html", of=Video, permission="creators.view_video", position=12)
def category_moves(request: HttpRequest, video: Video) -> dict[str, Any] | None:
    """Where staff moved the video to, newest first."""
    moves = CategoryMove.objects.filter(video=video).select_related(
        "category", "reverses__category", "moved_by", "reversed_by"
    )
    return {"moves": moves} if moves else None
