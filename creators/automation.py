"""What Pulse does by itself after each check of the rules, and says why: it approves, rejects and flags.

Approving and rejecting are off until the terms switch them on; they act in the name of a robot, a user whom
nobody can log in as, so that every list and report shows what no person decided. An approved creator who no
longer meets a rule is never dropped: he is flagged, with a span of grace in which he may put it right, and
then a person decides. The flag clears itself when he meets the rules again.
"""

import datetime

from django.db import transaction
from django.db.models import CharField, DateField, DateTimeField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from creators import approval
from creators.models import Creator, Decision, Flag, ProgrammeTerms
from creators.selection import insert_from
from pulse_site.models import User

ROBOT = "pulse"
Action, Status = Decision.Action, Creator.Status


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
        return {
            "approved": _approve(terms, today),
            "rejected": _reject(terms, today),
            "flagged": _flag(terms, today),
            "cleared": _clear(),
        }


def _approve(terms: ProgrammeTerms, today: datetime.date) -> int:
    threshold = terms.auto_approve_followers
    if threshold is None:
        return 0
    flagged = Flag.objects.filter(cleared_at=None).values("creator")
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


def _flag(terms: ProgrammeTerms, today: datetime.date) -> int:
    standing = Flag.objects.filter(kind=Flag.Kind.RULES, cleared_at=None).values("creator")
    failing = Creator.objects.filter(status=Status.APPROVED, eligibility__eligible=False)
    return insert_from(
        failing.exclude(pk__in=standing).order_by("pk"),
        Flag._meta.db_table,
        creator_id="pk",
        kind=Value(str(Flag.Kind.RULES)),
        detail=Cast("eligibility__failed_rules", CharField(max_length=200)),
        raised_at=Value(timezone.now(), DateTimeField()),
        grace_until=Value(today + datetime.timedelta(days=terms.grace_days), DateField()),
    )


def _clear() -> int:
    """Flags of those who meet the rules again, or who are no longer approved."""
    well = Q(creator__eligibility__eligible=True) | ~Q(creator__status=Status.APPROVED)
    standing = Flag.objects.filter(kind=Flag.Kind.RULES, cleared_at=None)
    return Flag.objects.filter(pk__in=standing.filter(well).values("pk")).update(cleared_at=timezone.now())
