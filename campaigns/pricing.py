"""What a campaign costs: the rate card of its market on its first day, the dearest of its categories.

An ad may run beside any video of the booked categories, so one price holds for all of them. The price is
worked out when a draft is saved, must still be the card's when it is submitted, and is frozen when it is
booked; staff may agree on another one before that (`Campaign.negotiated`).
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext as _

from campaigns.models import Rate
from creators.models import Category
from pulse_site.refusal import Refused

_OF_THE_CAMPAIGN = Rate.objects.filter(
    market=OuterRef("market"), category__campaigns=OuterRef("pk"), starts_on__lte=OuterRef("starts_on")
)
_LATER = Rate.objects.filter(
    market=OuterRef("market"),
    category=OuterRef("category"),
    starts_on__gt=OuterRef("starts_on"),
    starts_on__lte=OuterRef(OuterRef("starts_on")),
)
# Of a set of campaigns: the CPM in micros that the card asks of each; None where it has no rate.
CARD_CPM = Subquery(_OF_THE_CAMPAIGN.filter(~Exists(_LATER)).order_by("-cpm_micros").values("cpm_micros")[:1])


@dataclass(frozen=True)
class Quote:
    """The rate of each chosen category, the dearest first: it is the one that counts."""

    rates: list[Rate]

    @property
    def cpm_micros(self) -> int:
        return self.rates[0].cpm_micros

    @property
    def dearest(self) -> Category:
        return self.rates[0].category


def quote(market: str, categories: Collection[Category], day: datetime.date) -> Quote:
    """What `categories` cost in `market` for a campaign whose first day is `day`.

    Raises Refused without a category, and naming those for which the card has no rate on that day.
    """
    if not categories:
        raise Refused(_("Choose at least one category."))
    card = Rate.objects.in_force(day, market).filter(category__in=categories).select_related("category")
    rates = list(card.order_by("-cpm_micros", "category__position"))
    priced = {rate.category_id for rate in rates}
    missing = [category.name for category in categories if category.pk not in priced]
    if missing:
        raise Refused(
            _("The rate card has no price for %(categories)s on %(day)s: choose others, or ask us.")
            % {"categories": ", ".join(missing), "day": day}
        )
    return Quote(rates)
