"""Creators: the review queue, their pages and the moves that decide about them."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creators import approval, enrolments, invitations
from creators.admin import automatic, desk
from creators.admin.reasons import form_for
from creators.admin.review import ReviewMode
from creators.eligibility import rule_names
from creators.models import MOVES, Creator, Decision, ReplacedReach
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, counted
from pulse_site.models import Upload, User
from pulse_site.panels import panel

OLDEST_FIRST = (Creator.Status.PENDING, Creator.Status.ASKED)


class StatusFilter(admin.SimpleListFilter):
    """By status; who says nothing wants the queue."""

    title = gettext_lazy("status")
    parameter_name = "status"
    default = Creator.Status.PENDING
    everyone = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Creator.Status.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        status = chosen_status(request)
        return queryset if status == self.everyone else queryset.filter(status=status)

    def choices(self, changelist: Any) -> Any:
        chosen = self.value() or self.default
        for value, label in [*self.lookup_choices, (self.everyone, _("All"))]:
            yield {
                "selected": value == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }


def chosen_status(request: HttpRequest) -> str:
    """The status that the list shows: the one asked for, everyone in a search, the queue otherwise."""
    searching = StatusFilter.everyone if request.GET.get("q") else StatusFilter.default
    return request.GET.get(StatusFilter.parameter_name) or searching


class SizeFilter(admin.SimpleListFilter):
    title = gettext_lazy("followers")
    parameter_name = "followers"
    bands = {
        "0-": (0, 100_000, gettext_lazy("below 100,000")),
        "100k-": (100_000, 1_000_000, gettext_lazy("100,000 to 1 million")),
        "1m-": (1_000_000, 10_000_000, gettext_lazy("1 to 10 million")),
        "10m-": (10_000_000, 10**18, gettext_lazy("10 million or more")),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, label) for key, (_low, _high, label) in self.bands.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        if self.value() not in self.bands:
            return queryset
        low, high, _label = self.bands[str(self.value())]
        return queryset.filter(reach__followers__gte=low, reach__followers__lt=high)


class UploadFilter(admin.SimpleListFilter):
    """Whose newest count an upload brought (`5-new`) or changed (`5-changed`); its page leads here."""

    title = gettext_lazy("upload")
    parameter_name = "upload"
    kinds = {"new": (True, gettext_lazy("new")), "changed": (False, gettext_lazy("changed"))}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The one that the list is filtered by, so that it can be left."""
        chosen = self.chosen(request.GET.get(self.parameter_name, ""))
        return [(f"{chosen[0].pk}-{chosen[1]}", f"{chosen[0]}: {self.kinds[chosen[1]][1]}")] if chosen else []

    def chosen(self, value: str) -> tuple[Upload, str] | None:
        number, _hyphen, kind = value.partition("-")
        if not number.isdecimal() or len(number) > 18 or kind not in self.kinds:
            return None
        upload = Upload.objects.filter(pk=int(number)).first()
        return (upload, kind) if upload else None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        number, _hyphen, kind = str(self.value()).partition("-")
        if kind not in self.kinds:
            return queryset
        replaced = ReplacedReach.objects.filter(upload=int(number), followers__isnull=self.kinds[kind][0])
        return queryset.filter(pk__in=replaced.values("creator"))


MOVE_LABELS = {
    Decision.Action.APPROVE: gettext_lazy("Approve"),
    Decision.Action.REJECT: gettext_lazy("Reject"),
    Decision.Action.ASK: gettext_lazy("Ask for information"),
    Decision.Action.SUSPEND: gettext_lazy("Suspend"),
    Decision.Action.REINSTATE: gettext_lazy("Reinstate"),
    Decision.Action.WITHDRAW: gettext_lazy("Withdraw"),
    Decision.Action.REOPEN: gettext_lazy("Reopen"),
}
KEYS = {Decision.Action.APPROVE: "a", Decision.Action.REJECT: "r", Decision.Action.ASK: "i"}
ACCEPT_TERMS, SEND_TERMS = "accept-terms", "send-terms"
WELCOME = frozenset({Creator.Status.PENDING, Creator.Status.ASKED, Creator.Status.APPROVED})
TONES = {
    Decision.Action.APPROVE: "good",
    Decision.Action.REINSTATE: "good",
    Decision.Action.REJECT: "bad",
    Decision.Action.SUSPEND: "bad",
}


FOLLOWERS = model_admin.count("reach__followers", gettext_lazy("followers"), "reach__followers")


