"""The portal in a real browser: nothing breaks the Content-Security-Policy, at any width, light or dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from campaigns.models import Campaign, Delivery
from pulse_site.models import User
from tests import factories
from tests.accessible import violations
from tests.browser import browser, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures

pytestmark = needs_chromium


@pytest.fixture
def campaign(owner: User) -> Campaign:
    made = factories.campaign("ACME-1", advertiser=owner.memberships.get().advertiser)
    video = factories.video()
    Delivery.objects.create(
        day=factories.DAY,
        campaign=made,
        video=video,
        creator=video.creator,
        impressions=1_500,
        billed_impressions=1_500,
        verdict=Delivery.Verdict.BILLABLE,
        revenue_micros=15_000_000,
        month=factories.month(),
    )
    return made


@looks
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_an_owner_follows_his_campaign(
    campaign: Campaign,
    open_page: Callable[..., Page],  # noqa: F811
    width: int,
    scheme: str,
) -> None:
    page = open_page("/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.wait_for_selector("[name=login]:focus")  # the first field has the focus
    page.keyboard.type("owner")
    page.keyboard.press("Tab")
    page.keyboard.type("a-long-password")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=campaign.name).click()
    assert page.locator("svg rect.bar").count() == 15
    assert page.locator("tfoot").inner_text().split() == ["Total", "1,500", "$15.00", "0"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []
    page.get_by_role("button", name="Français").click()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert complaints == []
