from typing import Any

from django.apps import apps
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

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The apps in the order in which they are installed: ours before Django's."""
        order = [config.label for config in apps.get_app_configs()]
        found = super().get_app_list(request, app_label)
        return sorted(found, key=lambda app: order.index(app["app_label"]))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {"panels": panels.shown(request), "today": timezone.now(), **(extra_context or {})}
        return super().index(request, context)
