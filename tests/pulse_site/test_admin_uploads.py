"""A file's way through the admin: given, its columns seen to, previewed, confirmed; not written before."""

import csv
import datetime
import hashlib
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from campaigns.models import Delivery
from creators.models import Creator, FollowerCount
from payouts.models import Payout
from pulse_site import runs
from pulse_site.admin.uploads import forms
from pulse_site.admin.uploads.page import page_of
from pulse_site.admin.uploads.words import COLUMNS, FEEDS
from pulse_site.feeds import feed as feeds
from pulse_site.models import RejectedRow, Run, Upload, User
from tests import desk as rows
from tests import factories

GOOD = b"handle,followers\nbella,120000\nchef.tom,1.5M\n"
MIXED = b"handle,followers\nbella,120000\n=evil,lots\n@ada,-5\n"
FOREIGN = b"Wer;Wieviele\nbella;120000\n"
NEW = reverse("admin:pulse_site_upload_add")


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    client.force_login(factories.staff("ida", "view_upload", "add_upload", "apply_upload", "undo_upload"))
    return client


def give(client: Client, content: bytes = GOOD, name: str = "followers.csv", **answers: Any) -> HttpResponse:
    form = {"feed": "followers", "as_of": "2026-10-15", "market": "US", **answers}
    form["file"] = SimpleUploadedFile(name, content)
    return client.post(NEW, form)


def address(upload: Upload, action: str) -> str:
    return reverse(f"admin:pulse_site_upload_{action}", args=[upload.pk])


def choose(client: Client, upload: Upload, *columns: str) -> HttpResponse:
    """Say which column each header is, in their order."""
    return client.post(
        address(upload, "columns"), {f"header-{number}": column for number, column in enumerate(columns)}
    )


def work() -> None:
    """What the worker does."""
    for run in Run.objects.active():
        runs.perform(run.pk)


def previewed(client: Client, content: bytes = GOOD, **answers: Any) -> Upload:
    give(client, content, **answers)
    upload = Upload.objects.latest("id")
    choose(client, upload, "handle", "followers")
    work()
    upload.refresh_from_db()
    return upload


def applied(client: Client, content: bytes = GOOD, **answers: Any) -> Upload:
    upload = previewed(client, content, **answers)
    client.post(
        address(upload, "apply"), {"confirmed": [each["code"] for each in upload.summary["warnings"]]}
    )
    work()
    upload.refresh_from_db()
    return upload


def page(client: Client, upload: Upload) -> str:
    return client.get(page_of(upload)).text


# The way of a good file


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
    assert found.count(" selected>") == len(named)
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


def test_what_a_person_says_of_the_columns_is_remembered_and_told(desk: Client) -> None:
    upload = applied_as(desk, FOREIGN, "handle", "followers")
    assert upload.status == "applied"
    give(desk, FOREIGN.replace(b"120000", b"130000"), as_of="2026-10-16")
    again = desk.get(address(Upload.objects.latest("id"), "columns")).text
    assert "they are read as ida said on" in again
    assert again.count(" selected>") == 2


def applied_as(client: Client, content: bytes, *columns: str) -> Upload:
    give(client, content)
    upload = Upload.objects.latest("id")
    assert "Pulse did not find: handle, followers." in client.get(address(upload, "columns")).text
    choose(client, upload, *columns)
    work()
    client.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    return upload


def test_a_mapping_that_cannot_be_is_refused_where_it_is_made(desk: Client) -> None:
    give(desk)
    upload = Upload.objects.get()
    told = choose(desk, upload, "handle", "").content.decode()
    assert "Say which column of the file has followers." in told
    assert "choose one of them" in choose(desk, upload, "handle", "handle").content.decode()
    assert choose(desk, upload, "nonsense", "followers").status_code == 200
    assert not Run.objects.exists()


def test_a_file_of_a_thousand_columns_has_a_choice_for_each(desk: Client) -> None:
    names = ["handle", "followers", *(f"column {number}" for number in range(998))]
    give(desk, f"{','.join(names)}\nbella,5{',' * 998}\n".encode())
    upload = Upload.objects.get()
    choose(desk, upload, "handle", "", "followers", *[""] * 997)
    work()
    upload.refresh_from_db()
    assert upload.status == "refused"  # the column has no counts
    assert "Fill this cell." in upload.error


def test_a_corrected_mapping_is_previewed_again(desk: Client) -> None:
    give(desk, b"handle,old,followers\nbella,1,120000\n")
    upload = Upload.objects.get()
    choose(desk, upload, "handle", "", "followers")
    work()
    assert choose(desk, upload, "handle", "", "followers").status_code == 302
    assert not Run.objects.active().exists()  # nothing has changed
    choose(desk, upload, "handle", "followers", "")
    upload.refresh_from_db()
    assert upload.status == "uploaded"
    work()
    upload.refresh_from_db()
    assert upload.summary["columns"] == {"handle": "handle", "old": "followers"}


