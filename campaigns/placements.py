"""The lineup: the top of a market's videos on one day, ranked exactly, kept, and frozen once money used it.

How videos are ranked and cut stands in ranking.py. A run is written beside the current one and compared with
it by digest: the same again changes nothing, a new one takes its place in the same transaction. Where money
has used the current one it stays: the new run is a correction, kept beside it with what differs. The digest
is the SHA-256 of the lineup in UTF-8, one line each:

    day, market, version of the terms, population, number of rows, cut-off score
    category's slug, population, number of rows, cut-off score   (if cut per category: for each one, by slug)
    rank, platform id, creator's handle, category's slug, tier, score   (for each row, by rank, platform id)

Fields are parted by tabs and nothing is an empty field; a lineup that is cut per category has no cut-off
score of its own, and the population in its first line is the whole market's. They are natural keys, never
numbers that a database hands out, so that every database and every engine computes the same digest from the
same counts.

The rows of all lineups stand in one table. A partition for each run would spare most of writing one (for
400,000 rows 0.6 CPU seconds instead of 2.2, once a day), but who judges deliveries finds the run in the same
statement, so that no partition could be left out and each would be looked into for every row; and a
partition that is dropped passes by the guard of frozen lineups, which looks at statements on the table.
"""

# ruff: noqa: S608 - the statements are put together from the terms' integers, never from input

from __future__ import annotations

import csv
import datetime
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from campaigns import differences, inventory, lake, ranking, verdicts
from campaigns.models import CategoryCut, Delivery, Month, PlacementRun
from campaigns.ranking import Cut, Cuts, places
from creators import eligibility
from creators.models import ProgrammeTerms, ThinnedDay, Tier
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import harmless

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

CHUNK = 5_000
EXPORTED = ("rank", "video", "creator", "category", "score")
WRITE = """
    INSERT INTO campaigns_placement (run_id, rank, video_id, creator_id, category_id, tier, score)
    SELECT %(run)s, rank, video_id, creator_id, category_id, tier, score
      FROM ({ranked}) ranked WHERE tier <> %(unsuitable)s
"""
# Whole lines come from the database: putting 400,000 of them together in Python takes longer.
LINES = """
    SELECT placement.rank || '\t' || placement.video_id || '\t' || creator.handle || '\t'
           || COALESCE(category.slug, '') || '\t' || placement.tier || '\t' || placement.score || '\n'
      FROM campaigns_placement placement
      JOIN creators_creator creator ON creator.id = placement.creator_id
      LEFT JOIN creators_category category ON category.id = placement.category_id
     WHERE placement.run_id = %s ORDER BY placement.rank, placement.video_id
"""


def recompute(
    day: datetime.date, market: str = settings.LAUNCH_MARKET, files: str | None = None
) -> dict[str, Any]:
    """Rank the market's videos by their counts of `day` and make the result that day's lineup.

    The counts are those of Parquet files where `files` is a path or a pattern of them, and the database's
    where it is ""; unless it is given, those by which the day's lineup was computed before. The deliveries of
    open months beside it are judged again. Computing the same again leaves all as it is. A lineup that money
    has used stays: one that differs from it is kept beside it, as its correction.

    Returns day, market, population, lineup, cutoff_score (None without population, or where each category
    is cut by itself: then cutoff_scores has them by category), inputs and digest, files if any, changed and
    seconds; where it differs from the lineup there was, also changes (of terms, inputs, rows); and where that
    one stays also beside (its digest) and difference. Raises Refused when the day has no counts or no terms,
    or when files can't be used.
    """
    started = time.monotonic()
    with transaction.atomic():
        _take_turn(day, market)
        current = PlacementRun.objects.current().filter(day=day, market=market).first()
        if files is None:
            files = current.files if current else ""
        run = _draft(day, market, lake.absolute(files))
        verdicts.hold_open_months()
        summary = _summary(run) | _settle(current, run)
    if summary["changed"] and files:
        eligibility.recheck()
    return summary | {"seconds": round(time.monotonic() - started, 3)}


def terms_of(day: datetime.date) -> ProgrammeTerms:
    """The terms in force on `day`; raises Refused before the first."""
    try:
        return ProgrammeTerms.objects.in_force(day)
    except ProgrammeTerms.DoesNotExist:
        raise Refused(
            _("No terms are in force on %(day)s: the programme had not begun.") % {"day": day}
        ) from None


