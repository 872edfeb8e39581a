"""The admin in a real browser: nothing breaks the Content-Security-Policy, light, dark and on a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page

from creators.models import Creator
from pulse_site.admin.moves import MovingAdmin
from pulse_site.models import Run, Upload, User
from tests import desk, factories
from tests.accessible import violations
from tests.browser import browser, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.browser import log_in as enter

pytestmark = needs_chromium
# The pages that differ most.
PHONE = re.compile(
    r"/admin/$|(creator|upload|campaign)/$|(creator|placementrun|month|upload)/[\w-]+/change/$|creator/move/"
    r"|decision/(desk|automation)/$"
)

# The lineups' own pages; those in the second list are also looked at in the dark.
LINEUPS = (
    "campaigns/placementrun/",
    "campaigns/placementrun/{run}/change/",
    "campaigns/placementrun/explain/",
    "creators/video/{video}/change/",
    "creators/video/move/recategorise/?ids={video}",
    "creators/programmeterms/add/",
    "creators/programmeterms/{terms}/change/",
    "creators/programmeterms/move/refuse/?ids={terms}",
    "campaigns/month/what-if/",
)
LINEUPS_DARK = (
    "campaigns/placementrun/browse/",
    "campaigns/placementrun/explain/?video={video}&day={day}",
    "campaigns/month/what-if/?{asked}",
    "payouts/earning/funnel/{creator}/",
    "creators/programmeterms/move/approve/?ids={terms}",
)


def log_in(page: Page) -> list[str]:
    """Log in as administrator; returns the list in which the browser's complaints will stand."""
    complaints: list[str] = []
    page.on("console", lambda message: _note(complaints, page, message))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    enter(page, "administrator")
    page.wait_for_selector("#user-tools")
    return complaints


def _note(complaints: list[str], page: Page, message: ConsoleMessage) -> None:
    """Violations are errors; Django's own forms draw a few hints about autofocus and passwords."""
    if message.type == "error":
        complaints.append(f"{page.url}: {message.text}")


def pages() -> Iterator[str]:
    """Every page of the admin that has a look of its own."""
    yield reverse("admin:index")
    for model, model_admin in admin.site._registry.items():
        record = model._default_manager.first()
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_change", args=[record.pk])
        if model_admin.__class__.__name__ in ("CampaignAdmin", "UploadAdmin", "UserAdmin", "CreatorAdmin"):
            yield reverse(f"{name}_add")
        if isinstance(model_admin, MovingAdmin):
            yield model_admin.move_url(next(iter(model_admin.moves)), [record.pk])
    yield reverse("admin:creators_desk")
    yield reverse("admin:creators_automation")
    yield reverse("admin:creators_creator_export")
    yield reverse("admin:creators_category_import")


@pytest.fixture
def busy_upload(administrator: User) -> Upload:
    desk.fill(1)
    upload = Upload.objects.create(feed="followers", name="busy.csv", uploaded_by=administrator)
    Run.objects.create(kind="preview_upload", key=str(upload.pk), status="running", progress_permille=500)
    return upload


@looks
def test_no_page_breaks_the_policy(busy_upload: Upload, open_page: Callable[..., Page]) -> None:  # noqa: F811
    page = open_page("/admin/login/", viewport={"width": 1280, "height": 900})
    complaints = log_in(page)
    for address in pages():
        answer = page.goto(address)
        assert answer and answer.status == 200, address
    assert complaints == []


@looks
def test_the_pages_of_the_lineups_are_accessible_and_keep_the_policy(
    administrator: User,
    open_page: Callable[..., Page],  # noqa: F811
) -> None:
    desk.fill(1)
    rows = desk.lineup_pages(factories.staff("fiona", "add_programmeterms"))
    page = open_page("/admin/login/", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    complaints = log_in(page)
    found = []
    seen = [(each, "light") for each in (*LINEUPS, *LINEUPS_DARK)] + [(each, "dark") for each in LINEUPS_DARK]
    for address, scheme in seen:
        page.emulate_media(color_scheme=scheme)
        answer = page.goto(f"/admin/{address.format(**rows)}")
        assert answer and answer.status == 200, address
        found += complaints
        found += [f"{address} {scheme}: {each}" for each in violations(page)]
        complaints.clear()  # axe's own, which sets styles
        if scheme == "dark":
            page.set_viewport_size({"width": 360, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") == 360, address
            page.set_viewport_size({"width": 1280, "height": 900})
    assert not found, "\n".join(found)


@looks
def test_no_page_is_wider_than_a_phone(busy_upload: Upload, open_page: Callable[..., Page]) -> None:  # noqa: F811
    page = open_page("/admin/login/", viewport={"width": 360, "height": 740})
    log_in(page)
    seen = [address for address in pages() if PHONE.search(address)]
    assert len(seen) == 11
    for address in seen:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, address


def test_the_theme_can_be_chosen(administrator: User, open_page: Callable[..., Page]) -> None:  # noqa: F811
    page = open_page("/admin/login/", color_scheme="light")
    complaints = log_in(page)

    def background() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = background()
    page.locator(".theme-toggle").click()  # from auto to dark, in a light system
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert background() != light
    page.reload()
    assert background() != light
    assert complaints == []


def test_ticked_creators_are_approved_by_hand(administrator: User, open_page: Callable[..., Page]) -> None:  # noqa: F811
    for _number in range(3):
        factories.creator(status="pending")
    page = open_page("/admin/login/")
    complaints = log_in(page)
    page.goto(reverse("admin:creators_creator_changelist"))
    page.locator("#action-toggle").check()
    assert page.locator(".action-counter").inner_text() == "3 of 3 selected"
    page.locator("select[name=action]").select_option("approve")
    page.get_by_role("button", name="Go").click()
    page.locator("#id_reason").fill("Known to us")
    page.get_by_role("button", name="Approve").click()
    assert "3 moved." in page.locator(".messagelist").inner_text()
    assert Creator.objects.filter(status="approved").count() == 3
    assert complaints == []


def test_the_language_is_switched_where_one_is(administrator: User, open_page: Callable[..., Page]) -> None:  # noqa: F811
    page = open_page("/admin/login/?next=/admin/creators/creator/")
    complaints = log_in(page)
    page.get_by_role("button", name="FR").click()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.url.endswith("/admin/creators/creator/")
    assert complaints == []
