"""Sent, paid, returned, issued again: the money is where the bank's answer says it is."""

import csv
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.models import Month
from payouts import batches, ledger
from payouts.models import Account, Payee, Payout, PayoutBatch, Transfer
from payouts.verification import verify
from pulse_site.feeds.run import import_file
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(finance_one: User, finance_two: User) -> Month:
    """October is closed: Ada has $100, of which tax is withheld; Ben $80.005."""
    campaign = factories.campaign(cpm_micros=10_000)
    for handle, impressions in (("ada", 20_000_000), ("ben", 16_001_000)):
        deliver(campaign, factories.enrolled(handle), impressions)
    return close(finance_one, finance_two)


@pytest.fixture
def sent(month: Month, finance_one: User, finance_two: User) -> PayoutBatch:
    Payee.objects.filter(creator__handle="ada").update(backup_withholding=True)
    batch = batches.prepare(month, finance_one)
    batches.approve(batch, finance_two)
    send(batch, finance_one)
    return batch


def payout(handle: str, batch: PayoutBatch) -> Payout:
    return batch.payouts.get(creator__handle=handle)


def balances() -> dict[str, int]:
    found = {account.code: ledger.balance(account) for account in Account.objects.all()}
    names = dict(Account.objects.filter(creator__isnull=False).values_list("code", "creator__handle"))
    wanted = {"bank", "withheld", "in-transit:2026-10-1", *names}
    return {names.get(code, code): micros for code, micros in found.items() if code in wanted}


def clean() -> bool:
    return [breach for breach in verify() if breach.rule != "used lineups"] == []


def test_the_tax_is_withheld_from_what_the_bank_pays(sent: PayoutBatch, finance_one: User) -> None:
    batches.mark_paid(sent, finance_one)
    assert balances() == {
        "ada": 0,
        "ben": 5_000,
        "in-transit:2026-10-1": 0,
        "bank": 76_000_000 + 80_000_000,
        "withheld": 24_000_000,
    }
    assert clean()


@pytest.mark.parametrize("late", [False, True])
def test_a_returned_payment_is_the_creators_again_with_its_tax(
    sent: PayoutBatch, finance_one: User, late: bool
) -> None:
    if late:
        batches.mark_paid(sent, finance_one)
    batches.record([payout("ada", sent)], "returned", finance_one, reason="R02 account closed")
    if not late:
        sent.refresh_from_db()
        assert sent.status == "sent"
        batches.mark_paid(sent, finance_one)
    assert balances() == {
        "ada": 100_000_000,
        "ben": 5_000,
        "in-transit:2026-10-1": 0,
        "bank": 80_000_000,
        "withheld": 0,
    }
    returned = payout("ada", sent)
    assert (returned.status, returned.bank_reason) == ("returned", "R02 account closed")
    assert set(Transfer.objects.filter(kind="return").values_list("key", "reason")) == {
        (f"return:{returned.reference}", "R02 account closed"),
        (f"return:{returned.reference}:tax", "R02 account closed"),
    }
    assert clean()


@pytest.mark.parametrize("before", ["returned", "held", "reserved", "cancelled", "prepared"])
def test_only_what_was_sent_is_paid(sent: PayoutBatch, finance_one: User, before: str) -> None:
    sent.payouts.filter(creator__handle="ada").update(status=before)
    posted = Transfer.objects.count()
    with pytest.raises(Refused, match="can't become paid"):
        batches.record(sent.payouts.all(), "paid", finance_one)
    assert Transfer.objects.count() == posted
    assert payout("ben", sent).status == "sent"


def test_a_batch_is_paid_once_every_payment_has_an_answer(sent: PayoutBatch, finance_one: User) -> None:
    batches.record([payout("ada", sent)], "returned", finance_one)
    batches.record([payout("ben", sent)], "paid", finance_one)
    sent.refresh_from_db()
    assert (sent.status, sent.paid_at is None) == ("paid", False)
    assert clean()


def test_what_came_back_waits_for_other_bank_details(
    sent: PayoutBatch, month: Month, finance_one: User, finance_two: User
) -> None:
    batches.record([payout("ada", sent)], "returned", finance_one)
    with pytest.raises(Refused, match="the bank returned the last payment"):
        batches.prepare(month, finance_one)
    Payee.objects.filter(creator__handle="ada").update(version=2)
    again = batches.prepare(month, finance_one).payouts.get()
    assert (again.reissue_of, again.amount_micros) == (payout("ada", sent), 100_000_000)
    batches.cancel(again.batch, finance_one)
    assert batches.prepare(month, finance_one).payouts.get().reissue_of == payout("ada", sent)


