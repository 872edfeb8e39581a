"""An advertiser comes in, in a real browser: applies, is asked, answers, is approved, brings a colleague."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from campaigns import onboarding, team
from campaigns.models import Advertiser, Agreement, Member
from pulse_site.models import User
from tests import applicants, factories
from tests.accessible import violations
from tests.browser import browser, log_in, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures

pytestmark = needs_chromium
Open = Callable[..., Page]


def fill(page: Page, **answers: str) -> None:
    for name, value in answers.items():
        page.fill(f"[name={name}]", value)


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_load_state()


def test_an_advertiser_applies_is_asked_answers_is_approved_and_brings_a_colleague(
    administrator: User,
    open_page: Open,  # noqa: F811
) -> None:
    onboarding.move_form("open", administrator)
    ada = open_page("/apply/")
    complaints: list[str] = []
    ada.on("console", lambda message: complaints.append(message.text))
    fill(ada, email="ada@acme.example")
    press(ada, "Begin the application")
    ada.get_by_text("Look into your mail").wait_for()

    ada.goto(reverse("portal:application_form", args=[applicants.token()]))
    typed = {name: value for name, value in applicants.DETAILS.items() if name != "country"}
    fill(ada, **typed, first_name="Ada", last_name="Byron", password="three-plain-words")
    ada.select_option("[name=country]", label="United States")
    press(ada, "Send the application")
    assert "This field is required" in ada.locator(".field.wrong").inner_text()
    assert violations(ada) == []
    ada.fill("[name=password]", "three-plain-words")
    ada.check("[name=agreed]")
    press(ada, "Send the application")
    ada.get_by_text("We are looking at it").wait_for()
    acme = Advertiser.objects.get()

    staff = open_page("/admin/")
    log_in(staff, "administrator")
    queue = staff.locator("main .card", has_text="Advertisers’ applications")
    queue.get_by_role("link", name="Review").click()
    staff.get_by_role("link", name="Acme", exact=True).click()
    staff.get_by_role("link", name="Ask for more").click()
    staff.select_option("[name=suggestion]", index=2)
    press(staff, "Ask for more")

    ada.reload()
    question = ada.locator(".state blockquote").inner_text()
    assert "tax number" in question
    ada.get_by_text("Correct the application").click()
    fill(ada, message="A digit was missing.", tax_number="12-3456780")
    press(ada, "Send the answer")
    ada.get_by_text("We are looking at it").wait_for()

    staff.reload()
    while (open_items := staff.locator("#checklist button.button:not([name])")).count():
        open_items.first.click()
        staff.wait_for_load_state()
    staff.get_by_role("link", name="Approve").click()
    staff.fill("[name=reason]", "Welcome to Pulse.")
    press(staff, "Approve")
    staff.get_by_text("1 moved.").wait_for()

    ada.goto("/")
    ada.get_by_role("link", name="Team").click()
    fill(ada, email="bob@acme.example")
    ada.get_by_label("Finance").check()
    press(ada, "Send the invitation")
    ada.get_by_text("We have sent an invitation to bob@acme.example").wait_for()

    bob = open_page(reverse("portal:join", args=[applicants.token()]))
    fill(bob, first_name="Bob", last_name="Ledger", password="three-other-words")
    press(bob, "Make the account and join")
    bob.get_by_text("No campaign yet").wait_for()
    assert bob.get_by_role("link", name="Team").count() == 0
    roles = acme.members.order_by("pk").values_list("user__email", "role")
    assert list(roles) == [("ada@acme.example", "owner"), ("bob@acme.example", "finance")]
    ada.reload()
    assert "Bob Ledger" in ada.locator("main").inner_text()
    assert complaints == []


@looks
@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1280, "light", "en"), (1280, "dark", "en"), (360, "light", "fr")]
)
def test_every_page_is_whole_and_accessible(
    width: int,
    scheme: str,
    language: str,
    administrator: User,
    open_page: Open,  # noqa: F811
) -> None:
    onboarding.invite("new@acme.example", "en", administrator)
    application = reverse("portal:application_form", args=[applicants.token()])
    acme = applicants.asked(administrator)
    ada = acme.members.get().user
    User.objects.filter(pk=ada.pk).update(language=language)
    zenith = factories.advertiser("Zenith of a Rather Long Name & Sons")
    Member.objects.create(advertiser=zenith, user=ada, role=Member.Role.OWNER)
    colleague = factories.colleague("colleague", zenith, Member.Role.VIEWER)
    today = zenith.created_at.date()
    Agreement.objects.create(version=2, starts_on=today, text_en="Anew.", text_fr="Du neuf.")
    team.invite(zenith, "bob@a-rather-long-name-of-a-company.example", "viewer", ada)
    joining = reverse("portal:join", args=[applicants.token()])

    page = open_page(
        "/apply/", viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
    )

    def look(address: str) -> None:
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") == width, address

    onboarding.move_form("open", administrator)
    for address in ("/apply/", application, joining, reverse("portal:join", args=["unknown"])):
        look(address)
    page.goto("/log-in/")
    log_in(page, ada.username)
    look("/")
    look(joining)
    look(reverse("portal:application", args=[acme.pk]))
    for name in ("team", "company", "agreement", "leave", "application"):
        look(reverse(f"portal:{name}", args=[zenith.pk]))
    look(reverse("portal:member", args=[zenith.pk, colleague.memberships.get().pk]))
