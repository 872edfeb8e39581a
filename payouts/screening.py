"""What staff record about a payee: tax form, backup withholding, sanctions screening, blocks.

Recording is one person's work (`screen_payee`), as it stops payments or says what a paper or a list says.
What lets money go again is a decision of two: to find a form valid, to clear a match, to unblock, to end
backup withholding, to let two payees share an account. It asks for the permission of those who approve
changes of payees, and for another person than the one who recorded what is decided about.

Each function takes a queryset, checks all of its payees and moves all of them or none.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from payouts.models import Payee
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

SCREENS, APPROVES = "payouts.screen_payee", "payouts.approve_payee_change"
TaxForm, TaxStatus, Screening = Payee.TaxForm, Payee.TaxStatus, Payee.Screening
FORM_YEARS = 3
LONGEST_REASON = Payee._meta.get_field("blocked_reason").max_length or 0

NOT_SHARING = Q(sharing_confirmed=False) & ~Q(destination_digest="")
# action -> (which payees may make the move, who may, who took the step before: another person is needed)
MOVES: dict[str, tuple[Q, str, str]] = {
    "receive_form": (Q(), SCREENS, ""),
    "accept_form": (Q(tax_status=TaxStatus.RECEIVED) & ~Q(tax_form=""), APPROVES, "tax_recorded_by"),
    "reject_form": (Q(tax_status__in=[TaxStatus.RECEIVED, TaxStatus.VALID]), SCREENS, ""),
    "withhold": (Q(backup_withholding=False), SCREENS, ""),
    "stop_withholding": (Q(backup_withholding=True), APPROVES, "tax_recorded_by"),
    "screen": (Q(), SCREENS, ""),
    "clear_match": (Q(screening__in=[Screening.REVIEW, Screening.MATCH]), APPROVES, "screened_by"),
    "block": (Q(blocked=False), SCREENS, ""),
    "unblock": (Q(blocked=True), APPROVES, "blocked_by"),
    "ask_to_share": (NOT_SHARING & Q(sharing_asked_by=None), SCREENS, ""),
    "confirm_sharing": (NOT_SHARING & ~Q(sharing_asked_by=None), APPROVES, "sharing_asked_by"),
    "refuse_sharing": (NOT_SHARING & ~Q(sharing_asked_by=None), APPROVES, ""),
}
OF_TWO = tuple(action for action, (_starts, _permission, before) in MOVES.items() if before)


def form_expires_on(form: str, signed_on: datetime.date) -> datetime.date | None:
    """The last day on which a form is good, None for one that doesn't expire (a W-9).

    A W-8BEN or W-8BEN-E signed on any day of a year is good through the last day of the third calendar year
    after it (IRS, instructions for Form W-8BEN, "Expiration of Form W-8BEN").
    """
    if form == TaxForm.W9:
        return None
    return datetime.date(signed_on.year + FORM_YEARS, 12, 31)


def receive_form(payees: QuerySet[Payee], form: str, received_on: datetime.date, by: User) -> int:
    """Record that a form came in; somebody else checks it. Returns how many payees.

    Raises Refused when `by` may not, for an unknown form and for a day that is still to come.
    """
    if form not in TaxForm.values or not form:
        raise Refused(_("Choose one of: %(forms)s.") % {"forms": "W-9, W-8BEN, W-8BEN-E"})
    _require_past(received_on)
    return _move(
        payees,
        "receive_form",
        by,
        {"tax_form": form, "tax_received_on": str(received_on)},
        tax_form=form,
        tax_status=TaxStatus.RECEIVED,
        tax_received_on=received_on,
        tax_expires_on=form_expires_on(form, received_on),
        tax_recorded_by=by,
    )


def accept_form(payees: QuerySet[Payee], by: User) -> int:
    """Find the received forms valid. Raises Refused when `by` may not or recorded one of them himself, and
    for a W-9 without a tax number: nothing could be reported by it."""
    with transaction.atomic():
        nameless = payees.filter(tax_form=TaxForm.W9, tax_id_digest="").count()
        if nameless:
            raise Refused(
                _("%(count)s of the payees have no tax number; propose it first.") % {"count": nameless}
            )
        return _move(payees, "accept_form", by, tax_status=TaxStatus.VALID)


def reject_form(payees: QuerySet[Payee], by: User, reason: str) -> int:
    """Find the forms not valid; the payees are held until a new one is. Raises Refused without a reason."""
    return _move(
        payees, "reject_form", by, _because(reason), tax_status=TaxStatus.REJECTED, tax_recorded_by=by
    )


def withhold(payees: QuerySet[Payee], by: User) -> int:
    """Withhold tax from every payment from now on. A payee without a valid form can be paid again then."""
    return _move(payees, "withhold", by, backup_withholding=True, tax_recorded_by=by)


def stop_withholding(payees: QuerySet[Payee], by: User) -> int:
    return _move(payees, "stop_withholding", by, backup_withholding=False)


def screen(payees: QuerySet[Payee], result: str, on: datetime.date, by: User) -> int:
    """Record what a sanctions screening of `on` said: clear, to be reviewed, or a match.

    Where a match or a review stands, clear is a decision (clear_match). Raises Refused when `by` may not, for
    another result and for a day that is still to come.
    """
    if result not in (Screening.CLEAR, Screening.REVIEW, Screening.MATCH):
        raise Refused(_("A screening is clear, to be reviewed, or a match."))
    _require_past(on)
    open_questions = Q(screening__in=[Screening.REVIEW, Screening.MATCH])
    if result == Screening.CLEAR and payees.filter(open_questions).exists():
        raise Refused(_("A match or a review stands against one of them; another person clears that."))
    return _move(
        payees,
        "screen",
        by,
        {"screening": result, "screened_on": str(on)},
        screening=result,
        screened_on=on,
        screened_by=by,
    )


def clear_match(payees: QuerySet[Payee], by: User, reason: str) -> int:
    """Decide that a match is of somebody else, and why. Raises Refused for who recorded it."""
    today = timezone.now().date()
    return _move(
        payees,
        "clear_match",
        by,
        _because(reason),
        screening=Screening.CLEAR,
        screened_on=today,
        screened_by=by,
    )


def block(payees: QuerySet[Payee], by: User, reason: str) -> int:
    """Stop every payment until another person unblocks. Raises Refused without a reason."""
    return _move(
        payees, "block", by, _because(reason), blocked=True, blocked_reason=reason.strip(), blocked_by=by
    )


def unblock(payees: QuerySet[Payee], by: User, reason: str) -> int:
    """Let payments go again, and why. Raises Refused for who blocked."""
    return _move(payees, "unblock", by, _because(reason), blocked=False, blocked_reason="", blocked_by=None)


def ask_to_share(payees: QuerySet[Payee], by: User, reason: str) -> int:
    """Say why it is right that another payee has the same bank details (an agency, a couple); another person
    decides. Raises Refused without a reason."""
    return _move(
        payees,
        "ask_to_share",
        by,
        _because(reason),
        sharing_asked_by=by,
        sharing_reason=reason.strip(),
    )


def confirm_sharing(payees: QuerySet[Payee], by: User) -> int:
    """Find it right too. Raises Refused for who asked for it."""
    return _move(payees, "confirm_sharing", by, {"reason": F("sharing_reason")}, sharing_confirmed=True)


def refuse_sharing(payees: QuerySet[Payee], by: User, reason: str) -> int:
    """Find it not right, and why; the payees stay held."""
    return _move(payees, "refuse_sharing", by, _because(reason), sharing_asked_by=None, sharing_reason="")


def _move(
    payees: QuerySet[Payee], action: str, by: User, facts: Mapping[str, Any] | None = None, **fields: Any
) -> int:
    """Check and write one move of all the payees, and record it; this is the place of every decision here.

    `facts` are kept in the trail, and where another person is needed who took the step before.
    """
    starts_from, permission, step_before = MOVES[action]
    require(by, permission)
    with transaction.atomic():
        ids = list(payees.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        chosen = Payee.objects.filter(pk__in=ids)
        late = len(ids) - chosen.filter(starts_from).count()
        if late:
            raise Refused(
                _("%(count)s of the payees can't make this step now; look at them again.") % {"count": late}
            )
        if step_before and chosen.filter(**{step_before: by}).exists():
            raise Refused(
                _("%(user)s took the step before this one; another person must take this.") % {"user": by}
            )
        prepared: dict[str, Any] = {"prepared_by": F(f"{step_before}__username")} if step_before else {}
        audit.record_all(by, f"payee.{action}", chosen, label=F("legal_name"), **(facts or {}), **prepared)
        moved = chosen.filter(starts_from).update(**fields)
        if moved != len(ids):
            raise RuntimeError(f"{len(ids)} payees were held, but {moved} moved: nothing was changed")
    return moved


def _require_past(day: datetime.date) -> None:
    if day > timezone.now().date():
        raise Refused(_("This day is still to come; check the date."))


def _because(reason: str) -> dict[str, str]:
    """The reason as a fact; raises Refused without one."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Refused(_("Give a reason of at most %(longest)s characters.") % {"longest": LONGEST_REASON})
    return {"reason": reason}
