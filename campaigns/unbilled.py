"""What the ad server reported and nobody is billed for: by reason, campaign and day, and row by row.

For ad operations, who set right what stands behind it: a lineup that is missing, a campaign trafficked into
the wrong categories, an exclusion that the ad server does not know, a cap that it does not keep. Of a
delivery that was billed in part only the rest counts, as beyond the budget.
"""

# ruff: noqa: S608 - statements of ours around one another

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from campaigns.models import Campaign, Delivery
from campaigns.reports import added

CHUNK = 5_000
SHOWN_CAMPAIGNS = 20
COLUMNS = (
    "day", "campaign", "advertiser", "creative_number", "video", "creator", "category", "rank", "impressions",
    "not_billed", "reason",
)  # fmt: skip
# All three summaries of one reading.
SUMMED = """
    WITH counted AS MATERIALIZED ({counted})
    SELECT 'reason', reason, CAST(SUM(lost) AS bigint) FROM counted GROUP BY reason
     UNION ALL
    SELECT 'campaign', CAST(campaign_id AS text), CAST(SUM(lost) AS bigint) FROM counted GROUP BY campaign_id
     UNION ALL
    SELECT 'day', CAST(day AS text), CAST(SUM(lost) AS bigint) FROM counted GROUP BY day
"""


@dataclass(frozen=True)
class Asked:
    """Which deliveries: days, a reason (a verdict), a campaign's reference; None and blank are all."""

    first: datetime.date | None = None
    last: datetime.date | None = None
    reason: str = ""
    campaign: str = ""

    def rows(self) -> QuerySet[Delivery]:
        rows = Delivery.objects.filter(billed_impressions__lt=F("impressions"))
        if self.first:
            rows = rows.filter(day__gte=self.first)
        if self.last:
            rows = rows.filter(day__lte=self.last)
        if self.campaign:
            rows = rows.filter(campaign__reference=self.campaign)
        if self.reason == Delivery.Verdict.OVER_BUDGET:
            return rows.filter(verdict__in=(Delivery.Verdict.BILLABLE, self.reason))
        return rows.filter(verdict=self.reason) if self.reason else rows


@dataclass(frozen=True)
class Summary:
    """Impressions by what they are summed by; reasons and campaigns largest first, days newest first."""

    reasons: list[tuple[str, int]]
    campaigns: list[tuple[Campaign, int]]
    days: list[tuple[datetime.date, int]]

    @property
    def impressions(self) -> int:
        return sum(impressions for _reason, impressions in self.reasons)


def summary(asked: Asked) -> Summary:
    """The three summaries, by two queries; of the campaigns the SHOWN_CAMPAIGNS with most."""
    lost = F("impressions") - F("billed_impressions")
    groups = asked.rows().order_by().values("day", "campaign_id", reason=F("verdict"))
    counted, values = groups.annotate(lost=added(lost)).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(SUMMED.format(counted=counted), values)
        rows = cursor.fetchall()
    found: dict[str, dict[str, int]] = {"reason": {}, "campaign": {}, "day": {}}
    for kind, key, impressions in rows:
        key = Delivery.Verdict(key).reason.value if kind == "reason" else key
        found[kind][key] = found[kind].get(key, 0) + impressions
    top = _most_first(found["campaign"])[:SHOWN_CAMPAIGNS]
    campaigns = Campaign.objects.select_related("advertiser").in_bulk([int(pk) for pk, _n in top])
    return Summary(
        [(str(Delivery.Verdict(key).label), n) for key, n in _most_first(found["reason"])],
        [(campaigns[int(pk)], n) for pk, n in top],
        [(datetime.date.fromisoformat(day), n) for day, n in sorted(found["day"].items(), reverse=True)],
    )


def rows(asked: Asked, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The deliveries as COLUMNS says, the newest day first, read as they are asked for."""
    ordered = asked.rows().order_by("-day", "-campaign_id", "-video_id", "-creative_number").values_list(
        "day", "campaign__reference", "campaign__advertiser__name", "creative_number", "video_id",
        "creator__handle", "category__slug", "rank", "impressions", "billed_impressions", "verdict",
    )  # fmt: skip
    for *facts, impressions, billed, verdict in ordered[:limit].iterator(chunk_size=CHUNK):
        yield (
            *("" if fact is None else fact for fact in facts),
            impressions,
            impressions - billed,
            Delivery.Verdict(verdict).reason.value,
        )


def _most_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
