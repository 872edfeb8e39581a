import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from creators import guards, terms
from creators.admin.programme import percent
from creators.models import ProgrammeTerms
from pulse_site import sentences
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
ONE_DAY = datetime.timedelta(days=1)
TODAY = timezone.now().date()
Status = ProgrammeTerms.Status


@pytest.fixture
def proposer() -> User:
    return factories.staff("fiona", "add_programmeterms", "view_programmeterms")


@pytest.fixture
def approver() -> User:
    return factories.staff("frank", "approve_programmeterms", "view_programmeterms")


def proposal(by: User, days: int = 30, **rules: Any) -> ProgrammeTerms:
    made = terms.successor(factories.terms(), **(rules or {"share_basis_points": 6_000}))
    made.starts_on, made.reason = TODAY + days * ONE_DAY, "Creators asked for more."
    return terms.propose(made, by)


def told(action: str) -> AuditEvent:
    return AuditEvent.objects.get(action=action)


# The way of a version


def test_a_proposal_gets_the_next_version_and_is_not_in_force(proposer: User) -> None:
    made = proposal(proposer)
    assert (made.version, made.status, made.proposed_by) == (2, Status.PROPOSED, proposer)
    assert ProgrammeTerms.objects.in_force(made.starts_on) == factories.terms()


def test_an_approved_version_is_in_force_from_its_first_day_on(proposer: User, approver: User) -> None:
    made = proposal(proposer)
    terms.approve(made, approver)
    assert (made.status, made.approved_by) == (Status.APPROVED, approver)
    assert ProgrammeTerms.objects.in_force(made.starts_on - ONE_DAY) == factories.terms()
    assert ProgrammeTerms.objects.in_force(made.starts_on) == made


def test_a_refused_version_says_why_and_is_never_in_force(proposer: User, approver: User) -> None:
    made = proposal(proposer)
    terms.refuse(made, approver, "Too dear.")
    assert (made.status, made.refusal, made.approved_by) == (Status.REFUSED, "Too dear.", None)
    assert ProgrammeTerms.objects.in_force(made.starts_on) == factories.terms()


def test_a_withdrawn_version_leaves_its_number_to_nobody(proposer: User) -> None:
    terms.withdraw(proposal(proposer), proposer)
    assert proposal(proposer).version == 3


def test_each_step_stands_in_the_audit_trail(proposer: User, approver: User) -> None:
    terms.approve(proposal(proposer), approver)
    terms.refuse(proposal(proposer, 40, min_videos=3), approver, "No.")
    terms.withdraw(proposal(proposer, 50, min_videos=4), proposer)
    assert AuditEvent.objects.get(action="terms.propose", subject_label="v2").detail["changed"] == {
        "share_basis_points": [5_000, 6_000]
    }
    assert sentences.sentence(told("terms.approve")).startswith("frank approved the terms v2, in force from ")
    assert sentences.sentence(told("terms.refuse")) == "frank refused the terms v3: No."
    assert sentences.sentence(told("terms.withdraw")) == "fiona withdrew the proposed terms v4"


def test_what_a_version_changes_is_told_against_the_one_before_it(proposer: User, approver: User) -> None:
    terms.approve(proposal(proposer, 10), approver)
    later = proposal(proposer, 20, share_basis_points=6_500)
    before = terms.followed(later)
    assert before is not None and before.version == 2
    assert terms.differences(later, before) == [("share_basis_points", 6_000, 6_500)]


# Two people


def test_who_proposed_never_approves_nor_refuses(approver: User) -> None:
    administrator = factories.user("admin", is_staff=True, is_superuser=True)
    made = proposal(administrator)
    with pytest.raises(Refused, match="another person"):
        terms.approve(made, administrator)
    with pytest.raises(Refused, match="another person"):
        terms.refuse(made, administrator, "Mine.")
    terms.approve(made, approver)


