"""A link opens one creator's closed months, for thirty days, and nothing else."""

import datetime
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import Page

from campaigns.models import Month
from creators.models import Creator
from payouts import disputes
from payouts.models import Dispute, StatementFile
from payouts.statements import links
from tests import factories
from tests.browser import browser, needs_chromium, open_page, served  # noqa: F401 - fixtures
from tests.payouts.programme import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_language_is_left_over() -> Iterator[None]:
    with translation.override(None):
        yield


def test_a_link_shows_the_newest_statement_without_an_account(
    client: Client, october: Month, ada: Creator
) -> None:
    answer = client.get(links.address(ada))
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Statement of October 2026" in shown
    assert "$61.67" in shown
    assert "not enrolled on that day" in shown
    assert answer["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "private" in answer["Cache-Control"]


def test_it_speaks_the_creators_language_until_he_chooses_another(
    client: Client, october: Month, ada: Creator
) -> None:
    ada.language = "fr"
    ada.save()
    link = links.address(ada)
    assert "Relevé mensuel – octobre 2026" in client.get(link).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": link})
    assert "Statement of October 2026" in client.get(link).content.decode()


@pytest.mark.parametrize(("format", "kind"), [("pdf", "application/pdf"), ("csv", "text/csv; charset=utf-8")])
def test_downloads_are_the_stored_bytes(
    client: Client, october: Month, ada: Creator, format: str, kind: str
) -> None:
    url = reverse("statements:file", args=[links.sign(ada), "2026-10", "fr", format])
    first, second = client.get(url), client.get(url)
    stored = StatementFile.objects.get()
    assert first.content == second.content == bytes(stored.content)
    assert first["Content-Type"] == kind
    assert first["Content-Disposition"] == f'attachment; filename="pulse-ada-2026-10-fr.{format}"'
    assert "private" in first["Cache-Control"]


def test_a_link_expires_and_says_whom_to_ask(
    client: Client, october: Month, ada: Creator, settings: pytest.FixtureRequest
) -> None:
    settings.SUPPORT_EMAIL = "creators@example.com"
    with time_machine.travel(datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC), tick=False):
        link = links.address(ada)
    with time_machine.travel(datetime.datetime(2026, 12, 19, 23, 59, tzinfo=datetime.UTC), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(datetime.datetime(2026, 12, 20, 0, 1, tzinfo=datetime.UTC), tick=False):
        answer = client.get(link)
    assert answer.status_code == 410
    assert "This link has expired" in answer.content.decode()
    assert "creators@example.com" in answer.content.decode()
    assert "ada" not in answer.content.decode()


def test_a_link_that_was_changed_opens_nothing(client: Client, october: Month, ada: Creator) -> None:
    token, ben = links.sign(ada), Creator.objects.get(handle="ben")
    body, *rest = token.split(":")
    other = links.sign(ben).split(":")[0]
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        ":".join([other, *rest]),
        body,
        "x",
        signing.dumps(ada.pk, salt="another"),
        signing.dumps(10**9, salt=links.SALT),
    ]
    for each in forged:
        for name, arguments in (("newest", []), ("month", ["2026-10"]), ("file", ["2026-10", "en", "pdf"])):
            answer = client.get(reverse(f"statements:{name}", args=[each, *arguments]))
            assert answer.status_code == 404
            assert "There is no statement here" in answer.content.decode()
    assert not StatementFile.objects.exists()


def test_only_closed_months_of_his_own_are_opened(client: Client, october: Month, ada: Creator) -> None:
    cleo = factories.enrolled("cleo")
    november = factories.month("2026-11")
    deliver(factories.campaign(), ada, 5, month=november)
    token = links.sign(ada)
    for code in ("2026-11", "2026-09", "x", "2026-10x"):
        assert client.get(reverse("statements:month", args=[token, code])).status_code == 404
        for format in ("pdf", "csv"):
            url = reverse("statements:file", args=[token, code, "en", format])
            assert client.get(url).status_code == 404
    for odd in (("de", "pdf"), ("en", "exe")):
        assert client.get(reverse("statements:file", args=[token, "2026-10", *odd])).status_code == 404
    none = client.get(links.address(cleo))
    assert (none.status_code, "There is no statement yet" in none.content.decode()) == (200, True)
    assert client.get(reverse("statements:month", args=[links.sign(cleo), "2026-10"])).status_code == 404


def test_a_page_asks_a_fixed_number_of_queries(client: Client, october: Month, ada: Creator) -> None:
    asked = []
    for creator in (ada, Creator.objects.get(handle="ben")):
        with CaptureQueriesContext(connection) as queries:
            client.get(links.address(creator))
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 22


def test_a_creator_opens_a_dispute_and_reads_the_answer(client: Client, october: Month, ada: Creator) -> None:
    token = links.sign(ada)
    page, form = (reverse(f"statements:{name}", args=[token, "2026-10"]) for name in ("month", "dispute"))
    assert "Open a dispute" in client.get(page).content.decode()
    for text, said in ((" ", "Say what is wrong"), ("x" * 2_001, "Shorten it to 2000 characters.")):
        assert said in client.post(form, {"text": text}, follow=True).content.decode()
    assert "Thank you" in client.post(form, {"text": "Video 7 <b>is mine"}, follow=True).content.decode()
    shown = client.get(page).content.decode()
    assert "Video 7 &lt;b&gt;is mine" in shown
    assert "Open a dispute" not in shown
    assert client.post(form, {"text": "Once more"}).status_code == 404
    Dispute.objects.update(status="refused", answer="It is Ben’s.")
    assert "It is Ben’s." in client.get(page).content.decode()


def test_disputes_need_their_own_link_and_month(client: Client, october: Month, ada: Creator) -> None:
    for token, code in ((links.sign(ada), "2026-11"), ("x", "2026-10")):
        assert (
            client.post(reverse("statements:dispute", args=[token, code]), {"text": "?"}).status_code == 404
        )
    assert client.get(reverse("statements:dispute", args=[links.sign(ada), "2026-10"])).status_code == 405
    assert not Dispute.objects.exists()


def test_a_statement_that_can_no_longer_be_disputed_offers_no_dispute(
    client: Client, october: Month, ada: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disputes, "OPEN_FOR", datetime.timedelta(days=-9_999))
    assert "Open a dispute" not in client.get(links.address(ada)).content.decode()


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_a_creator_reads_his_statement_at_any_width(
    october: Month,
    ada: Creator,
    open_page: Callable[..., Page],  # noqa: F811
    width: int,
    scheme: str,
) -> None:
    page = open_page(
        links.address(ada), viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en"
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".videos tbody tr").count() == 3
    page.get_by_label("Tell us").fill("The third video is not Ada's.")
    page.get_by_role("button", name="Open a dispute").click()
    assert "Thank you" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Français").click()
    assert page.locator("h1").inner_text() == "Relevé mensuel – octobre 2026"
    assert complaints == []
