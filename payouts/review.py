"""What a careful controller looks at before he signs a month: what is unlike last month, and what lacks.

What needs the month's deliveries or earnings is added up once, with the draft, and kept in the month's row
(`facts`): the page opens at once however large the month is, and a closed month keeps for good what was seen
when it was signed. What changes from one day to the next without the month (corrections that wait, creators
who can't be paid) is asked when the page is.

Shares of a whole and differences are computed in integers, to a tenth of a percent.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from campaigns.models import Campaign, Delivery, Month, PlacementRun
from creators.models import ProgrammeTerms
from payouts import payability
from payouts.models import Adjustment, Correction, Earning

SHOWN = 6  # rows of a list
LATE_SHOWN = 60
PERMILLE = 1_000
IMPRESSIONS_A_CPM = 1_000

CHANGES = """
      WITH changed AS (
        SELECT id, CAST(SUM(now) AS bigint) AS now, CAST(SUM(before) AS bigint) AS before,
               CAST(SUM(now) - SUM(before) AS bigint) AS change
          FROM (SELECT {key} AS id, {amount} AS now, 0 AS before FROM payouts_earning WHERE month_id = %s
                 UNION ALL
                SELECT {key}, 0, {amount} FROM payouts_earning WHERE month_id = %s) both_months
         GROUP BY id
      )
    SELECT id, now, before FROM (SELECT * FROM changed WHERE change > 0 ORDER BY change DESC, id LIMIT %s) up
     UNION ALL
    SELECT id, now, before FROM (SELECT * FROM changed WHERE change < 0 ORDER BY change, id LIMIT %s) down
"""
OF_CREATORS = CHANGES.format(key="creator_id", amount="share_micros")
OF_CAMPAIGNS = CHANGES.format(key="campaign_id", amount="revenue_micros")
# An account is opened with the first share that a closed month brings.
NEW = """
      WITH fresh AS (
        SELECT earned.creator_id, earned.share_micros
          FROM (SELECT creator_id, CAST(SUM(share_micros) AS bigint) AS share_micros FROM payouts_earning
                 WHERE month_id = %s GROUP BY creator_id HAVING SUM(share_micros) > 0) earned
         WHERE NOT EXISTS (SELECT 1 FROM payouts_account account WHERE account.creator_id = earned.creator_id)
           AND NOT EXISTS (SELECT 1 FROM payouts_earning before
                            WHERE before.month_id = %s AND before.creator_id = earned.creator_id
                              AND before.share_micros > 0)
      )
    SELECT creator_id, share_micros, (SELECT COUNT(*) FROM fresh), (SELECT SUM(share_micros) FROM fresh)
      FROM fresh ORDER BY share_micros DESC, creator_id LIMIT %s
"""
UNPAYABLE = f"""
      WITH stuck AS (
        SELECT earned.creator_id, earned.share_micros, judged.reasons
          FROM (SELECT creator_id, SUM(share_micros) AS share_micros FROM payouts_earning
                 WHERE month_id = %s GROUP BY creator_id HAVING SUM(share_micros) > 0) earned
          JOIN ({payability.JUDGED}) judged ON judged.creator_id = earned.creator_id
         WHERE judged.reasons <> ''
      )
    SELECT creator_id, share_micros, reasons, (SELECT COUNT(*) FROM stuck),
           (SELECT SUM(share_micros) FROM stuck)
      FROM stuck ORDER BY share_micros DESC, creator_id LIMIT %s