def test_the_database_itself_refuses_one_person(proposer: User) -> None:
    made = ProgrammeTerms.objects.filter(pk=proposal(proposer).pk)
    decided = {"status": Status.APPROVED, "decided_at": timezone.now()}
    for approver in (proposer, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            made.update(approved_by=approver, **decided)


def test_only_who_proposed_it_withdraws_it(proposer: User) -> None:
    other = factories.staff("other", "add_programmeterms")
    with pytest.raises(Refused, match="Only who proposed it"):
        terms.withdraw(proposal(proposer), other)


def test_each_step_takes_its_permission(proposer: User, approver: User) -> None:
    made = proposal(proposer)
    with pytest.raises(Refused, match="permission"):
        proposal(approver)
    with pytest.raises(Refused, match="permission"):
        terms.approve(made, factories.user("nobody"))
    with pytest.raises(Refused, match="permission"):
        terms.withdraw(made, approver)


@pytest.mark.parametrize("step", ["approve", "refuse", "withdraw"])
@pytest.mark.parametrize("first", ["approve", "refuse", "withdraw"])
def test_what_was_decided_stays_decided(step: str, first: str, proposer: User, approver: User) -> None:
    steps = {
        "approve": lambda made: terms.approve(made, approver),
        "refuse": lambda made: terms.refuse(made, approver, "No."),
        "withdraw": lambda made: terms.withdraw(made, proposer),
    }
    made = proposal(proposer)
    steps[first](made)
    with pytest.raises(Refused, match="already"):
        steps[step](made)


# What can be proposed and approved


def test_terms_start_on_a_day_to_come(proposer: User, approver: User) -> None:
    for days in (-1, 0):
        with pytest.raises(Refused, match="a day to come"):
            proposal(proposer, days)
    terms.approve(proposal(proposer, 1), approver)


def test_a_proposal_whose_day_has_come_can_only_be_refused(
    proposer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = proposal(proposer, 1)
    later = timezone.now() + ONE_DAY
    monkeypatch.setattr(timezone, "now", lambda: later)
    with pytest.raises(Refused, match="a day to come"):
        terms.approve(made, approver)
    terms.refuse(made, approver, "Too late.")


def test_two_versions_never_start_on_one_day(proposer: User, approver: User) -> None:
    first, second = proposal(proposer), proposal(proposer, share_basis_points=7_000)
    terms.approve(first, approver)
    with pytest.raises(Refused, match="starts on"):
        terms.approve(second, approver)


def test_an_approver_looks_again_when_another_version_came_between(proposer: User, approver: User) -> None:
    second, third = proposal(proposer, 10), proposal(proposer, 20, share_basis_points=7_000)
    seen = terms.basis_of(third)
    terms.approve(second, approver)
    with pytest.raises(Refused, match="look at the difference again"):
        terms.approve(third, approver, seen)
    terms.approve(third, approver, terms.basis_of(third))


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"decay_permille": []}, "decay"),
        ({"decay_permille": [1001]}, "decay"),
        ({"decay_permille": [1000, -1]}, "decay"),
        ({"decay_permille": [1000, 0.5]}, "decay"),
        ({"decay_permille": [True]}, "decay"),
        ({"decay_permille": {"0": 1000}}, "decay"),
        ({"decay_permille": [1] * 367}, "decay"),
        ({"share_basis_points": 10_001}, "100 %"),
        ({"lineup_basis_points": 10_001}, "100 %"),
        ({"share_basis_points": 5_000}, "in force already"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: dict[str, Any], why: str, proposer: User) -> None:
    with pytest.raises(Refused, match=why):
        proposal(proposer, **rules)


def test_a_proposal_wants_a_reason(proposer: User) -> None:
    made = terms.successor(factories.terms(), min_videos=1)
    made.starts_on, made.reason = TODAY + ONE_DAY, " "
    with pytest.raises(Refused, match="why"):
        terms.propose(made, proposer)


# What the database keeps


@pytest.mark.parametrize("column", guards.SAYS)
def test_a_proposed_version_never_changes(column: str, proposer: User) -> None:
    made = proposal(proposer)
    field = next(each for each in ProgrammeTerms._meta.fields if each.column == column)
    other = {
        "CharField": "XX", "DateField": TODAY, "DateTimeField": timezone.now(), "JSONField": [1],
        "ForeignKey": factories.user().pk, "BooleanField": True,
    }  # fmt: skip
    value = other.get(field.get_internal_type(), 77)
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        ProgrammeTerms.objects.filter(pk=made.pk).update(**{field.attname: value})


def test_the_guard_knows_every_rule() -> None:
    columns = {field.column for field in ProgrammeTerms._meta.fields}
    assert columns - set(guards.SAYS) == {"id", "status", "refusal", "decided_at", "approved_by_id"}


def test_a_decision_is_never_taken_back(proposer: User, approver: User) -> None:
    made = proposal(proposer)
    terms.refuse(made, approver, "No.")
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        ProgrammeTerms.objects.filter(pk=made.pk).update(status=Status.PROPOSED)


def test_versions_from_before_proposals_are_in_force() -> None:
    first = factories.terms()
    assert (first.status, first.proposed_at) == (Status.APPROVED, None)


# The decay


