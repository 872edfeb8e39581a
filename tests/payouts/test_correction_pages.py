"""Corrections and disputes in the admin, and credits in the portal."""

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import corrections, disputes
from payouts.admin import corrections as pages
from payouts.models import Adjustment, Correction, Dispute
from pulse_site import runs
from pulse_site.models import Run, User
from tests import factories
from tests.payouts.programme import close, deliver, pay
from tests.payouts.test_admin import allow

pytestmark = pytest.mark.django_db
NEW = "/admin/payouts/correction/add/"


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return factories.campaign("ONE", advertiser=owner.memberships.get().advertiser)


@pytest.fixture
def ada() -> Creator:
    return factories.enrolled("ada")


@pytest.fixture
def october(campaign: Campaign, ada: Creator, finance_one: User, finance_two: User) -> Month:
    """October is closed and Ada has been paid her $100."""
    deliver(campaign, ada, 20_000)
    month = close(finance_one, finance_two)
    pay(month, finance_one, finance_two)
    for user in (finance_one, finance_two):
        for codename in ("view_correction", "view_adjustment", "view_creator", "view_dispute"):
            allow(user, codename)
    return month


@pytest.fixture
def correction(october: Month, campaign: Campaign, ada: Creator, finance_one: User) -> Correction:
    return corrections.prepare(
        finance_one,
        reason="measurement",
        origin=october,
        campaign=campaign,
        creator=ada,
        micros=40_000_000,
        detail="Counted twice",
    )


def answers(**given: str) -> dict[str, str]:
    said = {
        "month": "2026-10",
        "campaign": "ONE",
        "creator": "@Ada",
        "amount": "12.5",
        "reason": "measurement",
        "detail": "Counted twice",
        "note": "",
    }
    return {**said, **given}


def move(client: Client, user: User, record: Correction | Dispute, action: str, **said: object) -> str:
    client.force_login(user)
    name = f"admin:payouts_{record._meta.model_name}_move"
    address = f"{reverse(name, args=[action])}?ids={record.pk}"
    return client.post(address, said, follow=True).content.decode()


def test_a_correction_is_prepared_by_hand_and_approved_by_another(
    client: Client, october: Month, finance_one: User, finance_two: User
) -> None:
    client.force_login(finance_one)
    assert "another person approves it" in client.post(NEW, answers(), follow=True).content.decode()
    made = Correction.objects.get()
    assert made.adjustments.get().revenue_micros == 12_500_000
    assert ": done." in move(client, finance_two, made, "approve")
    assert Adjustment.objects.get().share_micros == 6_250_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"campaign": "NONE"}, "No campaign has this reference"),
        ({"creator": "nobody"}, "No creator has this handle"),
        ({"amount": "200.01"}, "Only $200.00 are left"),
        ({"campaign": "", "creator": ""}, "Name the campaign"),
        ({"amount": "-1"}, "Only $0.00 were taken back"),
    ],
)
def test_what_cannot_be_prepared_is_said_on_the_form(
    client: Client, october: Month, finance_one: User, given: dict[str, str], said: str
) -> None:
    client.force_login(finance_one)
    assert said in client.post(NEW, answers(**given)).content.decode()
    assert not Correction.objects.exists()


def test_who_prepared_is_not_offered_to_approve(
    client: Client, correction: Correction, finance_one: User
) -> None:
    allow(finance_one, "approve_correction")
    client.force_login(finance_one)
    address = reverse("admin:payouts_correction_move", args=["approve"])
    assert "somebody else approves it" in client.get(f"{address}?ids={correction.pk}").content.decode()
    move(client, finance_one, correction, "approve")
    correction.refresh_from_db()
    assert correction.status == "prepared"


def test_the_page_shows_what_it_would_do_before_it_is_approved(
    client: Client, correction: Correction, finance_two: User
) -> None:
    """Ada has been paid, so she will owe her part of it."""
    client.force_login(finance_two)
    page = client.get(reverse("admin:payouts_correction_change", args=[correction.pk])).content.decode()
    for text in ("$40.00", "$20.00", "-$20.00", "1 creator will owe something", "@ada", "ONE Campaign ONE"):
        assert text in page
    address = reverse("admin:payouts_correction_move", args=["approve"])
    asked = client.get(f"{address}?ids={correction.pk}").content.decode()
    for text in ("$40.00", "$20.00", "-$20.00", "1 creator will owe something", "@ada", "ONE Campaign ONE"):
        assert text in asked
    corrections.approve(correction, finance_two)
    after = client.get(reverse("admin:payouts_correction_change", args=[correction.pk])).content.decode()
    assert "will owe" not in after
    assert "$20.00" in after


