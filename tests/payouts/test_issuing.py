"""Files are made once, of those who can still be paid, and a restored backup makes none again."""

import datetime
import hashlib
import json
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from campaigns.models import Month
from payouts import batches, details, ledger
from payouts.batches import issued
from payouts.models import Account, Payee, PaymentFile, Payout, PayoutBatch, Transfer
from payouts.verification import verify
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
HANDLES = ("ada", "ben", "cleo", "dora", "emil")


@pytest.fixture
def month(finance_one: User, finance_two: User) -> Month:
    campaign = factories.campaign()
    for handle in HANDLES:
        deliver(campaign, factories.enrolled(handle), 20_000)
    return close(finance_one, finance_two)


@pytest.fixture
def batch(month: Month, finance_one: User, finance_two: User) -> PayoutBatch:
    """Five are to get $100 each; two by ACH, one each by PayPal, Wise and SEPA; Emil has tax withheld."""
    for handle, method, destination in (
        ("cleo", "paypal", {"email": "cleo@example.com"}),
        ("dora", "wise", {"recipient_id": "12345678"}),
    ):
        change(handle, **to(method, destination))
    change("emil", country="DE", **to("sepa", {"iban": "DE89370400440532013000"}))
    change("emil", backup_withholding=True)
    made = batches.prepare(month, finance_one)
    batches.approve(made, finance_two)
    return made


def change(handle: str, **fields: Any) -> None:
    Payee.objects.filter(creator__handle=handle).update(**fields)


def to(method: str, destination: dict[str, str]) -> dict[str, str]:
    """The fields of a payee who is paid there."""
    text, digest = json.dumps(destination), details.digest(method, destination)
    return {"method": method, "destination": text, "destination_digest": digest}


def balance(handle: str) -> int:
    return ledger.balance(Account.objects.get(creator__handle=handle))


def test_each_method_gets_its_file_with_control_totals(batch: PayoutBatch, finance_one: User) -> None:
    batches.make_files(batch, finance_one)
    assert [(file.name, file.payments, file.total_micros) for file in batch.files.order_by("name")] == [
        ("2026-10-1-ach-1.ach", 2, 200_000_000),
        ("2026-10-1-paypal-1.csv", 1, 100_000_000),
        ("2026-10-1-sepa-1.xml", 1, 76_000_000),
        ("2026-10-1-wise-1.csv", 1, 100_000_000),
    ]
    for payout in Payout.objects.select_related("file"):
        assert payout.reference.encode() in bytes(payout.file.content)
    assert verify_rules() == set()


def verify_rules() -> set[str]:
    return {breach.rule for breach in verify()} - {"used lineups", "payees"}  # both are made by hand here


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"tax_expires_on": datetime.date(2026, 11, 19)}, "tax_form_expired,"),
        ({"version": 2}, "details_changed,"),
        ({"screening": "match"}, "sanctions,"),
        ({"blocked": True}, "blocked,"),
        (to("ach", {"routing": "1", "account": "1", "account_type": "checking"}), "details_unfit,"),
        ({"destination": '{"routing": "021000021", "account": "666"}'}, "details_changed,"),
    ],
)
def test_who_can_no_longer_be_paid_drops_out_with_his_money(
    fields: dict[str, Any], reasons: str, batch: PayoutBatch, finance_one: User
) -> None:
    assert balance("ada") == 0
    change("ada", **fields)
    batches.make_files(batch, finance_one)
    held = batch.payouts.get(status="held")
    assert (held.creator.handle, held.reasons, held.file) == ("ada", reasons, None)
    assert balance("ada") == 100_000_000
    assert Transfer.objects.get(kind="release").key == f"release:2026-10-1:creator:{held.creator_id}"
    assert held.reference.encode() not in b"".join(bytes(file.content) for file in batch.files.all())
    assert verify_rules() == set()


def test_where_everybody_dropped_out_no_file_is_made(batch: PayoutBatch, finance_one: User) -> None:
    Payee.objects.update(blocked=True)
    with pytest.raises(Refused, match="cancel it"):
        batches.make_files(batch, finance_one)
    assert not PaymentFile.objects.exists()


