import datetime

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns.models import Advertiser, Campaign, Delivery
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal(owner: User) -> Client:
    """The portal as Acme's owner sees it."""
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def campaigns(owner: User) -> str:
    return reverse("portal:campaigns", args=[owner.memberships.get().advertiser_id])


def page_of(campaign: Campaign) -> str:
    return reverse("portal:campaign", args=[campaign.advertiser_id, campaign.pk])


def acme_campaign(owner: User, **fields: object) -> Campaign:
    return factories.campaign(advertiser=owner.memberships.get().advertiser, **fields)


def delivered(campaign: Campaign, days: int, verdict: str = Delivery.Verdict.BILLABLE) -> None:
    video = factories.video()
    billable = verdict == Delivery.Verdict.BILLABLE
    Delivery.objects.bulk_create(
        Delivery(
            day=campaign.starts_on + datetime.timedelta(days=number),
            campaign=campaign,
            video=video,
            creator=video.creator,
            impressions=1_500,
            billed_impressions=1_500 if billable else 0,
            verdict=verdict,
            revenue_micros=15_000_000 if billable else 0,
            month=factories.month(),
        )
        for number in range(days)
    )


@pytest.mark.parametrize("number", [1, 20])
def test_the_list_takes_as_many_queries_for_one_campaign_as_for_twenty(
    portal: Client,
    owner: User,
    campaigns: str,
    number: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(number):
        delivered(acme_campaign(owner), days=2)
    with django_assert_num_queries(6):  # session, user, memberships, how many, campaigns, deliveries
        response = portal.get(campaigns)
    assert len(response.context["rows"]) == number


@pytest.mark.parametrize("days", [1, 20])
def test_a_campaign_takes_as_many_queries_for_one_day_as_for_twenty(
    portal: Client, owner: User, days: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign = acme_campaign(owner, categories=("gaming", "pets"))
    delivered(campaign, days)
    # session, user, memberships; campaign, categories, creatives, deliveries, credits, exclusions, history
    with django_assert_num_queries(11):
        portal.get(page_of(campaign))


def test_the_list_shows_what_was_delivered_and_billed(portal: Client, owner: User, campaigns: str) -> None:
    delivered(acme_campaign(owner), days=3)
    page = portal.get(campaigns).content.decode()
    assert "4,500" in page
    assert "$45.00" in page


def test_a_campaign_shows_what_was_not_billed_apart_and_why(portal: Client, owner: User) -> None:
    campaign = acme_campaign(owner)
    delivered(campaign, days=3)
    delivered(campaign, days=2, verdict=Delivery.Verdict.NOT_BOOKED)
    response = portal.get(page_of(campaign))
    assert response.context["progress"].billed_micros == 45_000_000
    assert "The video&#x27;s category was not booked" in response.content.decode()
    assert "3,000" in response.content.decode()


def test_numbers_in_drawings_are_the_same_in_every_language(portal: Client, owner: User) -> None:
    campaign = acme_campaign(owner)
    delivered(campaign, days=1)
    portal.post(reverse("set_language"), {"language": "fr"})
    page = portal.get(page_of(campaign)).content.decode()
    assert '<html lang="fr">' in page
    assert '<rect class="bar" x="0" y="63" width="8" height="937">' in page


@pytest.mark.parametrize(
    ("status", "words"),
    [("applied", "We are looking at it"), ("rejected", "was not accepted"), ("approved", "No campaign yet")],
)
def test_an_empty_list_says_what_comes_next(portal: Client, status: str, words: str) -> None:
    Advertiser.objects.update(status=status)
    assert words in portal.get(reverse("portal:home"), follow=True).content.decode()


def test_who_belongs_to_no_advertiser_learns_what_to_do(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert "Ask the owner" in client.get(reverse("portal:home")).content.decode()


def test_a_campaign_without_deliveries_says_when_they_come(portal: Client, owner: User) -> None:
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)
    campaign = acme_campaign(owner, starts_on=tomorrow, ends_on=tomorrow)
    assert "The campaign starts on" in portal.get(page_of(campaign)).content.decode()


def test_a_long_list_is_cut_into_pages(portal: Client, owner: User, campaigns: str) -> None:
    for _ in range(26):
        acme_campaign(owner)
    assert "Page 1 of 2" in portal.get(campaigns).content.decode()
    assert len(portal.get(campaigns, {"page": 2}).context["rows"]) == 1
