from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pulse_site import panels


class PulseAdminSite(AdminSite):
    """Django's own admin with a start page that says what needs a person today."""

    site_header = "Pulse"
    site_title = "Pulse"
    index_title = _("Today")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {"panels": panels.shown(request), "today": timezone.now(), **(extra_context or {})}
        return super().index(request, context)
