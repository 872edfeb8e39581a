"""Corrections: prepared by one person or a feed, approved or rejected by another, and then for good.

Whoever approves takes the only turn: each adjustment's share depends on those that were posted before, so two
who approved at once would each miss what the other posts. Then he holds every month, so that none of them
closes meanwhile: what corrects a closed month is posted here, the rest by the close of its month
(adjustments.py). A correction is never edited: a wrong one is rejected and prepared anew.
"""

from typing import Any

from django.core.files.base import File
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import adjustments, seals
from payouts.models import Adjustment, Correction, Earning
from pulse_site import audit
from pulse_site.four_eyes import require, require_another
from pulse_site.models import User
from pulse_site.money import dollars
from pulse_site.refusal import Refused

TURN = 9_227_465  # any number of our own, the same for all who prepare from a file or approve
PREPARES, APPROVES = "payouts.prepare_correction", "payouts.approve_correction"
Status = Correction.Status
STANDING = (Status.PREPARED, Status.APPROVED)
# action -> (the statuses it may start from, the one it leads to)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "approve": ((Status.PREPARED,), Status.APPROVED),
    "reject": ((Status.PREPARED,), Status.REJECTED),
}


def prepare(
    by: User,
    *,
    reason: str,
    origin: Month,
    campaign: Campaign | None,
    creator: Creator | None,
    micros: int,
    detail: str = "",
    note: str = "",
    evidence: File | None = None,
) -> Correction:
    """Prepare a correction of `micros` that were billed in `origin`.

    With a campaign and a creator, positive micros are taken back from both sides and negative ones given
    back, at most what was taken. With a campaign alone they are credited to its advertiser, with a creator
    alone paid to him; the platform bears that, and negative ones take such goodwill back. `detail` is what
    both sides read, `note` what colleagues read. Raises Refused when `by` may not or there is not as much.
    """
    require(by, PREPARES)
    amounts = _amounts(origin, campaign, creator, micros)
    with transaction.atomic():
        correction = Correction.objects.create(
            reason=reason, note=note, evidence=evidence or "", prepared_by=by
        )
        correction.adjustments.create(
            origin=origin, campaign=campaign, creator=creator, detail=detail, **amounts
        )
        audit.record(by, "correction.prepare", correction, amount_micros=micros)
    return correction


def approve(correction: Correction, by: User) -> dict[str, Any]:
    """Approve the correction and post what corrects closed months; the rest is posted as its month closes.

    Returns `correction`, `adjustments`, how many are `posted`, and `month`, the one they are posted in (blank
    if none is). Raises Refused when `by` may not or prepared it, when it is approved or rejected already, or
    when more would be taken back than was earned.
    """
    require(by, APPROVES)
    with transaction.atomic():
        take_turn()
        held = _hold(correction, "approve")
        require_another(by, held.prepared_by)
        _hold_months()
        adjustments.require_within(held)
        _move(held, "approve", by)
        adjustments.post_of_correction(held, by)
        transaction.on_commit(seals.seal)
        posted = held.adjustments.filter(month__isnull=False)
        return {
            "correction": held.pk,
            "adjustments": held.adjustments.count(),
            "posted": posted.count(),
            "month": posted.values_list("month", flat=True).first() or "",
        }


def reject(correction: Correction, by: User, note: str = "") -> None:
    """Reject the correction: nothing of it will be posted. `note` is added to its note.

    Raises Refused when `by` may neither approve nor prepare, or it is approved or rejected already. Who
    prepared it may take it back himself: nothing moves by that.
    """
    require(by, APPROVES, PREPARES)
    with transaction.atomic():
        held = _hold(correction, "reject")
        held.note = "\n".join(filter(None, (held.note, note)))
        _move(held, "reject", by)


def take_turn() -> None:
    """Let one at a time change which adjustments stand, until the transaction ends. SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def _hold(correction: Correction, action: str) -> Correction:
    held = Correction.objects.select_for_update().get(pk=correction.pk)
    if held.status not in MOVES[action][0]:
        raise Refused(
            _("%(correction)s is %(status)s already.")
            % {"correction": held, "status": held.get_status_display()}
        )
    return held


def _hold_months() -> None:
    """No month closes until this transaction ends: who closes one takes its row FOR UPDATE first."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM campaigns_month ORDER BY code FOR SHARE")


def _move(held: Correction, action: str, by: User) -> None:
    """Write the status that `action` leads to and who decided; the correction is held."""
    held.status, held.approved_by, held.approved_at = MOVES[action][1], by, timezone.now()
    held.save()
    rows, micros = held.adjustments.aggregate(n=Count("id"), micros=Sum("revenue_micros", default=0)).values()
    audit.record(by, f"correction.{action}", held, adjustments=rows, amount_micros=int(micros))


def _amounts(
    origin: Month, campaign: Campaign | None, creator: Creator | None, micros: int
) -> dict[str, int]:
    """The amounts of an adjustment by hand; the share of one with both sides is found as it is posted."""
    if micros == 0:
        raise Refused(_("Say an amount; an amount of nothing corrects nothing."))
    if campaign and creator:
        return {"revenue_micros": micros, "enrolled_micros": _enrolled(origin, campaign, creator, micros)}
    if campaign:
        before = _standing(origin, campaign, None)["revenue_micros"]
        revenue, share = micros, 0
    elif creator:
        before = -_standing(origin, None, creator)["share_micros"]
        revenue, share = 0, -micros
    else:
        raise Refused(_("Name the campaign, the creator, or both."))
    if before + micros < 0:
        raise Refused(
            _("Only %(given)s of goodwill were given; take back no more.") % {"given": dollars(before)}
        )
    return {"revenue_micros": revenue, "enrolled_micros": 0, "share_micros": share}


def _enrolled(origin: Month, campaign: Campaign, creator: Creator, micros: int) -> int:
    """The part of the amount that was shared, in proportion to what is left of the earning (or was taken)."""
    earning = Earning.objects.filter(month=origin, campaign=campaign, creator=creator).first()
    if earning is None:
        raise Refused(
            _(
                "Nothing was billed in %(month)s to %(campaign)s beside %(creator)s. Check the three; a "
                "month that is still open must be calculated first."
            )
            % {"month": origin, "campaign": campaign.reference, "creator": creator}
        )
    taken = _standing(origin, campaign, creator)
    revenue, enrolled = taken["revenue_micros"], taken["enrolled_micros"]
    if micros > 0:
        left, shared = earning.revenue_micros - revenue, earning.enrolled_micros - enrolled
    else:
        left, shared = revenue, enrolled
    if abs(micros) > left:
        text = (
            _("Only %(left)s are left of what was billed; take back no more.")
            if micros > 0
            else _("Only %(left)s were taken back before; give back no more.")
        )
        raise Refused(text % {"left": dollars(left)})
    part = shared * abs(micros) // left
    return part if micros > 0 else -part


def _standing(origin: Month, campaign: Campaign | None, creator: Creator | None) -> dict[str, int]:
    """The sums of what stands against the key so far, prepared or approved, by name."""
    standing = Adjustment.objects.filter(
        origin=origin, campaign=campaign, creator=creator, correction__status__in=STANDING
    )
    names = ("revenue_micros", "enrolled_micros", "share_micros")
    sums = standing.aggregate(**{f"sum_{name}": Sum(name, default=0) for name in names})
    return {name: int(sums[f"sum_{name}"]) for name in names}
