"""The days that a report is about, and those that it is compared with.

Days are those on which impressions ran. An invoice is about the month in which they were billed, and late
ones are billed in a later month than that of their day: so a report can be about such a month as well, and
then agrees with the invoice to the cent.
"""

import calendar
import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Delivery, Month

ONE_DAY = datetime.timedelta(days=1)
INVOICED = "invoiced-"
CUSTOM = "custom"
MONTHS_OFFERED = 24


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both included and either open when it is None; or what `month` billed."""

    key: str
    label: str
    first: datetime.date | None = None
    last: datetime.date | None = None
    month: str = ""

    def of(self, deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.month:
            return deliveries.filter(month=self.month)
        within: dict[str, Any] = {"day__gte": self.first, "day__lte": self.last}
        return deliveries.filter(**{name: day for name, day in within.items() if day})

    def before(self) -> "Period | None":
        """The period of the same kind right before: a month before a month, as many days before days."""
        if self.month:
            eve = Month(code=self.month).first_day - ONE_DAY
            return Period(self.key, "", month=f"{eve:%Y-%m}")
        if self.first is None or self.last is None:
            return None
        last = self.first - ONE_DAY
        if self.first.day == 1 and self.last == _end_of_month(self.last):
            return Period(self.key, "", last.replace(day=1), last)
        return Period(self.key, "", last - (self.last - self.first), last)


def presets(today: datetime.date) -> dict[str, Period]:
    """What is offered, by key. Whole days only: those of `today` are reported tomorrow."""
    eve, first = today - ONE_DAY, today.replace(day=1)
    before = first - ONE_DAY
    offered = (
        Period("all", _("Whole campaign")),
        Period("last-7", _("Last 7 days"), today - 7 * ONE_DAY, eve),
        Period("last-30", _("Last 30 days"), today - 30 * ONE_DAY, eve),
        Period("this-month", _("This month"), first, today),
        Period("last-month", _("Last month"), before.replace(day=1), before),
    )
    return {period.key: period for period in offered}


def custom(first: datetime.date, last: datetime.date) -> Period:
    return Period(CUSTOM, _("From – to"), first, last)


def invoiced(campaigns: list[Campaign], today: datetime.date) -> dict[str, Period]:
    """A period for each month in which one of the campaigns may have been billed, by key, newest first."""
    if not campaigns:
        return {}
    earliest = f"{min(campaign.starts_on for campaign in campaigns):%Y-%m}"
    day = today.replace(day=1)
    found: dict[str, Period] = {}
    while f"{day:%Y-%m}" >= earliest and len(found) < MONTHS_OFFERED:
        code = f"{day:%Y-%m}"
        found[INVOICED + code] = Period(
            INVOICED + code, _("Billed in %(month)s") % {"month": code}, month=code
        )
        day = (day - ONE_DAY).replace(day=1)
    return found


def _end_of_month(day: datetime.date) -> datetime.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
