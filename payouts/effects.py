"""What a correction does, or would do if it were posted now: its second person reads it before he signs."""

# ruff: noqa: S608 - statements of ours around one another

from dataclasses import dataclass
from typing import Any

from django.db import connection

from payouts.adjustments import SHARES
from payouts.models import Account, Adjustment, Correction

SHOWN = 20
_LINES = f"""
    SELECT campaign_id, creator_id, revenue_micros, COALESCE(share_micros, 0) AS share_micros
      FROM ({SHARES.format(which="own.correction_id = %s")}) found
     UNION ALL
    SELECT campaign_id, creator_id, revenue_micros, share_micros FROM payouts_adjustment
     WHERE correction_id = %s AND (month_id IS NOT NULL OR campaign_id IS NULL OR creator_id IS NULL)
"""
_TOTALS = f"""
    SELECT COUNT(*), CAST(COALESCE(SUM(revenue_micros), 0) AS bigint),
           CAST(COALESCE(SUM(share_micros), 0) AS bigint)
      FROM ({_LINES}) line
"""
_CAMPAIGNS = f"""
    SELECT campaign.id, campaign.reference || ' ' || campaign.name, COUNT(*),
           CAST(SUM(line.revenue_micros) AS bigint), CAST(SUM(line.share_micros) AS bigint)
      FROM ({_LINES}) line JOIN campaigns_campaign campaign ON campaign.id = line.campaign_id
     GROUP BY campaign.id, campaign.reference, campaign.name
     ORDER BY 4 DESC, campaign.id LIMIT {SHOWN}
"""
_CREATORS = f"""
    SELECT creator.id, '@' || creator.handle, COUNT(*),
           CAST(SUM(line.revenue_micros) AS bigint), CAST(SUM(line.share_micros) AS bigint)
      FROM ({_LINES}) line JOIN creators_creator creator ON creator.id = line.creator_id
     GROUP BY creator.id, creator.handle
     ORDER BY 5 DESC, creator.id LIMIT {SHOWN}
"""
# Who would owe something: the balance as it is, and as it would be.
_NEGATIVE = f"""
    SELECT creator.id, '@' || creator.handle, COALESCE(account.balance_micros, 0),
           COALESCE(account.balance_micros, 0) - loses.share_micros, COUNT(*) OVER ()
      FROM (SELECT creator_id, CAST(SUM(share_micros) AS bigint) AS share_micros
              FROM ({_LINES}) line WHERE creator_id IS NOT NULL
             GROUP BY creator_id HAVING SUM(share_micros) > 0) loses
      JOIN creators_creator creator ON creator.id = loses.creator_id
      LEFT JOIN ({{balances}}) account ON account.creator_id = loses.creator_id
     WHERE COALESCE(account.balance_micros, 0) < loses.share_micros
     ORDER BY 4, creator.id LIMIT {SHOWN}
"""


@dataclass(frozen=True)
class Line:
    """One campaign or creator of a correction."""

    pk: int
    name: str
    rows: int
    revenue_micros: int
    share_micros: int


@dataclass(frozen=True)
class Debtor:
    """A creator whose balance the correction takes below nothing; it is carried until he has earned it."""

    pk: int
    name: str
    before_micros: int
    after_micros: int


@dataclass(frozen=True)
class Effects:
    """The largest campaigns, creators and debtors, and the totals over all of them."""

    rows: int
    revenue_micros: int
    share_micros: int
    campaigns: list[Line]
    creators: list[Line]
    debtors: list[Debtor]
    debtors_in_all: int

    @property
    def borne_micros(self) -> int:
        return self.revenue_micros - self.share_micros


def totals(correction: Correction) -> tuple[int, int, int]:
    """How many adjustments, and the micros credited to advertisers and deducted from creators."""
    (found,) = _select(_TOTALS, [correction.pk] * 2)
    return found


def effects(correction: Correction) -> Effects:
    """By a fixed number of queries. A share is found as if the correction were posted at this moment; of a
    month that was never calculated it is not known and counts as nothing. Once it is approved, nobody's
    balance is ahead of it, and there are no debtors to name.
    """
    keys = [correction.pk] * 2
    rows, revenue, share = totals(correction)
    debtors = _debtors(keys) if correction.status == Correction.Status.PREPARED else []
    return Effects(
        rows,
        revenue,
        share,
        [Line(*line) for line in _select(_CAMPAIGNS, keys)],
        [Line(*line) for line in _select(_CREATORS, keys)],
        [Debtor(*line) for *line, _all in debtors],
        debtors[0][-1] if debtors else 0,
    )


def _debtors(keys: list[int]) -> list[tuple[Any, ...]]:
    creators = Adjustment.objects.filter(correction=keys[0]).values("creator")
    accounts = Account.objects.with_balance().filter(creator__in=creators)
    named = accounts.order_by().values("creator_id", "balance_micros")  # type: ignore[misc]
    balances, values = named.query.sql_with_params()
    return _select(_NEGATIVE.replace("{balances}", balances), [*keys, *values])


def _select(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
