"""The desk's reports: charts for a span of days, each as CSV too, and a short form on the start page."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creators import reports, waiting
from creators.models import Decision, ProgrammeTerms
from creators.reports import ONE_DAY, Actor, Period
from pulse_site.admin.model_admin import grouped
from pulse_site.countchart import ColumnChart, RowChart
from pulse_site.panels import panel
from pulse_site.spreadsheets import csv_chunks

SEES = "creators.view_decision"
SPANS = (7, 30, 90)
DEFAULT_DAYS, MOST_DAYS, SHORT_DAYS = 30, 366, 14
SERIES = 6  # people with a colour of their own
OTHERS, ROBOT = "others", "robot"
SHOWN = 12
HOURS = ProgrammeTerms._meta.get_field("review_hours").default
Action = Decision.Action
# Report -> its columns, and its rows for a period and the hours of the service level.
DOWNLOADS: dict[str, tuple[tuple[str, ...], Callable[[Period, int], Iterator[tuple[Any, ...]]]]] = {
    "decisions": (("day", "reviewer", "decision", "decisions"), lambda days, _h: reports.decision_rows(days)),
    "ages": (("hours_from", "hours_to", "overdue", "creators"), lambda _days, hours: waiting.age_rows(hours)),
    "queue": (("day", "waiting", "overdue", "answered_in_time", "answered_late"), waiting.history_rows),
    "approvals": (
        ("category", "approved", "rejected", "approved_percent"),
        lambda days, _h: reports.approval_rows(days),
    ),
    "reversals": (("reviewer", "reason", "reversals"), lambda days, _h: reports.reversal_rows(days)),
}


class PeriodForm(forms.Form):
    """Which days; the last thirty unless said otherwise."""

    first = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), required=False
    )
    last = forms.DateField(
        label=gettext_lazy("Until"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), required=False
    )

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        last = answers.get("last") or timezone.localdate()
        first = answers.get("first") or last - ONE_DAY * (DEFAULT_DAYS - 1)
        if last < first:
            self.add_error("last", _("The last day is before the first."))
        elif (last - first).days >= MOST_DAYS:
            self.add_error("first", _("At most a year at a time."))
        return {"first": first, "last": last}

    @property
    def period(self) -> Period:
        """What was asked for; the last thirty days in place of what cannot be."""
        if self.is_valid():
            return Period(**self.cleaned_data)
        return _newest(DEFAULT_DAYS)


def page(request: HttpRequest) -> HttpResponse:
    """Everything that is known of the desk's work in a span of days."""
    form, hours = _asked(request), _service_level()
    period = form.period
    decided, days = reports.decisions(period), waiting.history(period, hours)
    taken_back = reports.reversals(period)
    context = {
        **admin.site.each_context(request),
        "title": _("Desk"),
        "form": form,
        "period": period,
        "spans": [(span, _newest(span)) for span in SPANS],
        "query": f"first={period.first}&last={period.last}",
        "hours": hours,
        **_decisions(decided),
        **_ages(waiting.ages(hours)),
        **_days(days),
        **_approvals(reports.approvals(period)),
        **_reversals(taken_back),
    }
    return TemplateResponse(request, "admin/creators/desk.html", context)


def download(request: HttpRequest, report: str) -> StreamingHttpResponse:
    """One report of the span of days, as CSV."""
    period = _asked(request).period
    if report not in DOWNLOADS:
        raise Http404
    columns, rows = DOWNLOADS[report]
    name = f"pulse-desk-{report}-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = csv_chunks(columns, rows(period, _service_level()))
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@panel("admin/panels/desk.html", permission=SEES, position=21)
def newest(request: HttpRequest) -> dict[str, Any]:
    """What was answered on the last days, in time and late."""
    hours = _service_level()
    days = waiting.history(_newest(SHORT_DAYS), hours)
    return {**_days(days), "hours": hours, "today": days[-1]}


def _asked(request: HttpRequest) -> PeriodForm:
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    form = PeriodForm(request.GET)
    if form.is_valid():  # both days stand in the form, whoever named them
        form.data = {name: str(day) for name, day in form.cleaned_data.items()}
    return form


