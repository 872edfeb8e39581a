"""The library's door to follower counts: the same rule book, the same rows and refusals as the feed's."""

import csv
import datetime
import io
from pathlib import Path
from typing import Any

import pytest
import tablib
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from import_export.exceptions import ImportError

from creators.admin.follower_resource import FollowerResource
from creators.models import Creator, FollowerCount, Reach
from pulse_site.feeds.run import import_file
from pulse_site.models import Upload
from tests import factories, hostile

pytestmark = pytest.mark.django_db
DAY = "2026-10-15"
ROWS = [
    ["@Bella", "120000"],
    ["chef.tom", "1.5M"],
    ["bad one", "5"],
    ["ada", "-5"],
    ["ben", "1.9"],
    ["cleo", "7"],
    ["cleo", "8"],
    ["dan", 12],
    ["dan", "12"],
    [None, ""],
    ["eve", "=1+1"],
]


def dataset(*rows: list[Any], headers: tuple[str, ...] = ("handle", "followers")) -> tablib.Dataset:
    return tablib.Dataset(*rows, headers=headers)


def counts() -> list[tuple[Any, ...]]:
    return sorted(FollowerCount.objects.values_list("creator__handle", "as_of", "followers"))


def by_the_feed(path: Path, rows: list[list[Any]]) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """The summary of the feed, and line and message of each rejected row."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["handle", "followers"], *rows])
    rejects = path.with_suffix(".rejects")
    summary = import_file(
        "followers", path, name="x", options={"as_of": DAY}, by=None, confirmed=True, rejects=rejects
    )
    found = csv.DictReader(io.StringIO(rejects.read_text("utf-8-sig")))
    return summary, [(int(row["line"]), row["message"]) for row in found]


def test_it_takes_and_rejects_what_the_feed_does(tmp_path: Path) -> None:
    result = FollowerResource().import_data(dataset(*ROWS), as_of=DAY, confirmed=True)
    taken = counts()
    told = [(row.number + 1, message) for row in result.invalid_rows for message in row.error.messages]
    FollowerCount.objects.all().delete()
    Reach.objects.all().delete()
    summary, rejected = by_the_feed(tmp_path / "file.csv", ROWS)
    assert (taken, told) == (counts(), rejected)
    assert [handle for handle, _day, _followers in taken] == ["bella", "chef.tom", "dan"]
    assert (result.totals["new"], result.totals["invalid"]) == (summary["created"], summary["rejected"])
    assert result.total_rows == len(ROWS)
    assert not result.has_errors()
    assert result.has_validation_errors()


CELLS = st.one_of(st.text(max_size=8), st.sampled_from(["bella", "12", "1.5M", "@tom"]))


class Properties(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.lists(CELLS, min_size=2, max_size=2),
            min_size=1,
            max_size=6,
        )
    )
    def test_nothing_that_a_dataset_holds_breaks_it_and_a_dry_run_writes_nothing(
        self, rows: list[list[str]]
    ) -> None:
        before = hostile.everything()
        tried = FollowerResource().import_data(dataset(*rows), dry_run=True, as_of=DAY, confirmed=True)
        assert hostile.everything() == before
        done = FollowerResource().import_data(dataset(*rows), as_of=DAY, confirmed=True)
        assert tried.totals == done.totals
        assert [row.number for row in tried.invalid_rows] == [row.number for row in done.invalid_rows]
        assert tried.has_errors() == done.has_errors()


def test_who_brought_it_stands_in_the_upload() -> None:
    user = factories.user("ida")
    FollowerResource().import_data(dataset(["bella", "5"]), as_of=DAY, user=user, file_name="october.csv")
    upload = Upload.objects.get()
    assert (upload.name, upload.uploaded_by, upload.status) == ("october.csv", user, "applied")


@pytest.mark.parametrize("how", [{"rollback_on_validation_errors": True}, {"raise_errors": True}])
def test_wholly_or_not_at_all_is_for_the_caller_to_say(how: dict[str, bool]) -> None:
    try:
        result = FollowerResource().import_data(dataset(*ROWS), as_of=DAY, confirmed=True, **how)
        assert result.has_validation_errors()
    except ImportError as error:
        assert how == {"raise_errors": True}
        assert error.number == 3
    assert counts() == []
    FollowerResource().import_data(dataset(["bella", "5"]), as_of=DAY, **how)
    assert len(counts()) == 1


def test_a_dataset_that_no_feed_can_use_is_one_error() -> None:
    for wrong in (dataset(["x", "y"], headers=("colour", "size")), tablib.Dataset(), dataset(["?!", "lots"])):
        result = FollowerResource().import_data(wrong, as_of=DAY)
        (error,) = result.base_errors
        assert str(error.error)
        assert result.has_errors()
        with pytest.raises(ImportError):
            FollowerResource().import_data(wrong, as_of=DAY, raise_errors=True)
    assert not Creator.objects.exists()


def test_warnings_need_their_confirmation_here_too() -> None:
    rows = [[f"creator{number}", "200000"] for number in range(20)]
    FollowerResource().import_data(dataset(*rows), as_of=DAY)
    fallen = dataset(*[[handle, "1000"] for handle, _count in rows])
    assert "followers" in str(FollowerResource().import_data(fallen, as_of="2026-10-16").base_errors[0].error)
    assert FollowerCount.objects.count() == 20
    FollowerResource().import_data(fallen, as_of="2026-10-16", confirmed=True)
    assert FollowerCount.objects.count() == 40


def test_rejected_rows_are_collected_when_they_are_asked_for() -> None:
    result = FollowerResource().import_data(
        dataset(["bella", "5"], ["ada", "-5"]), as_of=DAY, collect_failed_rows=True
    )
    assert result.failed_dataset.headers == ["handle", "followers", "Error"]
    assert result.failed_dataset[0][:2] == ("ada", "-5")


def test_an_export_comes_back_as_unchanged() -> None:
    factories.creator("bella", followers=120_000)
    creator = Creator.objects.get()
    FollowerCount.objects.create(creator=creator, followers=120_000, as_of=factories.DAY)
    out = FollowerResource().export()
    assert out.dict == [{"creator": "bella", "followers": 120_000, "as_of": datetime.date(2026, 10, 15)}]
    result = FollowerResource().import_data(out, as_of=DAY)
    assert result.totals["skip"] == 1


def test_the_librarys_own_command_goes_through_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "followers.csv"
    path.write_text("handle,followers,as_of\nbella,1.5M,2026-10-15\n")
    call_command("import", "creators.admin.follower_resource.FollowerResource", str(path), interactive=False)
    assert counts() == [("bella", datetime.date(2026, 10, 15), 1_500_000)]
