from functools import wraps
from typing import Any, cast

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db import DataError, transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pulse_site import audit, panels
from pulse_site.models import User


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

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """That somebody changed his password is audited, the password is not."""
        person = cast(User, request.user)
        before = person.password
        with transaction.atomic():
            answer = super().password_change(request, extra_context)
            if person.password != before:
                audit.record(person, "person.password", person)
        return answer

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {"panels": panels.shown(request), "today": timezone.now(), **(extra_context or {})}
        return super().index(request, context)