def digest(run: PlacementRun) -> str:
    """SHA-256 over the stored lineup, in hexadecimal; the form is told at the top of this module."""
    facts = (run.day, run.market, run.terms.version, run.population, run.lineup, run.cutoff_score)
    sha256 = hashlib.sha256()
    for line in (facts, *_cuts(run)):
        text = "\t".join("" if field is None else str(field) for field in line)
        sha256.update(f"{text}\n".encode())
    with connection.chunked_cursor() as cursor:
        cursor.execute(LINES, [run.pk])
        while rows := cursor.fetchmany(CHUNK):
            sha256.update("".join(line for (line,) in rows).encode())
    return sha256.hexdigest()


def tampered(runs: QuerySet[PlacementRun]) -> list[PlacementRun]:
    """Those of `runs` whose stored lineup no longer fits its digest: changed behind the database's back."""
    return [run for run in runs.select_related("terms") if digest(run) != run.digest]


def current_run(day: datetime.date, market: str) -> PlacementRun:
    """The lineup of `day` that counts; raises Refused when there is none."""
    run = PlacementRun.objects.current().select_related("terms").filter(day=day, market=market).first()
    if run is None:
        raise Refused(
            _(
                "There is no lineup of %(day)s in %(market)s: compute it first "
                "(recompute_placements --day %(day)s --market %(market)s)."
            )
            % {"day": day, "market": market}
        )
    return run


def export(day: datetime.date, market: str, out: SupportsWrite[str]) -> None:
    """Write the lineup as CSV by rank: rank, video, creator, category (empty for none), score.

    Streamed; what a spreadsheet would run as a formula is defused. Raises Refused when there is no lineup.
    """
    rows = exported(current_run(day, market))
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(EXPORTED)
    writer.writerows(map(harmless, row) for row in rows)


def exported(run: PlacementRun) -> Iterator[tuple[Any, ...]]:
    """The lineup by rank, as EXPORTED names it, read as it is asked for."""
    columns = ("rank", "video_id", "creator__handle", "category__slug", "score")
    return run.placements.order_by("rank", "video_id").values_list(*columns).iterator(chunk_size=CHUNK)


def cut_of(run: PlacementRun, category: int | None) -> Cut | None:
    """The cut that a video of this category (number) had to pass in the lineup: the market's, or its own.

    None for a video without category where each category is cut by itself: it is ranked among none.
    """
    of: PlacementRun | CategoryCut | None = run
    if run.terms.cut_per_category:
        if category is None:
            return None
        of = run.cuts.filter(category=category).first()
    return Cut(of.population, places(run.terms, of.population), of.cutoff_score) if of else Cut(0, 0, None)


def _take_turn(day: datetime.date, market: str) -> None:
    """Let one run of the day and market be computed at a time, until the transaction ends.

    Otherwise one that looked at the counts earlier could come later, and put an old lineup over a new one.
    On SQLite the transaction has had the only turn since it began.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"lineup {day} {market}"]
            )


def _draft(day: datetime.date, market: str, files: str) -> PlacementRun:
    """The lineup as the counts have it now, written as a run that doesn't count yet."""
    terms = terms_of(day)
    found = lake.load(files, terms, day, market) if files else _rank_counts(terms, day, market)
    run = PlacementRun.objects.create(
        day=day,
        market=market,
        terms=terms,
        population=found.population,
        lineup=0,
        cutoff_score=None if terms.cut_per_category else found.by_category[None].score,
        inputs=found.inputs,
        files=files,
        superseded=True,
    )
    _write(run, found.by_category, lake.LINEUP if files else ranking.within(found.by_category))
    (lake if files else ranking).forget()
    run.digest = digest(run)
    run.save(update_fields=["lineup", "digest"])
    return run


