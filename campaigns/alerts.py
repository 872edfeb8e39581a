"""What is wrong with a live campaign today, for ad operations and for its advertiser.

Alerts are derived from a campaign's progress whenever they are shown, never stored: what was put right is
gone by itself. All live campaigns take one query. The worst comes first.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.reports import PERMILLE, Pace, Progress, progress

ONE_DAY = datetime.timedelta(days=1)
SILENT_DAYS = 2  # the file of a day comes on the morning after it
OFF_LINEUP_PERMILLE = 100
ENDS_WITHIN = datetime.timedelta(days=3)
ENOUGH_PERMILLE = 950


class Kind(models.TextChoices):
    SILENT = "silent", _("no delivery reported")
    OFF_LINEUP = "off_lineup", _("much runs off the lineup")
    ENDS_SOON = "ends_soon", _("ends soon with budget left")
    BEHIND = "behind", _("behind plan")
    BUDGET_USED = "budget_used", _("budget used up")
    OVER_DELIVERY = "over_delivery", _("delivered beyond the budget")


@dataclass(frozen=True)
class Alert:
    """`tone` is "bad" where the advertiser loses something by it, "warn" for what is to be looked at."""

    kind: Kind
    tone: str

    @property
    def label(self) -> str:
        return str(self.kind.label)


def of(each: Progress) -> list[Alert]:
    """The alerts of a campaign, the worst first; none unless it is live."""
    if each.stage != Campaign.Phase.LIVE:
        return []
    return [Alert(kind, tone) for kind, tone, holds in RULES if holds(each)]


def live(today: datetime.date) -> list[tuple[Progress, list[Alert]]]:
    """Every campaign that is live on `today` and has an alert, with its alerts; the worst first."""
    running = Campaign.objects.filter(
        status=Campaign.Status.BOOKED, starts_on__lte=today, ends_on__gte=today
    ).select_related("advertiser")
    found = [(each, of(each)) for each in progress(list(running.order_by("ends_on", "pk")), today)]
    order = {kind: number for number, (kind, _tone, _holds) in enumerate(RULES)}
    return sorted((row for row in found if row[1]), key=lambda row: order[row[1][0].kind])


def _silent(each: Progress) -> bool:
    """Nothing for the last days that should have been reported by now."""
    told_until = each.today - SILENT_DAYS * ONE_DAY
    last = each.last_day or each.campaign.starts_on - ONE_DAY
    return each.campaign.starts_on <= told_until and last < told_until and not _used_up(each)


def _off_lineup(each: Progress) -> bool:
    return each.off_lineup * PERMILLE > each.delivered * OFF_LINEUP_PERMILLE


def _ends_soon(each: Progress) -> bool:
    return each.campaign.ends_on - each.today <= ENDS_WITHIN and each.used_permille < ENOUGH_PERMILLE


def _behind(each: Progress) -> bool:
    return each.pace == Pace.BEHIND


def _used_up(each: Progress) -> bool:
    """What is left doesn't pay for one more impression."""
    return each.impressions >= each.campaign.goal_impressions


def _over_delivery(each: Progress) -> bool:
    return each.over_budget > 0


RULES: tuple[tuple[Kind, str, Callable[[Progress], bool]], ...] = (
    (Kind.SILENT, "bad", _silent),
    (Kind.OFF_LINEUP, "bad", _off_lineup),
    (Kind.ENDS_SOON, "warn", _ends_soon),
    (Kind.BEHIND, "warn", _behind),
    (Kind.OVER_DELIVERY, "warn", _over_delivery),
    (Kind.BUDGET_USED, "info", _used_up),
)
