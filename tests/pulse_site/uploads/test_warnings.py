"""What is unusual or wrong in a file: warnings to confirm, rejected rows to correct."""

import csv
import datetime
import hashlib
import io
from pathlib import Path

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from creators.models import FollowerCount
from pulse_site.models import RejectedRow, Run, Upload, User
from tests.pulse_site.uploads.steps import GOOD, MIXED, address, applied, give, page, previewed, work


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
