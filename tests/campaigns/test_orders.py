"""The portal's pages of orders: what is typed, shown, saved, moved; without a script and with htmx."""

import datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import exclusions
from campaigns.models import Advertiser, Campaign
from pulse_site.models import User
from tests import factories
from tests.campaigns import recent

pytestmark = pytest.mark.django_db
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def today() -> datetime.date:
    factories.rate("gaming", 14_000_000)
    factories.rate("pets", 9_000_000)
    return timezone.now().date()


@pytest.fixture
def portal(editor: User) -> Client:
    client = Client()
    client.force_login(editor)
    return client


@pytest.fixture
def acme(editor: User) -> Advertiser:
    return editor.memberships.get().advertiser


def typed(today: datetime.date, *slugs: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Autumn",
        "purchase_order": "PO-1",
        "market": "US",
        "categories": [factories.category(slug).pk for slug in slugs or ("gaming",)],
        "tier": "2",
        "starts_on": f"{today + 7 * ONE_DAY}",
        "ends_on": f"{today + 16 * ONE_DAY}",
        "budget_micros": "1400.00",
        "frequency_cap": "",
        **fields,
    }


def test_an_order_that_is_typed_becomes_a_draft(
    portal: Client, acme: Advertiser, today: datetime.date
) -> None:
    answer = portal.post(reverse("portal:campaign_new", args=[acme.pk]), typed(today, "gaming", "pets"))
    made = Campaign.objects.get()
    assert answer["Location"] == reverse("portal:campaign", args=[acme.pk, made.pk])
    assert (made.advertiser, made.status, made.cpm_micros) == (acme, "draft", 14_000_000)
    assert (made.goal_impressions, made.frequency_cap) == (100_000, None)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"categories": []}, "This field is required"),
        ({"starts_on": "2026-01-01"}, "This day is over"),
        ({"ends_on": "2026-01-01"}, "The last day is before the first"),
        ({"ends_on": "2031-01-01"}, "a year at most"),
        ({"budget_micros": "0.10"}, "less than a thousand impressions"),
        ({"budget_micros": "1e99"}, "Ensure"),
        ({"budget_micros": "200000000"}, "Ensure"),
        ({"market": "FR"}, "Select a valid choice"),
        ({"tier": "9"}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_is_saved(
    portal: Client, acme: Advertiser, today: datetime.date, fields: dict[str, Any], told: str
) -> None:
    page = portal.post(reverse("portal:campaign_new", args=[acme.pk]), typed(today, **fields))
    assert told in page.content.decode()
    assert not Campaign.objects.exists()


def test_a_category_without_a_rate_is_named(portal: Client, acme: Advertiser, today: datetime.date) -> None:
    page = portal.post(reverse("portal:campaign_new", args=[acme.pk]), typed(today, "travel"))
    assert "no price for Travel" in page.content.decode()


def test_what_nobody_may_type_is_not_taken(portal: Client, acme: Advertiser, today: datetime.date) -> None:
    rival = factories.advertiser("Rival")
    forged = {"status": "booked", "cpm_micros": "0.01", "advertiser": rival.pk, "reference": "X"}
    portal.post(reverse("portal:campaign_new", args=[acme.pk]), typed(today, **forged))
    made = Campaign.objects.get()
    assert (made.advertiser, made.status, made.cpm_micros) == (acme, "draft", 14_000_000)
    assert made.reference != "X"


@pytest.mark.parametrize("by_htmx", [True, False])
def test_price_goal_and_forecast_are_shown_before_anything_is_saved(
    portal: Client, acme: Advertiser, today: datetime.date, by_htmx: bool
) -> None:
    recent.lineups(today, gaming=1_000_000)
    headers = {"HX-Request": "true"} if by_htmx else {}
    sent = typed(today, "gaming", "pets", name="", estimate="1")
    page = portal.post(reverse("portal:campaign_new", args=[acme.pk]), sent, headers=headers).content.decode()
    for shown in ("$14.00", "100,000 impressions", "The dearest of your categories", "The goal fits."):
        assert shown in page
    assert ("<html" in page) != by_htmx
    assert not Campaign.objects.exists()


def test_half_an_order_is_no_error(portal: Client, acme: Advertiser, today: datetime.date) -> None:
    page = portal.post(
        reverse("portal:campaign_new", args=[acme.pk]), {"name": "x"}, headers={"HX-Request": "true"}
    )
    assert "Choose categories, dates and a budget" in page.content.decode()


def test_an_order_is_changed_until_it_is_submitted(
    portal: Client, acme: Advertiser, today: datetime.date
) -> None:
    campaign = factories.campaign(advertiser=acme, status="rejected")
    edit = reverse("portal:campaign_edit", args=[acme.pk, campaign.pk])
    portal.post(edit, typed(today, "pets", market="CA"))
    campaign.refresh_from_db()
    assert (campaign.name, campaign.market, campaign.cpm_micros) == ("Autumn", "US", 9_000_000)
    Campaign.objects.update(status="submitted")
    assert "can&#x27;t be changed now" in portal.post(edit, typed(today, name="Late")).content.decode()
    campaign.refresh_from_db()
    assert campaign.name == "Autumn"


@pytest.mark.parametrize(
    ("status", "action", "after"),
    [
        ("draft", "submit", "submitted"),
        ("rejected", "submit", "submitted"),
        ("submitted", "recall", "draft"),
        ("booked", "pause", "paused"),
        ("paused", "resume", "booked"),
        ("booked", "cancel", "cancelled"),
        ("draft", "cancel", "cancelled"),
        ("submitted", "book", "submitted"),
        ("submitted", "reject", "submitted"),
        ("draft", "resume", "draft"),
    ],
)
def test_an_advertiser_makes_his_own_moves_and_no_others(
    portal: Client, acme: Advertiser, today: datetime.date, status: str, action: str, after: str
) -> None:
    ends_on = today + 30 * ONE_DAY
    campaign = factories.campaign(
        advertiser=acme, status=status, starts_on=today, ends_on=ends_on, cpm_micros=14_000_000
    )
    factories.creative(campaign)
    portal.post(reverse("portal:campaign_move", args=[acme.pk, campaign.pk, action]))
    campaign.refresh_from_db()
    assert campaign.status == after


def test_a_copy_is_a_draft_whose_dates_are_chosen_next(
    portal: Client, acme: Advertiser, today: datetime.date
) -> None:
    campaign = factories.campaign(advertiser=acme)
    answer = portal.post(reverse("portal:campaign_copy", args=[acme.pk, campaign.pk]))
    made = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answer["Location"] == reverse("portal:campaign_edit", args=[acme.pk, made.pk])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"DRAFT", "SOON", "NOW", "OVER", "WAITS"}),
        ({"stage": "draft"}, {"DRAFT"}),
        ({"stage": "submitted"}, {"WAITS"}),
        ({"stage": "scheduled"}, {"SOON"}),
        ({"stage": "live"}, {"NOW"}),
        ({"stage": "completed"}, {"OVER"}),
        ({"stage": "paused"}, set()),
        ({"stage": "nonsense"}, {"DRAFT", "SOON", "NOW", "OVER", "WAITS"}),
        ({"q": "soo"}, {"SOON"}),
        ({"q": "po-over"}, {"OVER"}),
        ({"q": "RIVAL"}, set()),
        ({"q": "o", "stage": "live"}, {"NOW"}),
    ],
)
def test_campaigns_are_found_by_status_name_reference_and_purchase_order(
    portal: Client, acme: Advertiser, today: datetime.date, asked: dict[str, str], found: set[str]
) -> None:
    spans = {"SOON": (5, 9), "NOW": (-5, 5), "OVER": (-9, -1), "DRAFT": (5, 9), "WAITS": (5, 9)}
    status = {"DRAFT": "draft", "WAITS": "submitted"}
    for reference, (first, last) in spans.items():
        factories.campaign(
            reference,
            advertiser=acme,
            status=status.get(reference, "booked"),
            starts_on=today + first * ONE_DAY,
            ends_on=today + last * ONE_DAY,
            purchase_order=f"PO-{reference}",
        )
    factories.campaign("RIVAL")
    page = portal.get(reverse("portal:campaigns", args=[acme.pk]), asked)
    assert {row.campaign.reference for row, _alerts in page.context["rows"]} == found
    assert ("No campaign is like that" in page.content.decode()) == (not found)


