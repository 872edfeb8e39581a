"""The life of an upload: previewed, applied once, or refused; the machinery behind every feed."""

from contextlib import suppress
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from creators.models import Creator, FollowerCount
from pulse_site.feeds import run
from pulse_site.feeds.feed import named
from pulse_site.models import RejectedRow, Upload
from pulse_site.refusal import Refused
from tests import hostile

pytestmark = pytest.mark.django_db
GOOD = "handle,followers\nada,5\nbob,-1\n"


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


def upload(content: str = GOOD, **options: object) -> Upload:
    return Upload.objects.create(
        feed="followers",
        file=ContentFile(content.encode(), "file.csv"),
        name="file.csv",
        options={"as_of": "2026-10-15", **options},
    )


def test_a_preview_is_kept_with_its_upload_and_changes_nothing_else() -> None:
    stored = upload()
    summary = run.preview(stored)
    assert (summary["created"], summary["rejected"]) == (1, 1)
    stored.refresh_from_db()
    assert (stored.status, stored.summary) == (Upload.Status.PREVIEWED, summary)
    assert stored.rejected_rows.get().reason == "negative"
    assert not Creator.objects.exists()


def test_an_upload_is_previewed_again_after_its_columns_were_corrected() -> None:
    stored = upload("who,fans\nada,5\n")
    with pytest.raises(Refused, match="No column for handle, followers"):
        run.preview(upload("who,fancy\nada,5\n"))
    stored.options["columns"] = {"who": "handle", "fans": "followers"}
    assert run.preview(stored)["columns"] == {"who": "handle", "fans": "followers"}


def test_applying_says_what_the_preview_said_and_keeps_one_set_of_rejected_rows() -> None:
    stored = upload()
    preview = run.preview(stored)
    summary = run.apply(stored)
    preview.pop("sample")
    assert {**summary, "seconds": 0} == {**preview, "seconds": 0}
    stored.refresh_from_db()
    assert stored.status == Upload.Status.APPLIED
    assert RejectedRow.objects.count() == 1
    assert FollowerCount.objects.get().upload == stored


def test_an_upload_is_applied_only_once() -> None:
    stored = upload()
    run.apply(stored)
    before = hostile.everything()
    with pytest.raises(Refused, match="no longer waiting"):
        run.apply(Upload.objects.get())
    assert hostile.everything() == before


def test_a_cancelled_upload_is_not_applied() -> None:
    stored = upload()
    Upload.objects.update(status=Upload.Status.CANCELLED)
    with pytest.raises(Refused, match="no longer waiting"):
        run.apply(stored)
    assert Upload.objects.get().status == Upload.Status.CANCELLED


@pytest.mark.parametrize("settled", ["applied", "refused", "cancelled"])
def test_a_preview_that_comes_too_late_leaves_a_settled_upload_as_it_is(settled: str) -> None:
    stored = upload()
    Upload.objects.update(status=settled)
    before = hostile.everything()
    with pytest.raises(Refused, match="no longer waiting"):
        run.preview(stored)
    assert hostile.everything() == before


def test_a_file_that_changed_since_its_preview_is_not_applied() -> None:
    stored = upload()
    run.preview(stored)
    Path(stored.file.path).write_text("handle,followers\nada,6\n")
    with pytest.raises(Refused, match="isn't the one that was previewed"):
        run.apply(stored)
    assert not FollowerCount.objects.exists()


def test_a_refused_upload_remembers_why() -> None:
    stored = upload("")
    with pytest.raises(Refused):
        run.preview(stored)
    stored.refresh_from_db()
    assert stored.status == Upload.Status.REFUSED
    assert stored.error.startswith("The file is empty")


def test_progress_never_goes_back_and_ends_when_all_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulse_site.feeds.reading.BATCH", 2)
    path = tmp_path / "many.csv"
    path.write_text("handle,followers\n" + "".join(f"creator{n},{n}\n" for n in range(5)))
    seen: list[int] = []
    run.import_file(
        "followers",
        path,
        name="many.csv",
        options={"as_of": "2026-10-15"},
        by=None,
        progress=lambda permille, _step: seen.append(permille),
    )
    assert seen == sorted(seen)
    assert (len(seen) > 4, seen[-1]) == (True, 1_000)


def test_more_rejected_rows_than_are_kept_are_still_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulse_site.feeds.staging.KEPT_REJECTED_ROWS", 2)
    stored = upload("handle,followers\nada,5\nb,-1\nc,-1\nd,-1\n")
    assert run.apply(stored)["rejected"] == 3
    assert list(RejectedRow.objects.values_list("line", flat=True)) == [3, 4]


@pytest.mark.parametrize("content", [GOOD, "", 'handle,followers\nada,5\n"'])
def test_no_temporary_table_is_left_behind(content: str) -> None:
    with suppress(Refused):
        run.apply(upload(content))
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    assert not [name for name in names if name.startswith("feed_")]


def test_an_unknown_feed_is_refused() -> None:
    with pytest.raises(Refused, match="no feed named 'clouds'"):
        named("clouds")
