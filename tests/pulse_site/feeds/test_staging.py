"""A preview stages and parses once; the import after it starts with the same rows, or stages them again."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from creators.models import Category, Creator, FollowerCount, VideoCounts
from payouts.models import PayeeChange
from pulse_site.feeds import importing, run, staging
from pulse_site.feeds.staging import staged_uploads
from pulse_site.models import Upload
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
GOOD = "handle,followers\nada,5\nbob,-1\neve,7\neve,7\nzoe,1\nzoe,2\n"
VIDEOS = "id,handle,published,views,likes,comments,shares,hashtags\n1,ada,2026-10-14,1,1,1,1,#chess\n"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were parsed, a number a batch."""
    batches: list[int] = []
    parse = importing._parsed
    monkeypatch.setattr(
        importing, "_parsed", lambda columns, batch: (batches.append(len(batch)), parse(columns, batch))[1]
    )
    return batches


def upload(content: str = GOOD, feed: str = "followers", **fields: Any) -> Upload:
    fields.setdefault("options", {"as_of": "2026-10-15"} | ({"market": "US"} if feed == "videos" else {}))
    return Upload.objects.create(
        feed=feed,
        file=run.at_rest(feed, ContentFile(content.encode(), "file.csv")),
        name="file.csv",
        **fields,
    )


def counts() -> dict[str, int]:
    return dict(FollowerCount.objects.values_list("creator__handle", "followers"))


def test_a_preview_parses_once_and_the_import_nothing(parsed: list[int]) -> None:
    stored = upload()
    preview = run.preview(stored)
    assert (parsed, staged_uploads()) == ([6], {stored.pk})
    parsed.clear()
    summary = run.apply(Upload.objects.get())
    assert parsed == []
    assert {**summary, "seconds": 0, "sample": 0} == {**preview, "seconds": 0, "sample": 0}
    assert (summary["created"], summary["duplicates"], summary["rejected"]) == (2, 1, 3)
    assert counts() == {"ada": 5, "eve": 7}
    assert staged_uploads() == set()


def test_an_import_without_a_preview_stages_nothing_for_later() -> None:
    run.apply(upload())
    assert staged_uploads() == set()


@pytest.mark.parametrize("loss", ["DROP TABLE feed_staged_{0}", "DELETE FROM feed_staged_{0}"])
def test_rows_that_are_gone_are_staged_again(parsed: list[int], loss: str) -> None:
    """A crash of PostgreSQL empties unlogged tables; somebody may have dropped them."""
    stored = upload()
    run.preview(stored)
    staging.execute(loss.format(stored.pk))
    assert run.apply(Upload.objects.get())["created"] == 2
    assert parsed == [6, 6]


def test_rows_staged_for_other_options_are_staged_again(parsed: list[int]) -> None:
    stored = upload()
    run.preview(stored)
    stored.options = {"as_of": "2026-10-14"}
    stored.save()
    run.apply(Upload.objects.get())
    assert parsed == [6, 6]
    assert FollowerCount.objects.earliest("as_of").as_of == datetime.date(2026, 10, 14)


def test_rows_that_were_read_by_other_knowledge_are_staged_again(parsed: list[int]) -> None:
    stored = upload(VIDEOS, "videos")
    run.preview(stored)
    category = Category.objects.get(slug="gaming")
    category.hashtags = ["chess"]
    category.save()
    run.apply(Upload.objects.get())
    assert parsed == [1, 1]
    assert VideoCounts.objects.get().category == category


def test_what_changed_since_the_preview_is_what_the_import_says() -> None:
    stored = upload()
    assert run.preview(stored)["created"] == 2
    other = upload("handle,followers\nada,5\n")
    run.apply(other)
    summary = run.apply(Upload.objects.get(pk=stored.pk))
    assert (summary["created"], summary["unchanged"]) == (1, 1)


def test_a_creator_who_came_since_the_preview_is_found() -> None:
    stored = upload()
    assert run.preview(stored)["new_creators"] == 2
    factories.creator("ada")
    assert run.apply(Upload.objects.get())["new_creators"] == 1
    assert Creator.objects.count() == 2