def test_a_list_of_videos_is_taken_over_and_what_cannot_be_read_is_given_back(
    portal: Client, acme: Advertiser
) -> None:
    campaign = factories.campaign(advertiser=acme)
    page = reverse("portal:exclusions", args=[acme.pk, campaign.pk])
    file = ContentFile(b"video\n7400000000000000001\n=1+1\n", "list.csv")
    shown = portal.post(page, {"do": "videos", "file": file}, follow=True).content.decode()
    assert "1 video excluded." in shown
    assert "1 row could not be read" in shown
    kept = campaign.exclusion_lists.get()
    rejected = portal.get(reverse("portal:exclusions_rejected", args=[acme.pk, campaign.pk, kept.pk]))
    assert "3,'=1+1," in rejected.getvalue().decode()
    shown = portal.post(page, {"do": "remove", "list": kept.pk}, follow=True).content.decode()
    assert "1 taken off the list." in shown
    assert not campaign.excluded_videos.exists()


def test_creators_are_excluded_and_taken_off(portal: Client, acme: Advertiser) -> None:
    campaign = factories.campaign(advertiser=acme)
    factories.creator("loud")
    page = reverse("portal:exclusions", args=[acme.pk, campaign.pk])
    shown = portal.post(page, {"do": "creators", "handles": "@loud, @nobody"}).content.decode()
    assert "@nobody. Check how they are spelled." in shown
    shown = portal.post(page, {"do": "creators", "handles": "@loud"}, follow=True).content.decode()
    assert "1 creator excluded." in shown
    entry = campaign.excluded_creators.get()
    portal.post(page, {"do": "remove", "creator": entry.pk})
    assert not campaign.excluded_creators.exists()


