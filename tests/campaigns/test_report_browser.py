"""Reports in a real browser: at any width, light and dark, in French, by keyboard and for a screen reader."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from campaigns.models import Campaign, Delivery
from pulse_site.models import User
from tests import factories
from tests.accessible import violations
from tests.browser import browser, log_in, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.campaigns.test_figures import creative, deliver
from tests.campaigns.test_safety import lineup

pytestmark = needs_chromium
DAY = datetime.date(2026, 10, 1)
ONE_DAY = datetime.timedelta(days=1)
Verdict = Delivery.Verdict


@pytest.fixture
def campaign(owner: User) -> Campaign:
    """A month of a campaign beside three videos, some of it beyond what was booked."""
    made = factories.campaign(
        "ACME-1", advertiser=owner.memberships.get().advertiser, budget_micros=2_000_000_000
    )
    other = factories.campaign("ACME-2", advertiser=made.advertiser, cpm_micros=22_500_000)
    ads = [creative(made, name) for name in ("A-1", "A-2")]
    slots = [factories.category(slug) for slug in ("gaming", "pets")]
    videos = [
        factories.video(
            7_400_000_000_000_000_000 + number,
            creator=factories.creator(f"creator_{number}"),
            category=slots[number % 2],
        )
        for number in range(3)
    ]
    for number in range(31):
        day = DAY + number * ONE_DAY
        lineup(*enumerate(videos, start=1 + number % 3), day=day, population=10_000 + number)
        for place, video in enumerate(videos):
            deliver(
                made, 1_000 + number * 97 % 700 + place * 300, video=video, day=day, category=video.category,
                creative_number=ads[place % 2].pk, rank=1 + number % 3 + place,
            )  # fmt: skip
        deliver(other, 300 + number * 31 % 200, video=videos[0], day=day, category=slots[0], rank=2)
        deliver(made, 0, impressions=40, verdict=Verdict.NOT_BOOKED, day=day, rank=3)
    return made


@pytest.fixture
def signed_in(open_page: Callable[..., Page]) -> Callable[..., Page]:  # noqa: F811
    """The owner's browser at a width and in a scheme, and what the console complained of."""

    def sign_in(width: int, scheme: str, complaints: list[str]) -> Page:
        page = open_page("/", viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(message.text))
        log_in(page, "owner")
        page.wait_for_selector("nav[aria-label=Main]")
        return page

    return sign_in


@looks
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_a_buyer_reads_his_reports_and_the_brand_safety_statement(
    campaign: Campaign, signed_in: Callable[..., Page], width: int, scheme: str, tmp_path: Path
) -> None:
    complaints: list[str] = []
    page = signed_in(width, scheme, complaints)
    page.get_by_role("link", name="Reports").click()
    assert page.locator("svg rect.bar").count() == 31
    assert violations(page) == []
    page.screenshot(path=tmp_path / f"report-{width}-{scheme}.png", full_page=True)

    page.get_by_role("link", name="Video", exact=True).click()
    assert page.locator("table.lines tbody tr").count() >= 3
    page.select_option("[name=campaign]", str(campaign.pk))
    page.wait_for_url("**campaign=*")
    page.select_option("[name=period]", "custom")
    page.fill("[name=first]", "2026-10-16")
    page.fill("[name=last]", "2026-10-31")
    page.get_by_role("button", name="Show").click()
    page.wait_for_selector("polyline.before")
    assert page.locator("svg rect.bar").count() == 16
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []
    page.screenshot(path=tmp_path / f"compared-{width}-{scheme}.png", full_page=True)

    page.get_by_role("link", name="Brand-safety statements").click()
    page.goto(f"{page.url}?month=2026-10")
    page.wait_for_selector("text=All that was billed ran beside the top of the market.")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []
    page.screenshot(path=tmp_path / f"safety-{width}-{scheme}.png", full_page=True)

    page.get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name=campaign.name).click()
    assert violations(page) == []
    page.screenshot(path=tmp_path / f"campaign-{width}-{scheme}.png", full_page=True)

    page.get_by_role("link", name="Full report").click()
    page.get_by_role("button", name="Français").click()
    assert page.locator("html").get_attribute("lang") == "fr"
    page.screenshot(path=tmp_path / f"french-{width}-{scheme}.png", full_page=True)
    assert complaints == []


@looks
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_ad_operations_see_what_was_not_billed(
    campaign: Campaign,
    administrator: User,
    open_page: Callable[..., Page],  # noqa: F811
    width: int,
    scheme: str,
    tmp_path: Path,
) -> None:
    page = open_page("/admin/login/", viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    log_in(page, "administrator")
    page.get_by_role("link", name="Not billed").first.click()
    page.goto(f"{page.url}?first=")
    assert page.locator("#content table").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert complaints == []
    assert violations(page) == []
    page.screenshot(path=tmp_path / f"unbilled-{width}-{scheme}.png", full_page=True)
