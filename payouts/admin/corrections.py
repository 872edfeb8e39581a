"""Corrections: prepared by hand or by a file, looked at, and approved by another person."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import corrections, effects
from payouts.models import Adjustment, Correction, Dispute
from pulse_site import money, runs
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.models import Run, Upload, User
from pulse_site.panels import panel
from pulse_site.refusal import Refused

SHOWN = 20
AT_ONCE = 2_000  # more adjustments than these are approved in the background
APPROVAL = "approve_correction"  # the run of payouts/tasks.py


class CorrectionForm(forms.Form):
    """One adjustment by hand, in the words of who has to prepare it."""

    month = forms.ModelChoiceField(
        label=_("Month that is corrected"), queryset=Month.objects.order_by("-code"), empty_label=None
    )
    campaign = forms.SlugField(
        label=_("Campaign"),
        required=False,
        max_length=40,
        help_text=_("Its reference. Leave it out for goodwill to a creator, which no advertiser pays."),
    )
    creator = forms.CharField(
        label=_("Creator"),
        required=False,
        max_length=65,
        help_text=_("The handle. Leave it out for goodwill to an advertiser, which costs no creator."),
    )
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=15,
        decimal_places=6,
        help_text=_(
            "US dollars of what was billed. With a campaign and a creator: what both lose, negative for what "
            "is given back. Goodwill: what is given, negative to take it back."
        ),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=Correction.Reason)
    detail = forms.CharField(
        label=_("Explanation"), max_length=200, help_text=_("The creator and the advertiser read this.")
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For colleagues and auditors; creators and advertisers don't see it."),
    )
    evidence = forms.FileField(label=_("Evidence"), required=False)

    def clean_campaign(self) -> Campaign | None:
        reference = self.cleaned_data["campaign"]
        found = Campaign.objects.filter(reference=reference).first()
        if reference and not found:
            raise forms.ValidationError(_("No campaign has this reference."))
        return found

    def clean_creator(self) -> Creator | None:
        handle = self.cleaned_data["creator"].strip().lstrip("@").lower()
        found = Creator.objects.filter(handle=handle).first()
        if handle and not found:
            raise forms.ValidationError(_("No creator has this handle."))
        return found

    def prepare(self, by: User) -> Correction | None:
        """The prepared correction, or None and an error on the form."""
        answers = dict(self.cleaned_data)
        micros = int(answers.pop("amount") * money.MICROS_PER_DOLLAR)
        try:
            return corrections.prepare(by, origin=answers.pop("month"), micros=micros, **answers)
        except Refused as refusal:
            self.add_error(None, str(refusal))
            return None


def _move(
    action: str, label: Any, tone: str, permissions: tuple[str, ...], asks_reason: bool = False
) -> Move:
    return Move(label, permissions, frozenset(corrections.MOVES[action][0]), tone, asks_reason)


@admin.register(Correction)
class CorrectionAdmin(Exports, MovingAdmin):
    resource_classes = [
        columns(
            Correction,
            "id status reason note upload_id prepared_by__username prepared_at approved_by__username "
            "approved_at",
        )
    ]
    in_bulk = False
    list_display = ["__str__", model_admin.badge(), "upload", "prepared_by", "prepared_at", "approved_by"]
    list_filter = ["status"]
    list_select_related = ["upload", "prepared_by", "approved_by"]
    ordering = ["-id"]
    fields = [
        "reason",
        "note",
        "evidence",
        "upload",
        "prepared_by",
        "prepared_at",
        "decided_by",
        "approved_at",
    ]
    moves = {
        "approve": _move("approve", _("Approve"), "good", (corrections.APPROVES,)),
        "reject": _move(
            "reject", _("Reject"), "bad", (corrections.APPROVES, corrections.PREPARES), asks_reason=True
        ),
    }

    @admin.display(description=_("decided by"))
    def decided_by(self, correction: Correction) -> User | str:
        return correction.approved_by or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(corrections.PREPARES)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page that prepares one adjustment by hand."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        closed = Month.objects.filter(status=Month.Status.CLOSED).order_by("-code").first()
        asked = {"month": closed} | {
            name: request.GET[name] for name in ("month", "campaign", "creator") if name in request.GET
        }
        form = CorrectionForm(request.POST or None, request.FILES or None, initial=asked)
        if request.method == "POST" and form.is_valid() and (made := form.prepare(cast(User, request.user))):
            messages.success(request, _("Prepared; another person approves it."))
            return redirect(reverse("admin:payouts_correction_change", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Prepare a correction"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/payouts/correction/new.html", context)

    def obstacle(self, request: HttpRequest, action: str, record: Correction) -> str:
        if action == "approve" and record.prepared_by == request.user:
            return str(_("You prepared it; somebody else approves it."))
        return super().obstacle(request, action, record)

    def figures(self, record: Correction) -> list[tuple[object, object]]:
        """What the correction does stands below, in the panel of its effects."""
        figures = [(_("reason"), record.get_reason_display()), (_("note"), record.note or "–")]
        return [*figures, (_("prepared by"), record.prepared_by or _("a feed"))]

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        correction, user = records.get(), cast(User, request.user)
        if action == "reject":
            corrections.reject(correction, user, " ".join(filter(None, answers.values())))
        elif correction.adjustments.count() > AT_ONCE:
            key, arguments = str(correction.pk), {"correction_id": correction.pk, "user_id": user.pk}
            runs.start(APPROVAL, key=key, arguments=arguments, owner=user)
            return str(_("%(correction)s is being approved.")) % {"correction": correction}
        else:
            corrections.approve(correction, user)
        return str(_("%(correction)s: done.")) % {"correction": correction}


@panel("admin/panels/approval.html", of=Correction, permission="payouts.view_correction", position=5)
def approval(request: HttpRequest, correction: Correction) -> dict[str, Any] | None:
    """How far the approval in the background is, or why it failed."""
    run = Run.objects.filter(kind=APPROVAL, key=str(correction.pk)).order_by("-id").first()
    return {"run": run} if run and correction.status == Correction.Status.PREPARED else None


@panel(
    "admin/panels/effects.html",
    of=Correction,
    permission="payouts.view_correction",
    position=10,
    decisive=True,
)
def shown_effects(request: HttpRequest, correction: Correction) -> dict[str, Any]:
    return {"effects": effects.effects(correction), "correction": correction}


@panel("admin/panels/adjustments.html", of=Correction, permission="payouts.view_adjustment", position=20)
def rows(request: HttpRequest, correction: Correction) -> dict[str, Any]:
    return {"adjustments": _newest(correction.adjustments.all()), "correction": correction}


@panel("admin/panels/adjustments.html", of=Creator, permission="payouts.view_adjustment", position=52)
def of_creator(request: HttpRequest, creator: Creator) -> dict[str, Any] | None:
    """What of the creator's earnings was corrected, or is about to be."""
    found = list(_newest(Adjustment.objects.filter(creator=creator)))
    return {"adjustments": found, "creator": creator} if found else None


