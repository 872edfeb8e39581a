from io import StringIO

import pytest
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


def test_equal_texts_have_equal_digests_and_nothing_else_has() -> None:
    assert encryption.keyed_digest("a") == encryption.keyed_digest("a") != encryption.keyed_digest("b")
    assert encryption.keyed_digest("") == ""
