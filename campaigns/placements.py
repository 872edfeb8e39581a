"""The lineup: the top of a market's videos on one day, ranked exactly, kept, and frozen once money used it.

How videos are ranked and cut stands in ranking.py. A run is written beside the current one and compared with
it by digest: the same again changes nothing, a new one takes its place in the same transaction. The digest is
the SHA-256 of the lineup in UTF-8, one line each:

    day, market, version of the terms, population, number of rows, cut-off score
    category's slug, population, number of rows, cut-off score   (if cut per category: for each one, by slug)
    rank, platform id, creator's handle, category's slug, tier, score   (for each row, by rank, platform id)

Fields are parted by tabs and nothing is an empty field; a lineup that is cut per category has no cut-off
score of its own, and the population in its first line is the whole market's. They are natural keys, never
numbers that a database hands out, so that every database and every engine computes the same digest from the
same counts.
"""

# ruff: noqa: S608 - the statements are put together from the terms' integers, never from input

from __future__ import annotations

import csv
import datetime
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from campaigns import inventory, lake, verdicts
from campaigns.models import CategoryCut, Delivery, Month, PlacementRun
from campaigns.ranking import Cut, Cuts, cuts, places, ranked
from creators import eligibility
from creators.models import ProgrammeTerms, Tier, VideoCounts
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
_ROWS = (
    "SELECT rank, video_id, creator_id, category_id, tier, score FROM campaigns_placement WHERE run_id = {}"
)
DIFFERENT_ROWS = f"""
    SELECT COUNT(DISTINCT rank) FROM (
      SELECT * FROM ({_ROWS.format("%(old)s")} EXCEPT {_ROWS.format("%(new)s")}) gone
       UNION ALL
      SELECT * FROM ({_ROWS.format("%(new)s")} EXCEPT {_ROWS.format("%(old)s")}) come
    ) either
"""


class Movement(NamedTuple):
    """Videos that came into a lineup, left it and stayed in it since another one."""

    entered: int
    left: int
    stayed: int


def recompute(
    day: datetime.date, market: str = settings.LAUNCH_MARKET, files: str | None = None
) -> dict[str, Any]:
    """Rank the market's videos by their counts of `day` and make the result that day's lineup.

    The counts are those of Parquet files where `files` is a path or a pattern of them, and the database's
    where it is ""; unless it is given, those by which the day's lineup was computed before. The deliveries of
    open months beside it are judged again. Computing the same again leaves all as it is.
    Returns day, market, population, lineup, cutoff_score (None without population, or where each category
    is cut by itself: then cutoff_scores has them by category), digest, changed and seconds. Raises Refused
    when the day has no counts or no terms, or files can't be used, or when money has used another lineup.
    """
    started = time.monotonic()
    with transaction.atomic():
        _take_turn(day, market)
        current = PlacementRun.objects.current().filter(day=day, market=market).first()
        if files is None:
            files = current.files if current else ""
        run = _draft(day, market, lake.absolute(files))
        verdicts.hold_open_months()
        changed = current is None or current.digest != run.digest
        if changed:
            _replace(current, run)
        summary = _summary(run, changed, started)
        if current and not changed:
            _find_again(current, run)
            run.delete()
    if changed and files:
        eligibility.recheck()
    return summary


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
    rows = run.placements.order_by("rank", "video_id").values_list(
        "rank", "video_id", "creator__handle", "category__slug", "tier", "score"
    )
    facts = (run.day, run.market, run.terms.version, run.population, run.lineup, run.cutoff_score)
    sha256 = hashlib.sha256()
    for line in _lines([facts], _cuts(run), rows.iterator(chunk_size=CHUNK)):
        sha256.update(line.encode())
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


def movement(run: PlacementRun) -> Movement | None:
    """How the lineup differs from the one of the day before; None when that one was not computed."""
    eve = run.day - datetime.timedelta(days=1)
    before = PlacementRun.objects.current().filter(day=eve, market=run.market).first()
    if before is None:
        return None
    stayed = run.placements.filter(video_id__in=before.placements.values("video_id")).count()
    return Movement(entered=run.lineup - stayed, left=before.lineup - stayed, stayed=stayed)


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
    population, by_category = (
        lake.load(files, terms, day, market) if files else _cuts_of_counts(terms, day, market)
    )
    run = PlacementRun.objects.create(
        day=day,
        market=market,
        terms=terms,
        population=population,
        lineup=0,
        cutoff_score=None if terms.cut_per_category else by_category[None].score,
        files=files,
        superseded=True,
    )
    _write(run, by_category, lake.LINEUP if files else ranked(terms, by_category))
    lake.forget()
    run.digest = digest(run)
    run.save(update_fields=["lineup", "digest"])
    return run


