"""Advertisers: the queue of applications, the checklist, and the moves that decide about them."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Count, Min, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from campaigns import admission, agreements, booking, checklist
from campaigns.models import ADVERTISER_MOVES, Advertiser, AdvertiserCheck, Member, Suggestion
from pulse_site.admin import model_admin
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MoveForm, MovingAdmin, counted
from pulse_site.models import User
from pulse_site.panels import panel
from pulse_site.refusal import Refused
from pulse_site.templatetags import badges

SHOWN = 20
APPROVES = "campaigns.approve_advertiser"
WAITS_LONG = timedelta(days=3)
CHECK_AGAIN = "again"


class StatusFilter(admin.SimpleListFilter):
    """By status; who says nothing wants the queue."""

    title = gettext_lazy("status")
    parameter_name = "status"
    everyone = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Advertiser.Status.choices, (CHECK_AGAIN, _("to be checked again"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Advertiser]) -> QuerySet[Advertiser]:
        chosen = chosen_status(request)
        if chosen == CHECK_AGAIN:
            again = Advertiser.objects.to_check_again()
            return queryset.filter(pk__in=again.values("pk"))
        return queryset if chosen == self.everyone else queryset.filter(status=chosen)

    def choices(self, changelist: Any) -> Any:
        chosen = self.value() or Advertiser.Status.APPLIED
        for value, label in [*self.lookup_choices, (self.everyone, _("All"))]:
            yield {
                "selected": value == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }


def chosen_status(request: HttpRequest) -> str:
    """The status that the list shows: the one asked for, everyone in a search, the queue otherwise."""
    searching = StatusFilter.everyone if request.GET.get("q") else Advertiser.Status.APPLIED
    return request.GET.get(StatusFilter.parameter_name) or searching


class DecisionForm(MoveForm):
    """What the advertiser reads: a suggested text in his own language, words of one's own, or both."""

    suggestion = forms.ModelChoiceField(
        label=gettext_lazy("Suggested text"), queryset=Suggestion.objects.none(), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("In your own words (the advertiser reads it)"),
        max_length=admission.LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    note = forms.CharField(
        label=gettext_lazy("Note (for colleagues)"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ("suggestion", "reason", "note")
    action = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["suggestion"].queryset = Suggestion.objects.offered().filter(action=self.action)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if not (self.cleaned_data.get("suggestion") or self.cleaned_data.get("reason")):
            self.add_error("reason", _("Choose a suggested text, or write one."))
        return self.cleaned_data


class AskForm(DecisionForm):
    action = "ask"


class RejectForm(DecisionForm):
    action = "reject"


class ApproveForm(MoveForm):
    reason = forms.CharField(
        label=gettext_lazy("Words of welcome (the advertiser reads them)"),
        max_length=admission.LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        label=gettext_lazy("Note (for colleagues; needed when not everything is checked)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _move(action: str, label: Any, form: type[MoveForm], tone: str = "") -> Move:
    return Move(label, (APPROVES,), ADVERTISER_MOVES[action][0], tone, asks_reason=True, form=form)


class MemberInline(admin.StackedInline):
    model = Member
    extra = 0
    autocomplete_fields = ["user"]
    readonly_fields = ["joined_at"]

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # without the links to add, change and view beside it
        return field


@admin.register(Advertiser)
class AdvertiserAdmin(Exports, AuditedAdmin, MovingAdmin):
    resource_classes = [
        columns(
            Advertiser,
            "name legal_name website street city region postal_code country tax_number "
            "billing_name billing_email safety_name safety_email language payment_days status "
            "status_since created_at",
        )
    ]
    audited = ("advertiser.create", "advertiser.change")
    list_display = ["name", model_admin.badge(), "age", "checked", "legal_name", "country", "billing_email"]
    list_filter = [StatusFilter]
    search_fields = ["name__istartswith"]
    fields = [*Advertiser.DETAILS, "language", "payment_days", "status_since", "created_at"]
    readonly_fields = ["status_since", "created_at"]
    inlines = [MemberInline]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    moves = {
        "approve": _move("approve", gettext_lazy("Approve"), ApproveForm, "good"),
        "ask": _move("ask", gettext_lazy("Ask for more"), AskForm),
        "reject": _move("reject", gettext_lazy("Reject"), RejectForm, "bad"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Advertiser]:
        return Advertiser.objects.with_ticks()

    def get_ordering(self, request: HttpRequest) -> Any:
        """Along the index (status, status_since, id): the queue oldest first; everybody by name."""
        return ["name", "id"] if chosen_status(request) == StatusFilter.everyone else ["status_since", "id"]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.check_view))
        return [path("<int:pk>/check/", view, name="campaigns_advertiser_check"), *super().get_urls()]

    @admin.display(description=gettext_lazy("since"))
    def age(self, advertiser: Advertiser) -> str | SafeString:
        age = timesince(advertiser.status_since, depth=1)
        waits = advertiser.status == Advertiser.Status.APPLIED
        late = waits and timezone.now() - advertiser.status_since > WAITS_LONG
        return badges.pill(age, "warn") if late else age

    @admin.display(description=gettext_lazy("checked"))
    def checked(self, advertiser: Any) -> str | SafeString:
        if advertiser.stale:
            return badges.pill(_("to be checked again"), "warn")
        return f"{advertiser.ticks}/{len(AdvertiserCheck.Item)}"

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tick an item of the checklist, or take the tick back."""
        if not request.user.has_perm(APPROVES):
            raise PermissionDenied
        advertiser = get_object_or_404(Advertiser, pk=pk)
        work = checklist.untick if request.POST.get("undo") else checklist.tick
        try:
            work(advertiser, request.POST.get("item", ""), cast(User, request.user))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect(f"{self.back(request, [advertiser])}#checklist")

    def figures(self, record: Advertiser) -> list[tuple[object, object]]:
        open_items = [line.label for line in checklist.lines(record) if not line.holds]
        if not agreements.acceptance(record):
            open_items.append(_("The agreement is accepted"))
        items = ", ".join(map(str, open_items)) or _("nothing")
        return [(_("legal name"), record.legal_name or "–"), (_("not checked yet"), items)]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: Any) -> str:
        """A suggested text goes to each advertiser in his own language."""
        suggestion, by = answers.get("suggestion"), cast(User, request.user)
        moved = 0
        with transaction.atomic():
            for language in sorted(set(records.values_list("language", flat=True))):
                with translation.override(language):
                    texts = [str(suggestion) if suggestion else "", answers["reason"]]
                chosen = Advertiser.objects.filter(pk__in=records, language=language)
                reason = "\n".join(filter(None, texts))
                moved += booking.admit(chosen, action, by, reason=reason, note=answers["note"])
        return counted(moved)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        checklist.outdate(form.instance, form.changed_data)

    def facts(self, record: Model) -> dict[str, Any]:
        """Who may act for the advertiser in the portal is a permission too."""
        members = Member.objects.filter(advertiser=record.pk).select_related("user")
        return {**super().facts(record), "members": sorted(f"{each.user} ({each.role})" for each in members)}


@panel("admin/panels/checklist.html", of=Advertiser, permission="campaigns.view_advertiser", position=5)
def checks(request: HttpRequest, advertiser: Advertiser) -> dict[str, Any]:
    """Each item with its tick, who accepted the agreement, and who else is here under the same name."""
    return {
        "advertiser": advertiser,
        "lines": checklist.lines(advertiser),
        "acceptance": agreements.acceptance(advertiser),
        "agreement": agreements.current(),
        "namesakes": _namesakes(advertiser),
        "may": request.user.has_perm(APPROVES),
    }


def _namesakes(advertiser: Advertiser) -> QuerySet[Advertiser]:
    """Others who call themselves so, or give the same tax number."""
    same = Q(name__iexact=advertiser.name)
    if advertiser.tax_number:
        same |= Q(tax_number=advertiser.tax_number)
    return Advertiser.objects.filter(same).exclude(pk=advertiser.pk)[:SHOWN]


@panel("admin/panels/decisions.html", of=Advertiser, permission="campaigns.view_advertiser", position=8)
def decisions(request: HttpRequest, advertiser: Advertiser) -> dict[str, Any]:
    return {"decisions": advertiser.decisions.select_related("decided_by").order_by("-id")[:SHOWN]}


@panel("admin/panels/campaigns.html", of=Advertiser, permission="campaigns.view_campaign", position=10)
def campaigns(request: HttpRequest, advertiser: Advertiser) -> dict[str, Any]:
    return {"campaigns": advertiser.campaigns.order_by("-starts_on")[:SHOWN]}


@panel("admin/panels/applications.html", permission="campaigns.view_advertiser", position=22)
def applications(request: HttpRequest) -> dict[str, Any]:
    """How many applications wait, since when, and how many are to be checked again."""
    applied, asked = (Q(status=status) for status in (Advertiser.Status.APPLIED, Advertiser.Status.ASKED))
    return Advertiser.objects.aggregate(
        waiting=Count("pk", applied),
        oldest=Min("status_since", filter=applied),
        asked=Count("pk", asked),
        again=Count("pk", Q(pk__in=Advertiser.objects.to_check_again().values("pk"))),
    )
