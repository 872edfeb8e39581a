"""Invoices in a real browser: readable at any width, light or dark, in both languages, by everybody."""

import datetime
import os
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from campaigns.invoices import settling
from campaigns.models import Advertiser, Campaign, Invoice
from pulse_site.models import User
from tests import factories
from tests.accessible import violations
from tests.browser import browser, log_in, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures

pytestmark = needs_chromium
DOLLAR = 1_000_000
SHOTS = os.environ.get("SHOTS", "")  # a folder for pictures of the pages


@pytest.fixture
def acme(bookkeeper: User, administrator: User) -> Advertiser:
    """A paid invoice, an overdue one, one that is partly paid, and a credit note."""
    made = bookkeeper.memberships.get().advertiser
    campaign = factories.campaign("ACME-2611-01", advertiser=made, purchase_order="PO-77120")
    Campaign.objects.filter(pk=campaign.pk).update(name="Holiday preview")
    today = timezone.now().date()
    for days, cents in ((70, 1_234_567), (40, 2_345_678), (5, 3_456_789)):
        issued = today - datetime.timedelta(days=days)
        due = issued + datetime.timedelta(days=30)
        factories.invoice(made, cents * 10_000, issued_on=issued, due_on=due)
    factories.invoice(made, 45_670_000, kind=Invoice.Kind.CREDIT_NOTE, issued_on=today)
    paid = {"received_on": today, "bank_reference": "WIRE 4711"}
    settling.receive(made, "entry:1", 20_000 * DOLLAR, **paid, by=administrator)
    return made


def look(page: Page, name: str) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@looks
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_a_bookkeeper_reads_the_invoices(
    acme: Advertiser,
    open_page: Callable[..., Page],  # noqa: F811
    width: int,
    scheme: str,
) -> None:
    page = open_page("/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    log_in(page, "bookkeeper")
    page.get_by_role("link", name="Invoices").click()
    page.wait_for_selector("h1:has-text('Invoices')")
    look(page, f"list-{width}-{scheme}")
    page.get_by_role("link", name="INV-2026-000002", exact=True).click()
    page.wait_for_selector("h1:has-text('Invoice INV-2026-000002')")
    look(page, f"invoice-{width}-{scheme}")
    page.get_by_role("button", name="Français").click()
    page.wait_for_selector("h1:has-text('Facture INV-2026-000002')")
    look(page, f"invoice-{width}-{scheme}-fr")
    page.get_by_role("link", name="Factures").first.click()
    page.wait_for_selector("h1:has-text('Factures')")
    look(page, f"list-{width}-{scheme}-fr")
    page.get_by_role("link", name="CN-2026-000001", exact=True).click()
    page.wait_for_selector("h1:has-text('Avoir')")
    look(page, f"credit-{width}-{scheme}-fr")
    assert complaints == []


@looks
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_see_what_is_owed_and_since_when(
    acme: Advertiser,
    open_page: Callable[..., Page],  # noqa: F811
    scheme: str,
) -> None:
    page = open_page("/admin/", viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    log_in(page, "administrator")
    page.wait_for_selector("text=Overdue invoices")
    invoice = Invoice.objects.get(number="INV-2026-000002")
    for name, path in (
        ("start", "/admin/"),
        ("list", "/admin/campaigns/invoice/"),
        ("invoice", f"/admin/campaigns/invoice/{invoice.pk}/change/"),
        ("remind", f"/admin/campaigns/invoice/move/remind/?ids={invoice.pk}"),
        ("payments", "/admin/campaigns/payment/"),
        ("advertiser", f"/admin/campaigns/advertiser/{acme.pk}/change/"),
    ):
        page.goto(path)
        found = [each for each in violations(page) if "region" not in each.split(":")[0]]
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/admin-{name}-{scheme}.png", full_page=True)
        print(name, found)
