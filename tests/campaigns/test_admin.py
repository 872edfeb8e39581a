"""Ad operations in the admin."""

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, Placement, PlacementRun
from pulse_site.models import User
from tests import factories


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def form_of(client: Client, campaign: Campaign) -> set[str]:
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    return set(page.context["adminform"].form.fields)


def test_a_booked_campaigns_commercial_fields_are_only_read(desk: Client) -> None:
    assert form_of(desk, factories.campaign(status="booked")) == {"name"}
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
    desk.post(f"{address}?ids={advertiser.pk}")
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
    assert ranks("?after=50") == list(range(51, 61))
    assert ranks("?category=pets") == [60]
    assert ranks("?after=nonsense") == list(range(1, 51))
