"""Moves advertisers and campaigns from status to status, by the tables of allowed moves beside their models.

A move takes all that is asked for or nothing: a person who selects twenty campaigns and one of them can't
be booked learns which, rather than finding out later. Each move is written into the audit trail with
who made it. What a move changes about the past is judged anew at once (verdicts.py); days that a campaign
has run are never taken back: a pause or a cancellation starts on the day after.
"""

import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import verdicts
from campaigns.models import ADVERTISER_MOVES, CAMPAIGN_MOVES, Advertiser, Campaign, Pause
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

Mover = TypeVar("Mover", Advertiser, Campaign)
Moves = dict[str, tuple[frozenset[str], str]]
NAMED = 5  # how many rows a refusal names
CAMPAIGN_LABEL = Concat("reference", Value(" "), "name")
ONE_DAY = datetime.timedelta(days=1)


def move(campaigns: QuerySet[Campaign], action: str, by: User, *, today: datetime.date | None = None) -> int:
    """Take every campaign of the set through `action`, a key of CAMPAIGN_MOVES; returns how many moved.

    `today` (UTC, today unless given) is the last day on which a paused or cancelled campaign runs, and the
    first on which a resumed one does. Raises Refused, having written nothing, when one of them may not make
    this move, or is to be booked without a category or for an advertiser who is not approved.
    """
    today = today or timezone.now().date()
    with transaction.atomic():
        verdicts.hold_open_months()
        chosen = _locked(campaigns, CAMPAIGN_MOVES, action)
        _effects(chosen, action, today)
        terms = {"budget_micros": F("budget_micros"), "cpm_micros": F("cpm_micros")}
        moved = _move(chosen, CAMPAIGN_MOVES, action, by, CAMPAIGN_LABEL, **terms)
        verdicts.recheck(campaigns=chosen)
    return moved


def admit(advertisers: QuerySet[Advertiser], action: str, by: User) -> int:
    """Take every advertiser of the set through `action`, a key of ADVERTISER_MOVES; returns how many moved.

    Raises Refused, having written nothing, when one of them may not make this move.
    """
    with transaction.atomic():
        chosen = _locked(advertisers, ADVERTISER_MOVES, action)
        return _move(chosen, ADVERTISER_MOVES, action, by, F("name"))


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


def _effects(chosen: QuerySet[Campaign], action: str, today: datetime.date) -> None:
    if action == "book":
        _refuse_unbookable(chosen)
        chosen.update(booked_at=timezone.now())
    elif action in ("pause", "cancel"):
        Pause.objects.bulk_create(
            [Pause(campaign=campaign, starts_on=today + ONE_DAY) for campaign in chosen if campaign.frozen],
            ignore_conflicts=True,  # cancelling a paused campaign leaves its pause as it is
        )
    elif action == "resume":
        pauses = Pause.objects.filter(campaign__in=chosen, ends_on=None)
        pauses.filter(starts_on__gte=today).delete()
        pauses.update(ends_on=today - ONE_DAY)


def _refuse_unbookable(chosen: QuerySet[Campaign]) -> None:
    _refuse(
        chosen.filter(categories=None),
        _("These campaigns have no category: %(rows)s. Give each at least one."),
    )
    _refuse(
        chosen.exclude(advertiser__status=Advertiser.Status.APPROVED),
        _("The advertisers of these campaigns are not approved: %(rows)s. Approve them first."),
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
