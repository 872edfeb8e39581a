"""What if: other terms tried on a past day and month, by whoever may propose or approve terms.

The form asks by POST, which starts the runs; what it asked stands in the address, so that a page can be
shared and reloaded. Whoever opens it sees the answers that are there already, and may take them away as
files: all that an answer keeps, where the page shows the first of each list.
"""

import datetime
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.models import Month, PlacementRun
from creators import terms
from creators.admin.terms import label, shown
from creators.models import Category, ProgrammeTerms
from payouts import what_if
from payouts.what_if import DAY, MONTH, Question
from pulse_site import money, runs
from pulse_site.admin.exports import WRITERS, download
from pulse_site.admin.model_admin import grouped
from pulse_site.countchart import RowChart
from pulse_site.models import Run, User
from pulse_site.panels import panel

HUNDRED = Decimal(100)
SHOWN = 20
PLOTTED = 10
MAY = (terms.PROPOSES, terms.APPROVES)
WEIGHTS = ("weight_views", "weight_likes", "weight_comments", "weight_shares")


class QuestionForm(forms.Form):
    """The rules as a person writes them; what is left as it is, or empty, is no change."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    month = forms.ChoiceField(label=_("Month"), required=False)
    lineup = forms.DecimalField(
        label=_("Lineup share (%)"), min_value=0, max_value=100, decimal_places=2, required=False
    )
    cut_per_category = forms.BooleanField(label=_("Cut per category"), required=False)
    weight_views = forms.IntegerField(label=_("Weight of a view"), min_value=0, max_value=1_000)
    weight_likes = forms.IntegerField(label=_("Weight of a like"), min_value=0, max_value=1_000)
    weight_comments = forms.IntegerField(label=_("Weight of a comment"), min_value=0, max_value=1_000)
    weight_shares = forms.IntegerField(label=_("Weight of a share"), min_value=0, max_value=1_000)
    half_life = forms.DecimalField(
        label=_("Half-life of the score (days)"),
        min_value=Decimal("0.5"),
        max_value=366,
        decimal_places=1,
        required=False,
    )
    min_followers = forms.IntegerField(label=_("Minimum followers"), min_value=0, max_value=2_000_000_000)
    min_videos = forms.IntegerField(label=_("Minimum videos"), min_value=0, max_value=30_000)
    share = forms.DecimalField(
        label=_("Creator’s share (%)"), min_value=0, max_value=100, decimal_places=2, required=False
    )

    def __init__(self, base: ProgrammeTerms, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base = base
        months = Month.objects.filter(revenue_micros__gt=0).values_list("code", "code")
        self.fields["month"].choices = list(months)  # type: ignore[attr-defined]
        for name, value in initial(base).items():
            self.fields[name].initial = value

    def clean_day(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["day"]
        if not what_if.lineups().filter(day=day).exists():
            raise forms.ValidationError(
                _("There is no lineup of this day with all its counts in the database: choose another.")
            )
        return day

    def question(self) -> Question:
        """What is asked: the rules that differ from the terms that were in force on the day."""
        given = self.cleaned_data
        base = terms.successor(Question(given["day"], given["month"]).base)
        wanted = {name: given[name] for name in (*WEIGHTS, "cut_per_category", *what_if.ELIGIBILITY)}
        for name, rule in (("lineup", "lineup_basis_points"), ("share", "share_basis_points")):
            if given[name] is not None:
                wanted[rule] = int(given[name] * HUNDRED)
        if given["half_life"] is not None:
            wanted["decay_permille"] = terms.decay(given["half_life"], base.horizon_days)
        changed = {name: value for name, value in wanted.items() if value != getattr(base, name)}
        return Question(given["day"], given["month"], changed)


def initial(base: ProgrammeTerms) -> dict[str, Any]:
    own = {name: getattr(base, name) for name in (*WEIGHTS, "cut_per_category", *what_if.ELIGIBILITY)}
    return {
        **own,
        "lineup": Decimal(base.lineup_basis_points) / HUNDRED,
        "share": Decimal(base.share_basis_points) / HUNDRED,
        "half_life": terms.half_life(base.decay_permille),
    }


def page(request: HttpRequest) -> HttpResponse:
    """Ask (POST), or see what was asked (GET)."""
    form = _form(request)
    if form is None or not form.is_valid():
        return _shown(request, form)
    question = form.question()
    if request.method == "POST":
        _ask(question, cast(User, request.user))
        given = {name: request.POST[name] for name in form.fields if request.POST.get(name)}
        return redirect(f"{reverse('admin:payouts_what_if')}?{urlencode(given)}")
    return _shown(request, form, question)


def file(request: HttpRequest, table: str, format: str) -> HttpResponseBase:
    """One table of the answers that are there, by the same address as the page's."""
    form = _form(request)
    if table not in TABLES or format not in WRITERS or form is None or not form.is_valid():
        raise Http404
    question = form.question()
    needed, header, rows = TABLES[table]
    answers = _results(_answers(question))
    if not answers.keys() >= {*(needed or _parts(question))}:
        raise Http404  # not asked, or not computed to its end
    return download(f"what-if-{table}-{question.day}", format, header, rows(question, answers))


