"""What is still to be paid: by one advertiser, and by age over all of them."""

import datetime
from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, Min, Q, Sum
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from campaigns.invoices import settling
from campaigns.models import Advertiser, InvoiceQuerySet

# Days since an invoice was due: from, to, and how it is called.
AGES = (
    (None, 0, _("not due yet")),
    (1, 30, _("1–30 days")),
    (31, 60, _("31–60 days")),
    (61, 90, _("61–90 days")),
    (91, None, _("over 90 days")),
)


@dataclass(frozen=True)
class Standing:
    """An advertiser's open invoices; `waiting_micros` were paid or credited and wait for the next invoice."""

    open_micros: int
    overdue_micros: int
    next_due: datetime.date | None
    waiting_micros: int


@dataclass(frozen=True)
class Age:
    """The open invoices that were due so many days ago."""

    label: object
    after: str
    before: str
    invoices: int
    micros: int

    @property
    def late(self) -> bool:
        return bool(self.before)


def standing(advertiser: Advertiser, today: datetime.date) -> Standing:
    """Where the advertiser stands on `today`, by two queries."""
    late = Q(due_on__lt=today)
    found = _unpaid(advertiser.invoices.all()).aggregate(
        open=_sum(Q()), overdue=_sum(late), next_due=Min("due_on", filter=~late)
    )
    return Standing(
        found["open"] or 0, found["overdue"] or 0, found["next_due"], max(settling.waiting(advertiser), 0)
    )


def ageing(invoices: InvoiceQuerySet, today: datetime.date) -> list[Age]:
    """The open ones of `invoices` by how long ago they were due, by one query."""
    spans = [_span(first, last, today) for first, last, _label in AGES]
    sums = {f"micros_{place}": _sum(_within(*span)) for place, span in enumerate(spans)}
    counts = {f"count_{place}": Count("pk", filter=_within(*span)) for place, span in enumerate(spans)}
    found = _unpaid(invoices).aggregate(**sums, **counts)
    return [
        Age(
            AGES[place][2],
            after.isoformat() if after else "",
            before.isoformat() if before else "",
            found[f"count_{place}"],
            found[f"micros_{place}"] or 0,
        )
        for place, (after, before) in enumerate(spans)
    ]


def _unpaid(invoices: InvoiceQuerySet) -> InvoiceQuerySet:
    return invoices.invoices().with_balance().filter(open_micros__gt=0)  # type: ignore[misc]


def _sum(which: Q) -> Cast:
    return Cast(Sum("open_micros", filter=which), BigIntegerField())


def _span(
    first: int | None, last: int | None, today: datetime.date
) -> tuple[datetime.date | None, datetime.date | None]:
    """The first and the last due date of invoices that are from `first` to `last` days overdue."""
    return (
        None if last is None else today - datetime.timedelta(days=last),
        None if first is None else today - datetime.timedelta(days=first),
    )


def _within(after: datetime.date | None, before: datetime.date | None) -> Q:
    return (Q(due_on__gte=after) if after else Q()) & (Q(due_on__lte=before) if before else Q())
