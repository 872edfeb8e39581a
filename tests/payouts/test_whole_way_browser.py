"""The whole way of an advertiser, in a real browser: from the application to an invoice, to the cent.

Everybody acts on his own pages, by his own role; only what platform and ad server report comes in otherwise.
"""

import csv
import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.urls import reverse
from playwright.sync_api import Page, expect

from campaigns import onboarding, placements
from campaigns.models import Advertiser, Campaign, Invoice, Month
from payouts import months
from pulse_site.feeds.run import import_file
from pulse_site.models import User
from pulse_site.roles import AD_OPERATIONS, FINANCE_APPROVER, FINANCE_PREPARER
from tests import applicants, factories
from tests.accessible import violations
from tests.browser import browser, log_in, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.campaigns.test_onboarding_browser import fill, press

pytestmark = [pytest.mark.django_db, needs_chromium]
Open = Callable[..., Page]
EVE = datetime.datetime(2026, 9, 28, 9, tzinfo=datetime.UTC)
OVER = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
DAYS = [datetime.date(2026, 10, number) for number in (1, 2, 3)]
IN_LINEUP, BELOW = (1, 2), 3


@pytest.fixture(autouse=True)
def after_october() -> Iterator[time_machine.Traveller]:
    """Here it is 28 September 2026 at first, until the test moves the clock to when October is over."""
    with time_machine.travel(EVE) as clock:
        yield clock


