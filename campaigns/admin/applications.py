"""How advertisers come in: the form that staff open and close, invitations, texts, and the agreement."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns import invitations, onboarding
from campaigns.admin.advertisers import APPROVES
from campaigns.models import FORM_MOVES, Agreement, ApplicationForm, Invitation, Suggestion
from pulse_site.admin import model_admin
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.models import User

UNSETTLED = frozenset({Invitation.Status.WAITING, Invitation.Status.EXPIRED})


@admin.register(ApplicationForm)
class ApplicationFormAdmin(MovingAdmin, model_admin.ViewOnlyAdmin):
    """There is one; its buttons open and close it."""

    in_bulk = False
    list_display = ["__str__", model_admin.badge(), "changed_by", "changed_at"]
    list_select_related = ["changed_by"]
    fields = ["changed_by", "changed_at"]
    moves = {
        "open": Move(_("Open to everybody"), (APPROVES,), FORM_MOVES["open"][0], "good"),
        "close": Move(_("Close"), (APPROVES,), FORM_MOVES["close"][0]),
    }

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        onboarding.move_form(action, cast(User, request.user))
        return str(_("Done: the form is %(status)s.")) % {"status": records.get().get_status_display()}


@admin.register(Invitation)
class InvitationAdmin(Exports, MovingAdmin):
    """To invite somebody to apply is to add an invitation; those of teams are only looked at."""

    resource_classes = [
        columns(
            Invitation,
            "email advertiser__name role language invited_by__username created_at expires_at "
            "accepted_at revoked_at",
        )
    ]
    in_bulk = False
    list_display = [
        "email",
        model_admin.badge(),
        "advertiser",
        "role",
        "invited_by",
        "created_at",
        "expires_at",
    ]
    list_select_related = ["advertiser", "invited_by"]
    search_fields = ["email__istartswith"]
    asked = ("email", "language")
    told = ("advertiser", "role", "invited_by", "created_at", "expires_at", "accepted_by", "accepted_at")
    moves = {
        "send": Move(_("Send again"), (APPROVES,), UNSETTLED),
        "take_back": Move(_("Take back"), (APPROVES,), UNSETTLED, "bad"),
    }

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return [*self.asked, *self.told, "revoked_at"] if obj else self.asked

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invitation, form: ModelForm, change: bool) -> None:
        sent = onboarding.invite(obj.email, obj.language, cast(User, request.user))
        obj.pk = sent.pk

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        invitation = records.get()
        work = {"send": invitations.send_again, "take_back": invitations.take_back}[action]
        work(invitation, cast(User, request.user))
        return str(_("%(email)s: done.")) % {"email": invitation.email}


@admin.register(Suggestion)
class SuggestionAdmin(Exports, model_admin.PulseModelAdmin):
    resource_classes = [
        columns(
            Suggestion,
            "action text_en text_fr position retired",
        )
    ]
    list_display = ["text_en", "text_fr", "action", "position", "retired"]
    list_filter = ["action", "retired"]


@admin.register(Agreement)
class AgreementAdmin(Exports, AuditedAdmin):
    """A version may be edited until somebody has accepted it; then the database keeps it."""

    resource_classes = [
        columns(
            Agreement,
            "version starts_on text_en text_fr",
        )
    ]
    audited = ("agreement.create", "agreement.change")
    list_display = ["__str__", "starts_on", "accepted"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        return Agreement.objects.with_acceptances()

    @admin.display(description=_("accepted by"))
    def accepted(self, agreement: Any) -> str:
        return model_admin.grouped(agreement.accepted)

    def has_change_permission(self, request: HttpRequest, obj: Agreement | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.acceptances.exists())
