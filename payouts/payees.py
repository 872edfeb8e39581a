"""Changes of who is paid and where: proposed by one person, approved by another, then held for some days.

One person alone never leads money anywhere. That holds for the very first details too: a creator with a
balance and without details is the easiest to steal from, as nobody misses a payment that never came. For the
same reason the first details are held as a change of them is, so that the creator, who is told, has days to
object before anything is paid. A proposal is never edited; who wants another one rejects it first. So what
an approver saw is what he approves, and the proposals of one file are a set that can only shrink.

A form that was checked, and a screening, spoke of a name and a country: where these change, the form waits
to be checked again and the screening is to be repeated. A match or a block stays what it is.
"""

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creators.models import Creator, ProgrammeTerms
from payouts import details
from payouts.models import Payee, PayeeChange
from payouts.screening import form_expires_on
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

Status = PayeeChange.Status
PROPOSES, APPROVES, SEES = (
    "payouts.propose_payee_change",
    "payouts.approve_payee_change",
    "payouts.view_payee_details",
)
# action -> (the statuses it may start from, the one it leads to, who may: one of these)
MOVES: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "approve": ((Status.PROPOSED,), Status.APPROVED, (APPROVES,)),
    "reject": ((Status.PROPOSED,), Status.REJECTED, (APPROVES, PROPOSES)),
}
BATCH = 1_000
# As a change calls itself.
LABEL = Concat(Value("@"), "creator__handle", Value(" #"), Cast("pk", CharField()))
LONGEST_REASON = PayeeChange._meta.get_field("reason").max_length or 0
# What an approved change writes; the rest of a payee is written by screening.py.
WRITTEN = (
    *details.FIELDS,
    "destination_hint",
    "destination_digest",
    "version",
    "held_until",
    "sharing_confirmed",
    "sharing_asked_by",
    "sharing_reason",
    "tax_status",
    "tax_received_on",
    "tax_expires_on",
    "tax_id_hint",
    "tax_id_digest",
    "tax_recorded_by",
    "screening",
)


class Compared(NamedTuple):
    """One field of a change: what the payee has now and what is proposed, both masked."""

    label: str
    now: str
    proposed: str


def propose(creator: Creator, fields: Mapping[str, Any], by: User) -> PayeeChange:
    """Propose details for a creator's payee, also his first ones.

    `fields` are those of details.FIELDS that shall change; `destination` is a dict whose keys depend on the
    method (details.NEEDED). Raises Refused when `by` may not, when something is wrong with the details, when
    nothing would change, and when another change of this payee waits.
    """
    require(by, PROPOSES)
    with transaction.atomic():
        Creator.objects.select_for_update().get(pk=creator.pk)  # who proposes beside us waits here
        now = details.of(Payee.objects.filter(pk=creator.pk).first())
        wanted = details.merged(now, fields)
        problems = [problem.message for problem in details.problems(wanted)]
        if problems:
            raise Refused(" ".join(problems))
        changed = details.differing(now, wanted)
        if not changed:
            raise Refused(_("Nothing changes: these are the details that the payee has."))
        if PayeeChange.objects.filter(creator=creator, status=Status.PROPOSED).exists():
            raise Refused(_("Another change of this payee waits; approve or reject it first."))
        change = PayeeChange.objects.create(
            creator=creator,
            proposed=json.dumps(changed, sort_keys=True),
            destination_digest=details.proposed_digest(changed),
            summary=details.summary(now, wanted),
            proposed_by=by,
        )
        audit.record(by, "payee.propose", change, bank_details=change.destination_digest is not None)
    return change


def approve(changes: QuerySet[PayeeChange], by: User, today: datetime.date | None = None) -> int:
    """Make all of `changes` so, or none; returns how many.

    Payments to a new destination, or by a new method, are held for as many days as the terms in force say.
    `today` is the day from which they count. Raises Refused when `by` may not, when he proposed one of them,
    and when one is decided already.
    """
    require(by, *MOVES["approve"][2])
    today = today or timezone.now().date()
    held_until = today + datetime.timedelta(days=ProgrammeTerms.objects.in_force(today).payee_hold_days)
    with transaction.atomic():
        held = _held(changes, "approve")
        _hold_payees(changes)
        if [change for change, _status, proposed_by in held if proposed_by == by.pk]:
            raise Refused(
                _("%(user)s proposed one of these changes; another person must approve it.") % {"user": by}
            )
        for batch in _batches([change for change, _status, _by in held]):
            _apply(batch, today, held_until)
            _decide(batch, "approve", by)
    return len(held)


def reject(changes: QuerySet[PayeeChange], by: User, reason: str) -> int:
    """Reject all of `changes`; returns how many. Who proposed one may take it back that way.

    Raises Refused when `by` may not, without a reason, and when one is decided already.
    """
    require(by, *MOVES["reject"][2])
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Refused(_("Give a reason of at most %(longest)s characters.") % {"longest": LONGEST_REASON})
    with transaction.atomic():
        held = _held(changes, "reject")
        if not by.has_perm(APPROVES) and [pk for pk, _status, proposed_by in held if proposed_by != by.pk]:
            raise Refused(_("%(user)s may only take back what he proposed himself.") % {"user": by})
        for batch in _batches([change for change, _status, _by in held]):
            _decide(batch, "reject", by, reason)
    return len(held)


def compare(change: PayeeChange) -> list[Compared]:
    """What the payee has now beside what the change proposes, field by field and masked."""
    proposed = json.loads(change.proposed)
    now = details.of(Payee.objects.filter(pk=change.creator_id).first())
    wanted = details.merged(now, proposed)
    rows = [name for name in details.FIELDS if name in proposed]
    return [
        Compared(details.label(name), details.shown(name, now), details.shown(name, wanted)) for name in rows
    ]


