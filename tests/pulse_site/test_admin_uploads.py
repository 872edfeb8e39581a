"""A file's way through the admin: given, previewed, confirmed; nothing is written before."""

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from creators.models import Creator
from pulse_site import runs
from pulse_site.admin import uploads
from pulse_site.models import RejectedRow, Run, Upload, User
from tests import factories

GOOD = b"handle,followers\nbella,120000\nchef.tom,1.5M\n"
MIXED = b"handle,followers\nbella,120000\n=evil,lots\n"
NEW = reverse("admin:pulse_site_upload_add")


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    client.force_login(factories.staff("ida", "view_upload", "add_upload", "apply_upload"))
    return client


def give(client: Client, content: bytes = GOOD, **answers: Any) -> HttpResponse:
    form = {"feed": "followers", "as_of": "2026-10-15", "market": "US", **answers}
    form["file"] = SimpleUploadedFile("followers.csv", content)
    return client.post(NEW, form)


def work() -> None:
    """What the worker does."""
    for run in Run.objects.active():
        runs.perform(run.pk)


def page(client: Client, upload: Upload) -> str:
    return client.get(uploads.page_of(upload)).content.decode()


def test_a_file_is_previewed_confirmed_and_applied(desk: Client) -> None:
    answer = give(desk)
    upload = Upload.objects.get()
    assert answer["Location"] == uploads.page_of(upload)
    assert "Reading the file" in page(desk, upload)

    work()
    previewed = page(desk, upload)
    assert "What it would change" in previewed
    assert "chef.tom" in previewed
    assert not Creator.objects.exists()

    desk.post(reverse("admin:pulse_site_upload_apply", args=[upload.pk]))
    work()
    assert set(Creator.objects.values_list("handle", flat=True)) == {"bella", "chef.tom"}
    assert "What it changed" in page(desk, upload)


def test_rejected_rows_are_named_and_come_back_as_csv_that_runs_nothing(desk: Client) -> None:
    give(desk, MIXED)
    work()
    upload = Upload.objects.get()
    RejectedRow.objects.create(upload=upload, line=9, column="handle", value="=1+1", reason="x", message="y")
    assert "Rejected rows" in page(desk, upload)
    answer = desk.get(reverse("admin:pulse_site_upload_rejected", args=[upload.pk]))
    lines = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert lines[0] == ["line", "column", "value", "reason", "message"]
    assert lines[-1] == ["9", "handle", "'=1+1", "x", "y"]
    assert not [line for line in lines if any(cell.startswith("=") for cell in line)]


def test_the_same_file_again_is_recognised(desk: Client) -> None:
    Upload.objects.create(
        feed="followers", name="before.csv", status="applied", sha256=hashlib.sha256(GOOD).hexdigest()
    )
    give(desk)
    assert "before.csv" in page(desk, Upload.objects.get(name="followers.csv"))


def test_a_cancelled_upload_is_never_applied(desk: Client) -> None:
    give(desk)
    work()
    upload = Upload.objects.get()
    desk.post(reverse("admin:pulse_site_upload_cancel", args=[upload.pk]))
    desk.post(reverse("admin:pulse_site_upload_apply", args=[upload.pk]))
    work()
    upload.refresh_from_db()
    assert (upload.status, Creator.objects.count()) == ("cancelled", 0)


def test_a_refused_file_says_why(desk: Client) -> None:
    give(desk, b"handle,followers\n")
    work()
    upload = Upload.objects.get()
    assert upload.status == "refused"
    assert upload.error in page(desk, upload)


def test_counts_need_their_day(desk: Client) -> None:
    assert "Say as of which day the counts are." in give(desk, as_of="").content.decode()
    assert not Upload.objects.exists()


def test_a_file_that_is_too_large_is_refused_at_the_door(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 10)
    assert "larger than 200 MB" in give(desk).content.decode()


def test_who_may_not_apply_may_only_look(client: Client, desk: Client) -> None:
    give(desk)
    work()
    upload = Upload.objects.get()
    client.force_login(factories.staff("lea", "view_upload"))
    assert "Confirm and apply" not in page(client, upload)
    for action in ("apply", "cancel"):
        address = reverse(f"admin:pulse_site_upload_{action}", args=[upload.pk])
        assert client.post(address).status_code == 403
        assert client.get(address).status_code == 405
    assert client.get(NEW).status_code == 403


def test_progress_is_told_as_json(desk: Client) -> None:
    give(desk)
    Run.objects.update(status="running", progress_permille=430, step="reading")
    address = reverse("admin:pulse_site_run_progress", args=[Run.objects.get().pk])
    assert address in page(desk, Upload.objects.get())
    assert desk.get(address).json() == {"busy": True, "permille": 430, "step": "reading"}
    Run.objects.update(status="failed")
    assert desk.get(address).json()["busy"] is False
    assert Client().get(address).status_code == 302


def test_a_stranger_to_uploads_sees_nothing_of_them(client: Client, desk: Client, reviewer: User) -> None:
    give(desk)
    upload = Upload.objects.get()
    client.force_login(reviewer)
    assert client.get(uploads.page_of(upload)).status_code == 403
    assert client.get(reverse("admin:pulse_site_upload_rejected", args=[upload.pk])).status_code == 403