def _form(request: HttpRequest) -> QuestionForm | None:
    """What is asked, by POST or in the address; None as long as there is nothing to ask about."""
    if not any(map(request.user.has_perm, MAY)):
        raise PermissionDenied
    newest = what_if.lineups().select_related("terms").first()
    if newest is None:
        return None
    asked = request.POST if request.method == "POST" else request.GET
    last = Month.objects.filter(revenue_micros__gt=0).order_by("-code").first()
    return QuestionForm(
        _base(asked.get("day", ""), newest),
        asked if "day" in asked else None,
        initial={"day": newest.day, "month": last.code if last else ""},
    )


def _base(day: str, newest: PlacementRun) -> ProgrammeTerms:
    """The terms of the day that is asked about, else of the newest lineup."""
    try:
        return ProgrammeTerms.objects.in_force(datetime.date.fromisoformat(day))
    except (ValueError, ProgrammeTerms.DoesNotExist):
        return newest.terms


def _parts(question: Question) -> tuple[str, ...]:
    return (DAY, MONTH) if question.month else (DAY,)


def _run(part: str, question: Question) -> Run | None:
    return Run.objects.filter(kind=what_if.KIND, key=question.key(part)).order_by("-id").first()


def _answers(question: Question) -> dict[str, Run | None]:
    return {part: _run(part, question) for part in _parts(question)}


def _results(answers: dict[str, Run | None]) -> dict[str, dict[str, Any]]:
    """What those that are complete say, by part."""
    return {part: run.result for part, run in answers.items() if run and run.status == Run.Status.DONE}


def _ask(question: Question, by: User) -> None:
    """Start what was not answered yet, or failed."""
    for part in _parts(question):
        run = _run(part, question)
        if run is None or run.status == Run.Status.FAILED:
            arguments = {"part": part, **question.as_arguments()}
            runs.start(what_if.KIND, key=question.key(part), arguments=arguments, owner=by)


def _shown(request: HttpRequest, form: QuestionForm | None, question: Question | None = None) -> HttpResponse:
    answers = _answers(question) if question else {}
    results = _results(answers)
    busy = next((run for run in answers.values() if run and run.active), None)
    context = {
        **admin.site.each_context(request),
        "title": _("What if"),
        "form": form,
        "question": question,
        "changes": _changes(question) if question else (),
        "busy": busy,
        "failed": [run for run in answers.values() if run and run.error],
        "day": _day(results.get(DAY)),
        "money": _month(results.get(MONTH)),
        "complete": question is not None and results.keys() >= {*_parts(question)},
        "query": request.GET,
        "unasked": bool(question) and not any(answers.values()),
        "propose": _proposal(request, question) if question and question.rules else "",
    }
    return TemplateResponse(request, "admin/payouts/what_if.html", context)


def _changes(question: Question) -> list[tuple[str, str, str]]:
    base = question.base
    return [
        (label(name), shown(name, getattr(base, name)), shown(name, value))
        for name, value in question.rules.items()
    ]


def _proposal(request: HttpRequest, question: Question) -> str:
    """The form of a new version with these rules filled in, for whoever may propose one."""
    if not request.user.has_perm(terms.PROPOSES):
        return ""
    rules = {n: json.dumps(v) if isinstance(v, list) else v for n, v in question.rules.items()}
    return f"{reverse('admin:creators_programmeterms_add')}?{urlencode(rules)}"


def _day(result: dict[str, Any] | None) -> dict[str, Any] | None:
    if result is None:
        return None
    categories = _categories()
    names = {category.slug: str(category) for category in categories.values()}
    rows = [(str(categories.get(pk, _("none"))), *sizes) for pk, *sizes in result["categories"]]
    return {
        **result,
        "categories": rows,
        "chart": RowChart(
            ("in-time", "gain", "loss"),
            [
                (name, (would - enter, enter, leave), f"{grouped(was)} → {grouped(would)}")
                for name, was, would, enter, leave in rows
            ],
        ),
        **{name: result[name][:SHOWN] for name in ("newly_eligible", "no_longer_eligible")},
        **{
            name: [(*row[:3], names.get(row[3], row[3])) for row in result[name][:SHOWN]]
            for name in ("entered", "left")
        },
    }