def test_a_large_correction_is_approved_in_the_background(
    client: Client, correction: Correction, finance_two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 0)
    assert "is being approved" in move(client, finance_two, correction, "approve")
    run = Run.objects.get(kind="approve_correction")
    runs.perform(run.pk)
    run.refresh_from_db()
    assert (run.status, run.result["posted"]) == ("done", 1)
    correction.refresh_from_db()
    assert (correction.status, correction.approved_by) == ("approved", finance_two)


def test_a_correction_is_rejected_with_a_note(
    client: Client, correction: Correction, finance_two: User
) -> None:
    move(client, finance_two, correction, "reject", reason="Wrong campaign", note="")
    correction.refresh_from_db()
    assert (correction.status, correction.note) == ("rejected", "Wrong campaign")


def test_the_creators_page_shows_corrections_and_disputes(
    client: Client, correction: Correction, ada: Creator, october: Month, finance_two: User
) -> None:
    disputes.open_dispute(ada, october, "My best video is missing.")
    client.force_login(finance_two)
    page = client.get(reverse("admin:creators_creator_change", args=[ada.pk])).content.decode()
    assert "Counted twice" in page
    assert "My best video is missing." in page


def test_the_start_page_counts_what_needs_a_person(
    client: Client, correction: Correction, ada: Creator, october: Month, finance_two: User
) -> None:
    disputes.open_dispute(ada, october, "My best video is missing.")
    client.force_login(finance_two)
    page = client.get(reverse("admin:index")).content.decode()
    assert "wait for another person" in page
    assert "not answered" in page


def test_a_dispute_is_answered_and_resolved_in_the_admin(
    client: Client, correction: Correction, ada: Creator, october: Month, finance_two: User
) -> None:
    allow(finance_two, "answer_dispute")
    made = disputes.open_dispute(ada, october, "My best video is missing.")
    assert "required" in move(client, finance_two, made, "answer", text="")
    move(client, finance_two, made, "answer", text="We look into it.")
    assert "Select a valid choice" in move(
        client, finance_two, made, "resolve", correction=correction.pk, text=""
    )
    corrections.approve(correction, finance_two)
    move(client, finance_two, made, "resolve", correction=correction.pk, text="You were right.")
    made.refresh_from_db()
    assert (made.status, made.correction) == ("adjusted", correction)
    assert made.answer == "We look into it.\n\nYou were right."
    listed = reverse("admin:payouts_dispute_changelist")
    assert "@ada 2026-10" not in client.get(listed).content.decode()
    assert "@ada 2026-10" in client.get(listed, {"status": "adjusted"}).content.decode()


def test_who_resolves_a_dispute_sees_what_was_corrected(
    client: Client, correction: Correction, ada: Creator, october: Month
) -> None:
    """Though he may see no adjustments otherwise: he is asked to decide about them."""
    made = disputes.open_dispute(ada, october, "My best video is missing.")
    client.force_login(factories.staff("clerk", "answer_dispute"))
    page = client.get(f"{reverse('admin:payouts_dispute_move', args=['resolve'])}?ids={made.pk}")
    for text in ("My best video is missing.", "Counted twice", "$40.00"):
        assert text in page.content.decode()


def test_the_oldest_dispute_comes_first(
    client: Client, ada: Creator, october: Month, finance_two: User
) -> None:
    ben = factories.creator("ben")
    for creator in (ben, ada):
        disputes.open_dispute(creator, october, "Please look.")
    client.force_login(finance_two)
    page = client.get(reverse("admin:payouts_dispute_changelist")).content.decode()
    assert page.index("@ben 2026-10") < page.index("@ada 2026-10")


def test_the_advertiser_sees_each_credit_with_its_reason(
    client: Client, correction: Correction, campaign: Campaign, owner: User, finance_two: User
) -> None:
    client.force_login(owner)
    address = reverse("portal:campaign", args=[campaign.advertiser_id, campaign.pk])
    assert "Credits" not in client.get(address).content.decode()
    corrections.approve(correction, finance_two)
    page = client.get(address).content.decode()
    for text in ("Credits", "$40.00", "Wrong measurement: Counted twice"):
        assert text in page
