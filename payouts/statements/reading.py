"""Reads statements from the stored rows: for one creator or five hundred, the number of queries is the same.

A creator's share is floored per campaign and month, so the shares of his videos are the differences of the
floored running total, in the order of the videos' numbers: they add up to the share that was posted, and no
line is off by more than a micro. Payments and withheld tax leave a batch's account, not the creator's; they
are found by their keys, which name batch and creator.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _

from campaigns.models import Month
from creators.models import Creator
from payouts.models import Account, Adjustment, Earning, Payee, Payout, Seal, Transfer
from payouts.statements.content import Adjusted, Held, Line, Moved, Paid, Statement, Unpaid
from pulse_site.refusal import Refused

Kind = Transfer.Kind
SHARE = "({micros}) / 10000 * %s + ({micros}) %% 10000 * %s / 10000"
LINES = f"""
    SELECT creator_id, video_id, reference, cpm_micros, origin, enrolled, impressions, revenue_micros,
           {SHARE.format(micros="running")} - ({SHARE.format(micros="running - enrolled_micros")})
      FROM (
        SELECT grouped.*, CAST(SUM(enrolled_micros) OVER (PARTITION BY creator_id, campaign_id
                 ORDER BY video_id, origin, enrolled ROWS UNBOUNDED PRECEDING) AS bigint) AS running
          FROM (
            SELECT creator_id, campaign_id, video_id, origin, enrolled,
                   CAST(SUM(impressions) AS bigint) AS impressions,
                   CAST(SUM(revenue_micros) AS bigint) AS revenue_micros,
                   CAST(SUM(enrolled * revenue_micros) AS bigint) AS enrolled_micros
              FROM (
                SELECT delivery.creator_id, delivery.campaign_id, delivery.video_id,
                       delivery.billed_impressions AS impressions, delivery.revenue_micros,
                       SUBSTR(CAST(delivery.day AS text), 1, 7) AS origin,
                       CASE WHEN enrolment.id IS NULL THEN 0 ELSE 1 END AS enrolled
                  FROM campaigns_delivery delivery
                  LEFT JOIN creators_enrolment enrolment
                    ON enrolment.creator_id = delivery.creator_id AND enrolment.starts_on <= delivery.day
                   AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= delivery.day)
                 WHERE delivery.month_id = %s AND delivery.creator_id IN ({{ids}})
                   AND delivery.verdict = 'billable'
              ) delivered
             GROUP BY creator_id, campaign_id, video_id, origin, enrolled
          ) grouped
      ) added
      JOIN campaigns_campaign campaign ON campaign.id = added.campaign_id
     ORDER BY creator_id, video_id, campaign.reference, origin, enrolled
"""  # noqa: S608 - statements of our own
UNPAID = """
    SELECT creator_id, reason, CAST(SUM(unbilled) AS bigint)
      FROM (SELECT creator_id, impressions - billed_impressions AS unbilled,
                   CASE WHEN verdict = 'billable' THEN 'over_budget' ELSE verdict END AS reason
              FROM campaigns_delivery
             WHERE month_id = %s AND creator_id IN ({ids}) AND billed_impressions < impressions) rest
     GROUP BY creator_id, reason ORDER BY creator_id, reason
"""
# Per account: the balance before the month, at its end, and what batches had reserved before it.
BALANCES = """
    SELECT account_id, CAST(SUM(CASE WHEN month_id < %s THEN micros ELSE 0 END) AS bigint),
           CAST(SUM(micros) AS bigint),
           CAST(-SUM(CASE WHEN month_id < %s AND kind IN ('reserve', 'release')
                          THEN micros ELSE 0 END) AS bigint)
      FROM (SELECT credit_account_id AS account_id, month_id, kind, amount_micros AS micros
              FROM payouts_transfer WHERE credit_account_id IN ({ids}) AND month_id <= %s
             UNION ALL
            SELECT debit_account_id, month_id, kind, -amount_micros
              FROM payouts_transfer WHERE debit_account_id IN ({ids}) AND month_id <= %s) moved
     GROUP BY account_id
