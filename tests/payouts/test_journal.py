import csv
import io
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payouts import journal, ledger
from payouts.models import Account, Transfer
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver, pay

pytestmark = pytest.mark.django_db
needs_hledger = pytest.mark.skipif(not shutil.which("hledger"), reason="hledger is a package of the system")
BEAN_CHECK = Path(sys.executable).with_name("bean-check")


@pytest.fixture(autouse=True)
def programme(finance_one: User, finance_two: User) -> None:
    """A paid month, with a name that would end a comment, a string or a line."""
    awkward = factories.campaign('A;"B"\\C', advertiser=factories.advertiser('Brand "; \n |'))
    deliver(awkward, factories.enrolled(), 20_001)
    deliver(factories.campaign(cpm_micros=10_000), factories.enrolled(), 12_345_678)
    pay(close(finance_one, finance_two), finance_one, finance_two)
    correct_and_return()


def correct_and_return() -> None:
    """One transfer of each kind that comes after a close, between the accounts that it is between."""
    accounts = {account.kind: account for account in Account.objects.order_by("-pk")}
    for kind in (Account.Kind.WITHHELD, Account.Kind.SUSPENSE):
        accounts[kind] = ledger.account(kind, kind)
    for number, (kind, debit, credit) in enumerate(AFTER_A_CLOSE):
        Transfer.objects.create(
            key=f"{kind}:{number}",
            kind=kind,
            debit_account=accounts[debit],
            credit_account=accounts[credit],
            amount_micros=1_000_001 + number,
            month=factories.month("2026-11"),
            reason='a "reason"; \n of | some \\ kind',
            created_at=timezone.now(),
        )


AFTER_A_CLOSE = (
    ("credit", "platform", "receivable"),
    ("deduction", "payable", "platform"),
    ("borne", "platform", "receivable"),
    ("withholding", "in_transit", "withheld"),
    ("return", "bank", "payable"),
    ("entry", "bank", "suspense"),
    ("entry", "withheld", "bank"),
)


def test_every_kind_of_account_has_its_place_in_the_chart() -> None:
    assert journal.ROOTS.keys() == set(Account.Kind)


@needs_hledger
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(AFTER_A_CLOSE), st.integers(1, 10**17), st.text(max_size=40)), max_size=12
    )
)
def test_both_programs_accept_whatever_is_posted(
    tmp_path: Path, posted: list[tuple[tuple[str, str, str], int, str]]
) -> None:
    """Any amount from a micro up, any reason that a person may type."""
    accounts = {account.kind: account for account in Account.objects.order_by("-pk")}
    with transaction.atomic():
        for number, ((kind, debit, credit), micros, reason) in enumerate(posted):
            Transfer.objects.create(
                key=f"{kind}:random:{number}",
                kind=kind,
                debit_account=accounts[debit],
                credit_account=accounts[credit],
                amount_micros=micros,
                month=factories.month("2026-11"),
                reason=reason.replace("\0", ""),
            )
        checks = (
            hledger(exported("hledger"), "check", "--strict"),
            bean_check(exported("beancount"), tmp_path),
        )
        transaction.set_rollback(True)
    for checked in checks:
        assert checked.returncode == 0, checked.stderr


def exported(format: str, month: str | None = None) -> str:
    """Without a question for the sources: most transfers here are for nothing."""
    transfers = Transfer.objects.order_by("month_id", "pk")
    chosen = transfers.filter(month=month) if month else transfers
    return "".join(f"{line}\n" for line in journal.FORMATS[format](chosen, {}))


def written(format: str) -> str:
    out = io.StringIO()
    journal.export(format, out)
    return out.getvalue()


def hledger(text: str, *command: str) -> subprocess.CompletedProcess[str]:
    given = ["hledger", "--file", "-", *command]
    return subprocess.run(given, input=text, capture_output=True, text=True, check=False)


def bean_check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    ledger = folder / "pulse.beancount"
    ledger.write_text(text)
    return subprocess.run([BEAN_CHECK, ledger], capture_output=True, text=True, check=False)


def a_micro_off(text: str) -> str:
    return re.sub(r"-(\d+\.\d{5})\d USD", r"-\g<1>9 USD", text, count=1)


@needs_hledger
@pytest.mark.parametrize("month", [None, "2026-10", "2026-11"])
def test_hledger_accepts_the_journal(month: str | None) -> None:
    checked = hledger(exported("hledger", month), "check", "--strict")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("month", [None, "2026-10", "2026-11"])
def test_beancount_accepts_the_journal(month: str | None, tmp_path: Path) -> None:
    checked = bean_check(exported("beancount", month), tmp_path)
    assert checked.returncode == 0, checked.stderr


@needs_hledger
def test_hledger_refuses_a_micro_too_much() -> None:
    assert hledger(a_micro_off(exported("hledger")), "check").returncode != 0


def test_beancount_refuses_a_micro_too_much(tmp_path: Path) -> None:
    assert bean_check(a_micro_off(exported("beancount")), tmp_path).returncode != 0


@needs_hledger
def test_hledger_finds_our_balances() -> None:
    """In the bookkeepers' signs: what we call credited is negative there."""
    told = hledger(
        exported("hledger"), "balance", "--flat", "--empty", "--no-total", "--output-format", "csv"
    )
    rows = list(csv.reader(told.stdout.splitlines()))[1:]
    theirs = {name: -int(Decimal(amount.split()[0]) * 1_000_000) for name, amount in rows}
    accounts = Account.objects.with_balance()
    ours = {journal._name(account): account.balance_micros for account in accounts}
    assert theirs == ours


def test_every_transfer_stands_in_its_month() -> None:
    """The payments of November were made in November; the bills of October on its last day."""
    days = re.findall(r"^(\S+) \* \((\w+)", exported("hledger"), re.MULTILINE)
    assert set(days) == {
        ("2026-10-31", "billing"),
        ("2026-10-31", "earning"),
        ("2026-10-31", "platform"),
        *(("2026-11-20", kind) for kind in ("reserve", "payment", *(kind for kind, *_ in AFTER_A_CLOSE))),
    }


def test_an_unknown_month_is_refused() -> None:
    with pytest.raises(Refused, match="no month '2020-01'"):
        journal.export("hledger", io.StringIO(), "2020-01")


def test_the_command_writes_a_whole_file_or_none(tmp_path: Path) -> None:
    wanted = tmp_path / "journal"
    call_command("export_journal", format="beancount", out=wanted)
    assert wanted.read_text() == written("beancount")
    with pytest.raises(CommandError, match="no month"):
        call_command("export_journal", month="2020-01", out=wanted)
    assert wanted.read_text() == written("beancount")
    assert [wanted] == list(tmp_path.iterdir())


def test_the_command_writes_to_stdout() -> None:
    out = io.StringIO()
    call_command("export_journal", stdout=out)
    assert out.getvalue() == written("hledger")
