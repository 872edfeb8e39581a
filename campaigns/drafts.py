"""Makes, changes and copies the orders that advertisers prepare, until they are submitted.

Pulse gives a draft its reference and its price; the advertiser never types either. An order may be changed
as a draft and after it was rejected, by whoever may edit; what is submitted is taken back first, so that
staff decide on what they have read. Each change stands in the audit trail with the fields before and after.
"""

import datetime
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import exclusions, pricing, references
from campaigns.models import Advertiser, Campaign, Creative
from creators.models import Category
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

# What a copy takes over; dates, reference, status and history are its own.
COPIED = ("advertiser", "name", "market", "tier", "budget_micros", "purchase_order", "frequency_cap")
LEAD = datetime.timedelta(days=7)  # from making a copy to the first day that it proposes
ONE_DAY = datetime.timedelta(days=1)


def create(
    advertiser: Advertiser, by: User, categories: Collection[Category], *, reference: str = "", **order: Any
) -> Campaign:
    """A draft of `advertiser`; `order` holds fields of Campaign besides status and CPM.

    Pulse makes the reference unless staff have agreed on one with the ad server. Raises Refused when the
    rate card has no price for it.
    """
    quoted = pricing.quote(order["market"], categories, order["starts_on"])
    with transaction.atomic():
        made = Campaign.objects.create(
            advertiser=advertiser,
            reference=reference or references.new("P"),
            cpm_micros=quoted.cpm_micros,
            created_by=by,
            **order,
        )
        made.categories.set(categories)
        _record_made(made, by)
    return made


def edit(campaign: Campaign, by: User, categories: Collection[Category], **order: Any) -> Campaign:
    """Change an order that is not submitted; a market stays as it is. Returns it as it is now.

    A negotiated CPM holds while categories and first day do; with others the rate card counts again. Raises
    Refused when it was submitted meanwhile, and when the card has no price.
    """
    order.pop("market", None)
    with transaction.atomic():
        held = _held_open(campaign)
        before = audit.snapshot(held)
        agreed = held.negotiated and held.starts_on == order["starts_on"]
        agreed = agreed and set(held.categories.all()) == set(categories)
        if not agreed:
            quoted = pricing.quote(held.market, categories, order["starts_on"])
            order |= {"cpm_micros": quoted.cpm_micros, "negotiated": False}
        for name, value in order.items():
            setattr(held, name, value)
        held.save(update_fields=list(order))
        held.categories.set(categories)
        changed = audit.differences(before, audit.snapshot(held))
        if changed:
            audit.record(by, "campaign.change", held, changed=changed)
    return held


def clone(campaign: Campaign, by: User, today: datetime.date | None = None) -> Campaign:
    """A new draft like `campaign`, of as many days, a week from `today` (UTC, today unless given).

    It takes over the order, the creatives that stand (with staff's word on them) and the exclusions; not the
    dates, the reference, a negotiated CPM nor what was delivered. Raises Refused when the card has no price.
    """
    today = today or timezone.now().date()
    starts_on = today + LEAD
    order = {name: getattr(campaign, name) for name in COPIED}
    with transaction.atomic():
        made = create(
            order.pop("advertiser"),
            by,
            list(campaign.categories.all()),
            **order,
            starts_on=starts_on,
            ends_on=starts_on + (campaign.days - 1) * ONE_DAY,
        )
        _copy_creatives(campaign, made)
        exclusions.copy(campaign, made, today)
    return made


def _held_open(campaign: Campaign) -> Campaign:
    """The campaign as it is now, locked; raises Refused unless its order may be changed."""
    held = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if not held.editable:
        raise Refused(
            _("%(campaign)s is %(status)s: its order can't be changed now.")
            % {"campaign": held, "status": held.get_status_display()}
        )
    return held


def _record_made(made: Campaign, by: User) -> None:
    audit.record(by, "campaign.create", made, changed=audit.differences({}, audit.snapshot(made)))


def _copy_creatives(campaign: Campaign, made: Campaign) -> None:
    """The same file stands behind both: a file is never changed nor deleted."""
    standing = campaign.creatives.filter(status__in=Creative.STANDING).order_by("id")
    copies = list(standing)
    for creative in copies:
        creative.pk, creative.replaces = None, None
        creative.campaign, creative.reference = made, references.new("C")
    Creative.objects.bulk_create(copies)
