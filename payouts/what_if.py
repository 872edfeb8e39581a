"""What if the terms were others? Answered for a day's lineup and a month's money, without writing anything.

A question changes some rules of the terms that were in force. Its answer has two parts, each of which is a
background run of its own, so that the first stands on the page while the second is still at work:

- the day: who would be eligible, ranked by the rules themselves (creators/eligibility.py), and which videos
  would be in the lineup, by the ranking itself (campaigns/ranking.py), against the lineup that was;
- the month: what the creators would get of what was billed, by the rule of the shares (drafts.py), against
  what they got. Days are ranked again only where a rule of the ranking changes; then one after another.

What nobody can know is what advertisers would have done. The month therefore assumes that they spend what
they spent: the revenue of a day and category is spent there again. Videos that enter take the part of it
that their scores have in the new lineup, those that stay share the rest as they did, and where nobody is left
it is lost. Who is eligible only under the new terms shares as if he were enrolled, who no longer is does
not; whoever is eligible under both, or neither, shares while he was enrolled. With no change all figures are
those that were, to the micro.

The rows in between stand in temporary tables; the statements are in what_if_sql.py.
"""

# ruff: noqa: S608 - statements are put together from texts and integers of this module

import datetime
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from campaigns import placements, ranking
from campaigns.models import Month, PlacementRun
from creators import eligibility, terms
from creators.models import ProgrammeTerms, ThinnedDay, Tier, VideoCounts
from payouts.what_if_sql import (
    AS_IT_WAS,
    BILLED,
    DAYS_BILLED,
    ENTER,
    ENTERED,
    JUDGE,
    LARGEST,
    LEFT,
    RANK,
    SCORES,
    SIZES,
    SIZES_BEFORE,
    SPENT,
    STAY,
    STAYED_BEFORE,
    SUM_OF_UNITS,
    TABLES,
    TOTALS,
)
from pulse_site.models import Upload
from pulse_site.refusal import Refused

Progress = Callable[[int, str], None]
DAY, MONTH = "day", "month"
PARTS = (DAY, MONTH)
KIND = "answer_what_if"  # the run of payouts/tasks.py
KEPT = 1_000  # rows of each list that an answer keeps: the largest
# The rules that a question may change, by what they bear on.
RANKING = (
    "lineup_basis_points",
    "cut_per_category",
    "weight_views",
    "weight_likes",
    "weight_comments",
    "weight_shares",
    "decay_permille",
)
ELIGIBILITY = ("min_followers", "min_videos")
SHARE = ("share_basis_points",)
CHANGEABLE = (*RANKING, *ELIGIBILITY, *SHARE)
# A divisor in a statement is at most this, so that what is divided fits 64 bits.
LARGEST_DIVISOR = 100_000_000


@dataclass(frozen=True)
class Question:
    """Which rules are changed, and on which past day and month that is tried."""

    day: datetime.date
    month: str
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> ProgrammeTerms:
        return placements.terms_of(self.day)

    def terms_on(self, day: datetime.date) -> ProgrammeTerms:
        """The terms that would have been in force, unsaved."""
        return terms.successor(placements.terms_of(day), **self.rules)

    def changes(self, rules: tuple[str, ...]) -> bool:
        return any(name in self.rules for name in rules)

    def as_arguments(self) -> dict[str, Any]:
        return {"day": f"{self.day}", "month": self.month, "rules": self.rules}

    def key(self, part: str) -> str:
        """Names part, question and state of the data: after another import it is another question."""
        newest = Upload.objects.filter(status=Upload.Status.APPLIED).order_by("-pk").first()
        facts = [part, self.as_arguments(), newest.pk if newest else 0, *self._lineups(part)]
        return f"{part} {hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:40]}"

    def _lineups(self, part: str) -> list[Any]:
        if part == DAY:
            return list(lineups().filter(day=self.day).values_list("pk", flat=True))
        return list(Month.objects.filter(code=self.month).values_list("status", flat=True))


def answer(part: str, question: Question, progress: Progress) -> dict[str, Any]:
    """Answer one part of the question; raises Refused when the day or the month can't be asked about."""
    started = time.monotonic()
    with _scratch():
        found = (_day if part == DAY else _month)(question, progress)
    return {**found, "seconds": round(time.monotonic() - started, 2)}


