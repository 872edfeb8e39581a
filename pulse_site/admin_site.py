from functools import wraps
from typing import Any

from allauth.account.views import logout as log_out
from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
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

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """What no column can hold (a NUL, a number past 64 bits) is not found, whatever asks for it.

        Filters, searches and keys take it from the address as it stands; each would need its own check.
        """
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return inner(request, *args, **kwargs)
            except (DataError, OverflowError):
                if request.method != "GET":
                    raise
                raise Http404 from None

        return answered

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Nobody logs in here: there is one log-in, which asks for the second factor and counts attempts."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        start = reverse("admin:index", current_app=self.name)
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME, start))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return log_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {"panels": panels.shown(request), "today": timezone.now(), **(extra_context or {})}
        return super().index(request, context)
