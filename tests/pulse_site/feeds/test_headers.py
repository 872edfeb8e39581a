"""How a header was read is shown, corrected by a person, and remembered for the next file that has it."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile

from creators.models import FollowerCount
from pulse_site.feeds import run
from pulse_site.feeds.mapping import MissingColumns
from pulse_site.models import HeaderMapping, Upload, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
STRANGE = "who;how many;note\nada;5;x\nbob;6;y\n"
RIGHT = {"who": "handle", "how many": "followers", "note": ""}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(content: str | bytes, feed: str = "followers", **options: Any) -> Upload:
    content = content.encode() if isinstance(content, str) else content
    return Upload.objects.create(
        feed=feed,
        file=run.at_rest(feed, ContentFile(content, "file.csv")),
        name="file.csv",
        options={"as_of": "2026-10-15", **options},
    )


def test_what_was_found_is_shown_with_samples() -> None:
    shown = run.inspect(upload('\ufeffTiktoker\tSubscribers count\tnote\n"a\nda"\t5\tx\nbob\t6\t\n'))
    assert (shown["kind"], shown["encoding"], shown["delimiter"], shown["header_line"]) == (
        "text",
        "utf-8-sig",
        "\t",
        1,
    )
    assert shown["headers"] == [
        {"header": "Tiktoker", "samples": ["a da", "bob"], "column": "handle"},
        {"header": "Subscribers count", "samples": ["5", "6"], "column": "followers"},
        {"header": "note", "samples": ["x", ""], "column": ""},
    ]
    assert shown["columns"] == [
        {"name": "handle", "required": True, "mapped": True},
        {"name": "followers", "required": True, "mapped": True},
        {"name": "as_of", "required": False, "mapped": False},
        {"name": "name", "required": False, "mapped": False},
    ]
    assert (shown["missing"], shown["remembered"]) == ([], None)


def test_a_workbook_shows_its_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "October"
    for row in (["Report of the platform"], [], ["handle", "followers"], ["ada", 5]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    stored = upload((tmp_path / "book.xlsx").read_bytes())
    shown = run.inspect(stored)
    assert (shown["kind"], shown["sheet"], shown["header_line"]) == ("workbook", "October", 3)
    run.apply(stored)
    assert FollowerCount.objects.get().followers == 5


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("handle,followers\nada,5\n", 1),
        ("\n\nhandle,followers\nada,5\n", 3),
        ("Report of October\nmade by Rita,\n\nhandle;followers\nada;5\n", 4),
        ("sep=;\nhandle;followers\nada;5\n", 2),
        # Never may a row above what looks like a header be lost.
        ("who,followers\nhandle,followers\nada,5\n", 1),
    ],
)
def test_the_header_is_found_below_a_title_but_never_below_a_row(content: str, line: int) -> None:
    assert run.inspect(upload(content))["header_line"] == line


def test_a_file_that_lacks_columns_waits_for_a_person(reviewer: User) -> None:
    stored = upload(STRANGE)
    with pytest.raises(MissingColumns, match="No column for handle, followers"):
        run.preview(stored)
    stored = Upload.objects.get()
    assert (stored.status, stored.mapping["missing"]) == ("uploaded", ["handle", "followers"])
    assert stored.error.startswith("No column for")
    run.correct(stored, RIGHT, reviewer)
    assert run.preview(Upload.objects.get())["columns"] == {"who": "handle", "how many": "followers"}
    stored.refresh_from_db()
    assert (stored.status, stored.error) == ("previewed", "")
    assert (stored.mapping["missing"], stored.mapping["headers"][0]["column"]) == ([], "handle")


def test_a_correction_is_remembered_for_the_next_file_once_it_was_applied(reviewer: User) -> None:
    first = upload(STRANGE)
    run.correct(first, RIGHT, reviewer)
    run.preview(first)
    assert not HeaderMapping.objects.exists()
    run.apply(Upload.objects.get())
    remembered = HeaderMapping.objects.get()
    assert (remembered.feed, remembered.columns, remembered.by) == ("followers", RIGHT, reviewer)
    second = upload("Who;HOW MANY;note\neve;7;x\n")
    shown = run.inspect(second)
    assert shown["remembered"]["by"] == "reviewer"
    run.apply(second)
    assert FollowerCount.objects.filter(creator__handle="eve").exists()


def test_the_last_correction_is_the_one_that_is_remembered(reviewer: User) -> None:
    for columns in (RIGHT, RIGHT | {"note": "name"}):
        stored = upload(STRANGE)
        run.correct(stored, columns, reviewer)
        run.apply(stored)
    assert HeaderMapping.objects.get().columns["note"] == "name"


def test_what_is_remembered_of_one_feed_says_nothing_about_another(reviewer: User) -> None:
    stored = upload(STRANGE)
    run.correct(stored, RIGHT, reviewer)
    run.apply(stored)
    assert run.inspect(upload(STRANGE, "videos", market="US"))["remembered"] is None


def test_a_person_may_overrule_what_is_remembered(reviewer: User) -> None:
    stored = upload(STRANGE)
    run.correct(stored, RIGHT, reviewer)
    run.apply(stored)
    other = upload("who;how many;note\n1;zoe;7\n")
    run.correct(other, {"who": "", "how many": "handle", "note": "followers"}, reviewer)
    run.apply(other)
    assert FollowerCount.objects.get(creator__handle="zoe").followers == 7


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"who": "handle"}, "Say which column of the file has followers"),
        ({"who": "handle", "how many": "followers", "note": "handle"}, "given as handle; choose one"),
        ({"who": "handle", "how many": "fans"}, "reads no column named fans"),
        (RIGHT | {"colour": ""}, "no column named colour"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(columns: dict[str, str], why: str, reviewer: User) -> None:
    stored = upload(STRANGE)
    with pytest.raises(Refused, match=why):
        run.correct(stored, columns, reviewer)
    stored.refresh_from_db()
    assert "columns" not in stored.options


def test_a_count_may_stand_in_several_columns(reviewer: User) -> None:
    stored = upload("who,rounded,exact\nada,13.8M,13800001\n")
    run.correct(stored, {"who": "handle", "rounded": "followers", "exact": "followers"}, reviewer)
    run.apply(stored)
    assert FollowerCount.objects.get().followers == 13_800_001


def test_correcting_drops_what_the_old_mapping_found(reviewer: User) -> None:
    stored = upload("handle,followers,size\nada,-5,5\nbob,6,7\n")
    run.preview(stored)
    run.correct(stored, {"handle": "handle", "size": "followers"}, reviewer)
    stored.refresh_from_db()
    assert (stored.status, stored.summary, stored.rejected_rows.count()) == ("uploaded", {}, 0)
    assert run.apply(stored)["rejected"] == 0


def test_a_settled_upload_is_not_corrected(reviewer: User) -> None:
    stored = upload("handle,followers\nada,5\n")
    run.apply(stored)
    with pytest.raises(Refused, match="no longer waiting"):
        run.correct(stored, {"handle": "handle", "followers": "followers"}, reviewer)


def test_a_confidential_file_shows_no_samples() -> None:
    factories.creator("ada")
    shown = run.inspect(upload("handle,ssn,mystery\nada,123-45-6789,secret\n", "payees"))
    assert [entry["samples"] for entry in shown["headers"]] == [[], [], []]


def test_a_header_of_thousands_of_columns_is_refused() -> None:
    with pytest.raises(Refused, match="more than 1000"):
        run.inspect(upload(",".join(map(str, range(2_000))) + "\n"))
