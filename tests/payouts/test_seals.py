import pytest

from payouts import ledger, seals
from payouts.models import Account, Seal, Transfer
from pulse_site.models import AuditEvent, User
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db


def transfer(key: str) -> Transfer:
    return Transfer.objects.create(
        key=key,
        kind="payment",
        debit_account=ledger.account(Account.Kind.PLATFORM, "platform"),
        credit_account=ledger.account(Account.Kind.BANK, "bank"),
        amount_micros=1,
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
    different = [[], [(1, 2)], [(2, 1)], [(1,), (2,)], [(12,)], [("a|b", "c")], [("a", "b|c")], [("a\n", "")]]
    assert len({seals.digest(rows) for rows in different}) == len(different)


def test_closing_a_month_seals_its_transfers(
    finance_one: User, finance_two: User, django_capture_on_commit_callbacks: object
) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    with django_capture_on_commit_callbacks(execute=True):
        close(finance_one, finance_two)
    assert Seal.objects.get(subject="transfers").rows == Transfer.objects.count() == 3
    assert Seal.objects.get(subject="events").rows == AuditEvent.objects.count() == 2
