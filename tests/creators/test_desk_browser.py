"""The desk by keyboard, in a real browser: letters decide, skip, go on, and never while somebody writes."""

from collections.abc import Callable
from contextlib import suppress

from django.contrib.auth.models import Group
from django.urls import reverse
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from creators.models import Creator
from pulse_site import roles
from tests import factories
from tests.browser import browser, log_in, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.creators.test_approval import checked

pytestmark = needs_chromium
QUEUE = "/admin/creators/creator/?status=pending"


def test_a_queue_is_worked_through_by_keyboard(open_page: Callable[..., Page]) -> None:  # noqa: F811
    factories.user("rita", is_staff=True).groups.add(Group.objects.get(name=roles.REVIEWER))
    queue = [factories.creator(f"waiting{number}", status="pending") for number in range(5)]
    for creator in queue:
        checked(creator, True)
    addresses = [reverse("admin:creators_creator_change", args=[creator.pk]) for creator in queue]
    page = open_page("/admin/login/")
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(f"{page.url}: {told.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    log_in(page, "rita")

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    def here(address: str) -> bool:
        with suppress(PlaywrightTimeout):
            page.wait_for_url(lambda url: address in url, timeout=5_000)
        page.wait_for_load_state("networkidle")
        return address in page.url

    def focused() -> str:
        named = (
            "[...(element.labels || [])].map(each => each.firstChild.data.trim()).join() || element.innerText"
        )
        return str(page.evaluate(f"(element => {named})(document.activeElement)"))

    # While somebody writes, a letter is a letter.
    page.goto(QUEUE)
    page.locator("#searchbar").focus()
    press("n")
    assert here(QUEUE) and page.locator("#searchbar").input_value() == "n"
    page.locator("#searchbar").blur()

    def letter(selector: str) -> str:
        shown = "getComputedStyle(document.querySelector(selector), '::after').content"
        return str(page.evaluate(f"selector => {shown}", selector))

    # ? shows the keys and hides them again; with Ctrl a letter is the browser's.
    assert letter("[data-key=n]") == "none"
    press("Shift+?")
    assert letter("[data-key=n]") == '"n"'
    press("Shift+?", "Control+n")
    assert letter("[data-key=n]") == "none" and here(QUEUE)

    press("n")
    assert here(addresses[0])
    press("Shift+?")
    assert [letter(f"[data-key~={key}]") for key in "aris"] == ['"a"', '"r"', '"i"', '"s n"']
    press("s")
    assert here(addresses[1])

    # An approval is Enter away, and Escape leads back; who works by keyboard sees where he is.
    press("a")
    assert here("/move/approve/") and focused() == "Approve"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press("Escape")
    assert here(addresses[1])
    press("a")
    assert here("/move/approve/")
    press("Enter")
    assert here(addresses[2]), page.url

    # A rejection asks for a reason, of the list or in words, in which letters are letters.
    press("r")
    assert here("/move/reject/") and focused() == "Reason of the list"
    press("ArrowDown", "Enter")
    assert here(addresses[3])
    press("i")
    assert here("/move/ask/")
    press("Tab")
    page.keyboard.type("arisen?")
    assert here("/move/ask/") and page.locator("#id_reason").input_value() == "arisen?"
    press("Enter")
    assert here(addresses[4])
    decided = Creator.objects.order_by("pk").values_list("status", flat=True)
    assert list(decided) == ["pending", "approved", "rejected", "asked", "pending"]

    # Outside of a walk through the queue N begins one.
    page.goto(addresses[1])
    press("n")
    assert here(addresses[4]), "the one who was skipped comes last"
    press("n")
    assert here(QUEUE.partition("?")[0]) and "whom you skipped" in page.locator(".messagelist").inner_text()
    assert complaints == []
