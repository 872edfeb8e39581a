"""A file's way through the admin: given, previewed, confirmed, undone; not written before."""

import html
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Delivery
from creators.models import Creator, FollowerCount
from payouts.models import Payout
from pulse_site.admin.uploads.page import page_of
from pulse_site.admin.uploads.words import FEEDS
from pulse_site.models import Run, Upload, User
from tests import desk as rows
from tests import factories
from tests.pulse_site.uploads.steps import (
    GOOD,
    MIXED,
    NEW,
    address,
    applied,
    choose,
    give,
    page,
    previewed,
    work,
)


def test_a_file_is_seen_to_previewed_confirmed_and_applied(desk: Client) -> None:
    answer = give(desk)
    upload = Upload.objects.get()
    assert answer["Location"] == address(upload, "columns")
    found = desk.get(address(upload, "columns")).text
    assert "<code>bella</code><code>chef.tom</code>" in found
    assert '<option value="followers" selected>' in found
    assert "A text in UTF-8, its cells apart by comma." in found

    assert choose(desk, upload, "handle", "followers")["Location"] == page_of(upload)
    assert "Reading the file" in page(desk, upload)
    work()
    preview = page(desk, upload)
    assert "What it would change" in preview
    assert "chef.tom" in preview
    assert not Creator.objects.exists()

    desk.post(address(upload, "apply"))
    work()
    assert set(Creator.objects.values_list("handle", flat=True)) == {"bella", "chef.tom"}
    assert "What it changed" in page(desk, upload)


def feeds_with_files() -> dict[str, str]:
    """A file of each feed that isn't the followers', of which a row is new; what it is about is there."""
    rows.fill(1)
    billed = Delivery.objects.get()
    paid = Payout.objects.get()
    Payout.objects.update(status="sent")
    payee = factories.payee(factories.enrolled("rosa"))
    facts = f"{billed.day},{billed.campaign.reference},{billed.video_id}"
    return {
        "videos": "id,handle,published,views,likes,comments,shares\n77,bella,2026-10-14T12:00:00Z,9,1,0,2\n",
        "deliveries": f"day,campaign,video,impressions\n{facts},700\n",
        "invalid_traffic": f"day,campaign,video,impressions,reason\n{facts},300,bot\n",
        "payees": f"handle,city\n{payee.creator.handle},Rome\n",
        "payment_results": f"reference,status,date\n{paid.reference},paid,2026-11-05\n",
    }


@pytest.mark.parametrize("feed", [name for name in FEEDS if name != "followers"])
def test_every_feed_goes_the_same_way(desk: Client, administrator: User, feed: str) -> None:
    desk.force_login(administrator)
    content = feeds_with_files()[feed]
    give(desk, content.encode(), f"{feed}.csv", feed=feed)
    upload = Upload.objects.latest("id")
    found = desk.get(address(upload, "columns")).text
    named = content.splitlines()[0].split(",")
    assert found.split("Which column is what")[1].count(" selected>") == len(named)
    choose(desk, upload, *named)
    work()
    upload.refresh_from_db()
    assert upload.status == "previewed", upload.error
    assert "Confirm and apply" in page(desk, upload)
    desk.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    assert upload.status == "applied", upload.error
    assert upload.summary["created"] + upload.summary["updated"] == 1
    told = page(desk, upload)
    assert "What it changed" in told
    assert "Undo this import" not in told


def test_leaving_at_any_page_loses_nothing(desk: Client) -> None:
    give(desk)
    upload = Upload.objects.get()
    listed = reverse("admin:pulse_site_upload_changelist")
    assert page_of(upload) in desk.get(listed).text
    assert desk.get(page_of(upload))["Location"] == address(upload, "columns")
    choose(desk, upload, "handle", "followers")
    assert desk.get(address(upload, "columns"))["Location"] == page_of(upload)  # while it is read
    work()
    assert "Confirm and apply" in page(desk, upload)
    assert "Correct the columns" in page(desk, upload)
    assert desk.get(address(upload, "columns")).status_code == 200


