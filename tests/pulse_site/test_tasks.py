from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from creators.models import Creator
from pulse_site import runs
from pulse_site.models import Run, Upload
from tests import factories

FILE = b"handle,followers\nana,120000\nben,90000\n"
Perform = Callable[[str], Run]


@pytest.fixture
def upload(db: None, settings: Any, tmp_path: Path) -> Upload:
    settings.MEDIA_ROOT = tmp_path
    return Upload.objects.create(
        feed="followers",
        name="followers.csv",
        file=ContentFile(FILE, "followers.csv"),
        options={"as_of": factories.DAY.isoformat()},
    )


@pytest.fixture
def perform(upload: Upload) -> Perform:
    def performed(kind: str) -> Run:
        run = runs.start(kind, key=str(upload.pk), arguments={"upload_id": upload.pk})
        runs.perform(run.pk)
        run.refresh_from_db()
        upload.refresh_from_db()
        return run

    return performed


def test_a_preview_says_what_would_change_and_writes_nothing(upload: Upload, perform: Perform) -> None:
    run = perform("preview_upload")
    assert (run.status, run.result["created"]) == (Run.Status.DONE, 2)
    assert upload.status == Upload.Status.PREVIEWED
    assert not Creator.objects.exists()


def test_an_upload_is_applied(upload: Upload, perform: Perform) -> None:
    run = perform("apply_upload")
    assert (run.status, run.result["created"]) == (Run.Status.DONE, 2)
    assert upload.status == Upload.Status.APPLIED
    assert Creator.objects.count() == 2


def test_a_refusal_is_kept_in_the_run_and_the_upload(upload: Upload, perform: Perform) -> None:
    Upload.objects.update(options={"as_of": "9999-01-01"})
    run = perform("apply_upload")
    assert run.status == Run.Status.FAILED
    assert upload.status == Upload.Status.REFUSED
    assert upload.error == run.error != ""


def test_a_run_killed_after_its_import_ends_well_when_done_again(upload: Upload, perform: Perform) -> None:
    perform("apply_upload")
    Run.objects.all().delete()
    run = perform("apply_upload")
    assert (run.status, run.result["created"]) == (Run.Status.DONE, 2)
