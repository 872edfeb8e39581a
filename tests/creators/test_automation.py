"""What Pulse decides by itself: off unless the terms say so, in the robot's name, and nobody is dropped."""

import datetime

import pytest
from django.test import Client

from creators import automation
from creators.models import Creator, Decision, Eligibility, Flag, ProgrammeTerms
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 10, 15)


def terms(**fields: object) -> ProgrammeTerms:
    made = factories.terms()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def one(status: str, failed: str = "", followers: int = 150_000) -> Creator:
    made = factories.creator(status=status)
    Eligibility.objects.create(
        creator=made,
        as_of=TODAY,
        terms=factories.terms(),
        eligible=not failed,
        failed_rules=failed,
        followers=followers,
        videos=9,
    )
    return made


def status(creator: Creator) -> str:
    return Creator.objects.get(pk=creator.pk).status


def test_nothing_happens_by_itself_unless_the_terms_say_so() -> None:
    well, failing = one("pending"), one("pending", "standing")
    automation.run(terms(), TODAY)
    assert (status(well), status(failing)) == ("pending", "pending")


def test_the_robot_approves_from_so_many_followers_on_and_says_why() -> None:
    enough, few, not_eligible = one("pending"), one("pending", followers=149_999), one("pending", "age")
    assert automation.run(terms(auto_approve_followers=150_000), TODAY)["approved"] == 1
    assert [status(each) for each in (enough, few, not_eligible)] == ["approved", "pending", "pending"]
    decision = enough.decisions.get()
    assert decision.decided_by == automation.robot()
    assert "150,000 followers" in decision.reason


def test_the_robot_leaves_to_people_whoever_is_flagged() -> None:
    flagged = one("pending")
    Flag.objects.create(creator=flagged, kind=Flag.Kind.MANUAL)
    automation.run(terms(auto_approve_followers=1), TODAY)
    assert status(flagged) == "pending"


def test_the_robot_rejects_for_the_rules_that_the_terms_name_only() -> None:
    banned, young = one("pending", "videos standing"), one("pending", "age")
    assert automation.run(terms(auto_reject_rules="standing market"), TODAY)["rejected"] == 1
    assert (status(banned), status(young)) == ("rejected", "pending")
    assert banned.decisions.get().reason.endswith(": standing")


def test_an_approved_creator_who_fails_a_rule_is_flagged_with_grace_and_stays_approved() -> None:
    failing, well = one("approved", "followers"), one("approved")
    automation.run(terms(grace_days=30), TODAY)
    flag = failing.flags.get()
    assert (flag.kind, flag.detail, flag.grace_until) == ("rules", "followers", datetime.date(2026, 11, 14))
    assert status(failing) == "approved"
    assert not well.flags.exists()


def test_a_flag_is_raised_once_and_clears_itself() -> None:
    failing = one("approved", "followers")
    for _run in range(2):
        automation.run(terms(), TODAY)
    assert failing.flags.count() == 1
    Eligibility.objects.update(eligible=True, failed_rules="")
    assert automation.run(terms(), TODAY)["cleared"] == 1
    assert failing.flags.get().cleared_at is not None
    Eligibility.objects.update(eligible=False, failed_rules="videos")
    assert automation.run(terms(), TODAY)["flagged"] == 1
    assert failing.flags.count() == 2


def test_a_flag_of_who_is_no_longer_approved_is_cleared() -> None:
    one("approved", "followers")
    automation.run(terms(), TODAY)
    Creator.objects.update(status="suspended")
    assert automation.run(terms(), TODAY)["cleared"] == 1


def test_running_twice_does_it_once() -> None:
    one("pending"), one("pending", "standing"), one("approved", "videos")
    rules = terms(auto_approve_followers=1, auto_reject_rules="standing")
    automation.run(rules, TODAY)
    assert automation.run(rules, TODAY) == {"approved": 0, "rejected": 0, "flagged": 0, "cleared": 0}
    assert Decision.objects.count() == 2


def test_nobody_logs_in_as_the_robot(client: Client) -> None:
    robot = automation.robot()
    assert automation.robot() == robot
    assert not robot.is_active and not robot.has_usable_password() and not robot.is_staff
