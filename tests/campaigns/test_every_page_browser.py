"""Every page of the portal in a real browser, as full as it gets: light, accessible, within the policy."""

import datetime
import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response

from campaigns.models import Campaign, Delivery
from pulse_site.models import User
from tests import factories
from tests.accessible import violations
from tests.browser import browser, log_in, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.campaigns.test_figures import deliver, lined_up
from tests.campaigns.test_portal_access import ACCESS, acme, address  # noqa: F401 - a fixture

pytestmark = needs_chromium
FIRST_LOAD = 200_000  # bytes
FIRST, DAYS = datetime.date(2026, 1, 1), 365


@pytest.fixture
def full(acme: Campaign, owner: User) -> Campaign:  # noqa: F811
    """Acme's campaign has run for a year, beside more videos than a report shows, and is one of many."""
    ends_on = FIRST + datetime.timedelta(days=DAYS - 1)
    made = factories.campaign("ACME-2", advertiser=acme.advertiser, starts_on=FIRST, ends_on=ends_on)
    factories.creative(made)
    made.exclusion_lists.create(name="acme.csv", videos=0, added=0, rejected=[], added_by=owner)
    videos = [factories.video(creator=factories.creator(f"a_handle_of_average_{n}")) for n in range(120)]
    for number in range(DAYS):
        day, video = FIRST + datetime.timedelta(days=number), videos[number % len(videos)]
        lined_up(day, 400_000)
        deliver(made, 12_345, video=video, day=day, category=factories.category(), rank=212)
    deliver(made, 0, impressions=40, verdict=Delivery.Verdict.NOT_BOOKED)
    for _number in range(25):
        factories.campaign(advertiser=acme.advertiser)
    return made


def as_sent(response: Response) -> int:
    """Bytes of an answer: what stands in files is compressed where Pulse is installed."""
    body = response.body()
    return min(len(body), len(gzip.compress(body))) if "/static/" in response.url else len(body)


@looks
def test_every_page_is_light_and_accessible_and_breaks_no_policy(
    full: Campaign,
    owner: User,
    open_page: Callable[..., Page],  # noqa: F811
) -> None:
    page = open_page("/")
    complaints: list[str] = []
    loaded: list[Response] = []
    log_in(page, owner.username)
    page.route("**/*", lambda route: route.continue_())  # so that nothing comes from the browser's cache
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("response", lambda response: loaded.append(response))  # noqa: PLW0108
    found: list[str] = []
    sizes: dict[str, int] = {}
    pages = {name: address(name, full) for method, name in ACCESS if method == "get"}
    for name, asked in [*pages.items(), ("reports by video", f"{pages['reports']}?by=video")]:
        plain = page.request.get(asked, max_redirects=0)
        if plain.status != 200 or "text/html" not in plain.headers["content-type"]:  # a file, or another page
            continue
        loaded.clear()
        page.goto(asked, wait_until="networkidle")
        sizes[name] = sum(map(as_sent, loaded))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += [f"{name}, {scheme}: {each}" for each in violations(page)]
    assert len(sizes) > 20, sizes
    assert found == complaints == []
    assert {name: size for name, size in sizes.items() if size > FIRST_LOAD} == {}