def in_full(record: Payee | PayeeChange, by: User) -> list[tuple[str, str]]:
    """Bank details and tax number of a payee or a proposal, label and value; that he looked is recorded.

    Raises Refused when `by` may not see them.
    """
    require(by, SEES)
    given = details.of(record) if isinstance(record, Payee) else json.loads(record.proposed)
    rows = [(details.label(key), value) for key, value in sorted(given.get("destination", {}).items())]
    if given.get("tax_id"):
        rows.append((details.label("tax_id"), given["tax_id"]))
    audit.record(by, "payee.see", record)
    return rows


def record_export(payees: QuerySet[Payee], by: User) -> None:
    """Record of each payee that `by` takes his bank details and tax number out of Pulse; raises Refused when
    he may not see them."""
    require(by, SEES)
    audit.record_all(by, "payee.export", payees, label=F("legal_name"))


def counted(approved: int) -> str:
    return ngettext("%(count)s change approved.", "%(count)s changes approved.", approved) % {
        "count": approved
    }


def _held(changes: QuerySet[PayeeChange], action: str) -> list[tuple[int, str, int | None]]:
    """id, status and proposer of each change, locked; raises Refused unless all may make the move."""
    chosen = PayeeChange.objects.select_for_update().filter(pk__in=changes.order_by().values("pk"))
    held: list[Any] = list(chosen.order_by("pk").values_list("pk", "status", "proposed_by"))
    if not held:
        raise Refused(_("There is no change left to decide on."))
    decided = [pk for pk, status, _by in held if status not in MOVES[action][0]]
    if decided:
        raise Refused(_("%(count)s of the changes are decided already.") % {"count": len(decided)})
    return held


def _hold_payees(changes: QuerySet[PayeeChange]) -> None:
    """Lock the payees of the changes in the order in which a screening locks them: neither waits for ever."""
    payees = Payee.objects.filter(pk__in=changes.order_by().values("creator"))
    list(payees.select_for_update().order_by("pk").values_list("pk"))


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while batch := list(islice(left, BATCH)):
        yield batch


def _decide(batch: Sequence[int], action: str, by: User, reason: str = "") -> None:
    """Write who decided what; this is the place of every decision on a change."""
    sources, status, _permissions = MOVES[action]
    chosen = PayeeChange.objects.filter(pk__in=batch, status__in=sources)
    facts: dict[str, Any] = {
        "proposed_by": F("proposed_by__username"),
        **({"reason": reason} if reason else {}),
    }
    audit.record_all(by, f"payee.{action}", chosen, label=LABEL, **facts)
    decided = chosen.update(status=status, approved_by=by, approved_at=timezone.now(), reason=reason)
    if decided != len(batch):
        raise RuntimeError(f"{len(batch)} changes were held, but {decided} decided: nothing was changed")


def _apply(batch: Sequence[int], today: datetime.date, held_until: datetime.date) -> None:
    changes = list(PayeeChange.objects.filter(pk__in=batch))
    payees = Payee.objects.in_bulk([change.creator_id for change in changes])
    written = []
    for change in changes:
        payee = payees.get(change.creator_id) or Payee(creator_id=change.creator_id)
        _take(payee, change, today, held_until)
        written.append(payee)
    Payee.objects.bulk_create(
        written, batch_size=BATCH, update_conflicts=True, unique_fields=["creator"], update_fields=WRITTEN
    )


def _take(payee: Payee, change: PayeeChange, today: datetime.date, held_until: datetime.date) -> None:
    """Give the payee what the change proposes."""
    proposed = json.loads(change.proposed)
    for name in details.FIELDS:
        if name in proposed and name != "destination":
            setattr(payee, name, proposed[name])
    if details.proposed_digest(proposed) != change.destination_digest:
        raise Refused(
            _("The bank details in the change %(change)s are not those that were proposed; reject it.")
            % {"change": change}
        )
    if change.destination_digest is not None:
        _lead(payee, proposed.get("destination", {}), held_until)
    if any(name in proposed for name in details.TAX):
        _take_form(payee, change, today)
    elif any(name in proposed for name in details.IDENTITY) and payee.tax_status == Payee.TaxStatus.VALID:
        payee.tax_status = Payee.TaxStatus.RECEIVED
    if any(name in proposed for name in details.IDENTITY) and payee.screening == Payee.Screening.CLEAR:
        payee.screening = Payee.Screening.NOT_SCREENED


def _lead(payee: Payee, destination: dict[str, str], held_until: datetime.date) -> None:
    payee.destination = json.dumps(destination, sort_keys=True) if destination else ""
    payee.destination_hint = details.hint(payee.method, destination)
    payee.destination_digest = details.digest(payee.method, destination)
    payee.version += 1
    payee.held_until = held_until
    payee.sharing_confirmed, payee.sharing_asked_by, payee.sharing_reason = False, None, ""


def _take_form(payee: Payee, change: PayeeChange, today: datetime.date) -> None:
    """A form that came with the proposal: to be checked by somebody else than its proposer."""
    payee.tax_id_hint = details.tax_hint(payee.tax_id)
    payee.tax_id_digest = details.tax_digest(payee.tax_id)
    payee.tax_status = Payee.TaxStatus.RECEIVED if payee.tax_form else Payee.TaxStatus.MISSING
    payee.tax_received_on = today if payee.tax_form else None
    payee.tax_expires_on = form_expires_on(payee.tax_form, today) if payee.tax_form else None
    payee.tax_recorded_by_id = change.proposed_by_id