def test_a_person_issues_a_payment_again(sent: PayoutBatch, finance_one: User, finance_two: User) -> None:
    batches.record(sent.payouts.all(), "returned", finance_one)
    batch = batches.reissue([payout("ada", sent)], finance_one)
    assert batch.payouts.get().reissue_of == payout("ada", sent)
    with pytest.raises(Refused, match="issued again already"):
        batches.reissue([payout("ada", sent)], finance_one)
    batches.approve(batch, finance_two)
    send(batch, finance_one)
    batches.mark_paid(batch, finance_one)
    assert clean()


def test_only_what_was_returned_is_issued_again(sent: PayoutBatch, finance_one: User) -> None:
    with pytest.raises(Refused, match="was not returned"):
        batches.reissue([payout("ada", sent)], finance_one)


def answers(folder: Path, *rows: tuple[str, ...], header: str = "reference,status,date,reason") -> Path:
    path = folder / "answers.csv"
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]))
    return path


def take(path: Path, **options: Any) -> dict[str, Any]:
    return import_file("payment_results", path, name=path.name, options={}, by=None, **options)


def test_the_banks_file_settles_the_batch_once(sent: PayoutBatch, tmp_path: Path) -> None:
    path = answers(
        tmp_path,
        (payout("ada", sent).reference.lower(), "RETURNED", "2026-11-19", "R03 no account"),
        (payout("ben", sent).reference, "Settled", "2026-11-18", ""),
    )
    preview = take(path, dry_run=True)
    assert payout("ada", sent).status == "sent"
    summary = take(path)
    assert summary["statuses"] == preview["statuses"] == {"paid": 1, "returned": 1}
    sent.refresh_from_db()
    assert (sent.status, payout("ada", sent).bank_reason) == ("paid", "R03 no account")
    assert str(payout("ben", sent).settled_on) == "2026-11-18"
    assert balances()["in-transit:2026-10-1"] == 0
    transfers = Transfer.objects.count()
    again = take(path)
    assert (again["updated"], again["unchanged"], Transfer.objects.count()) == (0, 2, transfers)
    assert clean()


def test_a_payment_may_come_back_after_it_was_paid(sent: PayoutBatch, tmp_path: Path) -> None:
    ada = payout("ada", sent).reference
    take(answers(tmp_path, (ada, "paid", "2026-11-18", "")))
    take(answers(tmp_path, (ada, "returned", "2026-11-20", "R02")))
    assert payout("ada", sent).status == "returned"
    assert balances()["ada"] == 100_000_000
    assert clean()


def test_what_the_bank_cannot_know_is_rejected_by_name(
    sent: PayoutBatch, tmp_path: Path, finance_one: User
) -> None:
    ada, ben = payout("ada", sent), payout("ben", sent)
    batches.record([ada], "returned", finance_one)
    held = Payout.objects.create(
        batch=sent, creator=factories.creator(), amount_micros=10_000, status="held", reasons="blocked,"
    )
    path = answers(
        tmp_path,
        (ada.reference, "paid", "2026-11-19", ""),
        (held.reference, "paid", "2026-11-19", ""),
        ("P999999999", "paid", "2026-11-19", ""),
        ("123", "paid", "2026-11-19", ""),
        (ben.reference, "maybe", "2026-11-19", ""),
        ("P999999998", "paid", "2026-12-24", ""),
        (ben.reference, "paid", "2026-11-19", ""),
    )
    summary = take(path, rejects=tmp_path / "rejects.csv")
    assert summary["reasons"] == {
        "bad_reference": 1,
        "future_date": 1,
        "paid_after_return": 1,
        "payment_not_sent": 1,
        "unknown_payment": 1,
        "unknown_status": 1,
    }
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig") as file:
        assert {row["value"] for row in csv.DictReader(file)} >= {held.reference, "P999999999", "maybe"}
    assert (payout("ada", sent).status, payout("ben", sent).status) == ("returned", "paid")


def test_the_command_takes_the_banks_file(sent: PayoutBatch, tmp_path: Path) -> None:
    call_command(
        "import_payment_results", answers(tmp_path, (payout("ada", sent).reference, "paid", "2026-11-18", ""))
    )
    assert payout("ada", sent).status == "paid"