@pytest.mark.parametrize("settle", [run.cancel, run.apply])
def test_what_is_staged_goes_when_the_upload_is_settled(settle: Any) -> None:
    stored = upload()
    run.preview(stored)
    settle(Upload.objects.get())
    assert (staged_uploads(), Upload.objects.get().staged) == (set(), {})


def test_a_refused_preview_leaves_nothing_staged() -> None:
    with pytest.raises(Refused):
        run.preview(upload("handle,followers\n"))
    assert (staged_uploads(), Upload.objects.get().status) == (set(), Upload.Status.REFUSED)


def test_a_settled_upload_is_not_cancelled() -> None:
    stored = upload(status=Upload.Status.APPLIED)
    with pytest.raises(Refused, match="no longer waiting"):
        run.cancel(stored)
    assert Upload.objects.get().status == Upload.Status.APPLIED


def test_the_nightly_cleaner_drops_what_waits_too_long_and_it_can_still_be_applied(parsed: list[int]) -> None:
    old, fresh = upload(), upload("handle,followers\nzoe,5\n")
    run.preview(old)
    run.preview(fresh)
    Upload.objects.filter(pk=old.pk).update(uploaded_at=timezone.now() - datetime.timedelta(days=8))
    run.forget_old()
    assert staged_uploads() == {fresh.pk}
    assert run.apply(Upload.objects.get(pk=old.pk))["created"] == 2
    assert parsed == [6, 1, 6]


def test_the_nightly_cleaner_drops_what_a_killed_import_left() -> None:
    stored = upload()
    run.preview(stored)
    Upload.objects.update(status=Upload.Status.APPLIED)
    run.forget_old()
    assert staged_uploads() == set()


def test_confidential_rows_are_never_staged_for_later_nor_shown_in_the_mapping() -> None:
    paula = factories.staff("paula", "propose_payee_change")
    factories.creator("ada")
    header = "handle,legal name,country,method,routing number,account number,account type,street\n"
    row = "ada,Ada,US,ach,021000021,000123456789,checking,Main Street 1\n"
    stored = upload(header + row, "payees", uploaded_by=paula, options={})
    run.preview(stored)
    stored.refresh_from_db()
    assert staged_uploads() == set()
    kept = str((stored.mapping, stored.summary, stored.staged))
    assert "handle" in kept
    assert not any(secret in kept for secret in ("000123456789", "021000021", "Main Street"))
    run.apply(stored)
    assert PayeeChange.objects.count() == 1


def test_a_preview_writes_nothing_but_its_upload_and_its_staged_rows() -> None:
    stored = upload(VIDEOS, "videos")
    run.preview(stored)
    assert not Creator.objects.exists()
    assert staging.select(f"SELECT count(*) FROM feed_staged_{stored.pk}") == [(1,)]


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [0, 1, 5_000])
def test_the_parts_of_a_table_have_each_row_once(rows: int) -> None:
    staging.execute("CREATE TEMPORARY TABLE numbers (number integer)")
    loader = staging.Loader("numbers", "number")
    loader.load([(number,) for number in range(rows)])
    loader.flush()
    done, parts = zip(*staging.slices("numbers"), strict=True)
    found = [staging.select(f"SELECT number FROM numbers n WHERE {part}") for part in parts]
    assert sorted(number for part in found for (number,) in part) == list(range(rows))
    assert rows < staging.SLICES or len(parts) == staging.SLICES
    assert (done[0], list(done)) == (0, sorted(done))


@pytest.mark.django_db
def test_rows_that_need_no_quotes_are_staged_like_those_that_do() -> None:
    staging.execute("CREATE TEMPORARY TABLE texts (line bigint, said text)")
    said = ["plain", 'a "quote"', "comma, comma", "two\nlines", "end\r", " blank ", None, "\\.", "42", "\\N"]
    for at, each in enumerate(said):  # each alone, so that nobody keeps it from the short road
        loader = staging.Loader("texts", "line, said")
        loader.load([(str(at), each)])
        loader.flush()
    found = staging.select("SELECT line, said FROM texts ORDER BY line")
    assert found == list(enumerate(said))
