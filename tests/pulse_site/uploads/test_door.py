"""What is refused when a file is given, and what a person finds there to begin with."""

import csv
import html
import io
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from pulse_site.admin.uploads import forms
from pulse_site.admin.uploads.words import COLUMNS, FEEDS
from pulse_site.feeds import feed as feeds
from pulse_site.models import Upload
from tests.pulse_site.uploads.steps import GOOD, NEW, give, page, previewed


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


def test_a_file_that_is_too_large_is_not_kept_while_it_comes(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(*args: object) -> None:
        raise AssertionError("it was kept")

    monkeypatch.setattr(forms, "LARGEST", len(GOOD))
    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", kept)
    told = give(desk, GOOD * 30_000, as_of="2026-10-20").text
    assert "larger than 200 MB" in told
    assert "This field is required" not in told
    assert 'value="2026-10-20"' in told


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
