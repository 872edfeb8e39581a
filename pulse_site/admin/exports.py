"""Exports that a spreadsheet can open without running anything.

The library's own setting strips one `=`, ignores `+ - @` and tabs, and turns XLSX numbers into text.
"""

from decimal import Decimal
from typing import Any

from django.db.models import Model
from import_export import fields, resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm

from pulse_site.money import MICROS_PER_DOLLAR
from pulse_site.spreadsheets import harmless


class HarmlessResource(resources.ModelResource):
    """Numbers as numbers; a text that a spreadsheet would take for a formula gets a leading quote."""

    def export_field(self, field: fields.Field, instance: Model, **kwargs: Any) -> Any:
        value = field.get_value(instance)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value
        return harmless(super().export_field(field, instance, **kwargs))


class DollarsColumn(fields.Field):
    """An exact amount in dollars, out of a field of micros."""

    def get_value(self, instance: Model) -> Decimal | None:
        micros = super().get_value(instance)
        return None if micros is None else Decimal(micros) / MICROS_PER_DOLLAR


class Exports(ExportMixin):
    """A ModelAdmin whose list can be exported, as filtered, to CSV and XLSX."""

    export_formats = [CSV, XLSX]
    export_form_class = ExportForm  # the library's other form needs inline scripts and styles
