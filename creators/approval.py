"""Move creators through the programme: approve, reject, ask, suspend, reinstate, withdraw, reopen.

One function for one creator or a hundred thousand, for a person or for Pulse itself: it freezes and locks
the chosen rows, checks the rules in the database, writes one decision per creator, then moves those who are
still in a status from which they may go and compares the counts. Whoever may not be moved is counted by the
reason and left alone, so that one wrong row of a selection doesn't stop the others.
"""

import datetime
from dataclasses import dataclass

from django.db import transaction
from django.db.models import BigIntegerField, Count, DateTimeField, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import enrolments
from creators.models import MOVES, Bulk, Claim, Creator, Decision, DecisionReason
from creators.selection import frozen, insert_from
from pulse_site.models import User
from pulse_site.refusal import Refused

NEEDS_REASON = frozenset({Decision.Action.REJECT, Decision.Action.SUSPEND, Decision.Action.ASK})
LONGEST_REASON = Decision._meta.get_field("reason").max_length or 0
NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True)
class Decided:
    """How many creators moved, and how many could not: by the status they are in, or as `not_eligible`."""

    moved: int
    refused: dict[str, int]


def decide(
    creators: QuerySet[Creator],
    action: str,
    by: User | None,
    *,
    listed: DecisionReason | None = None,
    reason: str = "",
    note: str = "",
    bulk: Bulk | None = None,
    today: datetime.date | None = None,
) -> Decided:
    """Take one decision about each of `creators`; whoever can't be moved is counted in `refused`.

    `by` is None when Pulse itself decides by a rule; `today` is the day on which the decision counts, `bulk`
    what it belongs to. `listed` is a reason of the managed list, which the creator reads in his language;
    `reason` says more, or takes its place. Only the eligible are approved, unless `by` may override that and
    gives a reason. Raises Refused for an unknown action, a missing reason (reject, suspend, ask), one that is
    too long and one of the list that belongs to another action.
    """
    check(action, listed, reason)
    decision = Decision(
        action=action,
        listed_reason=listed,
        reason=reason.strip() or (listed.text_en if listed else ""),
        note=note,
        bulk=bulk,
        decided_by=by,
        decided_at=_moment(today),
    )
    sources, decision.to_status = MOVES[action]
    with transaction.atomic(), frozen(creators) as chosen:
        refused = _count_by_status(chosen.exclude(status__in=sources))
        movable = chosen.filter(status__in=sources)
        if action == Decision.Action.APPROVE and not overrides(by, decision.reason):
            movable = movable.filter(eligibility__eligible=True)
        moved = _move(movable, decision)
        not_eligible = chosen.count() - sum(refused.values()) - moved
    return Decided(moved, refused | ({NOT_ELIGIBLE: not_eligible} if not_eligible else {}))


def check(action: str, listed: DecisionReason | None, reason: str) -> None:
    """Raise Refused where `decide` would for what is decided and why."""
    if action not in MOVES:
        raise Refused(
            _("There is no action “%(action)s”; choose one of: %(actions)s.")
            % {"action": action, "actions": ", ".join(MOVES)}
        )
    if listed and listed.action != action:
        raise Refused(_("“%(reason)s” is a reason for another decision.") % {"reason": listed})
    if action in NEEDS_REASON and not (listed or reason.strip()):
        raise Refused(_("To %(action)s, give a reason.") % {"action": Decision.Action(action).label})
    if len(reason.strip()) > LONGEST_REASON:
        raise Refused(
            _("The reason has %(length)d characters; %(longest)d at most. Write the rest as a note.")
            % {"length": len(reason.strip()), "longest": LONGEST_REASON}
        )


def overrides(by: User | None, reason: str) -> bool:
    """Whether a person with that right approves with a reason, eligible or not."""
    return by is not None and bool(reason) and by.has_perm("creators.override_eligibility")


def _moment(day: datetime.date | None) -> datetime.datetime:
    now = timezone.now()
    return datetime.datetime.combine(day, now.timetz()) if day else now


def _count_by_status(creators: QuerySet[Creator]) -> dict[str, int]:
    return dict(creators.order_by().values_list("status").annotate(Count("pk")))


def _move(creators: QuerySet[Creator], decision: Decision) -> int:
    """Write the decision for each of `creators`, all in a status it may start from, and move them."""
    sources, target = MOVES[decision.action]
    with frozen(creators) as moving:
        decided = _record(moving, decision)
        moved = moving.filter(status__in=sources).update(status=target, status_since=decision.decided_at)
        if moved != decided:
            raise RuntimeError(f"{decided} decisions, but {moved} creators moved: nothing was changed")
        Claim.objects.filter(creator__in=moving).delete()
        if target == Creator.Status.APPROVED:
            enrolments.open_spans(moving)
        else:
            enrolments.close_spans(moving, decision.decided_at.date())
    return moved


def _record(creators: QuerySet[Creator], decision: Decision) -> int:
    return insert_from(
        creators.order_by("pk"),
        Decision._meta.db_table,
        creator_id="pk",
        action=Value(decision.action),
        from_status="status",
        to_status=Value(decision.to_status),
        listed_reason_id=Value(decision.listed_reason_id, BigIntegerField()),
        reason=Value(decision.reason),
        note=Value(decision.note),
        bulk_id=Value(decision.bulk_id, BigIntegerField()),
        decided_by_id=Value(decision.decided_by_id, BigIntegerField()),
        decided_at=Value(decision.decided_at, DateTimeField()),
    )
