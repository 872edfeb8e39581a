"""Who is paid, and where: nobody leads money anywhere alone, and nobody reads more than a hint."""

import datetime
import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from creators.models import Creator
from payouts import details, payability, payees
from payouts.models import Payee, PayeeChange
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 20)
ACH = {"routing": "021000021", "account": "000123456789", "account_type": "checking"}
SEPA = {"iban": "FR76 3000 6000 0112 3456 7890 189"}
FIRST: dict[str, Any] = {
    "legal_name": "Ada Lovelace",
    "country": "us",
    "method": "ach",
    "destination": ACH,
    "tax_form": "w9",
    "tax_id": "123-45-6789",
}


@pytest.fixture
def paula(db: None) -> User:
    return factories.staff("paula", "propose_payee_change", "approve_payee_change")


@pytest.fixture
def aron(db: None) -> User:
    return factories.staff("aron", "propose_payee_change", "approve_payee_change")


def everything() -> Any:
    return PayeeChange.objects.filter(status="proposed")


def enter(creator: Creator, by: User, then: User, **fields: Any) -> Payee:
    payees.propose(creator, {**FIRST, **fields}, by)
    payees.approve(everything(), then, TODAY)
    return Payee.objects.get(pk=creator.pk)


def test_the_first_details_need_two_persons_and_are_held_too(paula: User, aron: User) -> None:
    creator = factories.enrolled("ada")
    change = payees.propose(creator, FIRST, paula)
    assert not Payee.objects.exists()
    with pytest.raises(Refused, match="another person must approve"):
        payees.approve(everything(), paula)
    payees.approve(everything(), aron, TODAY)
    payee, change = Payee.objects.get(), PayeeChange.objects.get(pk=change.pk)
    assert (payee.legal_name, payee.country, payee.version) == ("Ada Lovelace", "US", 1)
    assert (payee.destination_hint, payee.tax_id_hint) == ("ACH ••6789", "•••••6789")
    assert json.loads(payee.destination) == ACH
    assert payee.destination_digest == details.digest("ach", ACH)
    assert (payee.tax_status, payee.tax_id, payee.tax_recorded_by) == ("received", "123456789", paula)
    assert payee.held_until == datetime.date(2026, 11, 23)
    assert (change.status, change.approved_by, change.proposed_by) == ("approved", aron, paula)


def test_a_superuser_is_one_person_too(administrator: User) -> None:
    payees.propose(factories.enrolled(), FIRST, administrator)
    with pytest.raises(Refused, match="another person"):
        payees.approve(everything(), administrator)


def test_the_database_refuses_what_one_person_approved(paula: User) -> None:
    change = payees.propose(factories.enrolled(), FIRST, paula)
    for approver in (paula, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayeeChange.objects.filter(pk=change.pk).update(status="approved", approved_by=approver)


def test_one_own_proposal_stops_the_whole_set(paula: User, aron: User) -> None:
    payees.propose(factories.enrolled(), FIRST, paula)
    payees.propose(factories.enrolled(), FIRST, aron)
    with pytest.raises(Refused, match="another person"):
        payees.approve(everything(), aron)
    assert not Payee.objects.exists()
    assert everything().count() == 2


@pytest.mark.parametrize(
    ("fields", "version", "held"),
    [
        ({"city": "Troy"}, 1, None),
        ({"legal_name": "Ada King"}, 1, None),
        ({"tax_id": "987654321"}, 1, None),
        ({"destination": {**ACH, "account": "5550001111"}}, 2, datetime.date(2026, 11, 23)),
        ({"destination": {**ACH, "account_type": "savings"}}, 2, datetime.date(2026, 11, 23)),
        ({"method": "paypal", "destination": {"email": "a@example.com"}}, 2, datetime.date(2026, 11, 23)),
        ({"method": "manual"}, 2, datetime.date(2026, 11, 23)),
    ],
)
def test_only_a_change_of_where_the_money_goes_holds_it(
    paula: User, aron: User, fields: dict[str, Any], version: int, held: datetime.date | None
) -> None:
    creator = factories.enrolled()
    enter(creator, paula, aron)
    Payee.objects.update(held_until=None)
    payees.propose(creator, fields, aron)
    payees.approve(everything(), paula, TODAY)
    payee = Payee.objects.get()
    assert (payee.version, payee.held_until) == (version, held)


def test_a_new_name_puts_the_form_and_the_screening_back(paula: User, aron: User) -> None:
    creator = factories.enrolled()
    enter(creator, paula, aron)
    Payee.objects.update(tax_status="valid", screening="clear", screened_on=TODAY)
    enter(creator, aron, paula, legal_name="Ada King")
    payee = Payee.objects.get()
    assert (payee.tax_status, payee.screening) == ("received", "not_screened")
    Payee.objects.update(screening="match")
    enter(creator, aron, paula, legal_name="Somebody Else")
    assert Payee.objects.get().screening == "match"


def test_nothing_is_left_of_an_old_account_beside_a_new_one(paula: User, aron: User) -> None:
    creator = factories.enrolled()
    enter(creator, paula, aron)
    with pytest.raises(Refused, match="routing number"):
        payees.propose(creator, {"destination": {"account": "5550001111"}}, paula)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"legal_name": ""}, "legal name"),
        ({"country": "France"}, "two letters"),
        ({"method": "cheque"}, "Choose one of"),
        ({"destination": {}}, "account number"),
        ({"method": "sepa"}, "IBAN"),
        ({"email": "nobody"}, "e-mail"),
        ({"tax_id": "12345678"}, "nine digits"),
        ({"tax_form": "w8ben"}, "outside the United States"),
        ({"tax_form": "w8ben", "country": "FR", "is_company": True}, "W-8BEN-E"),
        ({"tax_form": "w7"}, "W-8BEN"),
        ({"city": "x" * 101}, "100 characters"),
        ({"city": "a\x07b"}, "invisible"),
    ],
)
def test_details_that_make_no_sense_are_refused_by_name(
    paula: User, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=message) as refusal:
        payees.propose(factories.enrolled(), {**FIRST, **fields}, paula)
    assert "123456789" not in str(refusal.value)


