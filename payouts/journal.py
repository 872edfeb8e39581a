"""The ledger as a plain-text journal, so that hledger or beancount can add it up without trusting Pulse.

One transfer is one transaction of two postings, in the bookkeepers' signs: what a transfer debits is
positive, what it credits negative. Amounts have exactly six decimals, written from the integers; both
programs then refuse an imbalance of a single micro. What a transfer credits is written as its source says it
(sources.py): a row that was changed behind the database's back is out of balance, and either program names
it; one that is missing has a posting too few. A transaction stands in its accounting month, on the day
it was made or the month's nearest. Rows are streamed: a year's journal takes no more memory than a day's.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from io import TextIOBase
from typing import TextIO

from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns.models import Month
from payouts.models import Account, Transfer
from payouts.seals import CHUNK
from payouts.sources import Body, disagreements
from pulse_site.money import MICROS_PER_DOLLAR
from pulse_site.refusal import Refused

Wrong = Mapping[str, Body | None]  # keys of transfers that are not as they should be, as sources.py has them
MISSING = "Equity:Missing"
# Where each kind of account stands in a chart of accounts that both programs know.
ROOTS: dict[str, str] = {
    Account.Kind.RECEIVABLE: "Assets:Receivable",
    Account.Kind.BANK: "Assets:Bank",
    Account.Kind.PAYABLE: "Liabilities:Payable",
    Account.Kind.IN_TRANSIT: "Liabilities:In-Transit",
    Account.Kind.CLEARING: "Equity:Clearing",
    Account.Kind.PLATFORM: "Income:Platform",
    Account.Kind.WITHHELD: "Liabilities:Withheld",
    Account.Kind.SUSPENSE: "Liabilities:Suspense",
}


def export(format: str, out: TextIO | TextIOBase, month: str | None = None) -> None:
    """Write all transfers, or those of `month` ("2026-10"), to `out` as "hledger" or "beancount" text.

    Raises Refused for an unknown month; nothing has been written then.
    """
    transfers = Transfer.objects.order_by("month_id", "pk")
    if month is not None:
        if not Month.objects.filter(pk=month).exists():
            raise Refused(f"There is no month {month!r}; write one that was calculated, like 2026-10.")
        transfers = transfers.filter(month=month)
    for line in FORMATS[format](transfers, disagreements(month)):
        out.write(f"{line}\n")


def hledger(transfers: QuerySet[Transfer], wrong: Wrong) -> Iterator[str]:
    """Lines of an hledger journal; every account and the commodity are declared, for `check --strict`."""
    yield "commodity 1000.000000 USD"
    for name, code in _accounts(transfers):
        yield f"account {name}  ; {code}"
    for transfer in _streamed(transfers):
        yield ""
        yield f"{_day(transfer)} * ({transfer.key}) {_description(transfer).replace(';', ',')}"
        yield from _postings(transfer, wrong)
    for key, micros in _missing(wrong):
        yield from ("", f"{timezone.now().date()} * ({key}) missing", f"    {MISSING}  {_amount(micros)} USD")


def beancount(transfers: QuerySet[Transfer], wrong: Wrong) -> Iterator[str]:
    """Lines of a beancount ledger; every account is opened on the first day of its first month."""
    yield 'option "title" "Pulse"'
    yield 'option "operating_currency" "USD"'
    first = transfers.select_related("month").first()
    for name, code in _accounts(transfers):
        yield f"{first and first.month.first_day} open {name} USD"
        yield f'  code: "{code}"'
    for transfer in _streamed(transfers):
        description = _description(transfer).replace("\\", "\\\\").replace('"', '\\"')
        yield ""
        yield f'{_day(transfer)} * "{description}"'
        yield f'  key: "{transfer.key}"'
        yield from _postings(transfer, wrong)
    for key, micros in _missing(wrong):
        yield from (
            "",
            f'{timezone.now().date()} * "missing: {key}"',
            f"    {MISSING}  {_amount(micros)} USD",
        )


FORMATS: dict[str, Callable[[QuerySet[Transfer], Wrong], Iterator[str]]] = {
    "hledger": hledger,
    "beancount": beancount,
}


def _accounts(transfers: QuerySet[Transfer]) -> Iterator[tuple[str, str]]:
    """Name in the chart and code of every account that the transfers touch."""
    debited, credited = (transfers.order_by().values(side) for side in ("debit_account", "credit_account"))
    used = Account.objects.filter(Q(pk__in=debited) | Q(pk__in=credited))
    for account in used.order_by("kind", "pk").iterator(CHUNK):
        yield _name(account), account.code


def _name(account: Account) -> str:
    """`payable:creator:7` is Liabilities:Payable:Creator:7."""
    parts = account.code.split(":")[1:]
    return ":".join([ROOTS[account.kind], *(part[:1].upper() + part[1:] for part in parts)])


def _streamed(transfers: QuerySet[Transfer]) -> Iterator[Transfer]:
    return transfers.select_related("month", "debit_account", "credit_account").iterator(CHUNK)


def _day(transfer: Transfer) -> datetime.date:
    month = transfer.month
    return min(max(transfer.created_at.date(), month.first_day), month.last_day)


def _description(transfer: Transfer) -> str:
    return " ".join(f"{transfer.kind} {transfer.reason}".split())


def _postings(transfer: Transfer, wrong: Wrong) -> Iterator[str]:
    credited = transfer.amount_micros
    if transfer.key in wrong:
        debit, credit, micros, month = wrong[transfer.key] or (0, 0, 0, "")
        place = (transfer.debit_account_id, transfer.credit_account_id, transfer.month_id)
        credited = micros if (debit, credit, month or transfer.month_id) == place else 0
    yield f"    {_name(transfer.debit_account)}  {_amount(transfer.amount_micros)} USD"
    yield f"    {_name(transfer.credit_account)}  -{_amount(credited)} USD"


def _missing(wrong: Wrong) -> Iterator[tuple[str, int]]:
    """Keys and micros of the transfers that should be there and are not."""
    there = set(Transfer.objects.filter(key__in=wrong).values_list("key", flat=True))
    for key, body in wrong.items():
        if body and key not in there:
            yield key, body[2]


def _amount(micros: int) -> str:
    return f"{micros // MICROS_PER_DOLLAR}.{micros % MICROS_PER_DOLLAR:06}"
