"""A file's whole way in a real browser: dropped, mapped, previewed, confirmed, applied, corrected, undone."""

import base64
import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from creators.models import Creator, FollowerCount, Reach
from pulse_site.models import Run, Upload, User
from tests.browser import browser, needs_chromium, open_page, served, work  # noqa: F401 - fixtures
from tests.pulse_site.test_admin_browser import log_in

pytestmark = needs_chromium
NEW = reverse("admin:pulse_site_upload_add")
BEFORE = "".join(f"creator{number},{200_000 + number}\n" for number in range(40))
# As a person's own spreadsheet would have it: names of its own, and rows that can't be used.
FILE = "Wer;Wieviele;Land\n" + "".join(f"@creator{number};{90_000 + number};US\n" for number in range(40))
FILE += "newcomer;1.5M;US\n" + "=evil;5;US\n" * 9 + "typo;12x;US\n"
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  return transfer;
}"""


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def page(administrator: User, open_page: Callable[..., Page]) -> Iterator[Page]:  # noqa: F811
    """The administrator's page; nothing that the browser complains about may have happened on it."""
    opened = open_page("/admin/login/", viewport={"width": 1280, "height": 900})
    complaints = log_in(opened)
    yield opened
    assert complaints == []


def drop(page: Page, name: str, content: str) -> None:
    transfer = page.evaluate_handle(DROP, [name, base64.b64encode(content.encode()).decode()])
    page.locator("input[type=file]").dispatch_event("dragover", {"dataTransfer": transfer})
    expect(page.locator(".drop.over")).to_be_visible()
    page.locator("input[type=file]").dispatch_event("drop", {"dataTransfer": transfer})


def applied(day: str, rows: str) -> None:
    from pulse_site.feeds.run import import_file

    with_header = f"handle,followers\n{rows}"
    path = Path(Upload._meta.get_field("file").storage.path(f"{day}.csv"))
    path.write_text(with_header)
    import_file("followers", path, name=path.name, options={"as_of": day}, by=None)


def test_a_file_goes_all_its_way(page: Page, tmp_path: Path) -> None:
    applied("2026-10-14", BEFORE)
    page.goto(reverse("admin:pulse_site_upload_changelist"))
    page.locator(".addlink", has_text="Add upload").last.click()
    page.get_by_label("Follower counts").check()
    page.get_by_label("As of").fill("2026-10-15")
    expect(page.get_by_label("Market")).to_be_hidden()
    drop(page, "october.csv", FILE)
    page.get_by_role("button", name="Upload").click()

    expect(page.locator(".alert")).to_contain_text("Pulse did not find: handle, followers")
    page.get_by_label("Wer").select_option("handle")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".errorlist")).to_contain_text("followers")
    page.get_by_label("Wieviele").select_option("followers")
    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#progress")).to_contain_text("Reading the file")
    work()
    expect(page.locator("h2", has_text="What it would change")).to_be_visible()  # by itself
    expect(page.locator("svg.changes .loss").first).to_be_visible()
    expect(page.locator(".crossings")).to_contain_text("40")
    assert not FollowerCount.objects.filter(as_of="2026-10-15").exists()

    # Leaving the page loses nothing: the list leads back.
    page.goto(reverse("admin:index"))
    page.goto(reverse("admin:pulse_site_upload_changelist"))
    page.get_by_role("link", name="october.csv").click()

    boxes = page.locator("input[name=confirmed]")
    expect(boxes.first).to_be_visible()
    assert boxes.count() >= 2
    page.get_by_role("button", name="Apply all the same").click()
    expect(
        page.locator("h2", has_text="What it would change")
    ).to_be_visible()  # the browser asks for the rest
    assert not Run.objects.active().exists()
    for box in boxes.all():
        box.check()
    page.get_by_role("button", name="Apply all the same").click()
    expect(page.locator("#progress")).to_contain_text("Applying")
    work()
    expect(page.locator(".alert.good")).to_have_text("The file was applied as a whole.")
    assert Reach.objects.get(creator__handle="creator7").followers == 90_007

    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    path = tmp_path / "rejected.csv"
    download.value.save_as(path)
    correct_and_give_again(page, path)
    undo(page)


