"""The pages of the desk's reports and of what Pulse does by itself: who sees them, and what they say."""

import csv
import datetime
import io

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from creators import automation, unattended
from creators.admin.desk import DOWNLOADS
from creators.models import Creator, Decision, Flag, ProgrammeTerms
from creators.reports import Period
from pulse_site import roles
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
DESK, AUTOMATION = reverse("admin:creators_desk"), reverse("admin:creators_automation")
PAGES = [DESK, AUTOMATION, *(reverse("admin:creators_desk_csv", args=[name]) for name in DOWNLOADS)]
TODAY = timezone.localdate()


def in_role(role: str) -> Client:
    made = factories.user(f"some-{role.replace(' ', '-')}", is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(made)
    return client


@pytest.fixture
def rita() -> Client:
    return in_role(roles.REVIEWER)


def answered(action: str, by: User | None, days_ago: int = 0, **fields: object) -> Decision:
    moment = timezone.now() - datetime.timedelta(days=days_ago)
    creator = factories.creator(
        status="approved", category=factories.category(), created_at=moment - datetime.timedelta(hours=9)
    )
    return Decision.objects.create(
        creator=creator,
        action=action,
        from_status="pending",
        to_status="approved",
        decided_by=by,
        decided_at=moment,
        **fields,
    )


def fill(reviewer: User, number: int = 1) -> None:
    """One of everything that the pages count."""
    wrong = answered("approve", factories.user(), days_ago=number)
    answered("reject", automation.robot(), days_ago=number, reason=f"Does not meet the terms v1: {number}")
    answered("queue", None, reason="Meets every rule of the terms v1")
    Decision.objects.create(
        creator=wrong.creator,
        action="reverse",
        from_status="approved",
        to_status="pending",
        reverses=wrong,
        decided_by=reviewer,
        reason=f"Wrong {number}",
    )
    factories.creator(status="pending")
    Flag.objects.create(
        creator=factories.enrolled(),
        kind="rules",
        detail="followers videos",
        grace_until=TODAY + datetime.timedelta(days=number),
    )


@pytest.mark.parametrize("role", roles.LABELS)
def test_every_role_that_reads_decisions_reads_their_sums(role: str) -> None:
    browser = in_role(role)
    assert {browser.get(page).status_code for page in PAGES} == {200}


@pytest.mark.parametrize("page", PAGES)
def test_nobody_else_does(page: str, client: Client) -> None:
    assert client.get(page).status_code == 302
    client.force_login(factories.staff("curious", "view_creator"))
    assert client.get(page).status_code == 403


def test_the_desk_names_people_and_the_robot_apart(rita: Client, reviewer: User) -> None:
    fill(reviewer)
    page = rita.get(DESK).content.decode()
    assert '<span class="quiet">by a rule</span>' in page
    assert "2 decisions from" in page
    assert "Wrong 1" in page
    start = rita.get(reverse("admin:index")).content.decode()
    assert "answered within 48 hours" in start


def test_an_empty_desk_says_so(rita: Client) -> None:
    page = rita.get(DESK).content.decode()
    for told in ("Nobody was decided about", "Nobody waits.", "Nobody waited", "No decision was taken back"):
        assert told in page
    assert "Nobody was answered" in rita.get(reverse("admin:index")).content.decode()


def test_the_days_are_chosen(rita: Client, reviewer: User) -> None:
    answered("approve", reviewer, days_ago=40)
    assert "Nobody was decided about" in rita.get(DESK).content.decode()
    first, last = (TODAY - datetime.timedelta(days=days) for days in (41, 39))
    chosen = rita.get(DESK, {"first": first, "last": last})
    assert chosen.context["period"] == Period(first, last)
    assert "1 decisions from" in chosen.content.decode()
    assert f'value="{first}"' in chosen.content.decode()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"first": "2026-10-02", "last": "2026-10-01"}, "The last day is before the first."),
        ({"first": "2024-10-02", "last": "2026-10-01"}, "At most a year at a time."),
        ({"first": "never"}, "Enter a valid date."),
    ],
)
def test_days_that_cannot_be_are_refused_in_words(asked: dict[str, str], told: str, rita: Client) -> None:
    page = rita.get(DESK, asked)
    assert told in page.content.decode()
    assert page.context["period"].last == TODAY


