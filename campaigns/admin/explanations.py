"""Why a video was in the lineup of a day or not: asked by its number and a day, from all over the admin."""

import datetime
import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns import explanation
from campaigns.explanation import Why
from campaigns.models import Delivery, Placement, PlacementRun
from creators import history
from creators.models import Video
from pulse_site.feeds.cells import LARGEST_ID
from pulse_site.panels import panel
from pulse_site.refusal import Refused

DAYS = 40  # of which counts are offered; a video scores for 30 under the first terms
SCALE = 1_000  # units of the drawing from the first rank to the last
DAY = forms.DateInput({"type": "date"}, "%Y-%m-%d")
TONES = {Why.IN_LINEUP: "good", Why.UNSUITABLE: "bad", Why.NOT_COMPUTED: "info", Why.COUNTS_CHANGED: "bad"}
COUNTS = {
    "views": gettext_lazy("Views"),
    "likes": gettext_lazy("Likes"),
    "comments": gettext_lazy("Comments"),
    "shares": pgettext_lazy("counts of a video", "Shares"),
}


class QuestionForm(forms.Form):
    """A video, by its number or an address that ends with it, and a day: the newest one unless said."""

    video = forms.CharField(
        label=gettext_lazy("Video"),
        max_length=300,
        widget=forms.TextInput({"placeholder": gettext_lazy("Number or address"), "spellcheck": "false"}),
    )
    day = forms.DateField(label=gettext_lazy("Day"), required=False, widget=DAY)

    def clean_video(self) -> int:
        numbers = re.findall(r"\d+", self.cleaned_data["video"], re.ASCII)
        if not numbers or int(numbers[-1][:30]) > LARGEST_ID:
            raise ValidationError(
                _("Write the platform's number of the video, or an address that ends with it.")
            )
        return int(numbers[-1])


def page(request: HttpRequest) -> HttpResponseBase:
    """The question, and once a video is given all that decided about it on the day, and what came of it."""
    if not request.user.has_perm("campaigns.view_placement"):
        raise PermissionDenied
    form = QuestionForm(request.GET or None)
    context = {**admin.site.each_context(request), "title": _("Explain a video"), "form": form}
    if form.is_valid():
        context |= _answer(form, form.cleaned_data["video"], form.cleaned_data["day"])
    return TemplateResponse(request, "admin/campaigns/explanation.html", context)


def _answer(form: QuestionForm, number: int, day: datetime.date | None) -> dict[str, Any]:
    video = Video.objects.filter(pk=number).first()
    days = _days(video) if video else []
    asked = day or (days[0][0] if days else timezone.now().date())
    try:
        standing = explanation.standing(number, asked)
    except Refused as refusal:
        return {"days": days, "number": number, "refusal": str(refusal)}
    facts = explanation.facts(standing)
    return {
        "standing": standing,
        "facts": facts,
        "number": number,
        "days": days,
        "verdict": explanation.verdict(facts, str(standing.counts.category or "")),
        "tone": TONES.get(standing.why, "warn"),
        "parts": [
            (label, facts[name], standing.weights[name], facts[name] * standing.weights[name])
            for name, label in COUNTS.items()
        ],
        "scale": _scale(facts),
        "ads": [(row, _reason(row)) for row in facts["deliveries"]],
    }


def _days(video: Video) -> list[tuple[datetime.date, bool]]:
    """The newest days with counts of the video, and whether it was in the lineup."""
    days = [counts.day for counts in history.video_counts(video, DAYS)]
    runs = PlacementRun.objects.current().filter(day__in=days, market=video.market)
    placed = set(Placement.objects.filter(run__in=runs, video=video).values_list("run__day", flat=True))
    return [(day, day in placed) for day in days]


def _scale(facts: dict[str, Any]) -> dict[str, int] | None:
    """Where on a line from the first rank to the last the lineup ends and the video stands."""
    if facts["rank"] is None or not facts["population"]:
        return None
    return {
        "width": SCALE,
        "lineup": facts["places"] * SCALE // facts["population"],
        "video": min(facts["rank"] * SCALE // facts["population"], SCALE - 4),
    }


def _reason(row: dict[str, Any]) -> str:
    return str(Delivery.Verdict(row["not_billed"]).label) if row["not_billed"] else ""


@panel("admin/panels/explain.html", permission="campaigns.view_placement", position=35)
def question(request: HttpRequest) -> dict[str, Any]:
    """The way to an explanation from the start page."""
    return {"form": QuestionForm(auto_id="id_explain_%s")}