def in_role(username: str, role: str) -> User:
    made = factories.user(username, is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    return made


@pytest.fixture
def market(db: None) -> None:
    """A rate card, and the lineup of each day that is looked at: two of the market's fifty videos."""
    factories.rate("gaming", 12_340_000)
    gaming, creator = factories.category("gaming"), factories.enrolled("ada", followers=500_000)
    published = datetime.datetime(2026, 9, 26, 12, tzinfo=datetime.UTC)
    videos = [
        factories.video(number, creator=creator, category=gaming, published_at=published)
        for number in range(1, 51)
    ]
    for day in [EVE.date() - datetime.timedelta(days=1), *DAYS]:
        for video in videos:
            factories.counts(day, video, views=1_000_000 // video.platform_id)
        placements.recompute(day)


def apply(ada: Page, staff: Page) -> Advertiser:
    """Ada applies for Acme; staff tick what they checked and let it in."""
    fill(ada, email="ada@acme.example")
    press(ada, "Begin the application")
    ada.goto(reverse("portal:application_form", args=[applicants.token()]))
    typed = {name: value for name, value in applicants.DETAILS.items() if name != "country"}
    fill(ada, **typed, first_name="Ada", last_name="Byron", password="three-plain-words")
    ada.select_option("[name=country]", label="United States")
    ada.check("[name=agreed]")
    press(ada, "Send the application")
    ada.get_by_text("We are looking at it").wait_for()

    review(staff, "Advertisers’ applications", "Acme")
    staff.locator("#checklist").wait_for()
    open_items = staff.locator("#checklist button.button:not([name])")
    for left in reversed(range(open_items.count())):
        open_items.first.click()
        expect(open_items).to_have_count(left)
    decide(staff, "Approve")
    return Advertiser.objects.get()


def review(staff: Page, queue: str, name: str) -> None:
    """Open what waits under this name in a queue of the admin's first page."""
    staff.goto("/admin/")
    staff.locator("main .card", has_text=queue).get_by_role("link", name="Review").click()
    staff.locator("#result_list").get_by_role("link", name=name, exact=True).click()


def decide(staff: Page, move: str) -> None:
    """Press the move's button on the record's page and again on the page that asks."""
    staff.get_by_role("link", name=move, exact=True).click()
    staff.locator("main").get_by_role("button", name=move, exact=True).click()
    staff.locator(".messagelist .success").wait_for()


def invite(ada: Page, open_page: Open) -> Page:  # noqa: F811
    """Ada brings Bob, who looks after the money; returns his browser."""
    ada.goto("/")
    ada.get_by_role("link", name="Team").click()
    fill(ada, email="bob@acme.example")
    ada.get_by_label("Finance").check()
    press(ada, "Send the invitation")
    ada.get_by_text("We have sent an invitation").wait_for()
    bob = open_page(reverse("portal:join", args=[applicants.token()]))
    fill(bob, first_name="Bob", last_name="Ledger", password="three-other-words")
    press(bob, "Make the account and join")
    bob.get_by_text("No campaign yet").wait_for()
    return bob


def book(ada: Page, staff: Page) -> Campaign:
    """Ada orders a campaign with a creative; staff approve the creative and book the campaign."""
    ada.get_by_role("link", name="Campaigns").first.click()
    ada.get_by_role("link", name="New campaign").click()
    fill(ada, name="Autumn", starts_on="2026-10-01", ends_on="2026-10-31", budget_micros="1000")
    ada.get_by_label("Gaming").check()
    press(ada, "Save the draft")
    ada.get_by_role("link", name="Add a creative").click()
    fill(ada, name="Ten seconds", url="https://ads.example/1.mp4", landing_url="https://acme.example/")
    ada.get_by_role("button", name="Add", exact=True).click()
    ada.locator(".creatives .badge.submitted").wait_for()
    press(ada, "Submit")
    ada.locator("h1 .badge.submitted").wait_for()

    made = Campaign.objects.get()
    review(staff, "Creatives to look at", "Ten seconds")
    decide(staff, "Approve")
    review(staff, "Campaigns to book", made.reference)
    decide(staff, "Book")
    ada.reload()
    ada.locator("h1 .badge.scheduled").wait_for()
    return made


def deliver(folder: Path, of: Campaign, by: User) -> None:
    """The ad server's report: beside two videos of the lineup, and a little beside one below it."""
    rows = [
        f"{day},{of.reference},{video},{1_001 * video + number}"
        for number, day in enumerate(DAYS)
        for video in (*IN_LINEUP, BELOW)
    ]
    path = folder / "deliveries.csv"
    path.write_text("\n".join(["day,campaign,video,impressions", *rows, ""]))
    summary = import_file("deliveries", path, name=path.name, options={}, by=by)
    assert summary["verdicts"] == {"billable": 6, "not_in_lineup": 3}


def close(open_page: Open, of: Month) -> None:  # noqa: F811
    """Fiona of finance puts the month under review, Frank closes it."""
    for name, role, move in (
        ("fiona", FINANCE_PREPARER, "Put under review"),
        ("frank", FINANCE_APPROVER, "Close"),
    ):
        page = open_page(reverse("admin:campaigns_month_change", args=[of.pk]))
        log_in(page, in_role(name, role).username)
        decide(page, move)


def billed(bob: Page, by: str) -> str:
    """What the report says was billed in all, told by days, campaigns or whatever else."""
    bob.locator("nav.tabs").get_by_role("link", name=by, exact=True).click()
    bob.locator("nav.tabs [aria-current]", has_text=by).wait_for()
    return bob.locator("tfoot [data-label=Billed]").inner_text()


def test_an_advertiser_comes_in_books_is_delivered_and_billed_to_the_cent(
    after_october: time_machine.Traveller,
    market: None,
    open_page: Open,  # noqa: F811
    tmp_path: Path,
) -> None:
    operator = in_role("olga", AD_OPERATIONS)
    onboarding.move_form("open", operator)
    ada, staff = open_page("/apply/"), open_page("/admin/")
    complaints: list[str] = []
    ada.on("console", lambda message: complaints.append(message.text))
    log_in(staff, operator.username)
    acme = apply(ada, staff)
    bob = invite(ada, open_page)
    bob.on("console", lambda message: complaints.append(message.text))
    campaign = book(ada, staff)

    after_october.move_to(OVER)
    deliver(tmp_path, campaign, operator)
    months.calculate("2026-10")
    close(open_page, Month.objects.get())

    impressions = sum(1_001 * video + number for number in range(3) for video in IN_LINEUP)
    micros = impressions * 12_340
    invoice = Invoice.objects.get(advertiser=acme)
    assert (invoice.total_micros, invoice.lines.get().campaign) == (micros, campaign)

    bob.goto("/")
    log_in(bob, "bob@acme.example", "three-other-words")
    bob.get_by_role("link", name="Reports").click()
    bob.wait_for_url("**/reports/")
    bob.select_option("[name=period]", "invoiced-2026-10")
    bob.wait_for_url("**period=invoiced-2026-10*")
    reported = [billed(bob, by) for by in ("Day", "Category", "Campaign", "Creative", "Video")]
    assert violations(bob) == []
    with bob.expect_download() as download:
        bob.get_by_role("link", name="CSV").click()
    with download.value.path().open(encoding="utf-8-sig") as file:
        assert sum(Decimal(line["billed_usd"]) for line in csv.DictReader(file)) == Decimal(micros) / 10**6
    bob.get_by_role("link", name="Invoices").click()
    bob.get_by_role("link", name=invoice.number, exact=True).click()
    assert violations(bob) == []
    assert reported == [bob.locator("tfoot [data-label=Amount]").inner_text()] * 5
    assert complaints == []
