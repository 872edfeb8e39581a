"""The reviewers' desk in the admin."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from creators.models import Creator, Decision, Eligibility, FollowerCount
from pulse_site.models import AuditEvent, User
from tests import factories

QUEUE = reverse("admin:creators_creator_changelist")


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    client.force_login(factories.staff("anna", "view_creator", "change_creator", "review_creator"))
    return client


def waiting(handle: str, days: int = 0, eligible: bool = True) -> Creator:
    creator = factories.creator(
        handle, status="pending", status_since=timezone.now() - datetime.timedelta(days=days)
    )
    Eligibility.objects.create(
        creator=creator,
        as_of=factories.DAY,
        terms=factories.terms(),
        eligible=eligible,
        failed_rules="" if eligible else "followers",
        followers=1,
        videos=1,
    )
    return creator


def listed(client: Client, query: str = "") -> list[str]:
    return [creator.handle for creator in client.get(QUEUE + query).context["cl"].result_list]


def move(client: Client, action: str, *creators: Creator, **answers: str) -> str:
    """Do it as a person does, and return what the page then says."""
    address = reverse("admin:creators_creator_move", args=[action])
    ids = ",".join(str(creator.pk) for creator in creators)
    return client.post(f"{address}?ids={ids}", answers, follow=True).content.decode()


def test_the_list_opens_on_the_queue_with_the_longest_waiting_first(desk: Client) -> None:
    waiting("young", days=1)
    waiting("old", days=9)
    factories.enrolled("earning")
    assert listed(desk) == ["old", "young"]
    assert listed(desk, "?status=approved") == ["earning"]
    assert set(listed(desk, "?status=all")) == {"old", "young", "earning"}


def test_a_search_finds_a_part_of_a_handle_whatever_its_status(desk: Client) -> None:
    factories.enrolled("bella.one")
    waiting("bella.two")
    waiting("isabella")
    assert set(listed(desk, "?q=@Bella")) == {"bella.one", "bella.two", "isabella"}
    assert set(listed(desk, "?q=BE")) == {"bella.one", "bella.two"}


def test_ticked_creators_are_asked_about_and_then_approved(desk: Client) -> None:
    chosen = [waiting("one"), waiting("two")]
    other = waiting("three")
    asked = desk.post(
        QUEUE,
        {"action": "approve", "_selected_action": [creator.pk for creator in chosen]},
        follow=True,
    )
    assert "2 will be moved" in asked.content.decode()
    move(desk, "approve", *chosen, note="Looks fine")
    assert set(Creator.objects.filter(status="approved")) == set(chosen)
    assert {(d.decided_by.username, d.note) for d in Decision.objects.all() if d.decided_by} == {
        ("anna", "Looks fine")
    }
    other.refresh_from_db()
    assert other.status == "pending"


def test_the_page_says_who_cannot_be_moved_and_why(desk: Client) -> None:
    page = desk.get(
        reverse("admin:creators_creator_move", args=["approve"]),
        {"ids": f"{waiting('small', eligible=False).pk},{factories.enrolled('done').pk}"},
    ).content.decode()
    assert "Does not meet the rules: followers." in page
    assert "It is approved." in page
    assert '<button type="submit" class="button good"' not in page


def test_a_rejection_without_a_reason_is_asked_for_one(desk: Client) -> None:
    creator = waiting("hasty")
    assert "Choose a reason, or write one" in move(desk, "reject", creator)
    creator.refresh_from_db()
    assert creator.status == "pending"
    move(desk, "reject", creator, reason="Bought followers")
    assert Decision.objects.get(creator=creator).reason == "Bought followers"


def test_only_who_may_override_can_approve_the_ineligible(desk: Client, administrator: User) -> None:
    creator = waiting("small", eligible=False)
    move(desk, "approve", creator, reason="A friend")
    creator.refresh_from_db()
    assert creator.status == "pending"
    desk.force_login(administrator)
    move(desk, "approve", creator, reason="Counts were late")
    creator.refresh_from_db()
    assert creator.status == "approved"


def test_status_and_handle_are_in_no_form(desk: Client) -> None:
    creator = waiting("fixed")
    address = reverse("admin:creators_creator_change", args=[creator.pk])
    fields = desk.get(address).context["adminform"].form.fields
    assert not {"status", "status_since", "handle", "terms_accepted_on"} & set(fields)


def test_a_creators_page_shows_rules_followers_and_decisions(client: Client, administrator: User) -> None:
    creator = waiting("known")
    for month, followers in ((8, 90_000), (9, 120_000)):
        FollowerCount.objects.create(
            as_of=datetime.date(2026, month, 1), creator=creator, followers=followers
        )
    FollowerCount.objects.create(as_of=datetime.date(2026, 9, 1), creator=factories.creator(), followers=7)
    Decision.objects.create(
        creator=creator,
        action="queue",
        from_status="candidate",
        to_status="pending",
        reason="Meets every rule",
    )
    client.force_login(administrator)
    page = client.get(reverse("admin:creators_creator_change", args=[creator.pk])).content.decode()
    assert "From 90,000 on Aug. 1, 2026 to 120,000 on Sept. 1, 2026" in page
    assert "Meets every rule" in page
    assert "Community standing" in page


def test_approved_terms_are_only_read(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    address = reverse("admin:creators_programmeterms_change", args=[factories.terms().pk])
    assert client.post(address, {"version": 2}).status_code == 403
    assert "$50.00" in client.get(address).content.decode()


def test_who_accepts_the_terms_on_paper_is_recorded_once_and_earns(desk: Client) -> None:
    creator = factories.creator("signed", status="approved")
    assert "1 moved." in move(desk, "accept-terms", creator)
    creator.refresh_from_db()
    assert creator.terms_accepted_on == timezone.localdate()
    assert creator.enrolments.get().ends_on is None
    assert "already" in move(desk, "accept-terms", creator)
    event = AuditEvent.objects.get(action="creator.accept_terms")
    assert (event.subject_key, event.subject_label) == (str(creator.pk), "@signed")
    assert event.actor_label == "anna"
