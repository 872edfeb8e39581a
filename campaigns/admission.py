"""What belongs to a decision about an advertiser: its words, its row, and the letter that tells of it.

The move itself is booking.admit, which does all of this in one transaction.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns import letters
from campaigns.models import ADVERTISER_MOVES, Advertiser, AdvertiserDecision
from pulse_site.models import User
from pulse_site.refusal import Refused

NEEDS_REASON = frozenset({"ask", "answer", "reject"})
LONGEST_REASON = AdvertiserDecision._meta.get_field("reason").max_length or 0
# What the advertiser's owners are told of a decision; who answers need not be told.
LETTERS = {
    "ask": "application_asked",
    "approve": "application_approved",
    "reject": "application_rejected",
}


def decision(action: str, by: User, reason: str, note: str) -> AdvertiserDecision:
    """The decision in the making. Raises Refused when its reason is missing or too long."""
    made = AdvertiserDecision(action=action, reason=reason.strip(), note=note.strip(), decided_by=by)
    if action in NEEDS_REASON and not made.reason:
        raise Refused(_("Write what the other side shall read: a question, an answer or a reason."))
    if len(made.reason) > LONGEST_REASON:
        raise Refused(
            _("The text has %(length)d characters; %(longest)d at most.")
            % {"length": len(made.reason), "longest": LONGEST_REASON}
        )
    return made


def unready(chosen: QuerySet[Advertiser], made: AdvertiserDecision) -> QuerySet[Advertiser]:
    """Whom the decision would approve though not everything is checked, and no note says why."""
    if made.action != "approve" or made.note:
        return chosen.none()
    return chosen.exclude(pk__in=Advertiser.objects.ready(made.decided_at.date()).values("pk"))


def record(chosen: QuerySet[Advertiser], made: AdvertiserDecision) -> None:
    """Write the decision down for each of `chosen`, which have not moved yet."""
    AdvertiserDecision.objects.bulk_create(
        AdvertiserDecision(
            advertiser=advertiser,
            action=made.action,
            from_status=advertiser.status,
            to_status=ADVERTISER_MOVES[made.action][1],
            reason=made.reason,
            note=made.note,
            decided_by=made.decided_by,
            decided_at=made.decided_at,
        )
        for advertiser in chosen
    )


def tell(chosen: QuerySet[Advertiser], made: AdvertiserDecision) -> None:
    if made.action in LETTERS:
        letters.to_owners(chosen, LETTERS[made.action], reason=made.reason)
