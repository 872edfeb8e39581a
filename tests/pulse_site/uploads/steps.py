"""The steps of an upload, as tests take them."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from pulse_site import runs
from pulse_site.admin.uploads.page import page_of
from pulse_site.models import Run, Upload

GOOD = b"handle,followers\nbella,120000\nchef.tom,1.5M\n"
MIXED = b"handle,followers\nbella,120000\n=evil,lots\n@ada,-5\n"
FOREIGN = b"Wer;Wieviele\nbella;120000\n"
NEW = reverse("admin:pulse_site_upload_add")


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
