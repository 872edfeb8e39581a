"""Moves advertisers, campaigns and creatives from status to status, by the tables beside their models.

A move takes all that is asked for or nothing: a person who selects twenty campaigns and one of them can't
be booked learns which, rather than finding out later. Each move is written into the audit trail with who made
it and why, and the advertiser's people who may book are told of what somebody else did. What a move changes
about the past is judged anew at once (verdicts.py); days that a campaign has run are never taken back: a
pause or a cancellation starts on the day after.
"""

import datetime
from collections.abc import Iterable
from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import admission, pricing, verdicts
from campaigns.models import (
    ADVERTISER_MOVES,
    CAMPAIGN_MOVES,
    CREATIVE_MOVES,
    Ability,
    Advertiser,
    Campaign,
    Creative,
    Member,
    Pause,
)
from pulse_site import audit, mail
from pulse_site.models import User
from pulse_site.refusal import Refused

Mover = TypeVar("Mover", Advertiser, Campaign, Creative)
Moves = dict[str, tuple[frozenset[str], str]]
NAMED = 5  # how many rows a refusal names
EDITORS = [role for role, abilities in Member.MAY.items() if Ability.EDIT in abilities]
CAMPAIGN_LABEL = Concat("reference", Value(" "), "name")
ONE_DAY = datetime.timedelta(days=1)
NEEDS_REASON = frozenset({"reject"})
LONGEST_REASON = 300


def move(
    campaigns: QuerySet[Campaign],
    action: str,
    by: User,
    *,
    reason: str = "",
    today: datetime.date | None = None,
) -> int:
    """Take every campaign of the set through `action`, a key of CAMPAIGN_MOVES; returns how many moved.

    The advertiser reads the `reason`; to reject, there must be one. `today` (UTC, today unless given) is the
    last day on which a paused or cancelled campaign runs, and the first on which a resumed one does. Raises
    Refused, having written nothing, when one of them may not make this move, is not ready to be submitted,
    or is to be booked without a category or for an advertiser who is not approved; and when somebody who is
    not staff would resume what staff paused.
    """
    today = today or timezone.now().date()
    reason = _checked(reason, action)
    with transaction.atomic():
        verdicts.hold_open_months()
        chosen = _locked(campaigns, CAMPAIGN_MOVES, action)
        _effects(chosen, action, by, today)
        terms = {"budget_micros": F("budget_micros"), "cpm_micros": F("cpm_micros")} | _told(reason)
        moved = _move(chosen, CAMPAIGN_MOVES, action, by, CAMPAIGN_LABEL, **terms)
        chosen.update(status_since=timezone.now(), status_reason=reason, moved_by=by)
        verdicts.recheck(campaigns=chosen)
        _tell_of_campaigns(chosen, action, by, reason)
    return moved


def move_creatives(creatives: QuerySet[Creative], action: str, by: User, *, reason: str = "") -> int:
    """Take every creative of the set through `action`, a key of CREATIVE_MOVES; returns how many moved.

    The advertiser reads the `reason`; to reject, there must be one. What an approved one replaces is
    withdrawn with it, for until then it ran on. Raises Refused, having written nothing, when one of them may
    not make this move.
    """
    reason = _checked(reason, action)
    with transaction.atomic():
        chosen = _locked(creatives, CREATIVE_MOVES, action)
        moved = _move(chosen, CREATIVE_MOVES, action, by, CAMPAIGN_LABEL, **_told(reason))
        if action == "withdraw":
            return moved
        chosen.update(reviewed_by=by, reviewed_at=timezone.now(), reason=reason)
        if action == "approve":
            replaced = Creative.objects.filter(successors__in=chosen, status=Creative.Status.APPROVED)
            move_creatives(replaced, "withdraw", by)
        if action == "reject":
            _tell_of_creatives(chosen)
    return moved


def admit(
    advertisers: QuerySet[Advertiser], action: str, by: User, *, reason: str = "", note: str = ""
) -> int:
    """Take every advertiser of the set through `action`, a key of ADVERTISER_MOVES; returns how many moved.

    The advertiser's owners get a letter with the `reason`; the `note` is for colleagues. Raises Refused,
    having written nothing, when one of them may not make this move, when a question, an answer or a rejection
    has no reason, and when somebody is to be approved of whom not everything is checked (checklist.py) and no
    note says why.
    """
    decision = admission.decision(action, by, reason, note)
    with transaction.atomic():
        chosen = _locked(advertisers, ADVERTISER_MOVES, action)
        _refuse(
            admission.unready(chosen, decision),
            _("Not everything is checked of: %(rows)s. Check it, or say in a note why you approve without."),
        )
        admission.record(chosen, decision)
        moved = _move(chosen, ADVERTISER_MOVES, action, by, F("name"))
        chosen.update(status_since=decision.decided_at)
        admission.tell(chosen, decision)
    return moved


def _locked(rows: QuerySet[Mover], moves: Moves, action: str) -> QuerySet[Mover]:
    """The same rows by their ids, locked and all allowed to make the move."""
    if action not in moves:
        raise Refused(
            _("There is no move “%(action)s”; use one of: %(known)s.")
            % {"action": action, "known": ", ".join(moves)}
        )
    # The ids: the set that was given may be filtered by the very status that changes.
    chosen = rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)))
    allowed = moves[action][0]
    _refuse(
        [row for row in chosen.select_for_update() if row.status not in allowed],
        _("Only what is %(allowed)s can make this move; leave these out: %(rows)s.")
        % {"allowed": _labels(rows, allowed), "rows": "%(rows)s"},
    )
    return chosen


