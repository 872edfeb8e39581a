"""Disputes: a creator objects to a statement; staff answer, and resolve it by a correction or refuse it.

A creator has no log-in: whoever holds the signed link of a statement may object to it, once at a time and in
the weeks after its month was closed. An answer leaves a dispute live, for it is not settled by words: it ends
with an approved correction of that creator, or with a refusal that gives its reason.
"""

import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Month
from creators.models import Creator
from payouts.models import Correction, Dispute
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.refusal import Refused

ANSWERS = "payouts.answer_dispute"
LONGEST = 2_000
OPEN_FOR = datetime.timedelta(days=60)
Status = Dispute.Status
LIVE = (Status.OPEN, Status.ANSWERED)
# action -> (the statuses it may start from, the one it leads to)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "answer": (LIVE, Status.ANSWERED),
    "resolve": (LIVE, Status.ADJUSTED),
    "refuse": (LIVE, Status.REFUSED),
}


def open_dispute(creator: Creator, month: Month, text: str) -> Dispute:
    """Open the dispute of `creator` about the statement of `month`.

    Raises Refused when the month is not closed or was closed more than 60 days ago, when `text` is empty or
    longer than 2,000 characters, or while another dispute about this statement is open.
    """
    text = text.strip()
    if not text:
        raise Refused(_("Say what is wrong with the statement."))
    if len(text) > LONGEST:
        raise Refused(_("Shorten it to %(longest)s characters.") % {"longest": LONGEST})
    if month.closed_at is None:
        raise Refused(_("%(month)s is not closed yet; its figures may still change.") % {"month": month})
    if not in_time(month):
        raise Refused(
            _("A statement can be disputed for %(days)s days; that of %(month)s no longer can.")
            % {"days": OPEN_FOR.days, "month": month}
        )
    try:
        with transaction.atomic():
            return Dispute.objects.create(creator=creator, month=month, text=text)
    except IntegrityError:
        raise Refused(_("A dispute about this statement is open already; you will be answered.")) from None


def in_time(month: Month) -> bool:
    """Whether the statement of `month` can be disputed now: closed, and no more than 60 days ago."""
    return month.closed_at is not None and timezone.now() <= month.closed_at + OPEN_FOR


def answer(dispute: Dispute, by: User, text: str) -> None:
    """Answer the creator, who reads it on his statement; the dispute stays live.

    Raises Refused when `by` may not, when nothing is said, or when the dispute is settled.
    """
    _move(dispute, "answer", by, _said(text))


def resolve(dispute: Dispute, by: User, correction: Correction, text: str = "") -> None:
    """Settle the dispute by an approved correction of its creator; `text` is added as the answer.

    Raises Refused when `by` may not, when the correction is not approved or not this creator's, or when the
    dispute is settled already.
    """
    if correction.status != Correction.Status.APPROVED:
        raise Refused(
            _("%(correction)s is %(status)s; another person must approve it first.")
            % {"correction": correction, "status": correction.get_status_display()}
        )
    if not correction.adjustments.filter(creator=dispute.creator).exists():
        raise Refused(
            _("%(correction)s corrects nothing of %(creator)s.")
            % {"correction": correction, "creator": dispute.creator}
        )
    _move(dispute, "resolve", by, text.strip(), correction)


def refuse(dispute: Dispute, by: User, reason: str) -> None:
    """Refuse the dispute; the creator reads the reason on his statement.

    Raises Refused when `by` may not, when no reason is given, or when the dispute is settled already.
    """
    _move(dispute, "refuse", by, _said(reason))


def _said(text: str) -> str:
    if not text.strip():
        raise Refused(_("Say something to the creator; he reads it on his statement."))
    return text.strip()


def _move(dispute: Dispute, action: str, by: User, text: str, correction: Correction | None = None) -> None:
    sources, status = MOVES[action]
    require(by, ANSWERS)
    if len(text) > LONGEST:
        raise Refused(_("Shorten it to %(longest)s characters.") % {"longest": LONGEST})
    with transaction.atomic():
        held = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if held.status not in sources:
            raise Refused(
                _("The dispute of %(dispute)s is %(status)s already.")
                % {"dispute": held, "status": held.get_status_display()}
            )
        held.status, held.correction = status, correction
        held.answer = "\n\n".join(filter(None, (held.answer, text)))
        if status not in LIVE:
            held.resolved_by, held.resolved_at = by, timezone.now()
        held.save()
        audit.record(by, f"dispute.{action}", held, correction=str(correction or ""))
    dispute.refresh_from_db()