def test_files_are_made_once_and_never_change(batch: PayoutBatch, finance_one: User) -> None:
    batches.make_files(batch, finance_one)
    with pytest.raises(Refused, match="already"):
        batches.make_files(batch, finance_one)
    for act in (PaymentFile.objects.all().delete, lambda: PaymentFile.objects.update(sha256="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_download_is_the_stored_bytes_for_whoever_may_and_recorded(
    batch: PayoutBatch, finance_one: User, finance_two: User
) -> None:
    file = batches.make_files(batch, finance_one)[0]
    content = batches.hand_out(file, finance_one)
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert AuditEvent.objects.get(action="batch.download").actor == finance_one
    with pytest.raises(Refused, match="permission"):
        batches.hand_out(file, finance_two)
    file.content += b" "
    with pytest.raises(Refused, match="not what was rendered"):
        batches.hand_out(file, finance_one)


class Forgotten(Exception):
    """What the database did is forgotten, by it and nothing else."""


def issued_and_restored(batch: PayoutBatch, by: User) -> None:
    """Make the files and hand them out; then restore the database from before."""
    with pytest.raises(Forgotten), transaction.atomic():
        batches.make_files(batch, by)
        for file in batch.files.all():
            batches.hand_out(file, by)
        raise Forgotten
    batch.refresh_from_db()


def test_a_restored_backup_issues_no_batch_again(batch: PayoutBatch, month: Month, finance_one: User) -> None:
    issued_and_restored(batch, finance_one)
    assert (batch.status, batch.files.count()) == ("approved", 0)
    with pytest.raises(Refused, match="batch 2026-10-1 were issued"):
        batches.make_files(batch, finance_one)
    assert "2026-10-1 were issued" in str(verify()[-1])
    batches.cancel(batch, finance_one)
    with pytest.raises(Refused, match="batch 2026-10-1 were issued"):  # nor under another number
        batches.prepare(month, finance_one)


def test_files_are_known_outside_as_soon_as_they_are_committed(
    batch: PayoutBatch,
    finance_one: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        batches.make_files(batch, finance_one)
    with pytest.raises(Refused, match="were issued"):
        issued.require_not_issued(batch)
    issued.require_all_known()


def killed_before_the_commit(batch: PayoutBatch, by: User) -> dict[str, str]:
    """The files that are never committed, though their manifest is on the disk: name -> SHA-256."""
    with pytest.raises(Forgotten), transaction.atomic():
        made = {file.name: file.sha256 for file in batches.make_files(batch, by)}
        raise Forgotten
    batch.refresh_from_db()
    return made


def test_a_killed_attempt_is_finished_with_the_same_bytes(
    batch: PayoutBatch, finance_one: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = killed_before_the_commit(batch, finance_one)
    later = timezone.now() + datetime.timedelta(minutes=7)
    monkeypatch.setattr(timezone, "now", lambda: later)
    batches.make_files(batch, finance_one)
    assert {file.name: file.sha256 for file in batch.files.all()} == first
    assert verify_rules() == set()


def test_who_drops_out_after_a_killed_attempt_is_not_in_the_files(
    batch: PayoutBatch, finance_one: User
) -> None:
    first = killed_before_the_commit(batch, finance_one)
    change("ada", blocked=True)
    batches.make_files(batch, finance_one)
    assert {file.sha256 for file in batch.files.all()} != set(first.values())
    assert verify_rules() == set()


def test_a_manifest_that_was_half_written_is_written_again(batch: PayoutBatch, finance_one: User) -> None:
    killed_before_the_commit(batch, finance_one)
    path = issued.folder() / "2026-10-1.json"
    path.write_text(path.read_text()[:50])
    batches.make_files(batch, finance_one)
    assert verify_rules() == set()


def test_without_its_manifest_no_file_is_handed_out(batch: PayoutBatch, finance_one: User) -> None:
    file = batches.make_files(batch, finance_one)[0]
    (issued.folder() / "2026-10-1.json").unlink()
    with pytest.raises(Refused, match="nothing is handed out"):
        batches.hand_out(file, finance_one)
    assert verify_rules() == {"payment files"}


def test_without_a_place_for_manifests_no_file_is_made(
    batch: PayoutBatch, finance_one: User, settings: Settings
) -> None:
    settings.ISSUED_ROOT = "/proc/nowhere"
    with pytest.raises(Refused, match="ISSUED_ROOT can't be written"):
        batches.make_files(batch, finance_one)
    assert not PaymentFile.objects.exists()


def test_a_day_that_is_over_is_no_day_to_pay_on(batch: PayoutBatch, finance_one: User) -> None:
    with pytest.raises(Refused, match="is over"):
        batches.make_files(batch, finance_one, datetime.date(2026, 11, 19))