"""


def of(creator: Creator, month: Month) -> Statement:
    """The creator's statement of the closed month, the same figures whenever it is asked for.

    Raises Refused when the month is not closed, and ArithmeticError when the rows do not add up.
    """
    return of_each([creator], month)[0]


def of_each(creators: Sequence[Creator], month: Month) -> list[Statement]:
    """The statements of some hundred creators, in their order, by as many queries as for one; see `of`."""
    if month.status != Month.Status.CLOSED or month.terms is None:
        raise Refused(_("%(month)s is not closed; there are statements of closed months.") % {"month": month})
    read = _Read(month, [creator.pk for creator in creators])
    return [_checked(read.statement(creator), read) for creator in creators]


def broken(sample: int = 100) -> Iterator[str]:
    """What is wrong with the statements of the `sample` largest earners of each closed month.

    A sample, for each line of every statement would be read again; that all shares are what the deliveries
    make of them, and all transfers what the earnings say, is checked for everybody elsewhere.
    """
    closings: dict[int, int] = {}
    for month in Month.objects.filter(status=Month.Status.CLOSED).select_related("terms").order_by("code"):
        # Of the month right before only: who earned nothing in between may have had deductions there.
        before, closings = closings, {}
        largest = Earning.objects.filter(month=month).order_by("-share_micros", "pk")
        pks = list(largest[:sample].values_list("creator", flat=True))
        creators = list(Creator.objects.filter(pk__in=pks))
        try:
            found = of_each(creators, month)
        except ArithmeticError:  # one of them; asked one by one, each says so for itself
            found = []
            for creator in creators:
                try:
                    found.append(of(creator, month))
                except ArithmeticError as error:
                    yield str(error)
        for statement in found:
            pk = statement.creator.pk
            if before.get(pk, statement.opening_micros) != statement.opening_micros:
                yield f"creator {pk}: {month} does not open with what the month before closed with"
            closings[pk] = statement.closing_micros


def _checked(statement: Statement, read: "_Read") -> Statement:
    """The statement, if its own figures come to what ledger and earnings say."""
    whose, account = statement.creator.pk, read.accounts.get(statement.creator.pk, 0)
    facts = (
        ("closing balance", statement.sum_micros, statement.closing_micros),
        ("earnings", statement.earned_micros, read.earned.get(account, 0)),
        ("share of the month", statement.earned_micros, read.earnings.get(whose, 0)),
    )
    for name, found, wanted in facts:
        if found != wanted:
            raise ArithmeticError(
                f"The statement of creator {whose} for {statement.month} does not add up: "
                f"{name} is {found} micros, should be {wanted}."
            )
    return statement


@dataclass
class _Read:
    """The rows of one month for some creators, each kind read at once."""

    month: Month
    ids: list[int]
    earned: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    reserved: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    adjustments: dict[int, list[Adjusted]] = field(default_factory=lambda: defaultdict(list))
    others: dict[int, list[Moved]] = field(default_factory=lambda: defaultdict(list))
    returned: dict[int, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    paid: dict[int, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    settled_before: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.accounts = dict(Account.objects.filter(creator__in=self.ids).values_list("creator", "pk"))
        self.balances = self._balances()
        self.earnings = self._earnings()
        self.lines, self.unpaid = self._lines(), self._unpaid()
        self.payouts = self._payouts()
        self.payments = {payout.reference: payout for payout in self.payouts.values()}
        self.hints = self._hints()
        self._sort_movements()
        self._find_payments()
        self.held = self._held()
        self.seal = self._seal()

    def statement(self, creator: Creator) -> Statement:
        account = self.accounts.get(creator.pk, 0)
        opening, closing, reserved_before = self.balances.get(account, (0, 0, 0))
        terms = self.month.terms
        assert terms is not None  # noqa: S101 - of_each lets no other month in
        before = reserved_before - self.settled_before[creator.pk]
        settled = sum(each.net_micros + each.withheld_micros for each in self.paid[creator.pk])
        return Statement(
            creator=creator,
            month=self.month,
            basis_points=self.month.share_basis_points or 0,
            minimum_micros=terms.minimum_payout_micros,
            opening_micros=opening,
            closing_micros=closing,
            lines=_largest_first(self.lines[creator.pk]),
            unpaid=self.unpaid[creator.pk],
            adjustments=self.adjustments[account],
            others=self.others[account],
            paid=self.paid[creator.pk],
            returned=self.returned[account],
            held=self.held[creator.pk],
            transit_before_micros=before,
            transit_after_micros=before + self.reserved[account] - settled,
            seal=self.seal,
        )

    def _rows(self, sql: str, ids: Iterable[int], values: Sequence[Any]) -> list[Any]:
        listed = ", ".join(map(str, ids)) or "NULL"  # whole numbers of ours
        with connection.cursor() as cursor:
            cursor.execute(sql.format(ids=listed), values)
            return cursor.fetchall()

    def _balances(self) -> dict[int, tuple[int, int, int]]:
        code = self.month.code
        rows = self._rows(BALANCES, self.accounts.values(), [code, code, code, code])
        return {account: (opening, closing, reserved) for account, opening, closing, reserved in rows}

    def _earnings(self) -> dict[int, int]:
        rows = Earning.objects.filter(month=self.month, creator__in=self.ids).order_by()
        return {who: int(share) for who, share in rows.values_list("creator").annotate(Sum("share_micros"))}

    def _lines(self) -> dict[int, list[Line]]:
        assert self.month.terms is not None  # noqa: S101
        found: dict[int, list[Line]] = defaultdict(list)
        values = [self.month.share_basis_points] * 4 + [self.month.code]
        for creator, video, campaign, cpm, origin, enrolled, *amounts in self._rows(LINES, self.ids, values):
            found[creator].append(Line(video, campaign, cpm, origin, bool(enrolled), *amounts))
        return found

    def _unpaid(self) -> dict[int, list[Unpaid]]:
        found: dict[int, list[Unpaid]] = defaultdict(list)
        for creator, verdict, impressions in self._rows(UNPAID, self.ids, [self.month.code]):
            found[creator].append(Unpaid(verdict, impressions))
        return found

    def _payouts(self) -> dict[tuple[str, int], Payout]:
        """By batch and creator, as the keys of their transfers name them."""
        rows = Payout.objects.filter(creator__in=self.ids, batch__month__lte=self.month)
        return {(each.batch.reference, each.creator_id): each for each in rows.select_related("batch")}

    def _hints(self) -> dict[tuple[int, int], str]:
        """Where money goes, masked; only for the version of the details that was paid to."""
        rows = Payee.objects.filter(creator__in=self.ids).values_list(
            "creator", "version", "destination_hint"
        )
        return {(creator, version): hint for creator, version, hint in rows}

    def _sort_movements(self) -> None:
        """Each transfer that touched the accounts in the month has its section; unknown kinds are others."""
        whose = set(self.accounts.values())
        moved = [*self._touching("debit_account", -1, whose), *self._touching("credit_account", 1, whose)]
        moved.sort(key=lambda each: each[1].pk)
        known = self._adjustments(transfer for _account, transfer, _micros in moved)
        for account, transfer, micros in moved:
            if transfer.kind == Kind.EARNING:
                self.earned[account] += micros
            elif transfer.kind in (Kind.RESERVE, Kind.RELEASE):
                self.reserved[account] -= micros
            elif transfer.kind == Kind.DEDUCTION:
                self.adjustments[account].append(_adjusted(transfer, known.get(transfer.key), micros))
            elif transfer.kind == Kind.RETURN and micros > 0:
                self.returned[account].append(self._returned(transfer))
            else:
                on = transfer.created_at.date()
                self.others[account].append(Moved(transfer.kind, transfer.reason, on, micros))

    def _touching(self, side: str, sign: int, accounts: set[int]) -> Iterable[tuple[int, Transfer, int]]:
        for transfer in Transfer.objects.filter(**{f"{side}__in": accounts}, month=self.month).order_by("pk"):
            yield getattr(transfer, f"{side}_id"), transfer, sign * transfer.amount_micros

    def _adjustments(self, transfers: Iterable[Transfer]) -> dict[str, Adjustment]:
        ids = [
            int(number)
            for transfer in transfers
            if transfer.kind == Kind.DEDUCTION and (number := transfer.key.rpartition(":")[2]).isdecimal()
        ]
        rows = Adjustment.objects.filter(pk__in=ids).select_related("correction", "campaign")
        return {f"deduction:{adjustment.pk}": adjustment for adjustment in rows}

    def _returned(self, transfer: Transfer) -> Paid:
        payout = self._payout_of(transfer)
        reason = (payout.bank_reason if payout else "") or transfer.reason
        tax = transfer.key.endswith(":tax")
        return self._as_paid(transfer, payout, transfer.amount_micros, bank_reason=reason, tax=tax)

    def _find_payments(self) -> None:
        """What went from batches to the bank and was withheld, in the month and before it."""
        verbs = ("payment", "withholding")
        keys = [f"{verb}:{batch}:creator:{who}" for batch, who in self.payouts for verb in verbs]
        withheld: dict[tuple[str, int], int] = defaultdict(int)
        payments: list[Transfer] = []
        for transfer in Transfer.objects.filter(key__in=keys, month__lte=self.month).order_by("pk"):
            _verb, batch, _word, who = transfer.key.split(":")
            if transfer.month_id != self.month.pk:
                self.settled_before[int(who)] += transfer.amount_micros
            elif transfer.kind == Kind.WITHHOLDING:
                withheld[batch, int(who)] += transfer.amount_micros
            else:
                payments.append(transfer)
        for transfer in payments:
            payout = self._payout_of(transfer)
            assert payout is not None  # noqa: S101 - its key was made from one
            tax = withheld.pop((payout.batch.reference, payout.creator_id), 0)
            self.paid[payout.creator_id].append(
                self._as_paid(transfer, payout, transfer.amount_micros, withheld_micros=tax)
            )
        for (batch, creator), tax in withheld.items():  # the whole payment was withheld
            payout = self.payouts[batch, creator]
            on = payout.settled_on or self.month.last_day
            self.paid[creator].append(
                Paid(payout.reference, batch, payout.method, "", on, 0, withheld_micros=tax)
            )

    def _payout_of(self, transfer: Transfer) -> Payout | None:
        """Keys end in batch and creator; those of returns name the payment, and `:tax` what was withheld."""
        parts = transfer.key.split(":")
        if len(parts) == 4 and parts[3].isdecimal():
            return self.payouts.get((parts[1], int(parts[3])))
        return self.payments.get(parts[1]) if len(parts) in (2, 3) else None

    def _as_paid(self, transfer: Transfer, payout: Payout | None, micros: int, **fields: Any) -> Paid:
        on = transfer.created_at.date()
        if payout is None:
            return Paid(transfer.key, "", "", "", on, micros, **fields)
        hint = self.hints.get((payout.creator_id, payout.details_version), "")
        return Paid(payout.reference, payout.batch.reference, payout.method, hint, on, micros, **fields)

    def _held(self) -> dict[int, list[Held]]:
        """What was due while the month was the one to post in: batches since the month before was closed."""
        found: dict[int, list[Held]] = defaultdict(list)
        before = Month.objects.filter(code__lt=self.month.code, status=Month.Status.CLOSED).order_by("-code")
        since = before.values_list("closed_at", flat=True).first()
        for (batch, who), payout in sorted(self.payouts.items()):
            at = payout.batch.prepared_at
            if payout.status == Payout.Status.HELD and since and since <= at <= (self.month.closed_at or at):
                found[who].append(Held(batch, payout.amount_micros, payout.reasons))
        return found

    def _seal(self) -> str:
        """The head of the chain of seals when the month had been closed: it covers all that is stated."""
        seals = Seal.objects.filter(subject=Seal.Subject.TRANSFERS, sealed_at__gte=self.month.closed_at)
        head = seals.order_by("last_id").values_list("digest", flat=True).first()
        return head or self.month.digest


def _adjusted(transfer: Transfer, known: Adjustment | None, micros: int) -> Adjusted:
    if known is None:
        return Adjusted("", transfer.reason, transfer.month_id, "", None, micros)
    return Adjusted(
        known.correction.reason,
        known.detail,
        known.origin_id,
        known.campaign.reference if known.campaign else "",
        known.video_id,
        micros,
    )


def _largest_first(lines: list[Line]) -> list[Line]:
    """The videos that earned most come first; the lines of one video stay together."""
    earned: dict[int, int] = defaultdict(int)
    for line in lines:
        earned[line.video] += line.share_micros
    return sorted(lines, key=lambda line: (-earned[line.video], line.video))