def lineups() -> Any:
    """The lineups that can be compared with: those that count, newest first.

    Not those of a lake's files, nor of thinned days: of their counts the database has none below the cut.
    """
    whole = PlacementRun.objects.current().filter(files="").exclude(day__in=ThinnedDay.objects.values("day"))
    return whole.order_by("-day", "market")


def _day(question: Question, progress: Progress) -> dict[str, Any]:
    progress(50, _("Checking eligibility"))
    eligible = _eligible(question)
    progress(400, _("Ranking the day"))
    before = question.base
    run = _rank(question, question.day, before.market)
    if run is None:
        raise Refused(
            _("There is no lineup of %(day)s with counts to compare with: choose another day.")
            % {"day": question.day}
        )
    progress(900, _("Comparing"))
    return {**eligible, **_movement(run)}


def _eligible(question: Question) -> dict[str, Any]:
    """How many are eligible and would be, and the largest of those who come and go."""
    statement, values = eligibility.judged(question.day, question.base, question.terms_on(question.day))
    _execute(JUDGE.format(judged=statement), values)
    was, would, come, gone = _rows(
        """SELECT COALESCE(SUM(was_met), 0), COALESCE(SUM(is_met), 0),
                  COUNT(CASE WHEN is_met > was_met THEN 1 END), COUNT(CASE WHEN is_met < was_met THEN 1 END)
             FROM what_if_judged"""
    )[0]
    return {
        "eligible": {"was": int(was), "would": int(would), "entered": come, "left": gone},
        "newly_eligible": _largest_judged("is_met > was_met"),
        "no_longer_eligible": _largest_judged("is_met < was_met"),
    }


def _largest_judged(condition: str) -> list[list[Any]]:
    return _lists(
        f"""SELECT creator.handle, judged.followers FROM what_if_judged judged
              JOIN creators_creator creator ON creator.id = judged.creator_id
             WHERE {condition} ORDER BY judged.followers DESC, creator.handle LIMIT %(kept)s""",
        {"kept": KEPT},
    )


def _rank(question: Question, day: datetime.date, market: str) -> PlacementRun | None:
    """Rank the day by the changed terms; None, and nothing ranked, where there is nothing to compare."""
    run = lineups().filter(day=day, market=market).first()
    if run is None or not VideoCounts.objects.filter(day=day, market=market).exists():
        return None
    after = question.terms_on(day)
    _execute("DELETE FROM what_if_lineup")
    cuts = ranking.rank(after, day, market)
    given = {"day": day, "market": market, "run": run.pk, "unsuitable": Tier.UNSUITABLE.value}
    _execute(RANK.format(ranked=ranking.within(cuts.by_category)), given)
    ranking.forget()
    return run


def _movement(run: PlacementRun) -> dict[str, Any]:
    given = {"run": run.pk, "kept": KEPT}
    was = dict(_rows(SIZES_BEFORE, given))
    stayed = dict(_rows(STAYED_BEFORE))
    would = {category: (size, size - stays) for category, size, stays in _rows(SIZES)}
    categories = [
        [
            category,
            was.get(category, 0),
            *would.get(category, (0, 0)),
            was.get(category, 0) - stayed.get(category, 0),
        ]
        for category in sorted({*was, *would}, key=lambda each: (each is None, each))
    ]
    return {
        "population": run.population,
        "lineup": [sum(column) for column in zip(*(row[1:] for row in categories), strict=True)] or [0] * 4,
        "categories": categories,
        "entered": _lists(ENTERED, given),
        "left": _lists(LEFT, given),
    }


def _month(question: Question, progress: Progress) -> dict[str, Any]:
    month = Month.objects.filter(code=question.month).first()
    if month is None:
        raise Refused(_("Nothing was billed in %(month)s: choose another month.") % {"month": question.month})
    market = question.base.market
    given = {"month": month.code, "market": market}
    if question.changes(ELIGIBILITY):
        progress(20, _("Checking eligibility"))
        _eligible(question)
    days = [day for (day,) in _rows(DAYS_BILLED, given)]
    ranked = _redistribute(question, days, given, progress) if question.changes(RANKING) else []
    _leave(ranked, given)
    progress(950, _("Adding up"))
    return {**_shares(question, month, given), "days": len(days), "ranked": len(ranked)}


