"""The what-if page in a real browser: asked, answered, proposed; on a phone and in the dark."""

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from creators.models import Creator
from pulse_site.models import User
from tests.browser import browser, log_in, needs_chromium, open_page, served, work  # noqa: F401 - fixtures
from tests.payouts.test_what_if import ADDRESS, programme  # noqa: F401 - a fixture

pytestmark = needs_chromium
SHOTS = os.environ.get("SHOTS", "")


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS, f"{name}.png"), full_page=True)


def test_terms_are_tried_and_proposed(
    administrator: User,
    programme: dict[str, Creator],  # noqa: F811
    open_page: Callable[..., Page],  # noqa: F811
) -> None:
    page = open_page(ADDRESS)
    log_in(page, administrator.username)
    page.fill("#id_lineup", "3")
    page.fill("#id_weight_comments", "1000")
    page.fill("#id_share", "60")
    page.click("text=Compute")
    page.wait_for_selector("#progress")
    work()
    page.wait_for_selector("text=Biggest winners")
    shoot(page, "light")
    page.emulate_media(color_scheme="dark")
    shoot(page, "dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, "phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.click("text=Propose as new version")
    assert page.input_value("#id_share_basis_points") == "6000"
    page.fill("#id_reason", "Comments say more than views.")
    page.click("input[name=_save]")
    page.click("#result_list a:text-is('v2')")
    page.wait_for_selector("text=What v2 changes")
    shoot(page, "proposal")
