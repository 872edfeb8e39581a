"""What the auditor's room knows about money: seals, the latest check of the books, and who decided with whom.

Whoever may see the audit trail may start a check: it changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, Max, Model, Q, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns.models import Month
from creators.models import ProgrammeTerms
from payouts import screening, seals, tasks
from payouts.models import Correction, Entry, PayeeChange, PayoutBatch, Seal
from pulse_site import guards
from pulse_site.admin import model_admin
from pulse_site.admin.audit import ROOM, VIEW
from pulse_site.admin.exports import Exports, columns
from pulse_site.models import AuditEvent, Run, User
from pulse_site.panels import panel
from pulse_site.sentences import sentence

ROOM_PAGE = "admin:pulse_site_auditevent_changelist"


@dataclass(frozen=True)
class Decided:
    """A kind of money decision: the fields that say who prepared and who approved it, and when."""

    model: type[Model]
    prepared_by: str
    approved_by: str
    prepared_at: str = ""
    approved_at: str = ""
    label: Any = ""  # of the kind, where the model says more than it
    decisions: Q = Q()  # which of its rows are decisions of two
    told: Mapping[str, Any] = field(default_factory=dict)  # what says who it was, where no field does
    related: tuple[str, ...] = ()  # what the name of a row is made of
    named: Callable[[Any], str] = str

    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.annotate(**self.told).filter(self.decisions)


# What takes two persons; a new kind of decision is a new line.
DECIDED: dict[str, Decided] = {
    "months": Decided(Month, "reviewed_by", "closed_by", "reviewed_at", "closed_at"),
    "batches": Decided(PayoutBatch, "prepared_by", "approved_by", "prepared_at", "approved_at"),
    "corrections": Decided(Correction, "prepared_by", "approved_by", "prepared_at", "approved_at"),
    "entries": Decided(Entry, "prepared_by", "approved_by", "prepared_at", "approved_at"),
    "terms": Decided(ProgrammeTerms, "proposed_by", "approved_by"),
    "payees": Decided(
        PayeeChange,
        "proposed_by",
        "approved_by",
        "proposed_at",
        "approved_at",
        # Who takes back what he proposed decides alone, and may.
        decisions=~Q(status=PayeeChange.Status.REJECTED),
        related=("creator",),
    ),
    "screenings": Decided(
        AuditEvent,
        "prepared_by",
        "actor_label",
        approved_at="at",
        label=_("screenings, tax forms and blocks of payees"),
        decisions=Q(action__in=[f"payee.{action}" for action in screening.OF_TWO]),
        told={"prepared_by": KT("detail__prepared_by")},
        named=sentence,
    ),
}


@admin.register(Seal)
class SealAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [columns(Seal, "id subject first_id last_id rows digest sealed_at")]
    list_display = ["subject", "first_id", "last_id", "rows", "digest", "sealed_at"]
    list_filter = ["subject"]
    search_fields = ["digest__exact"]
    search_help_text = _("A digest that was written down, in full.")

    def get_urls(self) -> list[Any]:
        def door(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("verify/", door(require_POST(self.verify_view)), name="payouts_verify"),
            path("two-persons/", door(self.two_persons_view), name="payouts_two_persons"),
            *super().get_urls(),
        ]

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        tasks.start_verifying(cast(User, request.user))
        return redirect(ROOM_PAGE)

    def two_persons_view(self, request: HttpRequest) -> HttpResponse:
        """Every money decision with its two persons side by side, one kind at a time."""
        kinds = {name: kind for name, kind in DECIDED.items() if _may_see(request, kind)}
        chosen = request.GET.get("kind", next(iter(kinds), ""))
        if not request.user.has_perm(VIEW) or chosen not in kinds:
            raise PermissionDenied
        kind = kinds[chosen]
        alone = kind.rows().filter(**{kind.approved_by: F(kind.prepared_by)})
        page = model_admin.CappedPaginator(_decisions(kind), self.list_per_page).get_page(
            request.GET.get("p")
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Who prepared, who approved"),
            "kinds": [(name, capfirst(_label(each))) for name, each in kinds.items()],
            "chosen": chosen,
            "alone": alone.count(),
            "page": page,
            "rows": [_row(kind, record) for record in page],
        }
        return TemplateResponse(request, "admin/payouts/two_persons.html", context)


def _may_see(request: HttpRequest, kind: Decided) -> bool:
    return request.user.has_perm(f"{kind.model._meta.app_label}.view_{kind.model._meta.model_name}")


def _decisions(kind: Decided) -> QuerySet[Any]:
    people = () if kind.told else (kind.prepared_by, kind.approved_by)
    related = (*people, *kind.related)
    rows = kind.rows().order_by("-pk")
    return rows.select_related(*related) if related else rows


def _label(kind: Decided) -> str:
    return str(kind.label or kind.model._meta.verbose_name_plural)


def _row(kind: Decided, record: Any) -> dict[str, Any]:
    meta = kind.model._meta
    prepared_by, approved_by = getattr(record, kind.prepared_by), getattr(record, kind.approved_by)
    return {
        "record": kind.named(record),
        "url": reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk]),
        "badge": model_admin.badges.badge(record) if hasattr(record, "get_status_display") else "",
        "prepared_by": prepared_by,
        "prepared_at": getattr(record, kind.prepared_at, None),
        "approved_by": approved_by,
        "approved_at": getattr(record, kind.approved_at, None),
        "verdict": _verdict(prepared_by, approved_by),
    }


def _verdict(prepared_by: User | str | None, approved_by: User | str | None) -> object:
    if approved_by is None or prepared_by is None:
        return ""
    if approved_by == prepared_by:
        return model_admin.badges.pill(str(_("one person")), "bad")
    return model_admin.badges.pill(str(_("two persons")), "good")


@panel("admin/panels/books.html", of=ROOM, permission=VIEW, position=10)
def books(request: HttpRequest) -> dict[str, Any]:
    """The latest check, whether a guard is gone, and the ways to what an auditor reads next."""
    return {"run": _latest_check(), "missing": guards.missing(), "guards": len(list(guards.declared()))}


@panel("admin/panels/seals.html", of=ROOM, permission="payouts.view_seal", position=20)
def heads(request: HttpRequest) -> dict[str, Any]:
    """The newest seal of each chain: its digest, written down, holds everything that came before."""
    newest = Seal.objects.order_by().values("subject").annotate(newest=Max("pk")).values("newest")
    found = {seal.subject: seal for seal in Seal.objects.filter(pk__in=newest)}
    labels = dict(Seal.Subject.choices)
    return {"heads": [(labels[subject], found.get(subject)) for subject in seals.SUBJECTS]}


@panel("admin/panels/breaches.html", permission=VIEW, position=5)
def alarm(request: HttpRequest) -> dict[str, Any] | None:
    """On the start page, but only when the latest check found something or failed."""
    run = _latest_check()
    if run is None or run.active or not (run.error or run.result.get("breaches")):
        return None
    return {"run": run}


def _latest_check() -> Run | None:
    return Run.objects.filter(kind="verify").order_by("-id").first()
