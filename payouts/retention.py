"""How long daily counts are kept, and what of them is kept for ever: whatever money or a lineup has used.

Ten million videos a day are 1.4 GB of counts, and later nobody asks for most of them. Of a day that is older
than COUNTS_KEPT_DAYS those go that no lineup has, corrections included, and beside which no ad was delivered.
So whatever was ranked in, delivered on, billed or shared can still be explained, whether money used it or
not. Where nothing of a day was used it goes whole.

A day waits as long as anything may still be done about it: while its month, or a month that took one of its
deliveries, is not closed; while a statement of such a month can be disputed, or is.

What is left of a day can't be ranked again: ThinnedDay says who removed how much, and recompute_placements,
explain_video and the what-if page tell that in words. The lineup itself stays, with its digest. One day is
one transaction, on PostgreSQL another partition in the place of the old one, so that what is killed can be
started again.
"""

import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Delivery, Month
from creators.models import ThinnedDay, VideoCounts
from payouts import disputes
from payouts.models import Dispute
from pulse_site import audit, partitions
from pulse_site.feeds.staging import take_turn
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

PERMISSION = "creators.add_thinnedday"
ONE_DAY = datetime.timedelta(days=1)
SHORTEST = 60  # days: lineups of less may still move
# Of the rows `counted` of a day.
USED = """
    counted.video_id IN (SELECT placement.video_id FROM campaigns_placement placement
                           JOIN campaigns_placementrun run ON run.id = placement.run_id
                          WHERE run.day = %(day)s)
    OR counted.video_id IN (SELECT video_id FROM campaigns_delivery WHERE day = %(day)s)
"""


def thin_old(by: User | None = None, days: int | None = None) -> dict[str, Any]:
    """Thin every day that is older than `days`, COUNTS_KEPT_DAYS unless given, and may be thinned.

    Returns days (how many were thinned), removed and kept (counts of them), and waiting (day -> why it can't
    be thinned yet). Raises Refused for less than 60 days, and when `by` may not; None is Pulse itself.
    """
    days = settings.COUNTS_KEPT_DAYS if days is None else days
    if days < SHORTEST:
        raise Refused(_("Keep counts for %(days)s days at least.") % {"days": SHORTEST})
    told: dict[str, Any] = {"days": 0, "removed": 0, "kept": 0, "waiting": {}}
    for day in _older_than(timezone.now().date() - days * ONE_DAY):
        reason = obstacle(day)
        thinned = None if reason else thin(day, by)
        if reason:
            told["waiting"][str(day)] = reason
        if thinned:
            told["days"] += 1
            told["removed"] += thinned.removed
            told["kept"] += thinned.kept
    return told


def thin(day: datetime.date, by: User | None = None) -> ThinnedDay | None:
    """Remove the counts of `day` that nothing has used; None where there are none.

    Raises Refused when `by` may not, while something may still be done about the day, or it is being read.
    """
    if by:
        require(by, PERMISSION)
    try:
        with transaction.atomic():
            take_turn()  # no delivery comes between the look at them and the end
            reason = obstacle(day)
            if reason:
                raise Refused(reason)
            kept, removed = partitions.replace(VideoCounts._meta.db_table, day, USED)
            if not removed:
                return None
            thinned = ThinnedDay.objects.create(day=day, removed=removed, kept=kept, thinned_by=by)
            audit.record(by, "counts.thin", thinned, removed=removed, kept=kept)
            return thinned
    except OperationalError:
        raise Refused(
            _("The counts of %(day)s are being read: try again when that is over.") % {"day": day}
        ) from None


def obstacle(day: datetime.date) -> str:
    """Why the day can't be thinned yet, in words; "" when it can."""
    took = Delivery.objects.filter(day=day).values("month")
    months = Month.objects.filter(Q(code=f"{day:%Y-%m}") | Q(code__in=took))
    for month in months:
        if month.status != Month.Status.CLOSED:
            return _("%(month)s is not closed yet; its figures may still change.") % {"month": month}
        if disputes.in_time(month):
            return _("The statements of %(month)s can still be disputed.") % {"month": month}
    if Dispute.objects.filter(month__in=months, status__in=disputes.LIVE).exists():
        return _("A dispute about a statement of that day is open.")
    return ""


def _older_than(first_kept: datetime.date) -> list[datetime.date]:
    """The days with counts before that day that were not thinned, walked along the key."""
    days = []
    day = VideoCounts.objects.aggregate(day=Min("day"))["day"]
    while day and day < first_kept:
        days.append(day)
        day = VideoCounts.objects.filter(day__gt=day).aggregate(day=Min("day"))["day"]
    thinned = set(ThinnedDay.objects.filter(day__in=days).values_list("day", flat=True))
    return [day for day in days if day not in thinned]