@admin.register(Creator)
class CreatorAdmin(Exports, ReviewMode):
    resource_classes = [
        columns(
            Creator,
            "handle name kind market category__slug standing status status_since terms_accepted_on "
            "reach__followers eligibility__eligible eligibility__failed_rules",
        )
    ]
    change_list_template = "admin/creators/creator/change_list.html"
    list_display = [
        "handle",
        "name",
        model_admin.badge(),
        FOLLOWERS,
        "rules",
        "category",
        "since",
    ]
    list_filter = [
        StatusFilter,
        SizeFilter,
        UploadFilter,
        "eligibility__eligible",
        "category",
        "kind",
        "standing",
    ]
    list_select_related = ["reach", "eligibility", "category"]
    sortable_by = (FOLLOWERS,)
    search_fields = ["handle__prefix"]
    search_help_text = gettext_lazy("A part of the handle or the name, among creators of every status.")
    fields = [
        "handle",
        "name",
        "kind",
        "category",
        "market",
        "language",
        "born_on",
        "standing",
        "email",
        "status_since",
        "terms_accepted_on",
        "created_at",
    ]
    moves = {
        action: Move(
            label,
            ("creators.review_creator",),
            MOVES[action][0],
            tone=TONES.get(action, ""),
            asks_reason=True,
            form=form_for(action),
            key=KEYS.get(action, ""),
        )
        for action, label in MOVE_LABELS.items()
    } | {
        ACCEPT_TERMS: Move(gettext_lazy("Terms accepted"), ("creators.review_creator",), WELCOME),
        SEND_TERMS: Move(
            gettext_lazy("Send the terms"), ("creators.review_creator",), frozenset({Creator.Status.APPROVED})
        ),
    }

    def get_ordering(self, request: HttpRequest) -> Any:
        """Along the index (status, status_since, id): the queue oldest first, the others newest first."""
        status = chosen_status(request)
        if status == StatusFilter.everyone:
            return ["-id"]
        return ["status_since", "id"] if status in OLDEST_FIRST else ["-status_since", "-id"]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return (queryset.matching(search_term) if search_term.strip() else queryset), False

    def get_readonly_fields(self, request: HttpRequest, obj: Creator | None = None) -> list[str]:
        written_by_moves = ["status_since", "terms_accepted_on", "created_at"]
        return ["handle", *written_by_moves] if obj else written_by_moves

    @admin.display(description=gettext_lazy("since"))
    def since(self, creator: Creator) -> str:
        return timesince(creator.status_since, depth=1)

    @admin.display(description=gettext_lazy("rules"))
    def rules(self, creator: Creator) -> object:
        eligibility = getattr(creator, "eligibility", None)
        if eligibility is None:
            return None
        if eligibility.eligible:
            return model_admin.badges.pill(_("eligible"), "good")
        return model_admin.badges.pill(rule_names(eligibility.failed_rules), "bad")

    def obstacle(self, request: HttpRequest, action: str, record: Creator) -> str:
        why = super().obstacle(request, action, record)
        if action in (ACCEPT_TERMS, SEND_TERMS) and record.terms_accepted_on:
            day = date_format(record.terms_accepted_on)
            return _("Accepted the terms on %(day)s already.") % {"day": day}
        if action == SEND_TERMS and not why and not record.email:
            return _("There is no e-mail address; enter one first.")
        eligibility = getattr(record, "eligibility", None)
        if why or action != Decision.Action.APPROVE or (eligibility and eligibility.eligible):
            return why
        if request.user.has_perm("creators.override_eligibility"):
            return ""
        failed = rule_names(eligibility.failed_rules) if eligibility else _("not checked yet")
        return _("Does not meet the rules: %(rules)s.") % {"rules": failed}

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        if action == ACCEPT_TERMS:
            by = cast(User, request.user)
            return counted(enrolments.accept_terms(records, timezone.localdate(), by))
        if action == SEND_TERMS:
            for creator in records:  # a page's rows at most, each with a letter of its own
                invitations.invite(creator, cast(User, request.user))
            return _("The link to the terms was sent.")
        decided = approval.decide(records, action, request.user, **answers)  # type: ignore[arg-type]
        told = counted(decided.moved)
        if not decided.refused:
            return told
        labels = {**dict(Creator.Status.choices), approval.NOT_ELIGIBLE: _("not eligible")}
        refusals = ", ".join(f"{labels[reason]} ({count})" for reason, count in decided.refused.items())
        return " ".join([told, _("Not moved: %(refusals)s.") % {"refusals": refusals}])


@panel("admin/panels/queue.html", permission="creators.view_creator", position=20)
def review_queue(request: HttpRequest) -> dict[str, object]:
    """How many creators wait, and since when."""
    pending = Creator.objects.pending().aggregate(waiting=Count("id"), oldest=Min("status_since"))
    return {**pending, "asked": Creator.objects.filter(status=Creator.Status.ASKED).count()}


@panel("admin/panels/upload_creators.html", of=Upload, permission="creators.view_creator", position=10)
def brought_by(request: HttpRequest, upload: Upload) -> dict[str, Any] | None:
    """The way to the creators whose newest count came with an upload."""
    return {"upload": upload} if ReplacedReach.objects.filter(upload=upload).exists() else None


@admin.register(Decision)
class DecisionAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Decision,
            "id creator__handle action from_status to_status reason note decided_by__username decided_at",
        )
    ]
    list_display = [
        "decided_at",
        "creator",
        "action",
        model_admin.badge("to_status", gettext_lazy("to")),
        "reason",
        "decided_by",
    ]
    list_select_related = ["creator", "decided_by"]
    list_filter = ["action"]
    search_fields = ["creator__handle__prefix"]
    change_list_template = "admin/creators/decision/change_list.html"

    def get_urls(self) -> list[Any]:
        def door(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("automation/", door(automatic.page), name="creators_automation"),
            path("desk/", door(desk.page), name="creators_desk"),
            path("desk/<slug:report>.csv", door(desk.download), name="creators_desk_csv"),
            *super().get_urls(),
        ]
