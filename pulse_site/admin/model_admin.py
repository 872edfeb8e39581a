"""What every ModelAdmin of Pulse has: lists that stay fast at a million rows, and columns that read well.

Measured on stock lists of a million rows: the full COUNT, filters that SELECT DISTINCT, sorting by what has
no index and following every foreign key cost 10 to 90 times the page itself. So: counts stop at a limit,
nothing sorts unless its ModelAdmin says so, and nothing is selected that nobody has seen.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from pulse_site import money, panels
from pulse_site.admin.keyset import KeysetChangeList
from pulse_site.forms import DollarsField
from pulse_site.templatetags import badges


class CappedPaginator(Paginator):
    """Counts to a limit and no further."""

    limit = 10_000

    object_list: models.QuerySet[Any]

    @cached_property
    def _counted(self) -> int:
        return self.object_list.order_by()[: self.limit + 1].count()

    @property
    def count(self) -> int:
        return min(self._counted, self.limit)

    @property
    def capped(self) -> bool:
        return self._counted > self.limit


class TickedRows(ActionForm):
    """Actions run on the rows that were ticked, never "across all pages": that hits rows nobody has seen."""

    def clean_select_across(self) -> bool:
        return False


class PulseModelAdmin(admin.ModelAdmin):
    action_form = TickedRows
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by: ClassVar[Any] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nothing is deleted here: money, decisions and lineups refer to it."""
        return False

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name.endswith("_micros"):
            return DollarsField(label=kwargs.get("label", db_field.verbose_name), help_text=_("US dollars."))
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # without the links to add, change and view beside it
        return field

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        return super().changelist_view(request, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = kwargs.get("obj")
        context["show_save_and_add_another"] = False
        if record is not None:
            context["panels"] = panels.shown(request, record)
            context["badge"] = badges.badge(record) if hasattr(record, "get_status_display") else ""
        return super().render_change_form(request, context, *args, **kwargs)


class ViewOnlyAdmin(PulseModelAdmin):
    """Rows that only the job modules write: a person may look."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def column(field: str, label: Any, show: Callable[[Any], object], order: str | None = None) -> Any:
    """A column of a list, and a read-only field of a page, that shows `field` of the row by `show`."""

    @admin.display(description=label, ordering=order, empty_value="–")
    def shown(record: Any) -> object:
        value: Any = record
        for name in field.split("__"):
            value = getattr(value, name, None)
        return None if value is None else show(value)

    shown.__name__ = f"{field}_number"  # the class of its cells
    return shown


def dollars(field: str, label: Any) -> Any:
    """A column that shows the micros of `field` as dollars."""
    return column(field, label, money.dollars)


def count(field: str, label: Any, order: str | None = None) -> Any:
    """A column that shows the integer of `field` with its thousands apart."""
    return column(field, label, grouped, order)


def grouped(number: int) -> str:
    """The integer with its thousands apart, as the reader's language writes them."""
    return number_format(number, force_grouping=True)


def badge(field: str = "status", label: Any = None) -> Any:
    """A column that shows a field with choices as a coloured pill."""

    @admin.display(description=label or _("status"))
    def shown(record: Any) -> SafeString:
        return badges.badge(record, field)

    shown.__name__ = f"{field}_badge"
    return shown
