"""The checklist of an application: what staff have looked at, ticked by whom and when.

The items and what each vouches for stand beside their model (models/checks.py). A tick vouches for what was
there when it was made: whoever changes that, staff or advertiser, makes the tick stale, and it must be made
again, before the approval or after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Advertiser, AdvertiserCheck
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused


@dataclass(frozen=True)
class Line:
    """One item as the page shows it: what it vouches for, and the tick, if there is one."""

    item: str
    label: Any
    values: list[str]
    check: AdvertiserCheck | None

    @property
    def holds(self) -> bool:
        return self.check is not None and self.check.stale_since is None


def lines(advertiser: Advertiser) -> list[Line]:
    """Every item in its order."""
    made = {check.item: check for check in advertiser.checks.select_related("checked_by")}
    return [
        Line(item, item.label, _values(advertiser, item), made.get(item)) for item in AdvertiserCheck.Item
    ]


def tick(advertiser: Advertiser, item: str, by: User) -> None:
    """`by` has looked at `item` and found it right. Raises Refused for an unknown item."""
    _check_item(item)
    with transaction.atomic():
        AdvertiserCheck.objects.update_or_create(
            advertiser=advertiser,
            item=item,
            defaults={"checked_by": by, "checked_at": timezone.now(), "stale_since": None},
        )
        audit.record(by, "advertiser.check", advertiser, item=item)


def untick(advertiser: Advertiser, item: str, by: User) -> None:
    """Take a tick back. Raises Refused for an unknown item."""
    _check_item(item)
    with transaction.atomic():
        if advertiser.checks.filter(item=item).delete()[0]:
            audit.record(by, "advertiser.uncheck", advertiser, item=item)


def outdate(advertiser: Advertiser, changed: Iterable[str]) -> None:
    """The fields of these names have changed: what was ticked of them is to be checked again."""
    fields = set(changed)
    items = [item for item, vouched in AdvertiserCheck.OF.items() if fields & set(vouched)]
    advertiser.checks.filter(item__in=items, stale_since=None).update(stale_since=timezone.now())


def _check_item(item: str) -> None:
    if item not in AdvertiserCheck.Item.values:
        raise Refused(
            _("There is no item “%(item)s”; use one of: %(known)s.")
            % {"item": item, "known": ", ".join(AdvertiserCheck.Item.values)}
        )


def _values(advertiser: Advertiser, item: str) -> list[str]:
    return [value for field in AdvertiserCheck.OF[item] if (value := getattr(advertiser, field))]