def _cuts_of_counts(terms: ProgrammeTerms, day: datetime.date, market: str) -> Cuts:
    """Where the cuts lie by the database's counts; raises Refused when it has none."""
    found = cuts(terms, day, market)
    if not found.population and not VideoCounts.objects.filter(day=day, market=market).exists():
        raise Refused(
            _(
                "There are no counts of %(day)s in %(market)s: import the video file of that day first "
                "(import_videos FILE --as-of %(day)s --market %(market)s)."
            )
            % {"day": day, "market": market}
        )
    return found


def _write(run: PlacementRun, by_category: Mapping[int | None, Cut], lineup: str) -> None:
    """The videos that are in, which `lineup` selects, and each category's cut where the terms say so."""
    given: dict[str, Any] = {"run": run.pk, "day": run.day, "market": run.market}
    given["unsuitable"] = Tier.UNSUITABLE.value
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(ranked=lineup), given)
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


def _replace(current: PlacementRun | None, run: PlacementRun) -> None:
    if current:
        _require_unused(current, run)
        current.delete()
    PlacementRun.objects.filter(pk=run.pk).update(superseded=False)
    inventory.add_up(run)
    verdicts.recheck(day=run.day, market=run.market)


def _find_again(current: PlacementRun, run: PlacementRun) -> None:
    """The same counts may have moved, or come from elsewhere now; what is frozen stays as it was."""
    if current.files != run.files:
        PlacementRun.objects.filter(pk=current.pk, frozen=False).update(files=run.files)


def _require_unused(current: PlacementRun, run: PlacementRun) -> None:
    """Refuse to replace a lineup by which a month was reviewed or closed."""
    reviewed = Delivery.objects.filter(
        day=current.day, campaign__market=current.market, verdict=Delivery.Verdict.BILLABLE
    ).exclude(month__status__in=Month.TAKING)
    if current.frozen or reviewed.exists():
        raise Refused(
            _(
                "The lineup of %(lineup)s stays: money has used it. Computed again it would differ in "
                "%(differences)s. Set the day's counts back as they were, or have the month taken back from "
                "review if it is not closed yet."
            )
            % {"lineup": current, "differences": "; ".join(_differences(current, run))}
        )


def _differences(old: PlacementRun, new: PlacementRun) -> list[str]:
    facts = {
        "terms": _("terms"),
        "population": _("population"),
        "lineup": _("lineup"),
        "cutoff_score": _("cut-off score"),
    }
    told = [
        f"{name} ({getattr(old, field)} -> {getattr(new, field)})"
        for field, name in facts.items()
        if getattr(old, field) != getattr(new, field)
    ]
    if _cuts(old) != _cuts(new):
        told.append(_("cuts of categories"))
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT_ROWS, {"old": old.pk, "new": new.pk})
        (rows,) = cursor.fetchone()
    return [*told, _("%(count)s rows") % {"count": rows}] if rows else told


def _lines(*parts: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for part in parts:
        for row in part:
            yield "\t".join("" if field is None else str(field) for field in row) + "\n"


def _summary(run: PlacementRun, changed: bool, started: float) -> dict[str, Any]:
    by_category = {"cutoff_scores": _cutoff_scores(run)} if run.terms.cut_per_category else {}
    return {
        "day": run.day.isoformat(),
        "market": run.market,
        "population": run.population,
        "lineup": run.lineup,
        "cutoff_score": run.cutoff_score,
        **by_category,
        "digest": run.digest,
        **({"files": run.files} if run.files else {}),
        "changed": changed,
        "seconds": round(time.monotonic() - started, 3),
    }


def _cuts(run: PlacementRun) -> list[tuple[Any, ...]]:
    return sorted(run.cuts.values_list("category__slug", "population", "lineup", "cutoff_score"))


def _cutoff_scores(run: PlacementRun) -> dict[str, int | None]:
    return dict(run.cuts.order_by("category__position").values_list("category__slug", "cutoff_score"))
