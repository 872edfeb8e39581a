"""The programme's terms: proposed with a form, approved or refused by another person, never edited."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creators import terms as job
from creators.admin.programme import percent
from creators.models import ProgrammeTerms
from pulse_site import money
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin
from pulse_site.models import User
from pulse_site.panels import panel
from pulse_site.refusal import Refused

EXPORTED = " ".join(
    f"{field.name}__username" if field.is_relation else field.name
    for field in ProgrammeTerms._meta.fields
    if field.name != "id"
)
UNIT = " ("  # what follows it in a field's name is the unit in which it is stored


def statuses(action: str) -> frozenset[str]:
    """Where the action may start from, by the job module's own table."""
    return frozenset(job.MOVES[action][0])


class TermsForm(forms.ModelForm):
    """What the job module refuses is said on the form, before anything is kept."""

    class Meta:
        model = ProgrammeTerms
        fields = ["starts_on", "reason", *job.RULES]
        widgets = {
            "reason": forms.Textarea(attrs={"rows": 3}),
            "decay_permille": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:  # a page that only shows has none
            self.fields["reason"].required = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                job.require_sensible(ProgrammeTerms(**data))
            except Refused as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return data


class RefusalForm(MoveForm):
    """The reason alone: it is kept with the version, for everybody."""

    def __init__(self, move: Move, *args: Any, **kwargs: Any) -> None:
        super().__init__(move, *args, **kwargs)
        del self.fields["note"]


@admin.register(ProgrammeTerms)
class ProgrammeTermsAdmin(Exports, MovingAdmin):
    resource_classes = [columns(ProgrammeTerms, EXPORTED)]
    form = TermsForm
    in_bulk = False
    list_display = [
        "__str__",
        model_admin.badge(),
        "starts_on",
        "market",
        model_admin.count("min_followers", _("minimum followers")),
        "share",
        "lineup_share",
        "proposed_by",
        "approved_by",
    ]
    list_select_related = ["proposed_by", "approved_by"]
    moves = {
        "approve": Move(_("Approve"), (job.APPROVES,), statuses("approve"), "good", binds=True),
        "refuse": Move(
            _("Refuse"),
            (job.APPROVES,),
            statuses("refuse"),
            "bad",
            asks_reason=True,
            needs_reason=True,
            form=RefusalForm,
        ),
        "withdraw": Move(_("Withdraw"), (job.PROPOSES,), statuses("withdraw")),
    }

    @admin.display(description=_("creator's share"))
    def share(self, terms: ProgrammeTerms) -> str:
        return percent(terms.share_basis_points)

    @admin.display(description=_("lineup share"))
    def lineup_share(self, terms: ProgrammeTerms) -> str:
        return percent(terms.lineup_basis_points)

    def has_change_permission(self, request: HttpRequest, obj: ProgrammeTerms | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: ProgrammeTerms | None = None) -> list[Any]:
        if obj is None:
            return list(TermsForm.Meta.fields)
        refused = ["refusal"] if obj.refusal else []
        told = ["starts_on", "reason", *refused, "proposed_by", "proposed_at", "approved_by", "decided_at"]
        return [*told, *map(_read, job.RULES)]

    def get_form(
        self, request: HttpRequest, obj: ProgrammeTerms | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        labels = {"minimum_payout_micros": _("Minimum payout")}
        return super().get_form(request, obj, change, labels=labels, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The terms in force, but for what the address says otherwise; from the next month on."""
        today = timezone.now().date()
        current = ProgrammeTerms.objects.begun(today).first()
        rules = {name: getattr(current, name) for name in job.RULES} if current else {}
        asked: dict[str, Any] = {name: request.GET[name] for name in job.RULES if name in request.GET}
        if "decay_permille" in asked:
            asked["decay_permille"] = _list(asked["decay_permille"]) or rules.get("decay_permille")
        following = (today.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
        return {"starts_on": following, "reason": request.GET.get("reason", ""), **rules, **asked}

    def save_model(self, request: HttpRequest, obj: ProgrammeTerms, form: Any, change: bool) -> None:
        job.propose(obj, cast(User, request.user))

    def offers(self, request: HttpRequest, action: str, record: ProgrammeTerms) -> bool:
        own = record.proposed_by == request.user
        return super().offers(request, action, record) and own == (action == "withdraw")

    def obstacle(self, request: HttpRequest, action: str, record: ProgrammeTerms) -> str:
        own = record.proposed_by == request.user
        if action == "withdraw" and not own:
            return str(_("Somebody else proposed it; you may refuse it."))
        if action != "withdraw" and own:
            return str(_("You proposed it; somebody else decides."))
        return super().obstacle(request, action, record)

    def figures(self, record: ProgrammeTerms) -> list[tuple[object, object]]:
        return [
            (_("starts on"), date_format(record.starts_on)),
            (_("proposed by"), record.proposed_by),
            (_("reason"), record.reason),
        ]

    def seen(self, record: ProgrammeTerms) -> str:
        return job.basis_of(record)

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        terms, by = records.get(), cast(User, request.user)
        if action == "approve":
            job.approve(terms, by, seen=answers["seen"])
        elif action == "refuse":
            job.refuse(terms, by, answers["reason"])
        else:
            job.withdraw(terms, by)
        return str(_("%(terms)s: %(status)s.")) % {"terms": terms, "status": terms.get_status_display()}


def _read(name: str) -> Any:
    """The rule as a field that only shows."""

    @admin.display(description=label(name))
    def read(terms: ProgrammeTerms) -> str:
        return shown(name, getattr(terms, name))

    read.__name__ = name
    return read


def shown(name: str, value: Any) -> str:
    """The value of a rule as a person reads it."""
    return SHOWN.get(name, _plain)(value)


def label(name: str) -> str:
    """What a rule is called, without the unit in which it is stored."""
    return capfirst(str(ProgrammeTerms._meta.get_field(name).verbose_name).partition(UNIT)[0])  # type: ignore[union-attr]


def decay_in_words(permille: list[int]) -> str:
    days, horizon = job.half_life(permille), len(permille) - 1
    if days is None:
        return ", ".join(map(str, permille))
    return str(_("halves every %(days)s days, up to an age of %(horizon)s")) % {
        "days": _number(days),
        "horizon": horizon,
    }


def _number(value: Decimal) -> str:
    return number_format(value.quantize(Decimal(1)) if value == value.to_integral_value() else value)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return model_admin.grouped(value) if isinstance(value, int) else str(value)


SHOWN: dict[str, Callable[[Any], str]] = {
    "lineup_basis_points": percent,
    "share_basis_points": percent,
    "minimum_payout_micros": money.dollars,
    "decay_permille": decay_in_words,
}


def _list(text: str) -> list[int]:
    """A list of whole numbers out of an address; empty when it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


@panel(
    "admin/panels/terms_difference.html",
    of=ProgrammeTerms,
    permission="creators.view_programmeterms",
    position=10,
    decisive=True,
)
def difference(request: HttpRequest, terms: ProgrammeTerms) -> dict[str, Any] | None:
    """What the version changes, against the one that it follows."""
    before = job.followed(terms)
    if before is None:
        return None
    rows = [
        (label(name), shown(name, old), shown(name, new)) for name, old, new in job.differences(terms, before)
    ]
    return {"terms": terms, "before": before, "rows": rows}


@panel("admin/panels/terms_waiting.html", permission=job.APPROVES, position=7)
def waiting(request: HttpRequest) -> dict[str, Any] | None:
    """On the start page: versions that wait for a decision of whoever looks."""
    proposed = ProgrammeTerms.objects.filter(status=ProgrammeTerms.Status.PROPOSED)
    others = proposed.exclude(proposed_by=cast(User, request.user))
    found = list(others.select_related("proposed_by").order_by("starts_on"))
    return {"terms": found, "today": timezone.now().date()} if found else None
