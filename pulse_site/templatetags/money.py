"""{% load money %}: amounts in templates."""

from django import template

from pulse_site import money

register = template.Library()


@register.filter
def dollars(micros: int | None) -> str:
    """{{ campaign.budget_micros|dollars }}; nothing for a value that is not there."""
    return "" if micros is None else money.dollars(micros)


@register.filter
def written(micros: int) -> str:
    """{{ line.share_micros|written }}: as the reader's language writes it."""
    return money.written(micros)
