"""Creators: the review queue, their pages and the moves that decide about them."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from creators import approval, enrolments, flags, invitations
from creators.admin import automatic, desk
from creators.admin.filters import (
    CategoryFilter,
    FlagFilter,
    MarketFilter,
    SizeFilter,
    StatusFilter,
    UploadFilter,
    WaitingFilter,
    chosen_status,
)
from creators.admin.flags import FlagForm
from creators.admin.queue import QueueList, standing_flags
from creators.admin.reasons import form_for
from creators.eligibility import rule_names
from creators.models import MOVES, Creator, Decision, ReplacedReach
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, counted
from pulse_site.models import Upload, User
from pulse_site.panels import panel

OLDEST_FIRST = (Creator.Status.PENDING, Creator.Status.ASKED)


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
ACCEPT_TERMS, SEND_TERMS, FLAG = "accept-terms", "send-terms", "flag"
WELCOME = frozenset({Creator.Status.PENDING, Creator.Status.ASKED, Creator.Status.APPROVED})
TONES = {
    Decision.Action.APPROVE: "good",
    Decision.Action.REINSTATE: "good",
    Decision.Action.REJECT: "bad",
    Decision.Action.SUSPEND: "bad",
}


FOLLOWERS = model_admin.count("reach__followers", gettext_lazy("followers"), "reach__followers")


class Counted(model_admin.CappedPaginator):
    """As far as a count stays cheap where what is counted lies all over the table: what a search finds."""

    limit = 1_000


@admin.register(Creator)
class CreatorAdmin(QueueList):
    paginator = Counted
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
        "waits",
        "rules",
        "holder",
        "category",
    ]
    list_filter = [
        StatusFilter,
        WaitingFilter,
        FlagFilter,
        CategoryFilter,
        SizeFilter,
        MarketFilter,
        "eligibility__eligible",
        "kind",
        "standing",
        UploadFilter,
    ]
    list_select_related = ["reach", "eligibility", "category", "claim__reviewer"]
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
        FLAG: Move(
            gettext_lazy("Flag"),
            ("creators.review_creator",),
            frozenset(Creator.Status.values),
            form=FlagForm,
            key="f",
        ),
    }

    def get_ordering(self, request: HttpRequest) -> Any:
        """Along the index (status, status_since, id): the queue oldest first, the others newest first."""
        if ORDER_VAR in request.GET:  # ties, in the direction of what they are ties of
            return ["-id"] if request.GET[ORDER_VAR].startswith("-") else ["id"]
        status = chosen_status(request)
        if status == StatusFilter.everyone:
            return ["-id"]
        return ["status_since", "id"] if status in OLDEST_FIRST else ["-status_since", "-id"]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return (queryset.matching(search_term) if search_term.strip() else queryset), False

    def get_readonly_fields(self, request: HttpRequest, obj: Creator | None = None) -> list[str]:
        written_by_moves = ["status_since", "terms_accepted_on", "created_at"]
        return ["handle", *written_by_moves] if obj else written_by_moves

    @admin.display(description=gettext_lazy("rules"))
    def rules(self, creator: Creator) -> object:
        """What the rules say of him, and the flags he bears."""
        pills = standing_flags(creator)
        eligibility = getattr(creator, "eligibility", None)
        if eligibility is not None and eligibility.eligible:
            pills.insert(0, model_admin.badges.pill(_("eligible"), "good"))
        elif eligibility is not None:
            pills.insert(0, model_admin.badges.pill(rule_names(eligibility.failed_rules), "bad"))
        return format_html_join(" ", "{}", ((pill,) for pill in pills)) if pills else None

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
        if action == FLAG:
            raised = flags.raise_by_hand(
                records, cast(User, request.user), answers["detail"], cast(Any, answers["until"])
            )
            return ngettext("%(count)s flagged.", "%(count)s flagged.", raised) % {"count": raised}
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
    pending, asked = (Q(status=status) for status in (Creator.Status.PENDING, Creator.Status.ASKED))
    return Creator.objects.filter(pending | asked).aggregate(
        waiting=Count("pk", filter=pending),
        oldest=Min("status_since", filter=pending),
        asked=Count("pk", filter=asked),
    )


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