def test_a_half_life_makes_the_table_of_the_first_terms() -> None:
    first = factories.terms().decay_permille
    assert terms.decay(Decimal(7), 30) == first
    assert terms.half_life(first) == 7


@pytest.mark.parametrize(("days", "horizon"), [("0.5", 3), ("1", 30), ("3.5", 14), ("12.3", 60), ("90", 365)])
def test_the_half_life_of_a_table_is_found(days: str, horizon: int) -> None:
    assert terms.decay(terms.half_life(terms.decay(Decimal(days), horizon)) or Decimal(1), horizon) == (
        terms.decay(Decimal(days), horizon)
    )


@pytest.mark.parametrize("permille", [[1000], [1000, 500, 500], [0, 0], [1000, 1000], [1000, 1]])
def test_a_table_of_another_shape_has_no_half_life(permille: list[int]) -> None:
    assert terms.half_life(permille) is None


# The pages


def page(client: Client, of: ProgrammeTerms) -> str:
    return client.get(f"/admin/creators/programmeterms/{of.pk}/change/").content.decode()


def move(client: Client, action: str, of: ProgrammeTerms, **answers: str) -> int:
    address = f"/admin/creators/programmeterms/move/{action}/?ids={of.pk}"
    return client.post(address, answers).status_code


def test_the_form_starts_from_the_terms_in_force_and_the_address(client: Client, proposer: User) -> None:
    client.force_login(proposer)
    answer = client.get(
        "/admin/creators/programmeterms/add/?share_basis_points=6000&decay_permille=[1000,10]&bogus=1"
    )
    form = answer.context["adminform"].form
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    assert (int(given["share_basis_points"]), given["decay_permille"]) == (6_000, [1000, 10])
    assert (given["min_followers"], given["starts_on"].day) == (100_000, 1)


def test_a_form_of_rules_that_cannot_be_says_so(client: Client, proposer: User) -> None:
    client.force_login(proposer)
    form = client.get("/admin/creators/programmeterms/add/").context["adminform"].form
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    given = {name: "" if value is None else value for name, value in initial.items()}
    given |= {"decay_permille": "[2000]", "reason": "Because.", "minimum_payout_micros": "50.00"}
    answer = client.post("/admin/creators/programmeterms/add/", given)
    assert "whole numbers from 0 to 1,000" in answer.content.decode()


def test_the_page_shows_the_difference_and_who_may_decide(
    client: Client, proposer: User, approver: User
) -> None:
    made = proposal(proposer)
    client.force_login(proposer)
    own = page(client, made)
    assert "<del>50.00 %</del>" in own and "<ins>60.00 %</ins>" in own
    assert "/move/withdraw/" in own and "/move/approve/" not in own
    client.force_login(approver)
    other = page(client, made)
    assert "/move/approve/" in other and "/move/refuse/" in other and "/move/withdraw/" not in other


def test_the_pages_take_a_proposal_all_the_way(client: Client, proposer: User, approver: User) -> None:
    made = proposal(proposer)
    client.force_login(proposer)
    assert move(client, "approve", made) == 403
    client.force_login(approver)
    asked = client.get(f"/admin/creators/programmeterms/move/approve/?ids={made.pk}").content.decode()
    assert "<ins>60.00 %</ins>" in asked
    assert move(client, "approve", made, seen="1") == 302
    made.refresh_from_db()
    assert made.status == Status.APPROVED


def test_a_refusal_by_the_page_wants_a_reason(client: Client, proposer: User, approver: User) -> None:
    made = proposal(proposer)
    client.force_login(approver)
    assert move(client, "refuse", made, reason="") == 200
    assert move(client, "refuse", made, reason="Too dear.") == 302
    assert "Too dear." in page(client, made)


def test_nobody_edits_a_version(client: Client, administrator: User, proposer: User) -> None:
    made = proposal(proposer)
    client.force_login(administrator)
    answer = client.post(f"/admin/creators/programmeterms/{made.pk}/change/", {"min_videos": 1})
    assert answer.status_code == 403


def test_the_start_page_tells_an_approver_what_waits(client: Client, proposer: User, approver: User) -> None:
    proposal(proposer)
    for person, sees in ((approver, True), (proposer, False)):
        client.force_login(person)
        assert ("Creators asked for more." in client.get("/admin/").content.decode()) is sees


@pytest.mark.parametrize(("language", "written"), [("en", "4.05 %"), ("fr", "4,05 %")])
def test_basis_points_are_told_as_the_reader_writes_them(language: str, written: str) -> None:
    with translation.override(language):
        assert percent(405) == written