def lines(browser: Client, report: str) -> list[dict[str, str]]:
    answer = browser.get(reverse("admin:creators_desk_csv", args=[report]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_each_report_goes_out_as_csv(rita: Client, reviewer: User) -> None:
    fill(reviewer)
    yesterday = str(TODAY - datetime.timedelta(days=1))
    assert {(line["day"], line["decision"], line["decisions"]) for line in lines(rita, "decisions")} == {
        (yesterday, "approve", "1"),
        (yesterday, "reject", "1"),
    }
    assert sum(int(line["creators"]) for line in lines(rita, "ages")) == 1
    assert len(lines(rita, "queue")) == 30
    assert lines(rita, "approvals") == [
        {"category": "gaming", "approved": "0", "rejected": "1", "approved_percent": "0.0"}
    ]
    (reversal,) = lines(rita, "reversals")
    assert (reversal["reason"], reversal["reversals"]) == ("Wrong 1", "1")
    assert rita.get(f"{DESK}nothing.csv").status_code == 404


def test_the_pages_ask_the_same_however_much_was_decided(rita: Client, reviewer: User) -> None:
    def queries(page: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert rita.get(page).status_code == 200
        return len(asked)

    fill(reviewer)
    few = {page: queries(page) for page in (DESK, AUTOMATION)}
    for number in range(2, 9):
        fill(reviewer, number)
    assert {page: queries(page) for page in (DESK, AUTOMATION)} == few
    assert max(few.values()) <= 14


def test_the_rules_of_the_terms_stand_in_words_with_what_they_did(rita: Client, reviewer: User) -> None:
    page = rita.get(AUTOMATION).content.decode()
    assert "Nobody is approved without a person." in page
    assert "Nobody is rejected without a person." in page
    assert "has 30 days to put it right" in page
    ProgrammeTerms.objects.update(auto_approve_followers=500_000, auto_reject_rules="age market")
    fill(reviewer)
    page = rita.get(AUTOMATION).content.decode()
    assert "has at least 500,000 followers is approved" in page
    assert "fails one of these is rejected: age, market." in page
    assert "1 rejected" in page
    assert "1 queued" in page
    assert "followers, recent videos" in page


def test_who_may_propose_terms_is_led_there_and_others_are_told_how(rita: Client) -> None:
    propose = reverse("admin:creators_programmeterms_add")
    assert propose not in rita.get(AUTOMATION).content.decode()
    assert "another person approves" in rita.get(AUTOMATION).content.decode()
    assert propose in in_role(roles.ADMINISTRATOR).get(AUTOMATION).content.decode()


def test_a_change_that_comes_is_told_before(rita: Client) -> None:
    coming = factories.terms()
    coming.pk, coming.version, coming.auto_approve_followers = None, 2, 400_000
    coming.starts_on = TODAY + datetime.timedelta(days=3)
    coming.save()
    assert "approved from 400,000 followers" in rita.get(AUTOMATION).content.decode()


def test_before_the_first_terms_nothing_happens_by_itself(rita: Client) -> None:
    ProgrammeTerms.objects.update(status=ProgrammeTerms.Status.REFUSED)
    assert "does nothing by itself" in rita.get(AUTOMATION).content.decode()
    assert rita.get(DESK).status_code == 200


def test_flags_are_counted_by_how_their_grace_ends() -> None:
    ends = (-3, 0, 5, 20)
    for days in ends:
        Flag.objects.create(
            creator=factories.enrolled(), kind="rules", grace_until=TODAY + datetime.timedelta(days=days)
        )
    Flag.objects.create(creator=factories.enrolled(), kind="rules", cleared_at=timezone.now())
    Flag.objects.create(creator=factories.enrolled(), kind="manual")
    found = unattended.flags(Period(TODAY, TODAY), TODAY)
    assert found == unattended.Flags(raised=5, cleared=1, standing=4, ends_soon=2, over=1)
    first = unattended.ending_first()[0]
    assert first.grace_until == TODAY + datetime.timedelta(days=-3)
    assert Creator.objects.filter(flags=first).exists()
