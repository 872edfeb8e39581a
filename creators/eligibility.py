"""Who meets the rules of the programme: one statement checks every creator and stores what it saw.

The rules are data, each with its condition in SQL, so that the check, its explanation and the names that
people read can't drift apart. The check is as of a day: followers as known on it, videos published in the
days up to it (it included, days of UTC), age on it. A stored row is rewritten only when it would say
something else, so that checking twice costs no writes.
"""

import datetime
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creators import approval, automation
from creators.models import Creator, Decision, Eligibility, FollowerCount, ProgrammeTerms, VideoCounts
from pulse_site.refusal import Refused


@dataclass(frozen=True)
class Rule:
    """One rule: its name in `failed_rules`, its name for people, when it is met, and what it compares."""

    name: str
    label: str | Promise
    met: str
    value: Callable[[Eligibility], Any]
    threshold: Callable[[ProgrammeTerms], Any]


@dataclass(frozen=True)
class RuleResult:
    """What one rule said of one creator; `value` is None when it isn't known or doesn't matter."""

    name: str
    label: str
    value: Any
    threshold: Any
    passed: bool


# In the order in which failed rules are named. A value that isn't known (NULL) meets no rule.
RULES = (
    Rule(
        "followers",
        gettext_lazy("followers"),
        "followers >= %(min_followers)s",
        lambda seen: seen.followers,
        lambda terms: terms.min_followers,
    ),
    Rule(
        "videos",
        gettext_lazy("recent videos"),
        "videos >= %(min_videos)s",
        lambda seen: seen.videos,
        lambda terms: terms.min_videos,
    ),
    Rule(
        "age",
        gettext_lazy("age"),
        "kind = 'publisher' OR born_on <= %(born_by)s",
        lambda seen: _age(seen.creator, seen.as_of),
        lambda terms: terms.min_age_years,
    ),
    Rule(
        "market",
        gettext_lazy("market"),
        "market = %(market)s",
        lambda seen: seen.creator.market,
        lambda terms: terms.market,
    ),
    Rule(
        "standing",
        gettext_lazy("community standing"),
        "standing = 'good'",
        lambda seen: seen.creator.get_standing_display(),
        lambda _terms: Creator.Standing.GOOD.label,
    ),
)
FAILED_RULES = " || ".join(f"CASE WHEN {rule.met} THEN '' ELSE ' {rule.name}' END" for rule in RULES)

# Followers by creator: the newest count of each, and the newest that was known on a day gone by.
NEWEST_COUNTS = "creators_reach"
COUNTS_AS_OF = """(
    SELECT count.creator_id, count.followers FROM creators_followercount count
    JOIN (SELECT creator_id, max(as_of) AS as_of FROM creators_followercount
          WHERE as_of <= %(as_of)s GROUP BY creator_id) newest
      ON newest.as_of = count.as_of AND newest.creator_id = count.creator_id)"""

# {counts} is one of these; who is seen, with what the rules compare.
SEEN = """
    recent AS (
        SELECT creator_id, count(*) AS videos FROM creators_video
        WHERE published_at >= %(since)s AND published_at < %(until)s GROUP BY creator_id),
    seen AS (
        SELECT creator.id AS creator_id, kind, born_on, market, standing,
               COALESCE(counts.followers, 0) AS followers, COALESCE(recent.videos, 0) AS videos
        FROM creators_creator creator
        LEFT JOIN {counts} counts ON counts.creator_id = creator.id
        LEFT JOIN recent ON recent.creator_id = creator.id)"""

# Materialised, or both databases would judge again for each column that is made from the verdict; ordered, so
# that two checks at the same time wait for each other instead of running into a deadlock.
CHECK = """
    INSERT INTO creators_eligibility AS stored
           (creator_id, as_of, terms_id, eligible, failed_rules, followers, videos)
    WITH {seen},
    checked AS MATERIALIZED (
        SELECT creator_id, trim({failed_rules}) AS failed_rules, followers, videos FROM seen)
    SELECT creator_id, %(as_of)s, %(terms)s, failed_rules = '', failed_rules, followers, videos
    FROM checked
    WHERE true
    ORDER BY creator_id
    ON CONFLICT (creator_id) DO UPDATE
    SET as_of = excluded.as_of, terms_id = excluded.terms_id, eligible = excluded.eligible,
        failed_rules = excluded.failed_rules, followers = excluded.followers, videos = excluded.videos
    WHERE (stored.as_of, stored.terms_id, stored.failed_rules, stored.followers, stored.videos)
       <> (excluded.as_of, excluded.terms_id, excluded.failed_rules, excluded.followers, excluded.videos)"""


def refresh(as_of: datetime.date | None = None) -> dict[str, Any]:
    """Check every creator as of a day (today) and store the verdicts.

    Candidates who meet every rule enter the review queue, unless the day is history: newer counts are known.
    Returns as_of, the version of the terms, how many creators there are, are eligible, became so, are no
    longer so and were queued, and the seconds it took. Raises Refused for a day to come and for a day
    before the first terms.
    """
    started = time.monotonic()
    day = as_of or timezone.localdate()
    terms = _terms_of(day)
    with transaction.atomic():
        current = not _is_history(day)
        changes = _check_all(day, terms, NEWEST_COUNTS if current else COUNTS_AS_OF)
        queued = _queue(terms, day) if current else 0
        acted = automation.run(terms, day) if current else {}
    return {
        "as_of": day.isoformat(),
        "terms": terms.version,
        **Eligibility.objects.aggregate(creators=Count("pk"), eligible=Count("pk", filter=Q(eligible=True))),
        **changes,
        "queued": queued,
        "automatic": acted,
        "seconds": round(time.monotonic() - started, 2),
    }