def _labels(rows: QuerySet[Mover], statuses: frozenset[str]) -> str:
    return " / ".join(str(label) for status, label in rows.model.Status.choices if status in statuses)


def _checked(reason: str, action: str) -> str:
    """The reason as it is kept; raises Refused where it is missing or too long."""
    reason = reason.strip()
    if action in NEEDS_REASON and not reason:
        raise Refused(_("Give a reason: the advertiser reads it."))
    if len(reason) > LONGEST_REASON:
        raise Refused(
            _("The reason has %(length)d characters; %(longest)d at most.")
            % {"length": len(reason), "longest": LONGEST_REASON}
        )
    return reason


def _told(reason: str) -> dict[str, Combinable]:
    return {"reason": Value(reason)} if reason else {}


def _effects(chosen: QuerySet[Campaign], action: str, by: User, today: datetime.date) -> None:
    if action in ("submit", "book"):
        _refuse_without_agreement(chosen)
    if action == "submit":
        _refuse_unready(chosen, today)
    elif action == "book":
        _refuse_unbookable(chosen)
        chosen.update(booked_at=timezone.now())
    elif action in ("pause", "cancel"):
        Pause.objects.bulk_create(
            [Pause(campaign=campaign, starts_on=today + ONE_DAY) for campaign in chosen if campaign.frozen],
            ignore_conflicts=True,  # cancelling a paused campaign leaves its pause as it is
        )
    elif action == "resume":
        if not by.is_staff:
            _refuse(
                chosen.filter(moved_by__is_staff=True),
                _("Pulse paused these campaigns: %(rows)s. Ask us to resume them."),
            )
        pauses = Pause.objects.filter(campaign__in=chosen, ends_on=None)
        pauses.filter(starts_on__gte=today).delete()
        pauses.update(ends_on=today - ONE_DAY)


def _refuse_unready(chosen: QuerySet[Campaign], today: datetime.date) -> None:
    """What an order needs before staff are asked to look at it."""
    _refuse_unbookable(chosen)
    _refuse(
        chosen.filter(starts_on__lt=today),
        _("The first day of these campaigns is over: %(rows)s. Choose a later one."),
    )
    _refuse(
        chosen.exclude(creatives__status__in=Creative.STANDING),
        _("These campaigns have no creative: %(rows)s. Add at least one."),
    )
    _refuse(
        chosen.filter(negotiated=False).annotate(card=pricing.CARD_CPM).exclude(card=F("cpm_micros")),
        _("The rate card changed since these were saved: %(rows)s. Save them again to see the new price."),
    )


def _refuse_unbookable(chosen: QuerySet[Campaign]) -> None:
    _refuse(
        chosen.filter(categories=None),
        _("These campaigns have no category: %(rows)s. Give each at least one."),
    )
    _refuse(
        chosen.exclude(advertiser__status=Advertiser.Status.APPROVED),
        _("The advertisers of these campaigns are not approved: %(rows)s. Approve them first."),
    )


def _refuse_without_agreement(chosen: QuerySet[Campaign]) -> None:
    agreed = Advertiser.objects.in_agreement(timezone.now().date())
    _refuse(
        chosen.exclude(advertiser__in=agreed),
        _("The agreement in force has not been accepted for: %(rows)s. An owner accepts it in the portal."),
    )


def _refuse(rows: QuerySet[Mover] | list[Mover], message: str) -> None:
    """Raise Refused with `message`, which names the rows, unless there are none."""
    names = [str(row) for row in rows]
    if names:
        more = _(" and %(count)s more") % {"count": len(names) - NAMED} if len(names) > NAMED else ""
        raise Refused(message % {"rows": ", ".join(names[:NAMED]) + more})


def _move(
    chosen: QuerySet[Mover], moves: Moves, action: str, by: User, label: Combinable, **facts: Combinable
) -> int:
    allowed, target = moves[action]
    slug = f"{chosen.model._meta.model_name}.{action}"
    audit.record_all(by, slug, chosen, label=label, changed={"status": (F("status"), target)}, **facts)
    return chosen.filter(status__in=allowed).update(status=target)


def _tell_of_campaigns(chosen: QuerySet[Campaign], action: str, by: User, reason: str) -> None:
    """Write to the people who book for the advertisers, of what somebody else did."""
    if action in ("submit", "recall"):
        return
    campaigns: dict[int, list[Campaign]] = {}
    for campaign in chosen.order_by("pk"):
        campaigns.setdefault(campaign.advertiser_id, []).append(campaign)
    for member in _editors(campaigns).exclude(user=by):
        for campaign in campaigns[member.advertiser_id]:
            _write(member, "campaign_moved", campaign=campaign, action=action, reason=reason)


def _tell_of_creatives(chosen: QuerySet[Creative]) -> None:
    creatives: dict[int, list[Creative]] = {}
    for creative in chosen.select_related("campaign").order_by("pk"):
        creatives.setdefault(creative.campaign.advertiser_id, []).append(creative)
    for member in _editors(creatives):
        for creative in creatives[member.advertiser_id]:
            _write(member, "creative_rejected", creative=creative, campaign=creative.campaign)


def _editors(advertisers: Iterable[int]) -> QuerySet[Member]:
    """Who may book for them and can be written to."""
    members = Member.objects.filter(advertiser__in=list(advertisers), role__in=EDITORS, user__is_active=True)
    return members.exclude(user__email="").select_related("user", "advertiser").order_by("pk")


def _write(member: Member, name: str, **context: object) -> None:
    mail.post(member.user.email, name, member.advertiser.language, member=member, **context)