def correct_and_give_again(page: Page, path: Path) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert [row[3] for row in rows] == ["'=evil"] * 9 + ["typo"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, [*rows[-1][:4], "120000", "US"]])
    page.get_by_role("link", name="Upload another file").click()
    expect(page.get_by_label("Follower counts")).to_be_checked()
    page.get_by_label("As of").fill("2026-10-15")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".alert.info")).to_contain_text("they are read as administrator said")
    page.get_by_role("button", name="Preview").click()
    work()
    page.get_by_role("button", name="Confirm and apply").click()
    work()
    expect(page.locator(".alert.good")).to_be_visible()
    assert Reach.objects.get(creator__handle="typo").followers == 120_000


def undo(page: Page) -> None:
    page.get_by_role("link", name="Undo this import").click()
    expect(page.locator("h2", has_text="What would return to what it was")).to_be_visible()
    page.get_by_role("button", name="Undo this import").click()
    work()
    expect(page.locator("h2", has_text="What was taken back")).to_be_visible()
    assert not Creator.objects.filter(handle="typo").exists()


def test_a_file_that_cannot_be_is_told_before_it_is_sent(page: Page) -> None:
    page.goto(NEW)
    page.get_by_label("Follower counts").check()
    drop(page, "letter.docx", "x")
    expect(page.locator(".problem")).to_have_text(
        "Give a CSV or XLSX file. Save other kinds as one of these."
    )
    page.get_by_role("button", name="Upload").click()
    assert page.url.endswith(NEW)
    drop(page, "october.csv", FILE)
    expect(page.locator(".problem")).to_be_hidden()


def test_a_large_file_shows_how_far_it_is_sent(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("handle,followers\n" + "".join(f"creator{n},{n}\n" for n in range(400_000)))
    assert path.stat().st_size > 5_000_000
    page.goto(NEW)
    page.get_by_label("Follower counts").check()
    page.get_by_label("As of").fill("2026-10-15")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("table.mapping").last).to_be_visible()
    assert Upload.objects.get().name == "large.csv"


def test_the_form_works_without_scripts(
    administrator: User,
    open_page: Callable[..., Page],  # noqa: F811
) -> None:
    plain = open_page("/admin/login/", java_script_enabled=False)
    log_in(plain)
    plain.goto(NEW)
    plain.get_by_label("Follower counts").check()
    plain.get_by_label("As of").fill("2026-10-15")
    plain.set_input_files(
        "input[type=file]",
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"handle,followers\nbella,5\n"},
    )
    plain.get_by_role("button", name="Upload").click()
    plain.get_by_role("button", name="Preview").click()
    work()
    plain.reload()
    plain.get_by_role("button", name="Confirm and apply").click()
    work()
    assert Creator.objects.filter(handle="bella").exists()


def test_the_pages_fit_a_phone(administrator: User, open_page: Callable[..., Page]) -> None:  # noqa: F811
    applied("2026-10-14", BEFORE)
    phone = open_page("/admin/login/", viewport={"width": 360, "height": 740})
    log_in(phone)
    phone.goto(f"{NEW}?feed=videos")
    phone.locator(".choice:has(input:checked) summary").click()
    fits(phone)
    phone.goto(f"{NEW}?feed=followers")
    phone.get_by_label("As of").fill("2026-10-15")
    phone.set_input_files(
        "input[type=file]", {"name": "october.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    phone.get_by_role("button", name="Upload").click()
    fits(phone)
    phone.get_by_label("Wer").select_option("handle")
    phone.get_by_label("Wieviele").select_option("followers")
    phone.get_by_role("button", name="Preview").click()
    work()
    phone.reload()
    expect(phone.locator(".warnings")).to_be_visible()
    fits(phone)
    phone.goto(reverse("admin:pulse_site_upload_undo", args=[Upload.objects.earliest("id").pk]))
    fits(phone)
    phone.goto(reverse("admin:creators_creator_export"))
    fits(phone)
    phone.goto(reverse("admin:creators_category_import"))
    fits(phone)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == 360, page.url
