"""Ad operations in the admin."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import placements
from campaigns.models import Campaign, Placement, PlacementRun, Rate
from creators.models import ProgrammeTerms
from pulse_site.models import AuditEvent, User
from tests import factories


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def form_of(client: Client, campaign: Campaign) -> set[str]:
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    return set(page.context["adminform"].form.fields)


def test_a_booked_campaigns_commercial_fields_are_only_read(desk: Client) -> None:
    assert form_of(desk, factories.campaign(status="booked")) == {"name", "purchase_order"}
    assert {"budget_micros", "cpm_micros", "starts_on"} <= form_of(
        desk, factories.campaign(status="draft", booked_at=None)
    )


def test_money_is_typed_in_dollars_and_kept_in_micros(desk: Client) -> None:
    desk.post(
        reverse("admin:campaigns_campaign_add"),
        {
            "reference": "NEW-1",
            "advertiser": factories.advertiser().pk,
            "name": "Spring",
            "market": "US",
            "categories": [factories.category().pk],
            "tier": "2",
            "starts_on": "2026-12-01",
            "ends_on": "2026-12-31",
            "budget_micros": "5000.00",
            "cpm_micros": "12.34",
        },
    )
    made = Campaign.objects.get(reference="NEW-1")
    assert (made.budget_micros, made.cpm_micros, made.status) == (5_000_000_000, 12_340_000, "draft")
    address = reverse("admin:campaigns_campaign_change", args=[made.pk])
    assert 'value="12.34"' in desk.get(address).content.decode()


def test_a_campaign_is_booked_and_a_refusal_is_told(desk: Client) -> None:
    sold = factories.campaign(status="submitted", booked_at=None)
    bare = factories.campaign(status="submitted", booked_at=None, categories=())
    for campaign in (sold, bare):
        address = reverse("admin:campaigns_campaign_move", args=["book"])
        answer = desk.post(f"{address}?ids={campaign.pk}", follow=True).content.decode()
        campaign.refresh_from_db()
        assert ('class="error"' in answer) == (campaign == bare)
    assert (sold.status, bare.status) == ("booked", "submitted")


def test_an_advertiser_is_approved(desk: Client) -> None:
    advertiser = factories.advertiser(status="applied")
    address = reverse("admin:campaigns_advertiser_move", args=["approve"])
    answer = desk.post(f"{address}?ids={advertiser.pk}", {"reason": "", "note": ""}, follow=True)
    assert "Not everything is checked" in answer.content.decode()
    desk.post(f"{address}?ids={advertiser.pk}", {"reason": "", "note": "A client for years."})
    advertiser.refresh_from_db()
    assert advertiser.status == "approved"


def test_a_lineups_page_shows_its_placements_by_rank_and_category(desk: Client) -> None:
    run = PlacementRun.objects.create(
        day=factories.DAY, market="US", terms=factories.terms(), population=99, lineup=60, digest="0" * 64
    )
    for rank in range(1, 61):
        video = factories.video(category=factories.category("pets" if rank == 60 else "gaming"))
        Placement.objects.create(
            run=run, rank=rank, video=video, creator=video.creator, category=video.category, tier=2, score=1
        )
    address = reverse("admin:campaigns_placementrun_change", args=[run.pk])

    def ranks(query: str) -> list[int]:
        panels = desk.get(address + query).context["panels"]
        return [row.rank for row in panels[0]["content"]["rows"]]

    assert ranks("") == list(range(1, 51))
    fiftieth = run.placements.get(rank=50)
    assert ranks(f"?after=50-{fiftieth.video_id}") == list(range(51, 61))
    assert ranks("?category=pets") == [60]
    assert ranks("?after=nonsense") == list(range(1, 51))


def test_a_lineup_that_is_cut_per_category_shows_each_cut_and_misses_nobody_between_pages(
    desk: Client,
) -> None:
    ProgrammeTerms.objects.update(cut_per_category=True)
    for slug in ("gaming", "pets"):
        category = factories.category(slug)
        for number in range(30):
            factories.counts(views=100 + number, category=category, creator=factories.creator())
    ProgrammeTerms.objects.update(lineup_basis_points=10_000)
    placements.recompute(factories.DAY)
    address = reverse("admin:campaigns_placementrun_change", args=[PlacementRun.objects.get().pk])
    cuts, first, *_rest = desk.get(address).context["panels"]
    assert [(cut.category.slug, cut.population, last) for cut, last in cuts["content"]["cuts"]] == [
        ("gaming", 30, 30),
        ("pets", 30, 30),
    ]
    _cuts, second, *_rest = desk.get(f"{address}?after={first['content']['next']}").context["panels"]
    seen = [row.video_id for panel in (first, second) for row in panel["content"]["rows"]]
    assert len(seen) == len(set(seen)) == 60


def test_a_lineup_that_money_has_used_shows_its_correction_and_the_other_way_round(desk: Client) -> None:
    leaves = factories.counts(views=1_000)
    placements.recompute(factories.DAY)
    PlacementRun.objects.update(frozen=True)
    stays = PlacementRun.objects.get()
    address = "admin:campaigns_placementrun_change"
    assert "would come in" not in desk.get(reverse(address, args=[stays.pk])).content.decode()
    enters = factories.counts(views=2_000)
    placements.recompute(factories.DAY)
    new = stays.corrections.get()
    listed = desk.get(reverse("admin:campaigns_placementrun_changelist")).content.decode()
    assert ">frozen<" in listed and ">correction<" in listed
    for run, other in ((stays, new), (new, stays)):
        page = desk.get(reverse(address, args=[run.pk])).content.decode()
        assert reverse(address, args=[other.pk]) in page
        assert "1 would come in, 1 would leave" in page
        assert str(leaves.video_id) in page and str(enters.video_id) in page


def test_a_campaign_is_rejected_with_a_reason_that_reaches_its_advertiser(desk: Client, owner: User) -> None:
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser, status="submitted")
    address = f"{reverse('admin:campaigns_campaign_move', args=['reject'])}?ids={campaign.pk}"
    assert "The advertiser reads it." in desk.get(address).content.decode()
    assert "required" in desk.post(address, {"reason": ""}).content.decode()
    desk.post(address, {"reason": "The landing page can't be reached."})
    campaign.refresh_from_db()
    assert (campaign.status, campaign.status_reason) == ("rejected", "The landing page can't be reached.")
    desk.force_login(owner)
    page = desk.get(reverse("portal:campaign", args=[campaign.advertiser_id, campaign.pk])).content.decode()
    assert page.count("The landing page can&#x27;t be reached.") == 2  # above the order and in its history
    assert "by Pulse" in page
    assert "administrator" not in page


def test_what_speaks_against_a_booking_is_told_before_it(desk: Client) -> None:
    factories.rate("gaming", 12_000_000)
    campaign = factories.campaign(status="submitted")
    address = f"{reverse('admin:campaigns_campaign_move', args=['book'])}?ids={campaign.pk}"
    page = desk.get(address).content.decode()
    assert "No creative is approved yet" in page
    assert "Its first day is over" in page
    assert "$12.00" in page  # by the rate card, beside the agreed $10.00


def test_the_queue_is_in_the_order_in_which_people_wait(desk: Client) -> None:
    ages = {"NEW": 1, "OLD": 9, "MIDDLE": 5}
    for reference, days in ages.items():
        since = timezone.now() - datetime.timedelta(days=days)
        factories.campaign(reference, status="submitted", status_since=since)
    factories.campaign("BOOKED")
    page = desk.get(reverse("admin:campaigns_campaign_changelist"), {"status__exact": "submitted"})
    listed = [campaign.reference for campaign in page.context["cl"].result_list]
    assert listed == ["OLD", "MIDDLE", "NEW"]
    start = desk.get(reverse("admin:index")).content.decode()
    assert "Campaigns to book" in start
    assert "status__exact=submitted" in start


@pytest.mark.parametrize(("typed", "negotiated"), [("14.00", False), ("9.99", True)])
def test_another_price_than_the_cards_is_a_negotiated_one(desk: Client, typed: str, negotiated: bool) -> None:
    factories.rate("gaming", 14_000_000)
    campaign = factories.campaign(status="submitted", cpm_micros=12_000_000)
    address = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    form = desk.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent |= {"cpm_micros": typed, "budget_micros": "100", "categories": [factories.category().pk]}
    answer = desk.post(address, {name: value for name, value in sent.items() if value is not None})
    assert answer.status_code == 302
    campaign.refresh_from_db()
    assert campaign.negotiated == negotiated
    changed = AuditEvent.objects.get(action="campaign.change").detail["changed"]
    assert changed["cpm_micros"] == [12_000_000, campaign.cpm_micros]


def test_a_rate_is_added_from_today_on_and_stays_once_it_has_begun(desk: Client) -> None:
    today = timezone.now().date()
    add = reverse("admin:campaigns_rate_add")

    def rate(day: datetime.date) -> dict[str, object]:
        return {
            "market": "US",
            "category": factories.category().pk,
            "starts_on": day.isoformat(),
            "cpm_micros": "12.34",
        }

    refused = desk.post(add, rate(today - datetime.timedelta(days=1)))
    assert "today at the earliest" in refused.content.decode()
    for day in (today, today + datetime.timedelta(days=9)):
        assert desk.post(add, rate(day)).status_code == 302
    assert AuditEvent.objects.filter(action="rate.add").count() == 2
    begun, coming = Rate.objects.order_by("starts_on")
    for line, changed in ((begun, False), (coming, True)):
        address = reverse("admin:campaigns_rate_change", args=[line.pk])
        desk.post(address, {**rate(line.starts_on), "cpm_micros": "20.00"})
        line.refresh_from_db()
        assert (line.cpm_micros == 20_000_000) == changed
    with pytest.raises(IntegrityError, match="begun"), transaction.atomic():
        Rate.objects.filter(pk=begun.pk).update(cpm_micros=10_000)


def test_a_creative_is_looked_at_and_approved(desk: Client) -> None:
    creative = factories.creative(factories.campaign(), status="submitted")
    shown = desk.get(reverse("admin:campaigns_creative_change", args=[creative.pk])).content.decode()
    assert creative.url in shown
    assert creative.landing_url in shown
    desk.post(f"{reverse('admin:campaigns_creative_move', args=['approve'])}?ids={creative.pk}")
    creative.refresh_from_db()
    assert creative.status == "approved"
    assert "Creatives to look at" in desk.get(reverse("admin:index")).content.decode()