@panel(
    "admin/panels/adjustments.html",
    of=Dispute,
    permission="payouts.view_adjustment",
    position=10,
    decisive=True,
)
def of_dispute(request: HttpRequest, dispute: Dispute) -> dict[str, Any]:
    """What was corrected of the creator's earnings: by one of these a dispute is resolved."""
    found = list(_newest(Adjustment.objects.filter(creator=dispute.creator)))
    return {"adjustments": found, "creator": dispute.creator, "month": dispute.month_id}


def _newest(adjustments: QuerySet[Adjustment]) -> QuerySet[Adjustment]:
    return adjustments.select_related("correction", "campaign", "creator").order_by("-id")[:SHOWN]


@panel("admin/panels/corrections.html", permission="payouts.view_correction", position=12)
def waiting(request: HttpRequest) -> dict[str, Any]:
    """How many corrections another person has to look at."""
    prepared = Correction.objects.filter(status=Correction.Status.PREPARED)
    return prepared.aggregate(waiting=Count("pk"), oldest=Min("prepared_at"))


@admin.register(Adjustment)
class AdjustmentAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Adjustment,
            "id correction_id origin_id campaign__reference creator__handle day video_id impressions "
            "revenue_micros enrolled_micros share_micros borne_micros detail month_id",
        )
    ]
    list_display = [
        "id",
        "correction",
        "origin",
        "campaign",
        "creator",
        "day",
        model_admin.count("impressions", _("impressions")),
        model_admin.dollars("revenue_micros", pgettext_lazy("to an advertiser", "credit")),
        model_admin.dollars("share_micros", _("deduction")),
        "month",
    ]
    list_select_related = ["correction", "origin", "campaign", "creator", "month"]
    ordering = ["-id"]
    search_fields = ["creator__handle__exact"]
    search_help_text = _("The creator's handle, in full.")
    fields = [
        "correction",
        "origin",
        "campaign",
        "creator",
        "day",
        "video_id",
        model_admin.count("impressions", _("impressions")),
        model_admin.dollars("revenue_micros", _("credit to the advertiser")),
        model_admin.dollars("enrolled_micros", _("within an enrolment")),
        model_admin.dollars("share_micros", _("deduction from the creator")),
        model_admin.dollars("borne_micros", _("borne by the platform")),
        "detail",
        "month",
    ]


@panel("admin/panels/upload_payouts.html", of=Upload, permission="payouts.view_correction", position=20)
def corrected_by(request: HttpRequest, upload: Upload) -> dict[str, Any] | None:
    """The correction that a file of invalid traffic prepared."""
    found = Correction.objects.filter(upload=upload).first()
    if found is None:
        return None
    url = reverse("admin:payouts_correction_change", args=[found.pk])
    return {"links": [(f"{found} ({found.get_status_display()})", url)]}
