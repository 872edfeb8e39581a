import tempfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from payouts.models import Payee
from pulse_site import encryption
from tests import factories


def new_key() -> str:
    out = StringIO()
    call_command("new_key", stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_the_database_never_sees_the_text() -> None:
    creator = factories.creator()
    Payee.objects.create(creator=creator, legal_name="Ada", country="US", method="ach", tax_id="123-45-6789")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tax_id, destination FROM payouts_payee")
        stored, blank = cursor.fetchone()
    assert "6789" not in stored
    assert blank == ""
    assert Payee.objects.get().tax_id == "123-45-6789"


def test_a_new_key_before_the_old_one_still_reads_what_the_old_one_wrote(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [old := new_key()]
    token = encryption.encrypt("021000021")
    settings.ENCRYPTION_KEYS = [new_key(), old]
    assert encryption.decrypt(token) == "021000021"


def test_without_its_key_a_text_is_lost_with_a_clear_error(settings: Settings) -> None:
    token = encryption.encrypt("021000021")
    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(ValueError, match="ENCRYPTION_KEYS"):
        encryption.decrypt(token)


@pytest.mark.parametrize("nameless", [True, False])
def test_a_stored_file_is_read_again_and_leaves_nothing_behind(
    nameless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a system can't open files without a name, and however many chunks there are."""
    content = b"iban\nDE89370400440532013000\n" * 10_000
    given = encryption.EncryptedFile(ContentFile(content))
    path = tmp_path / "payees.csv"
    path.write_bytes(b"".join(given.chunks(1_000)))
    assert b"370400" not in path.read_bytes()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "plain"))
    (tmp_path / "plain").mkdir()
    if not nameless:
        monkeypatch.setattr(encryption, "OPEN_FILES", tmp_path / "nowhere")
    with encryption.decrypted(path) as plain:
        assert plain.read_bytes() == plain.read_bytes() == content
        assert bool(list((tmp_path / "plain").iterdir())) != nameless
    assert not list((tmp_path / "plain").iterdir())


def test_equal_texts_have_equal_digests_and_nothing_else_has() -> None:
    assert encryption.keyed_digest("a") == encryption.keyed_digest("a") != encryption.keyed_digest("b")
    assert encryption.keyed_digest("") == ""
