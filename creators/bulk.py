"""Decide about many creators at once: ticked rows, all rows of a filter, or a list of handles.

Whom it is about is frozen when the bulk is prepared, as rows: a filter is a question, and by the time that
somebody has read the preview its answer may be another. Then one background run decides about them all, in
one transaction, and writes down what came of each. Another run undoes it, where nothing else was decided
about them and no month that was paid depends on it (reversal.py), and writes down the same.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import approval, reversal
from creators.candidates import handle as as_handle
from creators.models import MOVES, Bulk, BulkRow, Creator, Decision, DecisionReason
from creators.selection import analyze, insert_from
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Progress
from pulse_site.models import User
from pulse_site.refusal import Refused

MOVED, UNKNOWN = "moved", "unknown"
UNDONE, STAYED = "undone", "stayed"
MOST_NAMED = 1_000  # of the handles that nobody has
# Whoever has its decision is read once as a set: looked up one by one by two keys, a database without fresh
# statistics may take the wrong one, and read all of the bulk's decisions for each of its creators.
RESULTS = """
    UPDATE creators_bulkrow
       SET result = CASE WHEN creators_bulkrow.creator_id IN (SELECT decision.creator_id
                                                                FROM creators_decision decision
                                                               WHERE decision.bulk_id = %s)
                         THEN %s
                         WHEN creator.status IN ({sources}) THEN %s
                         ELSE creator.status END
      FROM creators_creator creator
     WHERE creators_bulkrow.bulk_id = %s AND creator.id = creators_bulkrow.creator_id
"""


def prepare(
    creators: QuerySet[Creator],
    action: str,
    by: User,
    *,
    chosen_by: str,
    listed: DecisionReason | None = None,
    reason: str = "",
    note: str = "",
    unknown: Sequence[str] = (),
) -> Bulk:
    """Freeze whom a decision is to be about; `chosen_by` says in words how they were chosen.

    `unknown` are the lines of a list that named nobody, which are kept to be shown.
    Raises Refused when `by` may not decide in bulk, for what approval.decide would refuse, and for nobody.
    """
    may(by)
    approval.check(action, listed, reason)
    with transaction.atomic():
        bulk = Bulk.objects.create(
            action=action,
            listed_reason=listed,
            reason=reason.strip(),
            note=note,
            chosen_by=chosen_by[:300],
            prepared_by=by,
            results={UNKNOWN: list(unknown)} if unknown else {},
        )
        chosen = Creator.objects.filter(pk__in=creators.values("pk")).order_by("pk")
        rows = insert_from(
            chosen,
            BulkRow._meta.db_table,
            bulk_id=Value(bulk.pk, BigIntegerField()),
            creator_id="pk",
            result=Value(""),
        )
        if not rows:
            raise Refused(_("Nobody was chosen."))
    return bulk


def may(by: User) -> None:
    """Raise Refused unless `by` may decide about many at once, and undo it."""
    if not by.has_perm("creators.review_in_bulk"):
        raise Refused(_("Only a senior reviewer may decide about many creators at once."))


def named(handles: Iterable[str]) -> tuple[QuerySet[Creator], list[str]]:
    """The creators with these handles, one a line, and the lines that name nobody (the first thousand).

    Raises Refused when there is no line at all.
    """
    wanted: dict[str, str] = {}
    unusable = []
    for line in handles:
        try:
            wanted[as_handle(line)] = line.strip()
        except Unusable:
            unusable.append(line.strip())
    if not wanted:
        raise Refused(_("The list names nobody; write one handle a line."))
    chosen = Creator.objects.filter(handle__in=wanted)
    unknown = wanted.keys() - set(chosen.values_list("handle", flat=True))
    return chosen, [*unusable, *sorted(unknown)][:MOST_NAMED]


def preview(bulk: Bulk) -> dict[str, int]:
    """What would come of it now: result -> how many creators; `moved` are those who can be moved."""
    sources = MOVES[bulk.action][0]
    rows = Creator.objects.filter(pk__in=bulk.rows.values("creator"))
    movable = Q(status__in=sources)
    if bulk.action == Decision.Action.APPROVE and not approval.overrides(bulk.prepared_by, bulk.reason):
        movable &= Q(eligibility__eligible=True)
    found = {MOVED: rows.filter(movable).count()}
    found |= dict(rows.exclude(status__in=sources).order_by().values_list("status").annotate(Count("pk")))
    rest = bulk.rows.count() - sum(found.values())
    return found | ({approval.NOT_ELIGIBLE: rest} if rest else {})


def decide(bulk: Bulk) -> dict[str, Any]:
    """Decide about everybody in it, and write down what came of each; deciding again changes nothing.

    Returns moved, refused (result -> count) and seconds. Raises Refused when it was undone or cancelled.
    """
    started = time.monotonic()
    with transaction.atomic():
        held = _hold(bulk)
        if held.status == Bulk.Status.PREPARED:
            decided = approval.decide(
                Creator.objects.filter(pk__in=held.rows.values("creator")),
                held.action,
                held.prepared_by,
                listed=held.listed_reason,
                reason=held.reason,
                note=held.note,
                bulk=held,
            )
            _write_results(held)
            analyze(Decision._meta.db_table)  # for who undoes it before the server looks by itself
            held.status, held.decided_at = Bulk.Status.DECIDED, timezone.now()
            held.results |= {MOVED: decided.moved, **decided.refused}
            held.save()
        elif held.status != Bulk.Status.DECIDED:
            raise Refused(_("%(bulk)s is %(status)s.") % {"bulk": held, "status": held.get_status_display()})
    moved = held.results.get(MOVED, 0)
    refused = {name: count for name, count in held.results.items() if name not in (MOVED, UNKNOWN)}
    return {"moved": moved, "refused": refused, "seconds": round(time.monotonic() - started, 2)}


def preview_undo(bulk: Bulk) -> approval.Decided:
    """How many would go back if it were undone now, and how many would stay, by the reason."""
    return reversal.preview(bulk.decisions.all())


def staying(bulk: Bulk) -> QuerySet[Any, Any]:
    """The decisions of it that can't be taken back now; `hindrance` says why."""
    told: QuerySet[Any, Any] = bulk.decisions.annotate(hindrance=reversal.hindrance())
    return told.exclude(hindrance="").select_related("creator").order_by("pk")


