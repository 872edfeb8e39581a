"""The ledger as a plain-text journal, so that hledger or beancount can add it up without trusting Pulse.

One transfer is one transaction of two postings, in the bookkeepers' signs: what a transfer debits is
positive, what it credits negative. Amounts have exactly six decimals, written from the integers; both
programs then refuse an imbalance of a single micro. A transaction stands in its accounting month, on the day
it was made or the month's nearest. Rows are streamed: a year's journal takes no more memory than a day's.
"""

import datetime
from collections.abc import Callable, Iterator
from io import TextIOBase
from typing import TextIO

from django.db.models import Q, QuerySet

from campaigns.models import Month
from payouts.models import Account, Transfer
from payouts.seals import CHUNK
from pulse_site.money import MICROS_PER_DOLLAR
from pulse_site.refusal import Refused

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
    for line in FORMATS[format](transfers):
        out.write(f"{line}\n")


def hledger(transfers: QuerySet[Transfer]) -> Iterator[str]:
    """Lines of an hledger journal; every account and the commodity are declared, for `check --strict`."""
    yield "commodity 1000.000000 USD"
    for name, code in _accounts(transfers):
        yield f"account {name}  ; {code}"
    for transfer in _streamed(transfers):
        yield ""
        yield f"{_day(transfer)} * ({transfer.key}) {_description(transfer).replace(';', ',')}"
        yield from _postings(transfer)


def beancount(transfers: QuerySet[Transfer]) -> Iterator[str]:
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
        yield from _postings(transfer)


FORMATS: dict[str, Callable[[QuerySet[Transfer]], Iterator[str]]] = {
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


def _postings(transfer: Transfer) -> Iterator[str]:
    amount = f"{transfer.amount_micros // MICROS_PER_DOLLAR}.{transfer.amount_micros % MICROS_PER_DOLLAR:06}"
    yield f"    {_name(transfer.debit_account)}  {amount} USD"
    yield f"    {_name(transfer.credit_account)}  -{amount} USD"
