"""An order from the empty form to submitted in a real browser, by keyboard alone; and how its pages look."""

import datetime
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from campaigns import booking, exclusions
from campaigns.models import Campaign, Creative
from pulse_site.models import User
from tests import browser as browsing
from tests import factories
from tests.accessible import violations
from tests.browser import browser, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.campaigns import recent

pytestmark = needs_chromium
SHOTS = os.environ.get("SHOTS")  # a folder: every page is also kept as a picture
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001"
    "f61738550000000049454e44ae426082"
)


@pytest.fixture
def market(owner: User) -> datetime.date:
    """A rate card, and lineups of the days before today; returns today."""
    today = timezone.now().date()
    for slug, dollars in (("gaming", 14), ("pets", 9), ("travel", 22)):
        factories.rate(slug, dollars * 1_000_000)
    recent.lineups(today, days=5, gaming=40_000_000, pets=9_000_000, travel=70_000_000)
    recent.lineups(today - datetime.timedelta(days=5), days=4, gaming=31_000_000, pets=12_000_000)
    return today


def log_in(page: Page, user: User, address: str) -> list[str]:
    """By name and password; returns the list in which the browser's complaints will stand."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    browsing.log_in(page, user.username)
    page.wait_for_selector("main h1")
    page.goto(address)
    return complaints


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus; fails where the keyboard can't reach it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_a_campaign_is_booked_by_keyboard_from_draft_to_submitted(
    owner: User,
    market: datetime.date,
    open_page: Callable[..., Page],  # noqa: F811
) -> None:
    page = open_page("/", viewport={"width": 1280, "height": 900})
    advertiser = owner.memberships.get().advertiser
    complaints = log_in(page, owner, reverse("portal:campaigns", args=[advertiser.pk]))
    tab_to(page, "main a[href$='/new/']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#order")
    tab_to(page, "#id_name")
    page.keyboard.type("Autumn")
    for slug in ("gaming", "pets"):
        tab_to(page, f"[name=categories][value='{factories.category(slug).pk}']")
        page.keyboard.press("Space")
    tab_to(page, "#id_budget_micros")
    page.keyboard.type("1400")
    page.wait_for_selector("#estimate .notice")  # typed, and htmx has brought price and forecast
    assert "$14.00" in page.locator("#estimate").inner_text()
    assert "100,000 impressions" in page.locator("#estimate").inner_text()
    assert "CPM $14.00, 100,000 impressions." in page.locator("#estimate-said").inner_text()
    assert violations(page) == []
    page.locator("#id_budget_micros").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("main .badge.draft")
    assert violations(page) == []
    tab_to(page, "a[href$='/creatives/new/']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_url")
    for field, text in (("name", "Ten seconds"), ("url", "https://ads.example/1.mp4")):
        tab_to(page, f"#id_{field}")
        page.keyboard.type(text)
    tab_to(page, "#id_landing_url")
    page.keyboard.type("https://acme.example/")
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector(".creatives .badge.submitted")
    tab_to(page, "form[action$='/move/submit/'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1 .badge.submitted")
    made = Campaign.objects.get()
    assert (made.status, made.cpm_micros, made.goal_impressions) == ("submitted", 14_000_000, 100_000)
    assert violations(page) == []
    assert complaints == []


@pytest.fixture
def busy(owner: User, administrator: User, market: datetime.date) -> Campaign:
    """A rejected campaign that is too large, with creatives of every kind and exclusions."""
    advertiser = owner.memberships.get().advertiser
    made = factories.campaign(
        "P-7KQ4M2XD",
        ("gaming", "pets"),
        advertiser=advertiser,
        status="submitted",
        starts_on=market + datetime.timedelta(days=7),
        ends_on=market + datetime.timedelta(days=34),
        budget_micros=3_000_000_000_000,
        cpm_micros=14_000_000,
        purchase_order="PO-2026-118",
        frequency_cap=3,
    )
    picture = ContentFile(PIXEL, "pixel.png")
    factories.creative(made, name="Autumn, ten seconds", added_by=owner)
    factories.creative(made, file=picture, url="", content_type="image/png", status="submitted")
    factories.creative(made, status="rejected", reason="The text can't be read.", added_by=owner)
    factories.creator("loud.mouth")
    exclusions.exclude_creators(made, ["@loud.mouth"], owner)
    exclusions.exclude_videos(
        made, ContentFile(b"video\n7400000000000000001\n7400000000000000002\n74E+18\n", "unsafe.csv"), owner
    )
    booking.move(Campaign.objects.all(), "reject", administrator, reason="The landing page is not yours.")
    factories.campaign("P-22222222", advertiser=advertiser)
    return made


@looks
@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "en"), (1280, "dark", "en"), (360, "light", "en"), (1280, "light", "fr")],
)
def test_every_page_of_an_order_is_fit_to_be_seen(
    owner: User,
    busy: Campaign,
    open_page: Callable[..., Page],  # noqa: F811
    width: int,
    scheme: str,
    language: str,
) -> None:
    page = open_page("/", viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language)
    own = busy.advertiser_id
    complaints = log_in(page, owner, "/")
    shown = {
        "campaigns": [own],
        "campaign": [own, busy.pk],
        "campaign_new": [own],
        "campaign_edit": [own, busy.pk],
        "campaign_copy": [own, busy.pk],
        "campaign_move": [own, busy.pk, "cancel"],
        "creative_new": [own, busy.pk],
        "creative_withdraw": [own, busy.pk, Creative.objects.filter(status="approved").get().pk],
        "exclusions": [own, busy.pk],
    }
    for name, keys in shown.items():
        page.goto(reverse(f"portal:{name}", args=keys))
        page.wait_for_load_state("networkidle")
        shoot(page, f"{name}-{width}-{scheme}-{language}")
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
        assert violations(page) == [], name
    assert complaints == []