def _month(result: dict[str, Any] | None) -> dict[str, Any] | None:
    if result is None:
        return None
    rows = (
        (_("Billed"), *map(_dollars, result["revenue"]), _difference(*result["revenue"])),
        (_("Shared with creators"), *map(_dollars, result["shared"]), _difference(*result["shared"])),
        (_("Creators who earn"), *map(grouped, result["earners"]), ""),
    )
    won, lost = result["most_won"], result["most_lost"]
    return {
        **result,
        "rows": rows,
        "chart": _moves(won[:PLOTTED] + lost[:PLOTTED][::-1]),
        "most_won": [_moved(*row) for row in won[:SHOWN]],
        "most_lost": [_moved(*row) for row in lost[:SHOWN]],
    }


def _moves(moved: list[list[Any]]) -> RowChart:
    """Bars on both sides of a middle: what is won to the right of it, what is lost to the left."""
    changes = [(handle, would - was, _difference(was, would)) for handle, was, would in moved]
    most = max((abs(change) for _handle, change, _told in changes), default=0)
    rows = [
        (f"@{handle}", (most + min(change, 0), max(-change, 0), max(change, 0)), told)
        for handle, change, told in changes
    ]
    return RowChart(("blank", "loss", "gain"), rows, full=2 * most)


def _categories() -> dict[int, Category]:
    return {category.pk: category for category in Category.objects.all()}


def _moved(handle: str, was: int, would: int) -> tuple[str, str, str, str]:
    return handle, _dollars(was), _dollars(would), _difference(was, would)


def _difference(was: int, would: int) -> str:
    return f"{'+' if would > was else ''}{_dollars(would - was)}"


def _dollars(micros: int) -> str:
    """To the cent: a finer estimate would only look exact."""
    return money.dollars(money.nearest_cent(micros))


# The files: columns and rules by the names of the fields, amounts in dollars -------------------------------


def _summary(question: Question, answers: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    for name, value in question.rules.items():
        yield (f"rule {name}", _plain(getattr(question.base, name)), _plain(value), "", "")
    eligible, categories = answers[DAY]["eligible"], _categories()
    yield ("creators eligible", *(eligible[name] for name in ("was", "would", "entered", "left")))
    yield ("videos in the lineup", *answers[DAY]["lineup"])
    for pk, *sizes in answers[DAY]["categories"]:
        yield (f"videos in {categories[pk].slug if pk in categories else 'no category'}", *sizes)
    if MONTH in answers:
        found = answers[MONTH]
        yield ("billed usd", *map(_usd, found["revenue"]), "", "")
        yield ("shared usd", *map(_usd, found["shared"]), "", "")
        yield ("creators who earn", *found["earners"], "", "")
        yield ("creators who win", "", found["winners"], "", "")
        yield ("creators who lose", "", found["losers"], "", "")


def _creators(question: Question, answers: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    for handle, was, would in answers[MONTH]["most_won"] + answers[MONTH]["most_lost"][::-1]:
        yield handle, _usd(was), _usd(would), _usd(would - was)


def _videos(question: Question, answers: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    for movement, rows in (("enters", answers[DAY]["entered"]), ("leaves", answers[DAY]["left"])):
        for rank, video, handle, category in rows:
            yield movement, rank, video, handle, category or ""


def _eligible(question: Question, answers: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    for movement, name in (("becomes eligible", "newly_eligible"), ("no longer", "no_longer_eligible")):
        for handle, followers in answers[DAY][name]:
            yield movement, handle, followers


def _usd(micros: int) -> Decimal:
    return Decimal(micros) / money.MICROS_PER_DOLLAR


def _plain(value: Any) -> str:
    return json.dumps(value)


Rows = Callable[[Question, dict[str, Any]], Iterable[tuple[Any, ...]]]
# Each with the parts of the answer that it needs (all that were asked for, where it names none).
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], Rows]] = {
    "summary": ((), ("figure", "was", "would_be", "enter", "leave"), _summary),
    "creators": ((MONTH,), ("creator", "was_usd", "would_be_usd", "difference_usd"), _creators),
    "videos": ((DAY,), ("movement", "rank", "video", "creator", "category"), _videos),
    "eligible": ((DAY,), ("movement", "creator", "followers"), _eligible),
}


@panel("admin/panels/what_if.html", of=ProgrammeTerms, permission=terms.PROPOSES, position=20)
def link(request: HttpRequest, of: ProgrammeTerms) -> dict[str, Any]:
    """The way from terms to trying others."""
    return {"url": reverse("admin:payouts_what_if")}


@panel("admin/panels/what_if.html", permission=terms.PROPOSES, position=35)
def entrance(request: HttpRequest) -> dict[str, Any]:
    return {"url": reverse("admin:payouts_what_if")}
