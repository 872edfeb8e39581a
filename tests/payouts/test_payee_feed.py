"""Payees by file: proposed as a set, unchanged the second time, and nothing of a bank account left lying."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from payouts import payees
from payouts.models import Payee, PayeeChange
from pulse_site.feeds import run as imports
from pulse_site.models import RejectedRow, Upload, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "000123456789"
HEADER = "Handle,Legal name,Country,Payment method,Routing number,Account number,Account type,Tax form,SSN\n"
ADA = f"@ada,Ada Lovelace,us,ACH,021000021,{SECRET},checking,W-9,123-45-6789\n"
BEN = "ben,Ben Bitdiddle,US,ach,021000021,5550001111,savings,w9,987654321\n"


@pytest.fixture(autouse=True)
def known(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    for handle in ("ada", "ben"):
        factories.enrolled(handle)


@pytest.fixture
def paula(db: None) -> User:
    return factories.staff("paula", "propose_payee_change")


@pytest.fixture
def aron(db: None) -> User:
    return factories.staff("aron", "approve_payee_change")


def take(path: Path, content: str, by: User | None, **options: Any) -> dict[str, Any]:
    path = path / "payees.csv"
    path.write_text(content)
    return imports.import_file("payees", path, name=path.name, options={}, by=by, **options)


def test_a_file_proposes_and_another_person_approves_the_set(tmp_path: Path, paula: User, aron: User) -> None:
    summary = take(tmp_path, HEADER + ADA + BEN, paula)
    assert (summary["created"], summary["rejected"]) == (2, 0)
    assert not Payee.objects.exists()
    changes = PayeeChange.objects.filter(upload=Upload.objects.get())
    with pytest.raises(Refused):
        payees.approve(changes, paula)
    assert payees.approve(changes, aron) == 2
    ada = Payee.objects.get(creator__handle="ada")
    assert (ada.legal_name, ada.destination_hint, ada.tax_id) == ("Ada Lovelace", "ACH ••6789", "123456789")
    assert (ada.tax_form, ada.tax_status) == ("w9", "received")


def test_the_same_file_twice_changes_nothing_before_and_after_the_approval(
    tmp_path: Path, paula: User, aron: User
) -> None:
    take(tmp_path, HEADER + ADA + BEN, paula)
    again = take(tmp_path, HEADER + ADA + BEN, paula)
    assert (again["created"], again["unchanged"]) == (0, 2)
    payees.approve(PayeeChange.objects.all(), aron)
    assert take(tmp_path, HEADER + ADA + BEN, paula)["unchanged"] == 2
    assert PayeeChange.objects.count() == 2


def test_a_blank_cell_leaves_what_is_there(tmp_path: Path, paula: User, aron: User) -> None:
    take(tmp_path, HEADER + ADA, paula)
    payees.approve(PayeeChange.objects.all(), aron)
    summary = take(tmp_path, "handle,city,iban,account\nada,Troy,,\n", paula)
    assert summary["updated"] == 1
    assert json.loads(PayeeChange.objects.get(status="proposed").proposed) == {"city": "Troy"}


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("nobody,N,US,ach,021000021,1234567890,checking,w9,123456789\n", "handle", "unknown_creator"),
        ("ada,,US,ach,021000021,1234567890,checking,w9,123456789\n", "legal_name", "bad_details"),
        ("ada,Ada,US,cheque,021000021,1234567890,checking,w9,123456789\n", "method", "bad_details"),
        ("ada,Ada,US,ach,,1234567890,checking,w9,123456789\n", "account", "bad_details"),
        ("ada,Ada,US,ach,021000021,1234567890,checking,w9,1234567\n", "tax_number", "bad_details"),
        ("ada,Ada,US,ach,021000021," + "9" * 41 + ",checking,w9,123456789\n", "account", "too_long"),
        ("ada,Ada,US,ach,021000021,1234567890,checking,w9\n", "", "cells"),
        (
            ADA.replace("ada", "ben", 1) + ADA.replace("ada", "ben", 1).replace(SECRET, "777"),
            "handle",
            "conflict",
        ),
    ],
)
def test_a_row_that_cant_be_taken_is_named_without_its_numbers(
    tmp_path: Path, paula: User, row: str, column: str, reason: str
) -> None:
    good = BEN if row.startswith("ada") else ADA
    rejects = tmp_path / "rejects.csv"
    summary = take(tmp_path, HEADER + good + row, paula, rejects=rejects)
    assert list(summary["reasons"]) == [reason]
    kept = RejectedRow.objects.filter(line__gte=3).first()
    assert kept is not None
    assert (kept.column, kept.reason, bool(kept.message)) == (column, reason, True)
    written = rejects.read_text() + repr(list(RejectedRow.objects.values()))
    assert not [
        number for number in ("1234567890", "123456789", "9999999", "1234567", SECRET) if number in written
    ]
    assert list(csv.reader(io.StringIO(rejects.read_text())))[1][1] == column


def test_a_row_against_a_change_that_waits_is_rejected(tmp_path: Path, paula: User) -> None:
    take(tmp_path, HEADER + ADA, paula)
    summary = take(tmp_path, HEADER + ADA.replace(SECRET, "5551112222") + BEN, paula)
    assert summary["reasons"] == {"change_open": 1}


def test_nobody_proposes_without_a_name_and_the_right(tmp_path: Path, reviewer: User) -> None:
    with pytest.raises(Refused, match="--as USER"):
        take(tmp_path, HEADER + ADA, None)
    with pytest.raises(Refused, match="permission"):
        take(tmp_path, HEADER + ADA, reviewer)
    assert not PayeeChange.objects.exists()


def test_the_command_previews_for_nobody_and_proposes_for_somebody(
    tmp_path: Path, paula: User, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "payees.csv"
    path.write_text(HEADER + ADA)
    call_command("import_payees", path, "--dry-run", "--json")
    preview = json.loads(capsys.readouterr().out)
    assert (preview["created"], PayeeChange.objects.count()) == (1, 0)
    assert SECRET not in json.dumps(preview)
    with pytest.raises(CommandError, match="--as USER"):
        call_command("import_payees", path)
    call_command("import_payees", path, "--as", "paula")
    assert PayeeChange.objects.get().proposed_by == paula


def stored(by: User, content: str = HEADER + ADA) -> Upload:
    upload = Upload(feed="payees", name="payees.csv", uploaded_by=by)
    upload.file.save("payees.csv", imports.at_rest("payees", ContentFile(content.encode())))
    return upload


def test_the_uploaded_file_waits_encrypted(client: Client, settings: Settings) -> None:
    client.force_login(factories.staff("paul", "view_upload", "add_upload", "propose_payee_change"))
    given = SimpleUploadedFile("payees.csv", (HEADER + ADA).encode())
    client.post(reverse("admin:pulse_site_upload_add"), {"feed": "payees", "file": given})
    upload = Upload.objects.get()
    assert SECRET.encode() not in Path(upload.file.path).read_bytes()
    assert imports.preview(upload)["created"] == 1
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert imports.apply(upload)["created"] == 1


def test_an_uploaded_file_whose_key_is_gone_is_refused(paula: User, settings: Settings) -> None:
    upload = stored(paula)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Refused, match="upload it again"):
        imports.preview(upload)
    upload.refresh_from_db()
    assert upload.status == "refused"


def test_the_uploaded_file_is_removed_once_it_is_applied(paula: User) -> None:
    upload = stored(paula)
    path = Path(upload.file.path)
    imports.preview(upload)
    assert path.exists()
    imports.apply(upload)
    assert not path.exists()
    upload.refresh_from_db()
    assert (upload.status, bool(upload.file)) == ("applied", False)
    assert SECRET not in json.dumps(upload.summary)


def test_the_uploaded_file_is_removed_when_it_is_refused(paula: User, reviewer: User) -> None:
    for upload in (stored(reviewer), stored(paula, HEADER)):
        path = Path(upload.file.path)
        with pytest.raises(Refused):
            imports.preview(upload)
        assert not path.exists()


def test_an_upload_that_nobody_applies_is_cancelled_and_removed(
    paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = stored(paula)
    imports.preview(upload)
    imports.forget_old()
    assert Path(upload.file.path).exists()
    monkeypatch.setattr(imports, "ABANDONED_AFTER", -imports.ABANDONED_AFTER)
    imports.forget_old()
    assert not Path(upload.file.path).exists()
    upload.refresh_from_db()
    assert upload.status == "cancelled"


def test_a_larger_file_asks_no_more_of_the_database(tmp_path: Path, paula: User) -> None:
    def asked(rows: int) -> int:
        made = [factories.enrolled().handle for _row in range(rows)]
        content = HEADER + "".join(ADA.replace("@ada", handle) for handle in made)
        with CaptureQueriesContext(connection) as queries:
            take(tmp_path, content, paula)
        return len([query for query in queries if "feed_rows (" not in query["sql"]])

    few = asked(2)
    many = asked(40)
    assert many - few <= 45  # each row that SQLite loads is logged as a statement