def test_a_cancelled_upload_is_never_applied(desk: Client) -> None:
    upload = previewed(desk)
    desk.post(address(upload, "cancel"))
    desk.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    assert (upload.status, Creator.objects.count()) == ("cancelled", 0)
    assert "Nothing of the file was taken" in page(desk, upload)
    assert desk.get(address(upload, "columns"))["Location"] == page_of(upload)


# What is refused at the door


def test_counts_need_their_day(desk: Client) -> None:
    assert "Say as of which day the counts are." in give(desk, as_of="").content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (GOOD * 2, "followers.csv", "larger than 200 MB"),
        (b"PK", "x.docx", "Give a CSV or XLSX file"),
        (b"a\0b", "x.csv", "binary file"),
        (b"PK\x03\x04rubbish", "x.xlsx", "can&#x27;t be opened"),
    ],
)
def test_what_no_feed_can_read_is_refused_at_the_door_and_not_kept(
    desk: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, name: str, told: str
) -> None:
    monkeypatch.setattr(forms, "LARGEST", len(GOOD))
    answer = give(desk, content, name).content.decode()
    assert told in answer
    assert not Upload.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"handle,followers\n", b'handle,followers\n"bella,1\n'])
def test_a_file_that_turns_out_to_be_of_no_use_says_why(desk: Client, content: bytes) -> None:
    upload = previewed(desk, content)
    assert upload.status == "refused"
    assert html.escape(upload.error) in page(desk, upload)


def test_every_feed_has_a_file_to_start_from(desk: Client) -> None:
    listed = desk.get(NEW).text
    for name in FEEDS:
        url = reverse("admin:pulse_site_upload_template", args=[name])
        assert url in listed
        (header,) = csv.reader(io.StringIO(desk.get(url).getvalue().decode("utf-8-sig")))
        assert header and set(header) <= COLUMNS.keys()
    assert desk.get(url.replace("payment_results", "nonsense")).status_code == 404


def test_every_feed_can_be_given(desk: Client) -> None:
    assert set(FEEDS) == {name for name, _path in feeds._declared()}


def test_the_page_begins_with_what_its_address_says(desk: Client) -> None:
    told = desk.get(f"{NEW}?feed=videos&as_of=2026-10-20").text
    assert re.search('value="videos"[^>]*checked', told)
    assert 'value="2026-10-20"' in told


# Rejected rows


def rejected(client: Client, upload: Upload) -> list[list[str]]:
    content = client.get(address(upload, "rejected")).getvalue()
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_rejected_rows_come_back_as_they_came_run_nothing_and_can_be_given_again(desk: Client) -> None:
    upload = applied(desk, MIXED)
    assert "Rejected rows" in page(desk, upload)
    header, *lines = rejected(desk, upload)
    assert header == ["rejected line", "rejected column", "rejected because", "handle", "followers"]
    assert [(line[0], line[1], line[3:]) for line in lines] == [
        ("3", "handle", ["'=evil", "lots"]),
        ("4", "followers", ["'@ada", "'-5"]),
    ]
    out = io.StringIO()
    csv.writer(out).writerows([header, [*lines[1][:4], "110000"]])
    again = applied(desk, out.getvalue().encode())
    assert (again.summary["created"], again.summary["rejected"]) == (1, 0)
    assert FollowerCount.objects.get(creator__handle="ada").followers == 110_000


def test_rows_of_the_wrong_width_come_back_whole(desk: Client) -> None:
    upload = previewed(desk, GOOD + b"ada,1,2,3\nben\n")
    assert [line[3:] for line in rejected(desk, upload)[1:]] == [["ada", "1", "2", "3"], ["ben"]]


def test_what_is_confidential_or_gone_leaves_the_list_alone(desk: Client) -> None:
    upload = previewed(desk, MIXED)
    Path(upload.file.path).unlink()
    plain = [["line", "column", "value", "reason", "message"], ["3", "handle", "'=evil"]]
    assert [line[: len(wanted)] for line, wanted in zip(rejected(desk, upload), plain, strict=False)] == plain
    payees = Upload.objects.create(feed="payees", name="payees.csv", status="applied", file="feeds/x.csv")
    RejectedRow.objects.create(upload=payees, line=2, column="iban", value="•••", reason="x", message="y")
    assert rejected(desk, payees)[1] == ["2", "iban", "•••", "x", "y"]


def test_all_rejected_rows_are_sent_as_they_are_read(desk: Client) -> None:
    rows = 12_000
    upload = previewed(desk, b"handle,followers\n" + b"ada,-5\n" * rows + GOOD.splitlines()[1])
    with CaptureQueriesContext(connection) as asked:
        assert len(rejected(desk, upload)) == rows + 1
    assert len(asked) <= 6


# Warnings