def undo(
    bulk: Bulk, by: User, *, reason: str, progress: Progress = lambda permille, step: None
) -> approval.Decided:
    """Reverse what it decided, where nothing else was decided since and no paid day depends on it.

    Undoing again changes nothing and returns the same. Raises Refused when `by` may not decide in bulk, when
    it wasn't decided, or when nothing can be reversed.
    """
    may(by)
    with transaction.atomic():
        held = _hold(bulk)
        if held.status == Bulk.Status.UNDONE:
            return approval.Decided(held.results[UNDONE], held.results[STAYED])
        if held.status != Bulk.Status.DECIDED:
            raise Refused(_("%(bulk)s is %(status)s.") % {"bulk": held, "status": held.get_status_display()})
        undone = reversal.reverse(held.decisions.all(), by, reason=reason, progress=progress)
        if not undone.moved:
            raise Refused(
                _("None of it can be undone: it was decided anew since, or a paid month depends on it.")
            )
        progress(900, _("writing down what came of each"))
        _write_undone(held)
        held.status, held.undone_by, held.undone_at = Bulk.Status.UNDONE, by, timezone.now()
        held.results |= {UNDONE: undone.moved, STAYED: undone.refused}
        held.save()
    return undone


def cancel(bulk: Bulk) -> None:
    """Give up a prepared bulk. Raises Refused when it was decided already."""
    if not Bulk.objects.filter(pk=bulk.pk, status=Bulk.Status.PREPARED).update(status=Bulk.Status.CANCELLED):
        raise Refused(_("It was decided already; undo it instead."))


def _hold(bulk: Bulk) -> Bulk:
    rows = Bulk.objects.select_for_update(of=("self",)).select_related("prepared_by", "listed_reason")
    return rows.get(pk=bulk.pk)


def _write_results(bulk: Bulk) -> None:
    sources = sorted(MOVES[bulk.action][0])
    statement = RESULTS.format(sources=", ".join(["%s"] * len(sources)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [bulk.pk, MOVED, *sources, approval.NOT_ELIGIBLE, bulk.pk])


def _write_undone(bulk: Bulk) -> None:
    moved = bulk.rows.filter(result=MOVED)
    undone = bulk.decisions.filter(reversed_by__isnull=False)
    moved.filter(creator__in=undone.values("creator")).update(result=UNDONE)
    settled = staying(bulk).filter(hindrance=reversal.SETTLED, reversed_by__isnull=True)
    moved.filter(creator__in=settled.order_by().values("creator")).update(result=reversal.SETTLED)
    moved.update(result=reversal.SUPERSEDED)