def recheck() -> None:
    """Check everyone again after an import: as of the newest day that Pulse knows anything about.

    So an import of old counts never takes the verdicts back in time.
    """
    newest = (
        FollowerCount.objects.aggregate(day=Max("as_of")),
        VideoCounts.objects.aggregate(day=Max("day")),
        Eligibility.objects.aggregate(day=Max("as_of")),
    )
    day = max((found["day"] for found in newest if found["day"]), default=None)
    with suppress(Refused):  # before the first terms nobody can be eligible
        refresh(day)


def judged(day: datetime.date, before: ProgrammeTerms, after: ProgrammeTerms) -> tuple[str, dict[str, Any]]:
    """SQL, with its values, for who meets the rules of either terms on `day`, and which: was_met, is_met.

    Nothing is stored, and neither terms need to be. Both count videos over the days that `before` says.
    """
    counts = COUNTS_AS_OF if _is_history(day) else NEWEST_COUNTS
    bounds = _bounds(day, before)
    values = {**bounds, **{f"after_{name}": value for name, value in _bounds(day, after).items()}}
    rules = " AND ".join(f"({rule.met})" for rule in RULES)
    statement = f"""
        WITH {SEEN.format(counts=counts)},
        verdicts AS MATERIALIZED (
            SELECT creator_id, followers, CASE WHEN {rules} THEN 1 ELSE 0 END AS was_met,
                   CASE WHEN {rules.replace("%(", "%(after_")} THEN 1 ELSE 0 END AS is_met FROM seen)
        SELECT creator_id, followers, was_met, is_met FROM verdicts WHERE was_met + is_met > 0
    """  # noqa: S608 - put together from texts of this module
    return statement, values


def explain(creator: Creator) -> list[RuleResult]:
    """Every rule with value, threshold and verdict, as last checked; empty before the first check."""
    seen = Eligibility.objects.select_related("creator", "terms").filter(creator=creator).first()
    if seen is None:
        return []
    failed = seen.failed_rules.split()
    return [
        RuleResult(
            rule.name, str(rule.label), rule.value(seen), rule.threshold(seen.terms), rule.name not in failed
        )
        for rule in RULES
    ]


def rule_names(failed_rules: str) -> str:
    """The rules that an Eligibility names as failed, as people call them."""
    failed = failed_rules.split()
    return ", ".join(str(rule.label) for rule in RULES if rule.name in failed)


def _terms_of(day: datetime.date) -> ProgrammeTerms:
    if day > timezone.localdate():
        raise Refused(
            _("Eligibility can't be checked as of %(day)s: that day is yet to come.") % {"day": day}
        )
    try:
        return ProgrammeTerms.objects.in_force(day)
    except ProgrammeTerms.DoesNotExist:
        raise Refused(_("No approved terms of the programme govern %(day)s.") % {"day": day}) from None


def _is_history(day: datetime.date) -> bool:
    return (
        FollowerCount.objects.filter(as_of__gt=day).exists()
        or VideoCounts.objects.filter(day__gt=day).exists()
    )


def _check_all(day: datetime.date, terms: ProgrammeTerms, counts: str) -> dict[str, int]:
    """Store the verdicts of a day; returns how many creators became eligible and how many no longer are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMPORARY TABLE were_eligible AS
               SELECT creator_id FROM creators_eligibility WHERE eligible"""
        )
        cursor.execute(
            CHECK.format(failed_rules=FAILED_RULES, seen=SEEN.format(counts=counts)), _bounds(day, terms)
        )
        cursor.execute(
            """SELECT count(CASE WHEN eligible AND before.creator_id IS NULL THEN 1 END),
                      count(CASE WHEN NOT eligible AND before.creator_id IS NOT NULL THEN 1 END)
               FROM creators_eligibility now
               LEFT JOIN were_eligible before ON before.creator_id = now.creator_id"""
        )
        newly, no_longer = cursor.fetchone()
        cursor.execute("DROP TABLE were_eligible")
    return {"newly_eligible": newly, "no_longer_eligible": no_longer}


def _bounds(day: datetime.date, terms: ProgrammeTerms) -> dict[str, Any]:
    """What the rules compare with on `day`.

    The window is compared as plain days: PostgreSQL reads them as midnight UTC, and in SQLite's text a day
    sorts before each of its moments.
    """
    return {
        "as_of": day,
        "terms": terms.pk,
        "min_followers": terms.min_followers,
        "min_videos": terms.min_videos,
        "since": day - datetime.timedelta(days=terms.video_window_days - 1),
        "until": day + datetime.timedelta(days=1),
        "born_by": _years_before(day, terms.min_age_years),
        "market": terms.market,
    }


def _years_before(day: datetime.date, years: int) -> datetime.date:
    """The latest birth date of whoever is at least `years` old on `day`.

    Who was born on 29 February has his birthday on 1 March in other years.
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _age(creator: Creator, day: datetime.date) -> int | None:
    born = creator.born_on
    if born is None or creator.kind == Creator.Kind.PUBLISHER:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _queue(terms: ProgrammeTerms, day: datetime.date) -> int:
    ready = Creator.objects.filter(status=Creator.Status.CANDIDATE, eligibility__eligible=True)
    reason = f"Meets every rule of the terms {terms}"
    return approval.decide(ready, Decision.Action.QUEUE, None, reason=reason, today=day).moved