def _newest(days: int) -> Period:
    today = timezone.localdate()
    return Period(today - ONE_DAY * (days - 1), today)


def _service_level() -> int:
    """Within how many hours a creator should be answered, by the terms of today."""
    terms = ProgrammeTerms.objects.begun(timezone.localdate())
    return terms.values_list("review_hours", flat=True).first() or HOURS


def _day(day: datetime.date) -> str:
    return date_format(day, "j M")


def _decisions(decided: reports.Decided) -> dict[str, Any]:
    """Columns by day, of a colour for each of the busiest; the table says whose is which."""
    people = [actor for actor in decided.actors if not actor.robot][:SERIES]
    tones = {actor.username: f"series-{number}" for number, actor in enumerate(people)}
    shown = [*tones.values(), OTHERS, ROBOT]

    def tone(actor: Actor) -> str:
        return ROBOT if actor.robot else tones.get(actor.username, OTHERS)

    def counts(day: datetime.date) -> list[int]:
        found = dict.fromkeys(shown, 0)
        for actor in decided.actors:
            found[tone(actor)] += actor.by_day[day]
        return list(found.values())

    listed = (Action.APPROVE, Action.REJECT, Action.ASK)
    rows = [
        {
            "actor": actor,
            "tone": tone(actor),
            "counts": [actor.by_action[action] for action in listed],
            "rest": actor.decisions - sum(actor.by_action[action] for action in listed),
        }
        for actor in decided.actors
    ]
    return {
        "decisions_chart": ColumnChart(shown, [(_day(day), counts(day)) for day in decided.period.days]),
        "actors": rows,
        "decisions_total": sum(actor.decisions for actor in decided.actors),
    }


def _ages(bands: list[waiting.Band]) -> dict[str, Any]:
    columns = [(_band(band), (0, band.creators) if band.late else (band.creators, 0)) for band in bands]
    return {
        "ages_chart": ColumnChart(("in-time", "late"), columns),
        "ages": [(_band(band), band) for band in bands],
        "waiting": sum(band.creators for band in bands),
        "overdue": sum(band.creators for band in bands if band.late),
    }


def _band(band: waiting.Band) -> str:
    if band.until is None:
        return _("over %(hours)s h") % {"hours": band.since}
    return _("%(since)s–%(until)s h") % {"since": band.since, "until": band.until}


def _days(days: list[waiting.Day]) -> dict[str, Any]:
    in_time, late = (sum(getattr(each, name) for each in days) for name in ("in_time", "late"))
    return {
        "queue_chart": ColumnChart(
            ("in-time", "late"),
            [(_day(each.day), (each.waiting - each.overdue, each.overdue)) for each in days],
        ),
        "answers_chart": ColumnChart(
            ("in-time", "late"), [(_day(each.day), (each.in_time, each.late)) for each in days]
        ),
        "days": days[::-1],
        "in_time": in_time,
        "late": late,
        "in_time_percent": 100 * in_time // (in_time + late) if in_time + late else None,
    }


def _approvals(found: list[reports.Approvals]) -> dict[str, Any]:
    rows = [
        (
            str(each.category or _("no category")),
            (each.permille, 1_000 - each.permille),
            _percent(each.permille),
        )
        for each in found
    ]
    return {
        "approvals_chart": RowChart(("in-time", "rest"), rows, full=1_000),
        "approvals": [(row[0], each, row[2]) for row, each in zip(rows, found, strict=True)],
    }


def _reversals(found: reports.Reversals) -> dict[str, Any]:
    rows = [(actor.name, (count,), grouped(count)) for actor, count in found.by_actor()[:SHOWN]]
    return {
        "reversals_chart": RowChart(("late",), rows),
        "reversed_by_actor": found.by_actor()[:SHOWN],
        "reversed_by_reason": found.by_reason()[:SHOWN],
        "reversals": sum(count for _actor, _reason, count in found.rows),
    }


def _percent(permille: int) -> str:
    return _("%(number)s %%") % {"number": permille // 10}
