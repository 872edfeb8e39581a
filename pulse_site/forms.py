"""What forms of the portal and the admin share: how a field is shown, and how dollars are typed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from pulse_site import money


class Renderer(TemplatesSetting):
    """One template for label, field, help and errors."""

    field_template_name = "field.html"


class DollarsField(forms.DecimalField):
    """Dollars for the person who types, whole micros for the model."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=15, decimal_places=2, min_value=Decimal("0.01"), **options)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value) / money.MICROS_PER_DOLLAR if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        dollars = super().clean(value)
        return None if dollars is None else int(dollars * money.MICROS_PER_DOLLAR)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