def test_one_change_at_a_time_and_none_that_changes_nothing(paula: User, aron: User) -> None:
    creator = factories.enrolled()
    enter(creator, paula, aron)
    with pytest.raises(Refused, match="Nothing changes"):
        payees.propose(creator, FIRST, paula)
    payees.propose(creator, {"city": "Troy"}, paula)
    with pytest.raises(Refused, match="waits"):
        payees.propose(creator, {"city": "Utica"}, aron)


def test_a_change_is_rejected_with_a_reason_and_never_made(paula: User, aron: User) -> None:
    payees.propose(factories.enrolled(), FIRST, paula)
    with pytest.raises(Refused, match="reason"):
        payees.reject(everything(), aron, " ")
    assert payees.reject(everything(), aron, "The phone number of the creator says otherwise") == 1
    assert not Payee.objects.exists()
    change = PayeeChange.objects.get()
    assert (change.status, change.approved_by) == ("rejected", aron)
    with pytest.raises(Refused, match="decided already"):
        payees.approve(PayeeChange.objects.all(), aron)


def test_who_may_only_propose_takes_back_his_own(paula: User) -> None:
    pat, pim = (factories.staff(name, "propose_payee_change") for name in ("pat", "pim"))
    payees.propose(factories.enrolled(), FIRST, pat)
    with pytest.raises(Refused, match="only take back"):
        payees.reject(everything(), pim, "no")
    assert payees.reject(everything(), pat, "mistyped") == 1


@pytest.mark.parametrize("action", ["propose", "approve", "reject", "in_full"])
def test_each_step_asks_for_its_permission(reviewer: User, paula: User, action: str) -> None:
    creator = factories.enrolled()
    change = payees.propose(creator, FIRST, paula)
    steps = {
        "propose": lambda: payees.propose(creator, FIRST, reviewer),
        "approve": lambda: payees.approve(everything(), reviewer),
        "reject": lambda: payees.reject(everything(), reviewer, "no"),
        "in_full": lambda: payees.in_full(change, paula),
    }
    with pytest.raises(Refused, match="permission"):
        steps[action]()


def test_an_approver_sees_now_and_then_side_by_side_and_masked(paula: User, aron: User) -> None:
    creator = factories.enrolled()
    enter(creator, paula, aron)
    change = payees.propose(creator, {"method": "sepa", "destination": SEPA, "country": "FR"}, paula)
    rows = {row.label: (row.now, row.proposed) for row in payees.compare(change)}
    assert rows == {
        "country": ("US", "FR"),
        "method": ("ACH", "SEPA"),
        "bank details": ("ACH ••6789", "FR••••0189"),
    }
    assert change.summary == "country;method;destination=ACH ••6789 → FR••••0189"


def test_what_the_database_holds_tells_nothing(paula: User, aron: User) -> None:
    creator = factories.enrolled()
    enter(creator, paula, aron)
    payees.propose(creator, {"destination": {**ACH, "account": "5550001111"}}, paula)
    with connection.cursor() as cursor:
        for table in ("payouts_payee", "payouts_payeechange"):
            cursor.execute(f"SELECT * FROM {table}")
            held = repr(cursor.fetchall())
            assert not [secret for secret in ("000123456789", "5550001111", "123456789") if secret in held]


def test_who_looks_at_an_account_in_full_is_recorded(paula: User, aron: User) -> None:
    seer = factories.staff("seer", "view_payee_details")
    payee = enter(factories.enrolled(), paula, aron)
    assert ("account number", "000123456789") in payees.in_full(payee, seer)
    event = AuditEvent.objects.get(action="payee.see")
    assert (event.actor, event.subject_key, event.detail) == (seer, str(payee.pk), {})


def test_many_changes_are_approved_in_few_statements(paula: User, aron: User) -> None:
    def asked(count: int) -> int:
        for _number in range(count):
            payees.propose(factories.enrolled(), FIRST, paula)
        with CaptureQueriesContext(connection) as queries:
            payees.approve(everything(), aron)
        return len(queries)

    aron.has_perm("any")  # asked once
    assert asked(12) == asked(2)


def test_payable_when_every_reason_is_gone(paula: User, aron: User) -> None:
    creator = factories.enrolled()
    assert payability.of(creator).reasons == ("no_payee",)
    enter(creator, paula, aron)
    assert payability.of(creator, TODAY).reasons == ("held", "tax_form", "not_screened")
    assert payability.of(creator, datetime.date(2026, 11, 23)).reasons == ("tax_form", "not_screened")