"""  # noqa: S608 - one statement around another of ours


def facts(month: Month) -> dict[str, Any]:
    """What the drafted month is, in plain JSON: `verdicts` (impressions by verdict), `late` (what belongs to
    earlier months), `unlisted` (days without a lineup), `creators` and `campaigns` (the largest changes: id,
    micros now, micros last month) and `new` (creators who earn for the first time).
    """
    before = last_code(month)
    return {
        **_delivered(month),
        "creators": _rows(OF_CREATORS, [month.code, before, SHOWN, SHOWN]),
        "campaigns": _rows(OF_CAMPAIGNS, [month.code, before, SHOWN, SHOWN]),
        "new": _with_total(_rows(NEW, [month.code, before, SHOWN])),
    }


def last_code(month: Month) -> str:
    """The month before, "2026-09" for 2026-10."""
    return f"{month.first_day - datetime.timedelta(days=1):%Y-%m}"


def last_month(month: Month) -> Month | None:
    return Month.objects.filter(code=last_code(month)).exclude(calculated_at=None).first()


def waiting_corrections(month: Month) -> QuerySet[Correction]:
    """Corrections that nobody has approved yet and that touch this month, or are posted nowhere."""
    touching = Adjustment.objects.filter(Q(origin=month) | Q(month=None)).values("correction")
    prepared = Correction.objects.filter(status=Correction.Status.PREPARED, pk__in=touching)
    return prepared.annotate(credit=Sum("adjustments__revenue_micros")).order_by("-id")


def unpayable(month: Month) -> dict[str, Any]:
    """Creators with a share in the month who can't be paid today: `count`, `micros`, and the largest `rows`
    (creator id, micros, codes of the reasons)."""
    today = timezone.now().date()
    try:
        judged = payability.values(today)
    except ProgrammeTerms.DoesNotExist:
        return _with_total([])
    return _with_total(_rows(UNPAYABLE, [month.code, *judged, SHOWN]))


def difference(now: int, before: int) -> int | None:
    """How many tenths of a percent `now` is above `before`, towards zero; None where there was nothing."""
    if before == 0:
        return None
    tenths = abs(now - before) * PERMILLE // abs(before)
    return tenths if now >= before else -tenths


def effective_cpm(revenue_micros: int, impressions: int) -> int:
    """Micros for a thousand billable impressions, rounded down."""
    return revenue_micros * IMPRESSIONS_A_CPM // impressions if impressions else 0


def impressions(month: Month, verdict: str = "") -> int:
    """The impressions of a verdict, or all of them."""
    verdicts: dict[str, int] = month.facts.get("verdicts", {})
    return verdicts.get(verdict, 0) if verdict else sum(verdicts.values())


def _delivered(month: Month) -> dict[str, Any]:
    """What the deliveries say, by day, campaign and verdict."""
    markets = dict(Campaign.objects.values_list("pk", "market"))
    listed = set(PlacementRun.objects.current().values_list("day", "market"))
    verdicts: dict[str, int] = defaultdict(int, {Delivery.Verdict.BILLABLE.value: _billed(month)})
    late: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    unlisted = set()
    for day, campaign, verdict, seen, billed, micros in _summed(month):
        verdicts[Delivery.Verdict(verdict).reason] += seen - billed
        if day < month.first_day:
            late[day.isoformat(), campaign][0] += seen
            late[day.isoformat(), campaign][1] += micros
        if verdict == Delivery.Verdict.NOT_IN_LINEUP and (day, markets[campaign]) not in listed:
            unlisted.add((day.isoformat(), markets[campaign]))
    rows = [[*key, *sums] for key, sums in sorted(late.items())]
    return {
        "verdicts": {verdict: seen for verdict, seen in sorted(verdicts.items()) if seen},
        "late": {
            "count": len(rows),
            "impressions": sum(row[2] for row in rows),
            "micros": sum(row[3] for row in rows),
            "rows": rows[:LATE_SHOWN],
        },
        "unlisted": [list(pair) for pair in sorted(unlisted)],
    }


def _billed(month: Month) -> int:
    total: int = Earning.objects.filter(month=month).aggregate(seen=Sum("impressions", default=0))["seen"]
    return int(total)


def _summed(month: Month) -> Sequence[tuple[datetime.date, int, str, int, int, int]]:
    """Without what the earnings tell already: most of a month is billed in full and of its own days."""
    told = Q(billed_impressions=F("impressions"), day__gte=month.first_day)
    groups = (
        Delivery.objects.filter(month=month).exclude(told).order_by().values("day", "campaign_id", "verdict")
    )
    sums = groups.annotate(
        seen=Sum("impressions"), billed=Sum("billed_impressions"), micros=Sum("revenue_micros")
    )
    columns = ("day", "campaign_id", "verdict", "seen", "billed", "micros")
    return [
        (day, campaign, verdict, int(seen), int(billed), int(micros))
        for day, campaign, verdict, seen, billed, micros in sums.values_list(*columns)
    ]


def _rows(statement: str, values: Sequence[Any]) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [list(row) for row in cursor.fetchall()]


def _with_total(rows: list[list[Any]]) -> dict[str, Any]:
    """The two last columns of each row are the count and the sum over all that there are."""
    count, micros = rows[0][-2:] if rows else (0, 0)
    return {"count": count, "micros": int(micros), "rows": [row[:-2] for row in rows]}
