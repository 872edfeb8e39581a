"""Reports: what an advertiser's campaigns delivered, what it cost, and beside which videos it ran."""

import datetime
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from campaigns import charts, figures, periods, safety
from campaigns.figures import By, Line
from campaigns.models import MICROS_PER_CENT, Campaign, Month
from campaigns.reports import PERMILLE
from campaigns.views.gate import PortalView
from pulse_site.money import MICROS_PER_DOLLAR, dollars
from pulse_site.spreadsheets import csv_chunks, xlsx_chunks

FORMATS = {
    "csv": ("text/csv; charset=utf-8", csv_chunks),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_chunks),
}
DEFAULT_PERIOD = "all"


class ReportForm(forms.Form):
    """What a report is about. Every answer stands in the address, so that a link shows the same again."""

    campaign = forms.TypedChoiceField(
        label=gettext_lazy("Campaign"), required=False, coerce=int, empty_value=None
    )
    period = forms.ChoiceField(label=gettext_lazy("Period"), required=False)
    first = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    last = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    by = forms.ChoiceField(choices=By.choices, required=False, widget=forms.HiddenInput)

    def __init__(self, campaigns: list[Campaign], today: datetime.date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {**periods.presets(today), **periods.invoiced(campaigns, today)}
        named = [(campaign.pk, str(campaign)) for campaign in campaigns]
        self.fields["campaign"].choices = [("", _("All campaigns")), *named]  # type: ignore[attr-defined]
        self.fields["period"].choices = [  # type: ignore[attr-defined]
            *((period.key, period.label) for period in self.offered.values()),
            (periods.CUSTOM, _("From – to")),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("period") == periods.CUSTOM and not self.errors:
            if not given.get("first") or not given.get("last"):
                self.add_error("first", _("Say the first and the last day."))
            elif given["last"] < given["first"]:
                self.add_error("last", _("The last day is before the first."))
        return given

    @property
    def asked(self) -> periods.Period:
        """The period; the default one where what was asked for makes no sense."""
        given = self.cleaned_data
        if given.get("period") == periods.CUSTOM and self.is_valid():
            return periods.custom(given["first"], given["last"])
        return self.offered.get(given.get("period") or "", self.offered[DEFAULT_PERIOD])


class Asked(PortalView):
    """What is asked for, out of the address. A campaign of another advertiser is not found."""

    section = "reports"

    @cached_property
    def campaigns(self) -> list[Campaign]:
        return list(self.advertiser.campaigns.order_by("-starts_on", "-pk"))

    @cached_property
    def form(self) -> ReportForm:
        form = ReportForm(self.campaigns, timezone.now().date(), self.request.GET.dict(), label_suffix="")
        form.full_clean()
        return form

    @cached_property
    def chosen(self) -> list[Campaign]:
        if not (asked := self.request.GET.get("campaign", "")):
            return self.campaigns
        found = [campaign for campaign in self.campaigns if str(campaign.pk) == asked]
        if not found:
            raise Http404
        return found

    @property
    def by(self) -> By:
        return By(self.form.cleaned_data.get("by") or By.DAY)

    def link(self, **answers: str) -> str:
        """The query of the page with these answers instead of those given."""
        query = self.request.GET.copy()
        for name, answer in answers.items():
            query[name] = answer
        return f"?{query.urlencode()}"


class Report(Asked, TemplateView):
    template_name = "portal/reports.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = figures.report(self.chosen, self.by, self.form.asked)
        charted = report.running_days[-figures.SHOWN :]
        return super().get_context_data(
            form=self.form,
            report=report,
            only=self.chosen[0] if self.form.data.get("campaign") else None,
            cards=_cards(report),
            lines=_lines(report),
            charted=charted,
            chart=charts.bar_chart(
                [(_caption(day), day.billed) for day in charted],
                [day.billed for day in report.running_days_before[-len(charted) :]],
            ),
            tabs=[(by.label, self.link(by=by.value), by == report.by) for by in By],
            downloads=[
                (name.upper(), f"{self.address('report_file', report.by.value, name)}{self.link()}")
                for name in FORMATS
            ],
        )


class ReportFile(Asked):
    """A report's lines as a file, all of them."""

    def get(self, request: HttpRequest, by: str, kind: str, **keys: Any) -> HttpResponseBase:
        if by not in By.values or kind not in FORMATS:
            raise Http404
        asked = By(by)
        lines = figures.table(self.chosen, asked, self.form.asked)
        name = f"pulse-{by}-{self.form.asked.key}.{kind}"
        return _download(name, kind, _header(asked), (_cells(asked, line) for line in lines))


class Safety(PortalView, TemplateView):
    """The brand-safety statement of a month, the last whole one unless another is asked for."""

    template_name = "portal/safety.html"
    section = "reports"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.now().date()
        last = today.replace(day=1) - datetime.timedelta(days=1)
        code = self.request.GET.get("month") or f"{last:%Y-%m}"
        offered = periods.invoiced(list(self.advertiser.campaigns.all()), today)
        return super().get_context_data(
            statement=safety.statement(self.advertiser.pk, _month(code)),
            months=[(period.month, _month(period.month).first_day) for period in offered.values()],
        )


class SafetyFile(PortalView):
    section = "reports"

    def get(self, request: HttpRequest, month: str, kind: str, **keys: Any) -> HttpResponseBase:
        if kind not in FORMATS:
            raise Http404
        lines = safety.rows(self.advertiser.pk, _month(month))
        return _download(f"pulse-brand-safety-{month}.{kind}", kind, safety.COLUMNS, lines)


def _month(code: str) -> Month:
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", code, re.ASCII):
        raise Http404
    return Month(code=code)


def _download(name: str, kind: str, header: Iterable[str], rows: Iterable[Any]) -> StreamingHttpResponse:
    content_type, chunks = FORMATS[kind]
    content: Iterator[Any] = chunks(list(header), rows)
    return StreamingHttpResponse(
        content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _header(by: By) -> list[str]:
    names = {By.DAY: ["day"], By.VIDEO: ["video", "creator", "category"]}
    rank = "best_rank" if by == By.VIDEO else "median_rank"
    return [
        *names.get(by, [by.value, "reference"]),
        "impressions", "billed_impressions", "not_billed", "billed_usd", "ecpm_usd", rank, "suitable_percent",
    ]  # fmt: skip


def _cells(by: By, line: Line) -> list[Any]:
    """Amounts are exact decimals."""
    named = {
        By.DAY: [str(line.key)],
        By.VIDEO: [str(line.key), line.label, line.note],  # a number of 19 digits is a text to a spreadsheet
    }
    suitable = line.suitable_permille
    return [
        *named.get(by, [line.label, line.note]),
        line.impressions,
        line.billed,
        line.unbilled,
        Decimal(line.micros) / MICROS_PER_DOLLAR,
        "" if line.ecpm_micros is None else Decimal(line.ecpm_micros) / MICROS_PER_DOLLAR,
        line.rank or "",
        "" if suitable is None else Decimal(suitable) / 10,
    ]


def _cards(report: figures.Report) -> list[dict[str, str]]:
    """The figures above the table, each with how it changed since the period before."""
    now, before = report.totals, report.before or figures.Figures()
    rank = ""
    if report.population:
        rank = _("median rank of %(count)s videos a day") % {"count": _count(report.population)}
    return [
        {"label": _("Billed"), "value": dollars(now.micros), **_change(report, now.micros, before.micros)},
        {
            "label": _("Billed impressions"),
            "value": _count(now.billed),
            **_change(report, now.billed, before.billed),
        },
        {
            "label": _("eCPM"),
            "value": _cents(now.ecpm_micros),
            "note": _("for a thousand billed impressions"),
        },
        {"label": _("Your ads ran next to"), "value": _rank(report.rank), "note": rank},
        {
            "label": _("Suitable inventory"),
            "value": _percent(now.suitable_permille),
            "note": _("of all that was delivered"),
        },
    ]


def _change(report: figures.Report, now: int, before: int) -> dict[str, str]:
    if report.before is None:
        return {"note": ""}
    if not before:
        return {"note": _("nothing in the period before")}
    permille = abs(now - before) * PERMILLE // before
    sign = "+" if now > before else "−" if now < before else "±"
    return {
        "note": _("%(change)s to the period before") % {"change": f"{sign}{_percent(permille)}"},
        "tone": "up" if now > before else "down" if now < before else "",
    }


def _lines(report: figures.Report) -> list[dict[str, Any]]:
    most = max((line.micros for line in report.lines), default=0)
    # The newest day comes first. A page has so many lines, a file all of them.
    lines = (report.lines[::-1] if report.by == By.DAY else report.lines)[: figures.SHOWN]
    return [
        {
            "line": line,
            "label": line.label or line.key,
            "ecpm": _cents(line.ecpm_micros),
            "rank": "–" if line.rank is None else _count(line.rank),
            "suitable": _percent(line.suitable_permille),
            "part": line.micros * PERMILLE // most if most else 0,
        }
        for line in lines
    ]


def _caption(day: Line) -> str:
    return f"{date_format(day.key, 'j N')}: {_count(day.billed)}"


def _cents(micros: int | None) -> str:
    """Rounded half up: the exact figure is in the downloads."""
    return (
        "–"
        if micros is None
        else dollars((micros + MICROS_PER_CENT // 2) // MICROS_PER_CENT * MICROS_PER_CENT)
    )


def _rank(rank: int | None) -> str:
    return "–" if rank is None else _("rank %(rank)s") % {"rank": _count(rank)}


def _count(number: int) -> str:
    return number_format(number, force_grouping=True)


def _percent(permille: int | None) -> str:
    if permille is None:
        return "–"
    return _("%(number)s%%") % {"number": number_format(Decimal(permille) / 10, 1)}
