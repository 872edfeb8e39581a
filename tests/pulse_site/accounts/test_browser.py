"""Log-in and account in a real browser: by keyboard, with a passkey, on a phone, in the dark, for everybody.

The passkey is kept by a virtual authenticator of the browser's own, so that the whole ceremony is real but
for the finger.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.urls import reverse
from playwright.sync_api import Page

from pulse_site.accounts import people
from pulse_site.models import Mail, User
from tests.accessible import violations
from tests.browser import browser, log_in, looks, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.pulse_site.accounts.codes import app_of, code
from tests.pulse_site.accounts.door import LOG_IN, PASSWORD

pytestmark = needs_chromium
Open = Callable[..., Page]
SHOTS = os.environ.get("SCREENSHOTS", "")


def listen(page: Page) -> list[str]:
    """The list in which the browser's complaints will stand: violations of the policy are among them."""
    complaints: list[str] = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def with_authenticator(page: Page) -> Page:
    """A phone or laptop that says yes to whatever is asked of its holder."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def test_somebody_who_must_sets_up_a_passkey_and_logs_in_with_it_alone(
    required: None,
    reviewer: User,
    open_page: Open,  # noqa: F811
) -> None:
    page = with_authenticator(open_page(LOG_IN))
    complaints = listen(page)
    log_in(page, "reviewer")
    assert "needs more than a password" in page.inner_text("main")
    page.get_by_role("link", name="Add a passkey").click()
    page.fill("#id_name", "Laptop")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_selector(".codes")
    assert page.locator(".codes li").count() == 10
    page.get_by_role("link", name="Done").click()
    page.wait_for_selector("#user-tools")
    page.locator("#logout-form button").click()
    page.wait_for_selector("#passkey_login")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_selector("#user-tools")
    assert Authenticator.objects.get(type="webauthn").last_used_at
    assert complaints == []


def test_a_passkey_is_the_second_factor_behind_a_password(
    required: None,
    reviewer: User,
    open_page: Open,  # noqa: F811
) -> None:
    page = with_authenticator(open_page(LOG_IN))
    complaints = listen(page)
    log_in(page, "reviewer")
    page.get_by_role("link", name="Add a passkey").click()
    page.uncheck("#id_passwordless")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_selector(".codes")
    page.goto(reverse("mfa_list_webauthn"))
    assert "logs in alone" not in page.inner_text("main")
    page.get_by_role("button", name="Log out").click()
    log_in(page, "reviewer")
    assert page.url.endswith("/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector("#user-tools")
    assert complaints == []


def test_an_authenticator_app_is_set_up_by_keyboard_alone(
    required: None,
    commits: None,
    owner: User,
    open_page: Open,  # noqa: F811
) -> None:
    page = open_page(LOG_IN)
    complaints = listen(page)
    page.wait_for_selector("[name=login]:focus")  # the first field has the focus
    for keys in ("owner", "Tab", PASSWORD, "Enter"):
        page.keyboard.press(keys) if keys in ("Tab", "Enter") else page.keyboard.type(keys)
    page.get_by_role("link", name="Set up an app").press("Enter")
    page.locator("summary").press("Enter")
    secret = page.locator(".key").inner_text()
    page.fill("#id_code", code(secret))
    page.press("#id_code", "Enter")
    page.wait_for_selector(".codes")
    page.get_by_role("link", name="Done").press("Enter")
    page.wait_for_load_state()
    assert page.url.endswith("/campaigns/")
    assert complaints == []


def test_a_passkey_that_the_browser_refuses_is_no_dead_end(reviewer: User, open_page: Open) -> None:  # noqa: F811
    """Without a device that knows him he is told so, and may go on by password."""
    page = with_authenticator(open_page(LOG_IN))
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_selector("#passkey_failed:not([hidden])")
    log_in(page, "reviewer")
    assert page.locator("#user-tools").count() == 1


@pytest.fixture
def well_equipped(reviewer: User) -> User:
    """Somebody whose pages have something to show."""
    User.objects.filter(pk=reviewer.pk).update(first_name="Rita", last_name="Vue")
    RecoveryCodes.activate(reviewer)
    return reviewer


# Pages before and after the log-in; what stands in their addresses is made by the test.
BEFORE = [
    "account_login",
    "account_reset_password",
    "account_reset_password_done",
    "account_inactive",
    "account_signup",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
]
AFTER = [
    "account",
    "account_email",
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "usersessions_list",
]


def keys(name: str) -> list[str]:
    return ["1", "never-made"] if name == "account_reset_password_from_key" else []


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def looked_at(page: Page, name: str, width: int) -> Iterator[str]:
    """What is wrong with the page, in words."""
    if page.evaluate("document.documentElement.scrollWidth") > width:
        yield f"{name} is wider than {width}"
    yield from (f"{name}: {violation}" for violation in violations(page))


@looks
@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1280, "light", "en"), (1280, "dark", "fr"), (360, "light", "fr")]
)
def test_every_page_is_well_made(
    well_equipped: User,
    open_page: Open,  # noqa: F811
    width: int,
    scheme: str,
    language: str,
) -> None:
    User.objects.update(language=language)
    page = open_page(LOG_IN, viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language)
    complaints, wrong = listen(page), []
    for name in BEFORE:
        page.goto(reverse(name, args=keys(name)))
        shot(page, f"{width}-{scheme}-{name}")
        wrong += looked_at(page, name, width)
    page.goto(LOG_IN)
    log_in(page, "reviewer")
    for name in AFTER:
        page.goto(reverse(name))
        shot(page, f"{width}-{scheme}-{name}")
        wrong += looked_at(page, name, width)
    app_of(well_equipped)
    for name in ("mfa_index", "mfa_deactivate_totp"):
        page.goto(reverse(name))
        shot(page, f"{width}-{scheme}-{name}-app")
        wrong += looked_at(page, name, width)
    page.goto(reverse("account_logout"))
    page.locator("main button.primary").click()
    log_in(page, "reviewer")
    shot(page, f"{width}-{scheme}-second-factor")
    wrong += looked_at(page, "second factor", width)
    page.fill("#id_code", "000000")
    page.press("#id_code", "Enter")
    page.wait_for_selector(".errorlist")
    shot(page, f"{width}-{scheme}-wrong-code")
    wrong += looked_at(page, "wrong code", width)
    assert wrong == []
    assert complaints == []


def test_a_code_by_e_mail_confirms_a_new_address(reviewer: User, open_page: Open) -> None:  # noqa: F811
    people.change_address(User(pk=reviewer.pk, email="nobody@example.com"))
    page = open_page(LOG_IN)
    complaints = listen(page)
    log_in(page, "reviewer")
    shot(page, "code-by-e-mail")
    assert violations(page) == []
    found = re.search(r"\S+$", Mail.objects.get().subject)
    assert found
    page.fill("#id_code", found[0])
    page.press("#id_code", "Enter")
    page.wait_for_selector("#user-tools")
    assert complaints == []
