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
from creators.models import MOVES, Creator, Decision
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
    reason: str = "",
    note: str = "",
    today: datetime.date | None = None,
) -> Decided:
    """Take one decision about each of `creators`; whoever can't be moved is counted in `refused`.

    `by` is None when Pulse itself decides by a rule; `today` is the day on which the decision counts. Only
    the eligible are approved, unless `by` may override that and gives a reason. Raises Refused for an
    unknown action, a missing reason (reject, suspend, ask) and a reason that is too long.
    """
    decision = Decision(
        action=action, reason=reason.strip(), note=note, decided_by=by, decided_at=_moment(today)
    )
    _check(decision)
    sources, decision.to_status = MOVES[action]
    with transaction.atomic(), frozen(creators) as chosen:
        refused = _count_by_status(chosen.exclude(status__in=sources))
        movable = chosen.filter(status__in=sources)
        if action == Decision.Action.APPROVE and not _overrides(decision):
            movable = movable.filter(eligibility__eligible=True)
        moved = _move(movable, decision)
        not_eligible = chosen.count() - sum(refused.values()) - moved
    return Decided(moved, refused | ({NOT_ELIGIBLE: not_eligible} if not_eligible else {}))


def _check(decision: Decision) -> None:
    if decision.action not in MOVES:
        raise Refused(
            _("There is no action “%(action)s”; choose one of: %(actions)s.")
            % {"action": decision.action, "actions": ", ".join(MOVES)}
        )
    if decision.action in NEEDS_REASON and not decision.reason:
        raise Refused(_("To %(action)s, give a reason.") % {"action": decision.get_action_display()})
    if len(decision.reason) > LONGEST_REASON:
        raise Refused(
            _("The reason has %(length)d characters; %(longest)d at most. Write the rest as a note.")
            % {"length": len(decision.reason), "longest": LONGEST_REASON}
        )


def _moment(day: datetime.date | None) -> datetime.datetime:
    now = timezone.now()
    return datetime.datetime.combine(day, now.timetz()) if day else now


def _overrides(decision: Decision) -> bool:
    """Whether a person with that right approves with a reason, eligible or not."""
    by = decision.decided_by
    return by is not None and bool(decision.reason) and by.has_perm("creators.override_eligibility")


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
        reason=Value(decision.reason),
        note=Value(decision.note),
        decided_by_id=Value(decision.decided_by_id, BigIntegerField()),
        decided_at=Value(decision.decided_at, DateTimeField()),
    )
