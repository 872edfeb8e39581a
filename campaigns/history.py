"""What happened to a campaign, as its advertiser reads it: out of the audit trail, newest first.

His own people are named; whoever of the staff did something is Pulse to him.
"""

import datetime
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from campaigns.models import CAMPAIGN_MOVES, Campaign
from pulse_site import audit, sentences
from pulse_site.models import AuditEvent

SHOWN = 20
TOLD = [f"campaign.{each}" for each in ("create", "change", "exclude", "readmit", *CAMPAIGN_MOVES)]


@dataclass(frozen=True)
class Step:
    """When something happened, what, by whom, why, and what it changed (the names of the fields)."""

    at: datetime.datetime
    what: str
    who: str
    reason: str
    changed: list[str]


def of_campaign(campaign: Campaign) -> list[Step]:
    """The newest steps, by one query."""
    events = AuditEvent.objects.filter(
        subject_type=Campaign._meta.label_lower, subject_key=str(campaign.pk), action__in=TOLD
    )
    return [_step(event) for event in events.select_related("actor").order_by("-at", "-id")[:SHOWN]]


def _step(event: AuditEvent) -> Step:
    own = event.actor is not None and not event.actor.is_staff
    edited = event.action == "campaign.change"
    return Step(
        at=event.at,
        what=capfirst(str(audit.declared()[event.action].label)),
        who=sentences.actor(event) if own else _("Pulse"),
        reason=event.detail.get("reason", ""),
        changed=[label for label, _before, _after in sentences.changes(event)] if edited else [],
    )
