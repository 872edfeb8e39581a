import datetime
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from campaigns import booking
from campaigns.models import (
    ADVERTISER_MOVES,
    CAMPAIGN_MOVES,
    CREATIVE_MOVES,
    Advertiser,
    Campaign,
    Creative,
)
from creators.models import Tier
from pulse_site.models import AuditEvent, Mail, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
Status = Campaign.Status
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)


def move(
    campaign: Campaign, action: str, by: User, today: datetime.date = DAY, reason: str = "Because"
) -> int:
    chosen = Campaign.objects.filter(pk=campaign.pk)
    return booking.move(chosen, action, by, today=today, reason=reason)


def ready(**fields: object) -> Campaign:
    """A campaign that lacks nothing to be submitted on DAY."""
    factories.rate()
    campaign = factories.campaign(**{"status": Status.DRAFT, "starts_on": DAY, **fields})
    factories.creative(campaign, status="submitted")
    return campaign


def admit(action: str, by: User) -> int:
    return booking.admit(Advertiser.objects.all(), action, by, reason="So it is", note="Known for years")


def pauses(campaign: Campaign) -> list[tuple[datetime.date, datetime.date | None]]:
    return list(campaign.pauses.values_list("starts_on", "ends_on"))


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("action", CAMPAIGN_MOVES)
def test_a_campaign_moves_only_as_the_table_allows(administrator: User, action: str, status: str) -> None:
    campaign = ready(status=status)
    starts, target = CAMPAIGN_MOVES[action]
    if status in starts:
        assert move(campaign, action, administrator) == 1
    else:
        with pytest.raises(Refused, match=campaign.reference):
            move(campaign, action, administrator)
    campaign.refresh_from_db()
    assert campaign.status == (target if status in starts else status)


@pytest.mark.parametrize("status", Advertiser.Status.values)
@pytest.mark.parametrize("action", ADVERTISER_MOVES)
def test_an_advertiser_moves_only_as_the_table_allows(administrator: User, action: str, status: str) -> None:
    advertiser = factories.advertiser("Acme", status=status)
    starts, target = ADVERTISER_MOVES[action]
    if status in starts:
        assert admit(action, administrator) == 1
    else:
        with pytest.raises(Refused, match="Acme"):
            admit(action, administrator)
    advertiser.refresh_from_db()
    assert advertiser.status == (target if status in starts else status)


def test_an_unknown_move_is_refused(administrator: User) -> None:
    with pytest.raises(Refused, match="submit"):
        move(factories.campaign(), "archive", administrator)


def test_booking_sets_when_it_was_booked(administrator: User) -> None:
    campaign = factories.campaign(status=Status.SUBMITTED)
    move(campaign, "book", administrator)
    campaign.refresh_from_db()
    assert campaign.booked_at is not None
    assert campaign.frozen


def test_a_set_filtered_by_status_moves_whole(administrator: User) -> None:
    for _ in range(3):
        factories.campaign(status=Status.SUBMITTED)
    submitted = Campaign.objects.filter(status=Status.SUBMITTED)
    assert booking.move(submitted, "book", administrator) == 3
    assert Campaign.objects.filter(status=Status.BOOKED).count() == 3


def test_one_campaign_that_cannot_move_holds_back_all(administrator: User) -> None:
    fine = factories.campaign("FINE", status=Status.SUBMITTED)
    factories.campaign("DRAFT", status=Status.DRAFT)
    with pytest.raises(Refused, match="DRAFT") as refusal:
        booking.move(Campaign.objects.all(), "book", administrator)
    assert "FINE" not in str(refusal.value)
    fine.refresh_from_db()
    assert fine.status == Status.SUBMITTED


def test_a_refusal_names_a_few_and_counts_the_rest(administrator: User) -> None:
    for _ in range(7):
        factories.campaign(status=Status.DRAFT)
    with pytest.raises(Refused, match="and 2 more"):
        booking.move(Campaign.objects.all(), "book", administrator)


def test_a_campaign_without_a_category_is_not_booked(administrator: User) -> None:
    with pytest.raises(Refused, match="category"):
        move(factories.campaign(status=Status.SUBMITTED, categories=()), "book", administrator)


