import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payouts import ledger, seals
from payouts.models import Account, Checkpoint, Seal, Transfer
from pulse_site.models import AuditEvent, User
from tests import factories
from tests.payouts.behind import behind_the_back
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db


def transfer(key: str, micros: int = 1) -> Transfer:
    return Transfer.objects.create(
        key=key,
        kind="payment",
        debit_account=ledger.account(Account.Kind.PLATFORM, "platform"),
        credit_account=ledger.account(Account.Kind.BANK, "bank"),
        amount_micros=micros,
        month=factories.month(),
    )


def test_a_seal_covers_what_came_since_the_last_one() -> None:
    rows = [transfer(key) for key in ("one", "two", "three")]
    (first,) = seals.seal()
    assert (first.first_id, first.last_id, first.rows) == (1, rows[-1].pk, 3)
    assert seals.seal() == []
    last = transfer("four")
    (second,) = seals.seal()
    assert (second.first_id, second.last_id, second.rows) == (first.last_id + 1, last.pk, 1)
    assert list(seals.broken()) == []


def test_each_seal_continues_the_one_before() -> None:
    transfer("one")
    (first,) = seals.seal()
    last = transfer("two")
    (second,) = seals.seal()
    row = Transfer.objects.filter(pk=last.pk).values_list()
    assert second.digest == seals.digest(row, before=first.digest) != seals.digest(row)


def test_a_digest_tells_order_and_values_apart() -> None:
    one = Transfer.objects.filter(pk=transfer("one").pk)
    two = Transfer.objects.filter(pk=transfer("two", 2).pk)
    found = [
        seals.digest(*(rows.values_list(*fields) for rows in queries))
        for queries in ((), (one,), (two,), (one, two), (two, one), (one, one))
        for fields in (("key", "kind"), ("kind", "key"), ("key",), ("amount_micros", "reason"))
    ]
    assert len(set(found)) == len(found) - 3  # of nothing, whichever the fields
    assert seals.digest(one.values_list(), before="x") != seals.digest(one.values_list())


def test_a_seal_from_before_marks_is_checked_in_its_own_form() -> None:
    rows = Transfer.objects.filter(pk=transfer("one").pk).values_list()
    Seal.objects.create(
        subject="transfers", first_id=1, last_id=rows[0][0], rows=1, digest=seals.digest_of_json(rows)
    )
    transfer("two")
    seals.seal()
    assert list(seals.broken()) == []
    with behind_the_back():
        Transfer.objects.filter(key="one").update(reason="changed")
    assert [str(each).endswith(f"their seal {each.seal.pk}") for each in seals.broken()] == [True]


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE payouts_transfer SET reason = 'x' WHERE id = {ids[1]}", ": changed or added: {ids[1]}"),
        (
            "UPDATE payouts_transfer SET created_at = '2020-01-01 00:00:00+00:00' WHERE id = {ids[0]}",
            ": changed or added: {ids[0]}",
        ),
        ("DELETE FROM payouts_transfer WHERE id = {ids[1]}", ": gone: before {ids[2]}"),
        ("DELETE FROM payouts_transfer WHERE id = {ids[3]}", ": gone: at the end"),
        (
            "UPDATE payouts_transfer SET id = 9 + {ids[3]} WHERE id = {ids[0]}",
            ": gone: before {ids[1]}",
        ),
        ("UPDATE payouts_seal SET digest = 'x' WHERE subject = 'transfers'", ""),
    ],
)
def test_the_row_that_was_changed_under_a_seal_is_named(statement: str, named: str) -> None:
    ids = [transfer(key).pk for key in ("one", "two", "three", "four")]
    seals.seal()
    with behind_the_back(), connection.cursor() as cursor:
        cursor.execute(statement.format(ids=ids))
    (found,) = seals.broken()
    assert str(found).rpartition(f"their seal {found.seal.pk}")[2] == named.format(ids=ids)


def test_many_rows_are_sealed_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST", 2)
    for key in ("one", "two", "three", "four", "five"):
        transfer(key)
    assert [made.rows for made in seals.seal()] == [2, 2, 1]
    assert (list(seals.broken()), seals.seal()) == ([], [])
    assert read() == [-5, -5]


def test_closing_a_month_seals_its_transfers(
    finance_one: User, finance_two: User, django_capture_on_commit_callbacks: object
) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    with django_capture_on_commit_callbacks(execute=True):
        close(finance_one, finance_two)
    assert Seal.objects.get(subject="transfers").rows == Transfer.objects.count() == 3
    assert Seal.objects.get(subject="events").rows == AuditEvent.objects.count() == 3


def read() -> list[int]:
    """What the platform has, read in each of the ways there are."""
    platform = ledger.account(Account.Kind.PLATFORM, "platform")
    with connection.cursor() as cursor:
        cursor.execute(ledger.BALANCES)
        return [ledger.balance(platform), dict(cursor.fetchall())[platform.pk]]


def test_a_balance_is_its_checkpoint_and_the_tail() -> None:
    """However the seals fall among the transfers."""
    for number, micros in enumerate((5, 7, 11, 13), start=1):
        transfer(f"t{number}", micros)
        before = read()
        if number % 2:
            seals.seal()
        assert before == read() == [-sum((5, 7, 11, 13)[:number])] * 2
    kept = Checkpoint.objects.get(account__code="platform").balance_micros
    assert (kept, read()) == (-23, [-36, -36])


def test_a_seal_and_its_checkpoints_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    transfer("one")
    monkeypatch.setattr(Seal.objects, "create", lambda **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seals.seal()
    assert not Checkpoint.objects.exists()
    assert read() == [-1, -1]


def test_checkpoints_are_built_anew_from_the_transfers() -> None:
    transfer("one", 5)
    seals.seal()
    transfer("two", 7)
    Checkpoint.objects.update(balance_micros=999)
    assert seals.rebuild_checkpoints() == 2
    assert read() == [-12, -12]
    Checkpoint.objects.all().delete()
    call_command("rebuild_checkpoints")
    assert read() == [-12, -12]


def test_a_balance_costs_the_tail_and_not_the_history() -> None:
    """Read along the indexes that hold the account with the id: both databases begin at the last seal."""
    transfer("one")
    seals.seal()
    plan = Account.objects.with_balance().filter(code="platform").explain()
    assert "transfer_debits" in plan or connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{ledger.BALANCES}")
        told = " ".join(str(row) for row in cursor.fetchall())
    assert "rowid>?" in told or "payouts_transfer_pkey" in told


@pytest.mark.skipif(connection.vendor != "postgresql", reason="elsewhere Python writes them all")
@given(
    reason=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
    at=st.datetimes(
        datetime.datetime(1970, 1, 1), datetime.datetime(2100, 1, 1), timezones=st.just(datetime.UTC)
    ),
)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_seal_is_the_same_whoever_writes_its_rows(reason: str, at: datetime.datetime) -> None:
    """PostgreSQL writes rows itself; every letter and moment as Python does."""
    with transaction.atomic():
        made = transfer("one")
        Transfer.objects.bulk_create([copy_of(made, reason=reason, created_at=at, created_by_id=None)])
        (sealed,) = seals.seal()
        rows = Transfer.objects.order_by("pk").values_list()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(seals, "PLAIN", ())
            assert sealed.digest == seals.digest(rows)
        transaction.set_rollback(True)


def copy_of(made: Transfer, **fields: Any) -> Transfer:
    values = {field.attname: getattr(made, field.attname) for field in Transfer._meta.concrete_fields}
    return Transfer(**{**values, "id": None, "key": "two", **fields})
