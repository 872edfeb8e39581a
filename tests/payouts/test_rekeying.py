"""New keys: everything says the same, by the new key, and what doesn't fit is still found."""

import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from payouts import details, payees, rekeying
from payouts.models import Payee, PayeeChange
from payouts.verification import verify
from pulse_site import guards
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from pulse_site.sentences import sentence
from tests import factories
from tests.payouts.behind import tamper
from tests.payouts.test_payees import ACH, FIRST, SEPA, enter, everything

pytestmark = pytest.mark.django_db
NEWER = {**ACH, "account": "5550001111"}
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def people(settings: Settings) -> tuple[User, User]:
    """Three payees made with the old key: by bank, by hand, and one who waits; and who made them."""
    settings.ENCRYPTION_KEYS = [OLD]
    paula, aron = (factories.staff(n, "propose_payee_change", "approve_payee_change") for n in ("p", "a"))
    ada, ben, cleo = (factories.enrolled(handle) for handle in ("ada", "ben", "cleo"))
    enter(ada, paula, aron)
    enter(ada, aron, paula, destination=NEWER)
    enter(ada, aron, paula, destination=NEWER, city="Troy")
    enter(ben, paula, aron, method="sepa", destination=SEPA, country="FR", tax_form="w8ben")
    enter(ben, paula, aron, method="manual", destination={}, country="FR", tax_form="w8ben")
    payees.propose(cleo, FIRST, paula)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1")
    return paula, aron


def said() -> list[Any]:
    """All that the rows say, without how it is written."""
    found = [*Payee.objects.order_by("pk").values(), *PayeeChange.objects.order_by("pk").values()]
    keyed = ("destination_digest", "tax_id_digest")
    return [{name: value for name, value in row.items() if name not in keyed} for row in found]


def fits(handle: str) -> bool:
    """Whether a payment file takes the details for those that were approved."""
    payee = Payee.objects.get(creator__handle=handle)
    return details.digest(payee.method, json.loads(payee.destination)) == payee.destination_digest


def test_everything_says_the_same_by_the_new_key_alone(people: tuple[User, User], settings: Settings) -> None:
    before = said()
    settings.ENCRYPTION_KEYS, settings.SECRET_KEY = [NEW, OLD], "another secret"
    assert not fits("ada")
    call_command("rekey_payees", "--as", "p", "--json")
    settings.ENCRYPTION_KEYS = [NEW]
    assert said() == before
    assert fits("ada")
    assert json.loads(Payee.objects.get(creator__handle="ada").destination)["account"] == "5550001111"
    assert verify() == []
    assert guards.missing() == []
    payees.approve(everything(), people[1])
    assert verify() == []


def test_with_the_same_keys_it_changes_nothing_and_may_be_repeated(people: tuple[User, User]) -> None:
    rows = [*Payee.objects.order_by("pk").values(), *PayeeChange.objects.order_by("pk").values()]
    for _again in range(2):
        assert rekeying.rekey(people[0]) == {"payees": 2, "changes": 6, "second_factors": 0}
    assert rows == [*Payee.objects.order_by("pk").values(), *PayeeChange.objects.order_by("pk").values()]
    event = AuditEvent.objects.filter(action="payee.rekey").latest("pk")
    assert sentence(event) == "p encrypted the bank details and tax numbers of 2 payees anew"


def test_what_was_killed_goes_on_when_it_is_run_again(
    people: tuple[User, User], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS, settings.SECRET_KEY = [NEW, OLD], "another secret"
    monkeypatch.setattr(rekeying, "CHUNK", 1)
    whole, done = rekeying._changes, []

    def killed(creators: list[int]) -> int:
        done.append(creators)
        if len(done) == 2:
            raise KeyboardInterrupt
        return whole(creators)

    monkeypatch.setattr(rekeying, "_changes", killed)
    with pytest.raises(KeyboardInterrupt):
        rekeying.rekey(people[0])
    assert guards.missing() == []
    assert verify() == []  # whom it came to is whole, the others too
    rekeying.rekey(people[0])
    settings.ENCRYPTION_KEYS = [NEW]
    assert fits("ada")
    assert json.loads(Payee.objects.get(creator__handle="ada").destination)["account"] == "5550001111"


def test_a_missing_key_is_named(people: tuple[User, User], settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="No key in ENCRYPTION_KEYS"):
        call_command("rekey_payees", "--as", "p")


def test_new_keys_cover_no_swapped_details(people: tuple[User, User], settings: Settings) -> None:
    ada = Payee.objects.get(creator__handle="ada")
    Payee.objects.filter(pk=ada.pk).update(destination=json.dumps({**ACH, "account": "666"}))
    settings.SECRET_KEY = "another secret"
    rekeying.rekey(people[0])
    assert [breach.rule for breach in verify()] == ["payees"]


def test_a_proposal_whose_details_were_swapped_is_not_approved(people: tuple[User, User]) -> None:
    other = PayeeChange.objects.filter(creator__handle="ben").first()
    assert other
    tamper(f"""UPDATE payouts_payeechange SET proposed = (SELECT proposed FROM payouts_payeechange
                WHERE id = {other.pk}) WHERE status = 'proposed'""")
    with pytest.raises(Refused, match="not those that were proposed"):
        payees.approve(everything(), people[1])