@pytest.fixture
def fallen(desk: Client) -> Upload:
    """A preview in which everybody loses most followers."""
    names = [f"creator{number}" for number in range(20)]
    before = "handle,followers\n" + "".join(f"{name},200000\n" for name in names)
    applied(desk, before.encode())
    after = "handle,followers\n" + "".join(f"{name},90000\n" for name in names)
    return previewed(desk, after.encode(), as_of="2026-10-16")


def test_what_is_unusual_is_applied_only_when_each_warning_is_confirmed(desk: Client, fallen: Upload) -> None:
    codes = [warning["code"] for warning in fallen.summary["warnings"]]
    assert "followers_drop" in codes
    told = page(desk, fallen)
    assert told.count('name="confirmed"') == len(codes) > 1
    assert "Apply all the same" in told
    for confirmed in ([], codes[1:]):
        answer = desk.post(address(fallen, "apply"), {"confirmed": confirmed}, follow=True)
        assert "Nothing was applied: confirm each warning" in answer.text
    assert not Run.objects.active().exists()

    desk.post(address(fallen, "apply"), {"confirmed": codes})
    work()
    fallen.refresh_from_db()
    assert (fallen.status, fallen.confirmed) == ("applied", sorted(codes))
    assert fallen.confirmed_by and "Warnings confirmed by" in page(desk, fallen)


def test_a_warning_that_came_after_the_preview_is_asked_for(desk: Client) -> None:
    upload = previewed(desk)
    assert upload.summary["warnings"] == []
    applied(desk, GOOD.replace(b"bella", b"Bella"), as_of="2026-10-20")
    desk.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    assert upload.status == "previewed"
    assert 'value="older"' in page(desk, upload)


def test_the_preview_shows_who_crosses_and_how_counts_change(desk: Client, fallen: Upload) -> None:
    told = page(desk, fallen)
    assert "Across 100,000 followers" in told
    assert "▼ 20" in told
    assert 'class="loss"' in told and 'class="gain"' in told
    assert '<td class="nowrap">-100 … -50 %</td><td class="number">20</td>' in told
    assert "-110,000" in told and "-55.0 %" in told
    assert "from 4,000,000 followers together to 1,800,000 (-55.0 %)" in told


def test_the_same_file_again_is_recognised(desk: Client) -> None:
    ida = User.objects.get(username="ida")
    Upload.objects.create(
        feed="followers",
        name="before.csv",
        status="applied",
        sha256=hashlib.sha256(GOOD).hexdigest(),
        uploaded_by=ida,
        applied_at=datetime.datetime(2026, 10, 31, 12, tzinfo=datetime.UTC),
    )
    give(desk)
    told = desk.get(address(Upload.objects.get(name="followers.csv"), "columns")).text
    assert "The same file was applied on Oct. 31, 2026, noon by ida:" in told
    assert "before.csv" in told


# Undoing


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


# What came of it


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


# Who may do what

ACTIONS = {
    # page: method, permission
    "columns": ("get", "add_upload"),
    "columns ": ("post", "add_upload"),
    "cancel": ("post", "add_upload"),
    "apply": ("post", "apply_upload"),
    "undo": ("get", "undo_upload"),
    "undo ": ("post", "undo_upload"),
    "rejected": ("get", "view_upload"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_page_wants_its_permission(client: Client, desk: Client, action: str) -> None:
    upload = previewed(desk)
    method, permission = ACTIONS[action]
    url = address(upload, action.strip())
    people: dict[str, list[str]] = {
        "viewer": ["view_upload"],
        "blind": ["add_upload", "apply_upload", "undo_upload"],
        "stranger": ["view_creator"],
        "right": ["view_upload", permission],
    }
    assert getattr(Client(), method)(url).status_code == 302
    for name, permissions in people.items():
        client.force_login(factories.staff(name, *permissions))
        allowed = name == "right" or (name == "viewer" and permission == "view_upload")
        assert (getattr(client, method)(url).status_code in (200, 302)) == allowed, name
        assert name == "right" or Upload.objects.get().status == "previewed"
    client.force_login(factories.staff("giver", "view_upload", "add_upload"))
    assert client.get(address(upload, "apply")).status_code == 405
    assert client.get(address(upload, "cancel")).status_code == 405


def test_who_may_only_look_has_nothing_to_press(client: Client, desk: Client) -> None:
    upload = previewed(desk)
    waiting = Upload.objects.create(feed="followers", name="waits.csv", file="feeds/waits.csv")
    client.force_login(factories.staff("lea", "view_upload"))
    told = page(client, upload)
    assert not [word for word in ("Confirm and apply", "Cancel<", "Correct the columns") if word in told]
    assert client.get(page_of(waiting)).status_code == 200
    assert client.get(NEW).status_code == 403


def test_a_stranger_to_uploads_sees_nothing_of_them(client: Client, desk: Client, reviewer: User) -> None:
    upload = previewed(desk)
    client.force_login(reviewer)
    for url in (page_of(upload), address(upload, "rejected"), address(upload, "columns")):
        assert client.get(url).status_code == 403


# Beside all that


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
