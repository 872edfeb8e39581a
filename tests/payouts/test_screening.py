"""What staff record about payees: who may, from where, and where another person is needed."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from payouts import payability, screening
from payouts.models import Payee
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 11, 20)
BOTH = ("screen_payee", "approve_payee_change")
STEPS: dict[str, Callable[[Any, User], int]] = {
    "receive_form": lambda payees, by: screening.receive_form(payees, "w9", DAY, by),
    "accept_form": screening.accept_form,
    "reject_form": lambda payees, by: screening.reject_form(payees, by, "Unsigned"),
    "withhold": screening.withhold,
    "stop_withholding": screening.stop_withholding,
    "screen": lambda payees, by: screening.screen(payees, "match", DAY, by),
    "clear_match": lambda payees, by: screening.clear_match(payees, by, "Another person of that name"),
    "block": lambda payees, by: screening.block(payees, by, "Sold account"),
    "unblock": lambda payees, by: screening.unblock(payees, by, "Proved it is his"),
    "ask_to_share": lambda payees, by: screening.ask_to_share(payees, by, "One agency"),
    "confirm_sharing": screening.confirm_sharing,
    "refuse_sharing": lambda payees, by: screening.refuse_sharing(payees, by, "No contract"),
}


@pytest.fixture
def one(db: None) -> User:
    return factories.staff("one", *BOTH)


@pytest.fixture
def two(db: None) -> User:
    return factories.staff("two", *BOTH)


def everybody() -> Any:
    return Payee.objects.all()


@pytest.fixture
def payee(db: None) -> Payee:
    return factories.payee(factories.enrolled("ada"))


@pytest.mark.parametrize("action", STEPS)
def test_each_step_asks_for_its_permission(payee: Payee, action: str) -> None:
    _starts, permission, _before = screening.MOVES[action]
    other = ({"payouts.screen_payee", "payouts.approve_payee_change"} - {permission}).pop()
    by = factories.staff("by", other.split(".")[1])
    with pytest.raises(Refused, match="permission"):
        STEPS[action](everybody(), by)


@pytest.mark.parametrize(
    ("first", "then", "field", "value"),
    [
        ("receive_form", "accept_form", "tax_status", "valid"),
        ("withhold", "stop_withholding", "backup_withholding", False),
        ("screen", "clear_match", "screening", "clear"),
        ("block", "unblock", "blocked", False),
        ("ask_to_share", "confirm_sharing", "sharing_confirmed", True),
    ],
)
def test_what_lets_money_go_again_takes_another_person(
    payee: Payee, one: User, two: User, first: str, then: str, field: str, value: object
) -> None:
    STEPS[first](everybody(), one)
    with pytest.raises(Refused, match="another person"):
        STEPS[then](everybody(), one)
    assert STEPS[then](everybody(), two) == 1
    payee.refresh_from_db()
    assert getattr(payee, field) == value
    with pytest.raises(Refused, match="can't make this step"):
        STEPS[then](everybody(), two)


def test_a_superuser_is_one_person_too(payee: Payee, administrator: User) -> None:
    STEPS["block"](everybody(), administrator)
    with pytest.raises(Refused, match="another person"):
        STEPS["unblock"](everybody(), administrator)


@pytest.mark.parametrize(
    ("form", "signed", "expires"),
    [
        ("w9", datetime.date(2026, 5, 1), None),
        ("w8ben", datetime.date(2026, 1, 1), datetime.date(2029, 12, 31)),
        ("w8ben", datetime.date(2026, 12, 31), datetime.date(2029, 12, 31)),
        ("w8ben", datetime.date(2028, 2, 29), datetime.date(2031, 12, 31)),
        ("w8bene", datetime.date(2025, 2, 28), datetime.date(2028, 12, 31)),
    ],
)
def test_a_w8_is_good_through_the_third_year_after(
    form: str, signed: datetime.date, expires: datetime.date | None
) -> None:
    assert screening.form_expires_on(form, signed) == expires


def test_the_last_day_of_a_form_is_a_day_on_which_it_is_good(payee: Payee) -> None:
    Payee.objects.update(
        tax_form="w8ben", tax_expires_on=datetime.date(2028, 12, 31), screened_on="2028-12-01"
    )
    assert payability.of(payee.creator, datetime.date(2028, 12, 31)).payable
    assert payability.of(payee.creator, datetime.date(2029, 1, 1)).reasons == ("tax_form_expired",)


def test_clear_is_not_recorded_over_a_match(payee: Payee, one: User, two: User) -> None:
    for result in ("match", "review"):
        screening.screen(everybody(), result, DAY, one)
        with pytest.raises(Refused, match="another person clears"):
            screening.screen(everybody(), "clear", DAY, two)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda by: screening.receive_form(everybody(), "w7", DAY, by), "W-8BEN"),
        (lambda by: screening.receive_form(everybody(), "w9", datetime.date(2026, 11, 21), by), "to come"),
        (lambda by: screening.screen(everybody(), "not_screened", DAY, by), "clear, to be reviewed"),
        (lambda by: screening.screen(everybody(), "clear", datetime.date(2027, 1, 1), by), "to come"),
        (lambda by: screening.block(everybody(), by, " "), "reason"),
        (lambda by: screening.block(everybody(), by, "x" * 201), "200 characters"),
    ],
)
def test_what_makes_no_sense_is_refused(
    payee: Payee, one: User, step: Callable[[User], int], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        step(one)


def test_a_w9_without_a_number_is_never_valid(one: User, two: User) -> None:
    factories.payee(factories.enrolled(), tax_id="", tax_status="received")
    with pytest.raises(Refused, match="no tax number"):
        screening.accept_form(everybody(), two)


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({}, ()),
        ({"blocked": True}, ("blocked",)),
        ({"held_until": datetime.date(2026, 11, 21)}, ("held",)),
        ({"held_until": DAY}, ()),
        ({"tax_status": "received"}, ("tax_form",)),
        ({"tax_status": "missing", "backup_withholding": True}, ()),
        ({"tax_expires_on": datetime.date(2026, 11, 19)}, ("tax_form_expired",)),
        ({"screening": "not_screened"}, ("not_screened",)),
        ({"screened_on": datetime.date(2025, 11, 20)}, ()),
        ({"screened_on": datetime.date(2025, 11, 19)}, ("not_screened",)),
        ({"screening": "review"}, ("sanctions",)),
        ({"screening": "match"}, ("sanctions",)),
        ({"destination": {}}, ("no_destination",)),
        ({"destination": {}, "method": "manual"}, ()),
    ],
)
def test_every_reason_against_a_payment(fields: dict[str, Any], reasons: tuple[str, ...]) -> None:
    payee = factories.payee(factories.enrolled(), **fields)
    assert payability.of(payee.creator, DAY).reasons == reasons
    assert payability.judged(everybody(), DAY).get().reasons == "".join(f"{code}," for code in reasons)
    assert len(payability.of(payee.creator, DAY).labels) == len(reasons)
    found = [code for code in payability.CONDITIONS if payability.held_for(everybody(), code, DAY).exists()]
    assert tuple(found) == reasons
    assert payability.payable(everybody(), DAY).exists() == (not reasons)
    assert payability.payable(everybody(), DAY, yes=False).exists() == bool(reasons)


def test_payees_with_one_account_are_held_until_each_is_confirmed(one: User, two: User) -> None:
    account = {"routing": "021000021", "account": "1234567890", "account_type": "checking"}
    pair = [factories.payee(factories.enrolled(), destination=account) for _each in range(2)]
    assert [payability.of(payee.creator, DAY).reasons for payee in pair] == [("shared",), ("shared",)]
    first = Payee.objects.filter(pk=pair[0].pk)
    screening.ask_to_share(first, one, "One agency")
    assert [payability.of(payee.creator, DAY).reasons for payee in pair] == [("shared",), ("shared",)]
    screening.confirm_sharing(first, two)
    assert [payability.of(payee.creator, DAY).reasons for payee in pair] == [(), ("shared",)]


def test_nobody_allows_a_shared_account_that_nobody_asked_for(payee: Payee, two: User) -> None:
    with pytest.raises(Refused, match="can't make this step"):
        screening.confirm_sharing(everybody(), two)


def test_a_shared_account_that_was_refused_may_be_asked_for_again(payee: Payee, one: User, two: User) -> None:
    screening.ask_to_share(everybody(), one, "One agency")
    screening.refuse_sharing(everybody(), two, "No contract")
    payee.refresh_from_db()
    assert (payee.sharing_asked_by, payee.sharing_reason, payee.sharing_confirmed) == (None, "", False)
    screening.ask_to_share(everybody(), two, "Here is the contract")
    with pytest.raises(Refused, match="another person"):
        screening.confirm_sharing(everybody(), two)
    assert screening.confirm_sharing(everybody(), one) == 1


@pytest.mark.parametrize("status", ["suspended", "withdrawn", "rejected"])
def test_what_was_earned_before_a_suspension_is_still_paid(status: str) -> None:
    creator = factories.creator(status=status, standing="banned")
    factories.payee(creator)
    assert payability.of(creator, DAY).payable