def _redistribute(
    question: Question, days: list[Any], given: dict[str, Any], progress: Progress
) -> list[datetime.date]:
    """Spend the revenue of each day again in its new lineup; the days for which that was possible."""
    done = []
    for number, day in enumerate(map(_date, days)):
        progress(100 + 850 * number // len(days), _("Ranking %(day)s") % {"day": day})
        if _rank(question, day, given["market"]):
            _spend(day, given)
            done.append(day)
    return done


def _spend(day: datetime.date, given: dict[str, Any]) -> None:
    scores = {category: (stay, enter) for category, stay, enter in _rows(SCORES)}
    for category, billed, kept in _rows(SPENT, {**given, "day": day}):
        stay, enter = scores.get(category, (0, 0))
        # Those who stay and had no ads have none now: then all of it goes to whoever enters.
        for_stayers = billed * stay // (stay + enter) if kept and stay + enter else billed if kept else 0
        of_day = {**given, "day": day, "category": category}
        if kept:
            _execute(STAY, {**of_day, **_times(for_stayers, kept)})
        if enter and billed > for_stayers:
            unit = enter // LARGEST_DIVISOR + 1
            units = _rows(SUM_OF_UNITS, {"category": category, "unit": unit})[0][0]
            if units:
                _execute(ENTER, {**of_day, "unit": unit, **_times(billed - for_stayers, units)})


def _times(part: int, whole: int) -> dict[str, int]:
    """What a statement needs to take `part` / `whole` of an amount; exact where they are equal."""
    scale = whole // LARGEST_DIVISOR + 1
    return {"whole": part // whole, "rest": part % whole // scale, "divisor": max(whole // scale, 1)}


def _leave(ranked: list[datetime.date], given: dict[str, Any]) -> None:
    """Leave the revenue of all other days where it was."""
    named = {f"day_{number}": day for number, day in enumerate(ranked)}
    others = f"AND delivery.day NOT IN ({', '.join(f'%({name})s' for name in named)})" if named else ""
    _execute(AS_IT_WAS.format(days=others), {**given, **named})


def _shares(question: Question, month: Month, given: dict[str, Any]) -> dict[str, Any]:
    """Revenue and shares of the month as they were and would be, and who wins and loses most."""
    of_month = placements.terms_of(month.first_day)
    shares = {
        **given,
        "share_before": of_month.share_basis_points,
        "share_after": question.terms_on(month.first_day).share_basis_points,
        "kept": KEPT,
    }
    billed = _rows(f"SELECT COALESCE(CAST(SUM(revenue_micros) AS bigint), 0) FROM ({BILLED}) billed", given)
    spent = _rows("SELECT COALESCE(CAST(SUM(revenue_micros) AS bigint), 0) FROM what_if_money")
    was, would, earned, would_earn, winners, losers = _rows(TOTALS, shares)[0]
    return {
        "revenue": [billed[0][0], spent[0][0]],
        "shared": [was, would],
        "earners": [earned, would_earn],
        "winners": winners,
        "losers": losers,
        "most_won": _lists(LARGEST.format(sign=">", order="DESC"), shares),
        "most_lost": _lists(LARGEST.format(sign="<", order="ASC"), shares),
    }


@contextmanager
def _scratch() -> Iterator[None]:
    """The temporary tables, empty, and gone at the end.

    On SQLite without a transaction, which would keep everybody else from writing meanwhile.
    """
    with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
        for table, columns in TABLES.items():
            _execute(f"DROP TABLE IF EXISTS {table}")
            _execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
        _execute("CREATE INDEX what_if_lineup_video ON what_if_lineup (video_id)")
        _execute("CREATE INDEX what_if_judged_creator ON what_if_judged (creator_id)")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                for table in TABLES:
                    _execute(f"DROP TABLE IF EXISTS {table}")


def _execute(statement: str, given: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given or None)


def _rows(statement: str, given: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given or None)
        return cursor.fetchall()


def _lists(statement: str, given: dict[str, Any]) -> list[list[Any]]:
    return [list(row) for row in _rows(statement, given)]


def _date(day: Any) -> datetime.date:
    """SQLite gives dates of a plain statement as text."""
    return day if isinstance(day, datetime.date) else datetime.date.fromisoformat(day)