def _rank_counts(terms: ProgrammeTerms, day: datetime.date, market: str) -> Cuts:
    """Rank by the database's counts; raises Refused when it has none."""
    found = ranking.rank(terms, day, market)
    if not found.inputs:
        raise Refused(
            _(
                "There are no counts of %(day)s in %(market)s: import the video file of that day first "
                "(import_videos FILE --as-of %(day)s --market %(market)s)."
            )
            % {"day": day, "market": market}
        )
    thinned = ThinnedDay.objects.filter(day=day).first()  # asked last: it may have happened meanwhile
    if thinned:
        raise Refused(
            _(
                "The lineup of %(day)s stays as it is: the counts that no lineup and no ad needs were "
                "removed on %(removed)s, so that it can't be computed again."
            )
            % {"day": day, "removed": thinned.thinned_at.date()}
        )
    return found


def _write(run: PlacementRun, by_category: Mapping[int | None, Cut], lineup: str) -> None:
    """The videos that are in, which `lineup` selects, and each category's cut where the terms say so."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(ranked=lineup), {"run": run.pk, "unsuitable": Tier.UNSUITABLE.value})
        run.lineup = cursor.rowcount
    if run.terms.cut_per_category:
        sizes = dict(run.placements.values_list("category").annotate(Count("video")).order_by())
        CategoryCut.objects.bulk_create(
            CategoryCut(
                run=run,
                category_id=category,
                population=cut.population,
                lineup=sizes.get(category, 0),
                cutoff_score=cut.score,
            )
            for category, cut in by_category.items()
            if category
        )


def _settle(current: PlacementRun | None, run: PlacementRun) -> dict[str, Any]:
    """Make the draft the day's lineup, or keep it as a correction, or forget it; tells what came of it."""
    found = differences.changes(current, run) if current else []
    told: dict[str, Any] = {"changed": False, **({"changes": found} if found else {})}
    if current and current.digest == run.digest:
        _forget(run, current)
    elif current and used(current):
        told |= _keep_beside(current, run)
    else:
        _replace(current, run)
        told["changed"] = True
    return told


def _forget(run: PlacementRun, current: PlacementRun) -> None:
    """The same lineup again, maybe of other counts far below the cut, or of counts that lie elsewhere now."""
    if (current.inputs, current.files) != (run.inputs, run.files):
        same = PlacementRun.objects.filter(pk=current.pk, frozen=False)
        same.update(inputs=run.inputs, files=run.files)
    run.delete()


def _replace(current: PlacementRun | None, run: PlacementRun) -> None:
    if current:
        current.delete()
    PlacementRun.objects.filter(pk=run.pk).update(superseded=False)
    inventory.add_up(run)
    verdicts.recheck(day=run.day, market=run.market)


def _keep_beside(current: PlacementRun, run: PlacementRun) -> dict[str, Any]:
    """Of the corrections of a lineup only the newest is kept; the same again is no new one."""
    kept = current.corrections.filter(digest=run.digest).first()
    if kept:
        run.delete()
    else:
        current.corrections.all().delete()
        PlacementRun.objects.filter(pk=run.pk).update(corrects=current)
    return {"beside": current.digest, "difference": differences.told(current, kept or run)}


def used(run: PlacementRun) -> bool:
    """Whether money has used the lineup: a month was reviewed or closed by it."""
    reviewed = Delivery.objects.filter(
        day=run.day, campaign__market=run.market, verdict=Delivery.Verdict.BILLABLE
    ).exclude(month__status__in=Month.TAKING)
    return run.frozen or reviewed.exists()


def days_used(market: str, days: Sequence[datetime.date]) -> set[datetime.date]:
    """Those of `days` whose lineup money has used."""
    runs = PlacementRun.objects.current().filter(market=market, day__in=days)
    return {run.day for run in runs if used(run)}


def _summary(run: PlacementRun) -> dict[str, Any]:
    by_category = {"cutoff_scores": _cutoff_scores(run)} if run.terms.cut_per_category else {}
    return {
        "day": run.day.isoformat(),
        "market": run.market,
        "population": run.population,
        "lineup": run.lineup,
        "cutoff_score": run.cutoff_score,
        **by_category,
        "inputs": run.inputs,
        "digest": run.digest,
        **({"files": run.files} if run.files else {}),
    }


def _cuts(run: PlacementRun) -> list[tuple[Any, ...]]:
    return sorted(run.cuts.values_list("category__slug", "population", "lineup", "cutoff_score"))


def _cutoff_scores(run: PlacementRun) -> dict[str, int | None]:
    return dict(run.cuts.order_by("category__position").values_list("category__slug", "cutoff_score"))