def test_a_cancelled_upload_is_never_applied(desk: Client) -> None:
    upload = previewed(desk)
    desk.post(address(upload, "cancel"))
    desk.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    assert (upload.status, Creator.objects.count()) == ("cancelled", 0)
    assert "Nothing of the file was taken" in page(desk, upload)
    assert desk.get(address(upload, "columns"))["Location"] == page_of(upload)


def test_an_applied_import_is_undone(desk: Client) -> None:
    upload = applied(desk)
    assert address(upload, "undo") in page(desk, upload)
    asked = desk.get(address(upload, "undo")).text
    assert "Counts that the file added are removed: 2." in asked
    desk.post(address(upload, "undo"))
    assert "Undoing" in page(desk, upload)
    work()
    upload.refresh_from_db()
    assert (upload.status, FollowerCount.objects.count()) == ("undone", 0)
    told = page(desk, upload)
    assert "What was taken back" in told
    assert "Undone by" in told
    assert address(upload, "undo") not in told


def test_what_was_built_upon_cannot_be_undone_and_the_page_says_why(desk: Client) -> None:
    upload = applied(desk)
    applied(desk, GOOD.replace(b"120000", b"130000"), as_of="2026-10-16")
    told = desk.get(address(upload, "undo")).text
    assert "It can’t be undone" in told
    assert "Undo this import" not in told
    desk.post(address(upload, "undo"))
    assert not Run.objects.active().exists()


def test_the_result_leads_to_the_creators_it_counted(
    desk: Client, fallen: Upload, administrator: User
) -> None:
    desk.force_login(administrator)
    first = Upload.objects.earliest("id")
    desk.post(address(fallen, "apply"), {"confirmed": [each["code"] for each in fallen.summary["warnings"]]})
    work()
    creators = reverse("admin:creators_creator_changelist")
    for upload, kind, found in ((first, "new", 20), (first, "changed", 0), (fallen, "changed", 20)):
        url = f"{creators}?status=all&upload={upload.pk}-{kind}"
        assert html.escape(url) in page(desk, upload)
        listed = desk.get(url).text
        assert f'<span class="count">{found}' in listed
        assert f"{upload}: {kind}" in listed
    for odd in ("x", "1", f"{first.pk}-odd", "9" * 30 + "-new", "²-new"):
        assert '<span class="count">20' in desk.get(f"{creators}?status=all&upload={odd}").text
    assert creators not in page(Client(), first)


def test_a_file_of_payees_leads_to_the_changes_it_proposed(desk: Client, administrator: User) -> None:
    desk.force_login(administrator)
    factories.payee(factories.enrolled("bella"))
    give(desk, b"handle,city\nbella,Troy\n", feed="payees")
    upload = Upload.objects.get()
    choose(desk, upload, "handle", "city")
    work()
    desk.post(address(upload, "apply"))
    work()
    assert f"payeechange/?upload__id__exact={upload.pk}" in page(desk, upload)


def test_progress_is_told_as_json(desk: Client) -> None:
    give(desk)
    choose(desk, Upload.objects.get(), "handle", "followers")
    Run.objects.update(status="running", progress_permille=430, step="reading")
    url = reverse("admin:pulse_site_run_progress", args=[Run.objects.get().pk])
    assert url in page(desk, Upload.objects.get())
    assert desk.get(url).json() == {"busy": True, "permille": 430, "step": "reading"}
    Run.objects.update(status="failed")
    assert desk.get(url).json()["busy"] is False
    assert Client().get(url).status_code == 302


def counted(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


def pages_of(upload: Upload) -> Iterator[str]:
    yield page_of(upload)
    yield address(upload, "columns")


def test_no_page_asks_more_for_a_long_file_than_for_a_short_one(desk: Client) -> None:
    few = [counted(desk, url) for url in pages_of(previewed(desk, MIXED))]
    many = MIXED + b"".join(b"creator%d,%d\nbad%d,-5\n" % (n, 100_000 + n, n) for n in range(300))
    assert [counted(desk, url) for url in pages_of(previewed(desk, many))] == few
    assert max(few) <= 12
    assert counted(desk, NEW) <= 8
