"""The lineup browser: a day's lineup by market and category, its scores, its movement and its sizes."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import browser, ranking, score_bands
from campaigns.browser import Show, Sizes, Slice
from campaigns.charts import SLOT, BarChart, bar_chart
from campaigns.models import Placement, PlacementRun
from creators.models import Category
from pulse_site.admin.exports import WRITERS, download
from pulse_site.admin.keyset import Column, beyond
from pulse_site.admin.model_admin import grouped
from pulse_site.feeds.cells import LARGEST_ID

PAGE = 50
AFTER, BEFORE = "after", "before"
DAY = forms.DateInput({"type": "date"}, "%Y-%m-%d")


class WantedForm(forms.Form):
    """Which lineup; whatever is not said is that of the newest one."""

    day = forms.DateField(label=gettext_lazy("Day"), required=False, widget=DAY)
    market = forms.ChoiceField(label=gettext_lazy("Market"), required=False)
    category = forms.ModelChoiceField(
        Category.objects.all(),
        label=gettext_lazy("Category"),
        required=False,
        to_field_name="slug",
        empty_label=gettext_lazy("All"),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        markets = PlacementRun.objects.order_by("market").values_list("market", flat=True).distinct()
        self.fields["market"].choices = [(market, market) for market in markets]  # type: ignore[attr-defined]


def page(request: HttpRequest) -> HttpResponseBase:
    """One page of a lineup; on the first also how it came about and how it moved."""
    form, run = _wanted(request)
    context = {**admin.site.each_context(request), "title": _("Browse the lineups"), "form": form}
    if run is None:
        day, market = form.cleaned_data.get("day"), _market(form)
        beside = browser.neighbours(PlacementRun(day=day, market=market)) if day else ()
        context |= {"asked": {"day": day, "market": market}, "beside": beside, "query": request.GET}
    else:
        seen = browser.slice_of(run, form.cleaned_data.get("category"))
        listed = _listed(request, seen)
        context |= {"run": run, "slice": seen, "query": request.GET, **listed}
        if not listed["deep"]:
            context |= _about(seen)
    return TemplateResponse(request, "admin/campaigns/lineup_browser.html", context)


def file(request: HttpRequest, format: str) -> HttpResponseBase:
    """All that the page lists, not only its fifty rows."""
    form, run = _wanted(request)
    if run is None or format not in WRITERS:
        raise Http404
    seen, show = browser.slice_of(run, form.cleaned_data.get("category")), _show(request)
    parts = [
        "lineup",
        run.market,
        run.day,
        seen.category and seen.category.slug,
        show != Show.ALL and show.value,
    ]
    rows = (tuple("" if cell is None else cell for cell in row) for row in seen.told(show))
    return download("-".join(str(part) for part in parts if part), format, browser.COLUMNS, rows)


def _wanted(request: HttpRequest) -> tuple[WantedForm, PlacementRun | None]:
    """The form, and the lineup that it asks for: the current one of a day, or any by its number."""
    if not request.user.has_perm("campaigns.view_placement"):
        raise PermissionDenied
    form = WantedForm(request.GET)
    form.full_clean()
    runs = PlacementRun.objects.select_related("terms")
    number = request.GET.get("run", "")
    if number.isdecimal() and int(number) <= LARGEST_ID:
        return form, get_object_or_404(runs, pk=int(number))
    runs = runs.current().filter(market=_market(form))
    day = form.cleaned_data.get("day")
    return form, (runs.filter(day=day) if day else runs.order_by("-day")).first()


def _market(form: WantedForm) -> str:
    return form.cleaned_data.get("market") or settings.LAUNCH_MARKET


def _show(request: HttpRequest) -> Show:
    asked = request.GET.get("show", "")
    return Show(asked) if asked in Show.values else Show.ALL


# The list ------------------------------------------------------------------------------------------------


def _listed(request: HttpRequest, seen: Slice) -> dict[str, Any]:
    """One page of the placements, along their key, and the ways to the pages before and after it."""
    show = _show(request)
    columns = [
        Column(part.removeprefix("-"), Placement._meta.get_field("rank"), part.startswith("-"))
        for part in show.order
    ]
    forward, place = _place(request, len(columns))
    rows = seen.rows(show).select_related("creator", "category")
    if place is not None:
        rows = rows.filter(beyond(columns, forward, place))
    found = list((rows if forward else rows.reverse())[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if not forward:
        found.reverse()
    return {
        "show": show,
        "shows": [(each, _asking(request, show=each.value)) for each in Show],
        "rows": found,
        "deep": place is not None,
        "next": _beside(request, AFTER, found[-1:], columns) if more or not forward else "",
        "previous": _beside(request, BEFORE, found[:1], columns) if place and (more or forward) else "",
    }


def _place(request: HttpRequest, columns: int) -> tuple[bool, list[int] | None]:
    """Whether the page goes forward, and after (or before) which row, by the columns of the order."""
    for name in (AFTER, BEFORE):
        try:
            place = [int(number) for number in request.GET.get(name, "").split("_")]
        except ValueError:
            continue
        if len(place) == columns and all(abs(number) <= LARGEST_ID for number in place):
            return name == AFTER, place
    return True, None


def _beside(request: HttpRequest, name: str, row: list[Any], columns: list[Column]) -> str:
    if not row:
        return ""
    place = "_".join(str(getattr(row[0], column.path)) for column in columns)
    return _asking(request, show=request.GET.get("show", ""), **{name: place})


def _asking(request: HttpRequest, **more: str) -> str:
    """The address of the same lineup and category with something else asked of it."""
    asked = request.GET.copy()
    for name in (AFTER, BEFORE, "show"):
        asked.pop(name, None)
    asked.update({name: value for name, value in more.items() if value})
    return f"?{asked.urlencode()}"


# What is told about it -----------------------------------------------------------------------------------


def _about(seen: Slice) -> dict[str, Any]:
    run = seen.run
    days, sizes = browser.sizes(run)
    chosen = next((each for each in sizes if each.category == seen.category), None) if seen.category else None
    whole = Sizes(None, _totals(each.videos for each in sizes), _totals(each.views for each in sizes))
    return {
        "movement": seen.movement(),
        "neighbours": browser.neighbours(run),
        "cut": _cut(seen),
        "spread": _spread(seen),
        "sizes": [_line(each, days) for each in sizes if any(each.videos)],
        "history": _history(days, chosen or whole),
    }


def _totals(columns: Any) -> list[int]:
    return [sum(values) for values in zip(*columns, strict=True)]


def _cut(seen: Slice) -> ranking.Cut | None:
    """What was cut together: the market, or the category; None for all categories that were cut apart."""
    run, terms = seen.run, seen.run.terms
    if not terms.cut_per_category:
        return ranking.Cut(run.population, ranking.places(terms, run.population), run.cutoff_score)
    cut = run.cuts.filter(category=seen.category).first() if seen.category else None
    return (
        ranking.Cut(cut.population, ranking.places(terms, cut.population), cut.cutoff_score) if cut else None
    )


@dataclass(frozen=True)
class Spread:
    """The histogram of the scores: all ranked videos, before them those in the lineup, and the cut."""

    chart: BarChart
    placed: BarChart
    bands: list[tuple[int, int, int, int]]  # from, to, videos, in the lineup
    cut: int | None  # its place on the drawing
    step: int = SLOT


def _spread(seen: Slice) -> Spread | None:
    sums: dict[int, list[int]] = {}
    for band in score_bands.of(seen.run):
        if seen.category is None or band.category_id == seen.category.pk:
            both = sums.setdefault(band.floor, [0, 0])
            both[0] += band.videos
            both[1] += band.placed
    if not sums:
        return None
    floors = [min(sums)]
    while floors[-1] < max(sums):
        floors.append(score_bands.following(floors[-1]))
    bands = [(floor, score_bands.following(floor) - 1, *sums.get(floor, (0, 0))) for floor in floors]
    chart = bar_chart([(_band(low, high, n), n) for low, high, n, _in in bands])
    placed = bar_chart([(_band(low, high, n), n) for low, high, _all, n in bands], top=chart.top)
    cut = _cut(seen)
    return Spread(chart, placed, bands, _mark(cut.score, floors) if cut else None)


def _band(low: int, high: int, videos: int) -> str:
    return f"{grouped(low)} – {grouped(high)}: {grouped(videos)}"


def _mark(score: int | None, floors: list[int]) -> int | None:
    """Where a score lies on the drawing, within its band in proportion."""
    if score is None:
        return None
    at = max(n for n, floor in enumerate(floors) if floor <= score)
    wide = score_bands.following(floors[at]) - floors[at]
    return at * SLOT + SLOT * (score - floors[at]) // wide


def _line(size: Sizes, days: list[datetime.date]) -> dict[str, Any]:
    """A category's newest size, the change since the day before, and how both went as lines."""
    return {
        "category": size.category,
        "videos": size.videos[-1],
        "more": size.videos[-1] - size.videos[-2] if size.videos[-2] else None,
        "views": size.views[-1],
        "videos_line": bar_chart([], size.videos),
        "views_line": bar_chart([], size.views),
    }


def _history(days: list[datetime.date], size: Sizes) -> dict[str, Any]:
    def chart(values: list[int]) -> BarChart:
        told = [f"{date_format(day, 'j N')}: {grouped(n)}" for day, n in zip(days, values, strict=True)]
        return bar_chart(list(zip(told, values, strict=True)))

    rows = list(zip(days, size.videos, size.views, strict=True))
    return {"days": days, "rows": rows[::-1], "videos": chart(size.videos), "views": chart(size.views)}
