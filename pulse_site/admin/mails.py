"""E-mails as administrators see them: to whom, about what, and whether they are gone; never what they say."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pulse_site import mail
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.models import Mail
from pulse_site.templatetags import badges


class SentFilter(admin.SimpleListFilter):
    title = gettext_lazy("sent")
    parameter_name = "sent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("sent")), ("no", _("not sent yet"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset if self.value() is None else queryset.filter(sent_at__isnull=self.value() == "no")


@admin.register(Mail)
class MailAdmin(Exports, model_admin.ViewOnlyAdmin):
    """Their texts hold links that only the reader may use."""

    resource_classes = [
        columns(
            Mail,
            "to name language subject created_at attempts error sent_at",
        )
    ]
    list_display = ["created_at", "to", "subject", "state", "attempts", "error"]
    list_filter = [SentFilter]
    search_fields = ["to__istartswith"]
    search_help_text = gettext_lazy("The address, or how it begins.")
    fields = ["to", "name", "language", "subject", "created_at", "sent_at", "attempts", "not_before", "error"]

    @admin.display(description=gettext_lazy("state"))
    def state(self, letter: Mail) -> SafeString:
        if letter.sent_at:
            return badges.pill(_("sent"), "good")
        given_up = letter.attempts >= mail.MAX_ATTEMPTS
        return badges.pill(_("given up"), "bad") if given_up else badges.pill(_("waiting"), "info")