@pytest.mark.parametrize("sent", [{"video": "x"}, {"list": ""}, {"creator": "9" * 30}, {}, {"video": "-1"}])
def test_odd_numbers_take_nothing_off(portal: Client, acme: Advertiser, sent: dict[str, str]) -> None:
    page = reverse("portal:exclusions", args=[acme.pk, factories.campaign(advertiser=acme).pk])
    assert portal.post(page, {"do": "remove", **sent}).status_code in (302, 404)


def test_another_advertisers_entries_are_not_taken_off(portal: Client, acme: Advertiser, owner: User) -> None:
    rivals = factories.campaign()
    exclusions.exclude_videos(rivals, ContentFile(b"1\n", "x.csv"), owner)
    own = factories.campaign(advertiser=acme)
    page = reverse("portal:exclusions", args=[acme.pk, own.pk])
    for sent in ({"video": rivals.excluded_videos.get().pk}, {"list": rivals.exclusion_lists.get().pk}):
        portal.post(page, {"do": "remove", **sent})
    assert rivals.excluded_videos.count() == 1


def test_no_page_tells_an_advertiser_of_another(
    portal: Client, acme: Advertiser, today: datetime.date
) -> None:
    """All that Rival wrote down holds a word that none of Acme's pages may show."""
    word = "Zanzibar"
    rival = factories.advertiser(f"{word} Inc")
    recent.lineups(today, gaming=1_000_000)
    span = {"starts_on": today, "ends_on": today + 30 * ONE_DAY}
    theirs = factories.campaign(f"{word}-1", advertiser=rival, purchase_order=word, **span)
    factories.creative(theirs, name=word)
    own = factories.campaign(advertiser=acme, status="draft", **span)
    keys: dict[str, list[int]] = {"campaigns": [], "campaign_new": []}
    keys |= dict.fromkeys(("campaign", "campaign_edit", "exclusions"), [own.pk])
    for name, key in keys.items():
        assert word not in portal.get(reverse(f"portal:{name}", args=[acme.pk, *key])).content.decode()
