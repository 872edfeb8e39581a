"""What Pulse does by itself after each check of the rules, and says why: it approves, rejects and flags.

Approving and rejecting are off until the terms switch them on; they act in the name of a robot, a user whom
nobody can log in as, so that every list and report shows what no person decided. An approved creator who no
longer meets a rule is never dropped: he is flagged (flags.py), with a span of grace in which he may put it
right, and then a person decides. Whoever waits and is flagged is left to people.
"""

import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from creators import approval, flags
from creators.models import Creator, Decision, ProgrammeTerms
from pulse_site.models import User

ROBOT = "pulse"
Action = Decision.Action


def robot() -> User:
    """The user in whose name Pulse decides; he can't log in."""
    made, created = User.objects.get_or_create(
        username=ROBOT, defaults={"first_name": "Pulse", "is_active": False}
    )
    if created:
        made.set_unusable_password()
        made.save(update_fields=["password"])
    return made


def run(terms: ProgrammeTerms, today: datetime.date) -> dict[str, int]:
    """Do what `terms` say about those who wait and those who are approved, as of the last check.

    Returns approved, rejected, flagged and cleared, each a number of creators.
    """
    with transaction.atomic():
        similar = flags.raise_lookalikes()  # before anybody is approved by himself
        return {
            "approved": _approve(terms, today),
            "rejected": _reject(terms, today),
            "flagged": similar + flags.raise_failing(terms, today),
            "cleared": flags.lapse(today),
        }


def _approve(terms: ProgrammeTerms, today: datetime.date) -> int:
    threshold = terms.auto_approve_followers
    if threshold is None:
        return 0
    flagged = flags.standing().values("creator")
    sure = Creator.objects.pending().filter(
        eligibility__eligible=True, eligibility__followers__gte=threshold, standing=Creator.Standing.GOOD
    )
    reason = f"Meets every rule of the terms {terms} and has at least {threshold:,} followers"
    return _decide(sure.exclude(pk__in=flagged), Action.APPROVE, reason, today)


def _reject(terms: ProgrammeTerms, today: datetime.date) -> int:
    rejected = 0
    for rule in terms.auto_reject_rules.split():
        failing = Creator.objects.pending().filter(_fails(rule))
        rejected += _decide(failing, Action.REJECT, f"Does not meet the terms {terms}: {rule}", today)
    return rejected


def _decide(creators: QuerySet[Creator], action: str, reason: str, today: datetime.date) -> int:
    if not creators.exists():
        return 0
    return approval.decide(creators, action, robot(), reason=reason, today=today).moved


def _fails(rule: str) -> Q:
    """Failed rules stand in a text, parted by blanks; no name of a rule is a part of another."""
    return Q(eligibility__failed_rules__contains=rule)