def test_a_campaign_of_an_unapproved_advertiser_is_not_booked(administrator: User) -> None:
    applicant = factories.advertiser(status=Advertiser.Status.APPLIED)
    with pytest.raises(Refused, match="not approved"):
        move(factories.campaign(status=Status.SUBMITTED, advertiser=applicant), "book", administrator)


def test_who_moved_a_campaign_stands_in_its_history(administrator: User) -> None:
    campaign = factories.campaign()
    move(campaign, "pause", administrator)
    event = AuditEvent.objects.get(subject_key=str(campaign.pk))
    assert (event.actor, event.action, event.subject_label) == (
        administrator,
        "campaign.pause",
        str(campaign),
    )
    assert event.detail == {
        "budget_micros": campaign.budget_micros,
        "cpm_micros": campaign.cpm_micros,
        "reason": "Because",
        "changed": {"status": ["booked", "paused"]},
    }


def test_who_admitted_an_advertiser_stands_in_its_history(administrator: User) -> None:
    applicant = factories.advertiser("Acme", status=Advertiser.Status.APPLIED)
    admit("approve", administrator)
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.subject_label) == (administrator, "advertiser.approve", "Acme")
    assert event.subject_key == str(applicant.pk)


def test_a_move_that_is_refused_leaves_no_event(administrator: User) -> None:
    with pytest.raises(Refused):
        move(factories.campaign(), "book", administrator)
    assert not AuditEvent.objects.exists()


def test_a_pause_starts_the_day_after_and_ends_the_day_before(administrator: User) -> None:
    campaign = factories.campaign()
    move(campaign, "pause", administrator, DAY)
    assert pauses(campaign) == [(DAY + ONE_DAY, None)]
    move(campaign, "resume", administrator, DAY + 5 * ONE_DAY)
    assert pauses(campaign) == [(DAY + ONE_DAY, DAY + 4 * ONE_DAY)]


@pytest.mark.parametrize("later", [0, 1])
def test_a_pause_that_holds_no_whole_day_leaves_no_span(administrator: User, later: int) -> None:
    campaign = factories.campaign()
    move(campaign, "pause", administrator, DAY)
    move(campaign, "resume", administrator, DAY + later * ONE_DAY)
    assert pauses(campaign) == []


def test_cancelling_a_paused_campaign_keeps_its_pause(administrator: User) -> None:
    campaign = factories.campaign()
    move(campaign, "pause", administrator, DAY)
    move(campaign, "cancel", administrator, DAY + 3 * ONE_DAY)
    assert pauses(campaign) == [(DAY + ONE_DAY, None)]


def test_cancelling_what_was_never_booked_leaves_no_pause(administrator: User) -> None:
    campaign = factories.campaign(status=Status.SUBMITTED)
    move(campaign, "cancel", administrator)
    assert pauses(campaign) == []


def test_moving_no_campaign_at_all_changes_nothing(administrator: User) -> None:
    assert booking.move(Campaign.objects.none(), "book", administrator) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"cpm_micros": 20_000_000},
        {"ends_on": DAY},
        {"starts_on": DAY},
        {"tier": Tier.EXPANDED},
        {"market": "CA"},
        {"reference": "ANOTHER"},
    ],
)
def test_what_a_campaign_was_booked_at_stays(change: dict[str, object]) -> None:
    booked, draft = factories.campaign(), factories.campaign(status=Status.DRAFT)
    Campaign.objects.filter(pk=draft.pk).update(**change)
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        Campaign.objects.filter(pk=booked.pk).update(**change)


def test_name_and_budget_of_a_booked_campaign_may_change() -> None:
    factories.campaign()
    assert Campaign.objects.update(name="New name", budget_micros=1_000_000) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda campaign: campaign.categories.add(factories.category("pets")),
        lambda campaign: campaign.categories.clear(),
        lambda campaign: campaign.categories.through.objects.update(category=factories.category("pets")),
    ],
)
def test_the_categories_of_a_booked_campaign_stay(change: Callable[[Campaign], object]) -> None:
    change(factories.campaign(status=Status.DRAFT))
    Campaign.objects.all().delete()
    booked = factories.campaign()
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        change(booked)


