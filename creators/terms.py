"""The programme's terms: a new version is proposed by one person and approved or refused by another.

A version is whole: it says every rule, not only what changes. It gets its number when it is proposed, keeps
its values from then on, and is in force from its first day once it is approved. That day lies ahead both
when it is proposed and when it is approved, so that no approval changes a day that was. Who thinks better
of his proposal withdraws it before it is decided, and proposes another.

Who approves has seen the difference to the version that it follows; if another one was approved in between
he looks again. That he is not the proposer is a constraint, which no permission lifts.
"""

import datetime
import math
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from creators.models import BASIS_POINTS, ProgrammeTerms
from pulse_site import audit
from pulse_site.four_eyes import require, require_another
from pulse_site.models import User
from pulse_site.refusal import Refused

Status = ProgrammeTerms.Status
PROPOSES, APPROVES = "creators.add_programmeterms", "creators.approve_programmeterms"
# action -> (the statuses it may start from, the status it leads to, who may)
MOVES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "approve": ((Status.PROPOSED,), Status.APPROVED, APPROVES),
    "refuse": ((Status.PROPOSED,), Status.REFUSED, APPROVES),
    "withdraw": ((Status.PROPOSED,), Status.WITHDRAWN, PROPOSES),
}
# What a version says about itself; the other fields are its rules.
ABOUT = (
    "id",
    "version",
    "starts_on",
    "status",
    "reason",
    "refusal",
    "proposed_at",
    "decided_at",
    "proposed_by",
    "approved_by",
)
RULES = tuple(field.name for field in ProgrammeTerms._meta.fields if field.name not in ABOUT)
PERMILLE = 1_000
OLDEST_DAYS = 366


def successor(terms: ProgrammeTerms, **rules: Any) -> ProgrammeTerms:
    """An unsaved version with the rules of `terms`, but for `rules`."""
    return ProgrammeTerms(**{name: rules.get(name, getattr(terms, name)) for name in RULES})


def propose(terms: ProgrammeTerms, by: User) -> ProgrammeTerms:
    """Save the unsaved `terms` (rules, starts_on, reason) as the next version, for another one to approve.

    Raises Refused when `by` may not, when it doesn't start on a day to come, for rules that can't be, when
    it would change nothing, and without a reason.
    """
    require(by, PROPOSES)
    require_sensible(terms)
    with transaction.atomic():
        versions = list(ProgrammeTerms.objects.select_for_update().order_by("version"))
        before = followed(terms)
        changed = audit.differences(_rules(before), _rules(terms)) if before else _rules(terms)
        if not changed:
            raise Refused(_("These are the terms in force already: change a rule."))
        terms.version = versions[-1].version + 1 if versions else 1
        terms.status, terms.proposed_by, terms.proposed_at = Status.PROPOSED, by, timezone.now()
        terms.save(force_insert=True)
        told: dict[str, Any] = {"starts_on": terms.starts_on.isoformat(), "reason": terms.reason}
        audit.record(by, "terms.propose", terms, changed=changed if before else None, **told)
    return terms


def approve(terms: ProgrammeTerms, by: User, seen: str = "") -> None:
    """Let the proposed version be in force from its first day on.

    `seen` says with what it was compared (basis_of), if it was. Raises Refused when `by` may not or proposed
    it, when it was decided already, when its first day has come or is another approved version's, and when it
    no longer follows the version that was seen.
    """
    with transaction.atomic():
        held = _hold(terms, "approve", by)
        require_another(by, held.proposed_by)
        require_ahead(held)
        if ProgrammeTerms.objects.approved().filter(starts_on=held.starts_on).exists():
            raise Refused(
                _("Another version starts on %(day)s already: refuse this one and have it proposed anew.")
                % {"day": held.starts_on}
            )
        if seen and seen != basis_of(held):
            raise Refused(_("Another version was approved meanwhile; look at the difference again."))
        _move(held, "approve", approved_by=by)
        audit.record(by, "terms.approve", held, starts_on=held.starts_on.isoformat())
    terms.refresh_from_db()


def refuse(terms: ProgrammeTerms, by: User, reason: str) -> None:
    """Turn the version down. Raises Refused when `by` may not or proposed it, and without a reason."""
    if not reason.strip():
        raise Refused(_("Say why, for whoever proposed it."))
    with transaction.atomic():
        held = _hold(terms, "refuse", by)
        require_another(by, held.proposed_by)
        _move(held, "refuse", refusal=reason)
        audit.record(by, "terms.refuse", held, reason=reason)
    terms.refresh_from_db()


