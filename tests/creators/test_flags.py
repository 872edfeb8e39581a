"""Flags: raised for a rule, a handle that reads like another, or by a colleague; lapsing or resolved."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creators import automation, flags
from creators.models import Creator, Eligibility, Flag
from pulse_site import roles
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories
from tests.creators.test_automation import TODAY, one, terms
from tests.creators.test_desk_admin import LIST, page, rita, staff  # noqa: F401 - fixtures

FLAGS = "/admin/creators/flag/"
pytestmark = pytest.mark.django_db


def the(creator: Creator) -> object:
    return Creator.objects.filter(pk=creator.pk)


def told() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("approved", "waiting", "alike"),
    [
        ("khaby.lame", "khabylame", True),
        ("khaby.lame", "khaby_lame", True),
        ("khaby.lame", "khaby.iame", True),
        ("moderna", "modema", True),
        ("charli.damelio", "charl1.damel10", True),
        ("mrbeast", "mrbeast.official", True),
        ("khaby.lame", "khaby.lane", False),
        ("ana", "an.a", False),
    ],
)
def test_a_handle_that_reads_like_an_approved_one_is_flagged(
    approved: str, waiting: str, alike: bool
) -> None:
    factories.creator(approved, status="approved")
    copy = factories.creator(waiting, status="pending")
    assert flags.raise_lookalikes() == alike
    assert [flag.detail for flag in copy.flags.all()] == [approved] * alike


def test_only_who_waits_is_compared_and_only_with_approved() -> None:
    factories.creator("some.one", status="pending"), factories.creator("some_one", status="rejected")
    factories.creator("any.one", status="approved"), factories.creator("any_one", status="approved")
    assert flags.raise_lookalikes() == 0


def test_lookalikes_cost_the_same_statements_however_many() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            flags.raise_lookalikes()
        return len(asked)

    def pair(number: int) -> None:
        factories.creator(f"real.person{number}", status="approved")
        factories.creator(f"real_person{number}", status="asked")

    pair(2)
    few = queries()
    for number in range(10, 20):
        pair(number)
    assert queries() == few
    assert Flag.objects.count() == 11


def test_the_robot_leaves_a_lookalike_to_people() -> None:
    factories.creator("khaby.lame", status="approved")
    copy = one("pending")
    Creator.objects.filter(pk=copy.pk).update(handle="khabylame")
    assert automation.run(terms(auto_approve_followers=1), TODAY)["approved"] == 0
    assert copy.flags.get().kind == Flag.Kind.SIMILAR


@pytest.mark.parametrize("who", ["copy", "original"])
def test_a_lookalike_lapses_with_his_decision_or_when_the_other_goes(who: str) -> None:
    original = factories.creator("khaby.lame", status="approved")
    copy = factories.creator("khabylame", status="pending")
    flags.raise_lookalikes()
    assert flags.lapse(TODAY) == 0
    changed = {"copy": copy, "original": original}[who]
    Creator.objects.filter(pk=changed.pk).update(status="withdrawn")
    assert flags.lapse(TODAY) == 1
    assert told() == ["flag.raise", "flag.lapse"]


def test_a_pair_that_a_person_looked_at_is_not_flagged_again(reviewer: User) -> None:
    factories.creator("khaby.lame", status="approved"), factories.creator("khabylame", status="pending")
    flags.raise_lookalikes()
    assert flags.resolve(Flag.objects.all(), reviewer, "His second account") == 1
    assert flags.raise_lookalikes() == 0


def test_a_colleague_flags_whom_he_likes_and_says_why(reviewer: User) -> None:
    creators = [factories.creator(status=status) for status in Creator.Status.values]
    assert flags.raise_by_hand(Creator.objects.all(), reviewer, "  Bought followers? ") == len(creators)
    assert flags.raise_by_hand(Creator.objects.all(), reviewer, "Again") == 0
    flag = creators[0].flags.get()
    assert (flag.kind, flag.detail, flag.raised_by) == ("manual", "Bought followers?", reviewer)
    event = AuditEvent.objects.earliest("id")
    assert (event.action, event.actor, event.detail["detail"]) == ("flag.raise", reviewer, flag.detail)


@pytest.mark.parametrize("detail", ["", "  ", "x" * 201])
def test_a_flag_by_hand_needs_a_note_that_fits(detail: str, reviewer: User) -> None:
    with pytest.raises(Refused):
        flags.raise_by_hand(the(factories.creator()), reviewer, detail)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        flags.resolve(Flag.objects.all(), reviewer, detail)


def test_a_flag_by_hand_lapses_after_its_day(reviewer: User) -> None:
    today, day = timezone.localdate(), datetime.timedelta(days=1)
    chosen = the(factories.creator())
    with pytest.raises(Refused):
        flags.raise_by_hand(chosen, reviewer, "Look", today - day)  # type: ignore[arg-type]
    flags.raise_by_hand(chosen, reviewer, "Look", today)  # type: ignore[arg-type]
    assert flags.lapse(today) == 0
    assert flags.lapse(today + day) == 1
    assert Flag.objects.get().cleared_by is None


def test_a_resolved_flag_of_the_rules_leaves_one_in_peace_for_the_grace_alone(reviewer: User) -> None:
    failing = one("approved", "followers")
    automation.run(terms(grace_days=30), TODAY)
    flags.resolve(failing.flags.all(), reviewer, "The platform counts anew")  # type: ignore[arg-type]
    assert automation.run(terms(grace_days=30), TODAY)["flagged"] == 0
    Eligibility.objects.update(failed_rules="followers videos")
    assert automation.run(terms(grace_days=30), TODAY)["flagged"] == 1
    flags.resolve(failing.flags.all(), reviewer, "This too")  # type: ignore[arg-type]
    Flag.objects.update(cleared_at=timezone.now() - datetime.timedelta(days=31))
    assert automation.run(terms(grace_days=30), TODAY)["flagged"] == 1


def test_what_is_resolved_already_stays_as_it_is(reviewer: User) -> None:
    flags.raise_by_hand(the(factories.creator()), reviewer, "Look")  # type: ignore[arg-type]
    assert flags.resolve(Flag.objects.all(), reviewer, "Looked") == 1
    assert flags.resolve(Flag.objects.all(), reviewer, "Looked again") == 0
    flag = Flag.objects.get()
    assert (flag.resolution, flag.cleared_by, flag.status) == ("Looked", reviewer, "cleared")
    assert told() == ["flag.raise", "flag.resolve"]


def test_a_reviewer_flags_on_the_creators_page_and_resolves_there(rita: Client) -> None:  # noqa: F811
    creator = factories.creator("ada", status="pending")
    assert "move/flag/" in rita.get(page(creator)).content.decode()
    asked = f"{LIST}move/flag/?ids={creator.pk}"
    assert rita.post(asked, {"detail": ""}).status_code == 200
    assert rita.post(asked, {"detail": "Look", "until": "2020-01-01"}).status_code == 200
    assert not Flag.objects.exists()
    rita.post(asked, {"detail": "Whose videos are these?", "until": ""})
    flag = Flag.objects.get()
    shown = rita.get(page(creator)).content.decode()
    assert "Whose videos are these?" in shown and f"resolve/?ids={flag.pk}" in shown
    rita.post(f"{FLAGS}move/resolve/?ids={flag.pk}", {"because": "His own"})
    flag.refresh_from_db()
    assert flag.resolution == "His own"


def test_the_list_of_flags_shows_what_stands_and_whose_grace_is_over(rita: Client) -> None:  # noqa: F811
    over, runs = one("approved", "followers"), one("approved", "videos")
    automation.run(terms(grace_days=0), timezone.localdate() - datetime.timedelta(days=3))
    Flag.objects.filter(creator=runs).update(grace_until=timezone.localdate())
    Creator.objects.filter(pk=over.pk).update(handle="over")
    Creator.objects.filter(pk=runs.pk).update(handle="runs")

    def listed(query: str) -> tuple[bool, bool]:
        shown = rita.get(f"{FLAGS}{query}").content.decode()
        return "@over" in shown, "@runs" in shown

    assert listed("") == (True, True)
    assert listed("?grace=over") == (True, False)
    assert listed("?grace=running") == (False, True)
    assert ", over<" in rita.get(FLAGS).content.decode()
    flags.resolve(Flag.objects.filter(creator=over), factories.user(), "Fine")
    assert listed("") == (False, True)
    assert listed("?status=cleared") == (True, False)
    assert listed("?status=all") == (True, True)


def test_who_only_looks_resolves_and_flags_nothing(reviewer: User) -> None:
    creator = factories.creator(status="pending")
    flags.raise_by_hand(the(creator), reviewer, "Look")  # type: ignore[arg-type]
    for role in (roles.AUDITOR, roles.FINANCE_PREPARER, roles.AD_OPERATIONS):
        looker = staff(role)
        assert looker.get(FLAGS).status_code == 200
        for address in (
            f"{FLAGS}move/resolve/?ids={Flag.objects.get().pk}",
            f"{LIST}move/flag/?ids={creator.pk}",
        ):
            assert looker.post(address, {"because": "x", "detail": "x"}).status_code == 403
        assert "Resolve" not in looker.get(page(creator)).content.decode()
    assert Flag.objects.get().cleared_at is None


def test_the_trail_says_who_did_what_about_flags(rita: Client, administrator: User, client: Client) -> None:  # noqa: F811
    creator = factories.creator("ada", status="pending")
    rita.post(f"{LIST}move/flag/?ids={creator.pk}", {"detail": "Look"})
    rita.post(f"{FLAGS}move/resolve/?ids={Flag.objects.get().pk}", {"because": "Fine"})
    client.force_login(administrator)
    trail = client.get("/admin/pulse_site/auditevent/").content.decode()
    assert "some-reviewer flagged @ada: Look" in trail
    assert "some-reviewer resolved a flag of @ada: Fine" in trail
