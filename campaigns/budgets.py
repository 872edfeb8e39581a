"""Raises the budget of booked campaigns: nothing else of an order that was booked may be bought more of.

A budget is never lowered: what was billed within it stays billed. What had run beyond the old budget in
months that still take deliveries is billed as far as the new one reaches (verdicts.py).
"""

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from campaigns import verdicts
from campaigns.booking import CAMPAIGN_LABEL
from campaigns.models import Campaign
from pulse_site import audit
from pulse_site.models import User
from pulse_site.money import dollars
from pulse_site.refusal import Refused

RAISES_IN = frozenset({Campaign.Status.BOOKED, Campaign.Status.PAUSED})


def raise_to(campaigns: QuerySet[Campaign], budget_micros: int, by: User) -> int:
    """Give every campaign of the set this budget; returns how many there are.

    Raises Refused, having written nothing, when one of them is not booked or has as much already.
    """
    with transaction.atomic():
        verdicts.hold_open_months()
        chosen = Campaign.objects.filter(pk__in=list(campaigns.values_list("pk", flat=True)))
        for campaign in chosen.select_for_update():
            if campaign.status not in RAISES_IN:
                raise Refused(_("%(campaign)s is not booked.") % {"campaign": campaign})
            if campaign.budget_micros >= budget_micros:
                raise Refused(
                    _("%(campaign)s has a budget of %(budget)s already; a budget can only be raised.")
                    % {"campaign": campaign, "budget": dollars(campaign.budget_micros)}
                )
        changed = {"budget_micros": (F("budget_micros"), budget_micros)}
        audit.record_all(by, "campaign.change", chosen, label=CAMPAIGN_LABEL, changed=changed)
        raised = chosen.update(budget_micros=budget_micros)
        verdicts.recheck(campaigns=chosen)
    return raised