def withdraw(terms: ProgrammeTerms, by: User) -> None:
    """Take the proposal back. Raises Refused when somebody else proposed it or it was decided."""
    with transaction.atomic():
        held = _hold(terms, "withdraw", by)
        if held.proposed_by != by:
            raise Refused(_("Only who proposed it withdraws it; you may refuse it."))
        _move(held, "withdraw")
        audit.record(by, "terms.withdraw", held)
    terms.refresh_from_db()


def followed(terms: ProgrammeTerms) -> ProgrammeTerms | None:
    """The approved version that is in force until the eve of `terms`; None for the first."""
    eve = terms.starts_on - datetime.timedelta(days=1)
    return ProgrammeTerms.objects.begun(eve).first()


def basis_of(terms: ProgrammeTerms) -> str:
    """What the version is compared with, as a page remembers it."""
    before = followed(terms)
    return str(before.version) if before else "0"


def differences(terms: ProgrammeTerms, before: ProgrammeTerms) -> list[tuple[str, Any, Any]]:
    """Name, value before and value after of each rule in which `terms` differs from `before`."""
    pairs = ((name, getattr(before, name), getattr(terms, name)) for name in RULES)
    return [(name, old, new) for name, old, new in pairs if old != new]


def decay(half_life: Decimal, horizon: int) -> list[int]:
    """The table of decay by which a score halves every `half_life` days, for the ages 0 to `horizon`.

    Computed once, here; what is proposed and what scores by it are these whole numbers.
    """
    return [int(PERMILLE * Decimal(2) ** (-age / half_life)) for age in map(Decimal, range(horizon + 1))]


def half_life(permille: list[int]) -> Decimal | None:
    """The half-life in days, to a tenth, whose table this is; None for a table of another shape."""
    falling = [(abs(value - PERMILLE // 2), age, value) for age, value in enumerate(permille) if age]
    if not falling:
        return None
    _distance, age, value = min(falling)
    if not 0 < value < PERMILLE:
        return None
    near = round(10 * age / math.log2(PERMILLE / value))
    tenths = (Decimal(each) / 10 for each in range(max(near - 2, 1), near + 3))
    return next((days for days in tenths if decay(days, len(permille) - 1) == permille), None)


def require_sensible(terms: ProgrammeTerms) -> None:
    """Raise Refused for rules that no programme can have, and for a version that doesn't lie ahead."""
    require_ahead(terms)
    if not terms.reason.strip():
        raise Refused(_("Say why the terms should change, for whoever approves them."))
    decay = terms.decay_permille
    if not isinstance(decay, list) or not 0 < len(decay) <= OLDEST_DAYS or not all(map(_is_permille, decay)):
        raise Refused(
            _("The decay is a list of 1 to %(days)s whole numbers from 0 to 1,000.") % {"days": OLDEST_DAYS}
        )
    if max(terms.lineup_basis_points, terms.share_basis_points) > BASIS_POINTS:
        raise Refused(_("A share is at most 100 %."))


def require_ahead(terms: ProgrammeTerms) -> None:
    if terms.starts_on <= timezone.now().date():
        raise Refused(
            _("Terms start on a day to come, so that nothing that was computed changes; %(day)s is not.")
            % {"day": terms.starts_on}
        )


def _is_permille(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= PERMILLE


def _rules(terms: ProgrammeTerms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in RULES}


def _hold(terms: ProgrammeTerms, action: str, by: User) -> ProgrammeTerms:
    """The version, with all others locked, if `by` may take the action and it may start from its status."""
    sources, _status, permission = MOVES[action]
    require(by, permission)
    versions = {each.pk: each for each in ProgrammeTerms.objects.select_for_update().order_by("pk")}
    held = versions[terms.pk]
    if held.status not in sources:
        raise Refused(
            _("%(terms)s is %(status)s already.") % {"terms": held, "status": held.get_status_display()}
        )
    return held


def _move(terms: ProgrammeTerms, action: str, **fields: Any) -> None:
    ProgrammeTerms.objects.filter(pk=terms.pk).update(
        status=MOVES[action][1], decided_at=timezone.now(), **fields
    )