def test_a_booked_campaign_stays_its_advertisers() -> None:
    factories.campaign()
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        Campaign.objects.update(advertiser=factories.advertiser())


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        (lambda campaign: campaign.categories.clear(), "no category"),
        (lambda campaign: campaign.creatives.update(status="rejected"), "no creative"),
        (lambda campaign: campaign.creatives.update(status="withdrawn"), "no creative"),
        (lambda campaign: Campaign.objects.update(starts_on=DAY - ONE_DAY), "is over"),
        (lambda campaign: Campaign.objects.update(cpm_micros=9_990_000), "rate card changed"),
        (lambda campaign: Advertiser.objects.update(status="rejected"), "not approved"),
    ],
)
def test_what_is_not_ready_is_not_submitted(
    administrator: User, lacks: Callable[[Campaign], object], told: str
) -> None:
    campaign = ready()
    lacks(campaign)
    with pytest.raises(Refused, match=told):
        move(campaign, "submit", administrator)


def test_a_negotiated_price_needs_no_rate_card(administrator: User) -> None:
    campaign = ready(cpm_micros=7_770_000, negotiated=True)
    assert move(campaign, "submit", administrator) == 1


def test_a_rejection_needs_a_reason_that_the_advertiser_can_read(administrator: User) -> None:
    campaign = factories.campaign(status=Status.SUBMITTED)
    for reason in ("", "  ", "x" * 301):
        with pytest.raises(Refused, match="reason"):
            move(campaign, "reject", administrator, reason=reason)
    move(campaign, "reject", administrator, reason=" Too loud ")
    campaign.refresh_from_db()
    assert (campaign.status_reason, campaign.moved_by) == ("Too loud", administrator)
    assert AuditEvent.objects.get().detail["reason"] == "Too loud"


def test_only_staff_resume_what_staff_paused(administrator: User, owner: User) -> None:
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser)
    move(campaign, "pause", administrator)
    with pytest.raises(Refused, match="Pulse paused"):
        move(campaign, "resume", owner)
    move(campaign, "resume", administrator)
    move(campaign, "pause", owner)
    assert move(campaign, "resume", owner) == 1


def test_those_who_book_are_written_to_in_their_advertisers_language(
    administrator: User, owner: User, editor: User, member: User, stranger: User
) -> None:
    Advertiser.objects.update(language="fr")
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser, status=Status.SUBMITTED)
    move(campaign, "reject", administrator, reason="Trop fort")
    assert sorted(Mail.objects.values_list("to", "language")) == [(editor.email, "fr"), (owner.email, "fr")]
    message = Mail.objects.first()
    assert "Trop fort" in message.body
    assert f"/a/{campaign.advertiser_id}/campaigns/{campaign.pk}/" in message.body


def test_nobody_is_written_to_about_what_he_did_himself(owner: User, editor: User) -> None:
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser)
    move(campaign, "pause", owner)
    assert list(Mail.objects.values_list("to", flat=True)) == [editor.email]


@pytest.mark.parametrize("status", Creative.Status.values)
@pytest.mark.parametrize("action", CREATIVE_MOVES)
def test_a_creative_moves_only_as_the_table_allows(administrator: User, action: str, status: str) -> None:
    creative = factories.creative(factories.campaign(), status=status)
    starts, target = CREATIVE_MOVES[action]
    if status in starts:
        assert booking.move_creatives(Creative.objects.all(), action, administrator, reason="Because") == 1
    else:
        with pytest.raises(Refused, match=creative.reference):
            booking.move_creatives(Creative.objects.all(), action, administrator, reason="Because")
    creative.refresh_from_db()
    assert creative.status == (target if status in starts else status)


def test_a_creative_is_rejected_with_a_reason_that_its_people_read(administrator: User, owner: User) -> None:
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser)
    creative = factories.creative(campaign, status="submitted")
    with pytest.raises(Refused, match="reason"):
        booking.move_creatives(Creative.objects.all(), "reject", administrator)
    booking.move_creatives(Creative.objects.all(), "reject", administrator, reason="Blurred")
    creative.refresh_from_db()
    assert (creative.reason, creative.reviewed_by) == ("Blurred", administrator)
    assert "Blurred" in Mail.objects.get(to=owner.email).body


def test_what_an_approved_creative_replaces_runs_until_then(administrator: User) -> None:
    campaign = factories.campaign()
    old = factories.creative(campaign)
    new = factories.creative(campaign, status="submitted", replaces=old)
    booking.move_creatives(Creative.objects.filter(pk=new.pk), "approve", administrator)
    old.refresh_from_db()
    assert old.status == Creative.Status.WITHDRAWN
