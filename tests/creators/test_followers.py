import csv
import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from creators.models import Creator, Eligibility, FollowerCount, Reach
from pulse_site.feeds.run import import_file
from pulse_site.feeds.staging import SLICES
from pulse_site.models import RejectedRow, Upload, User
from pulse_site.refusal import Refused
from tests import factories, hostile

DAY = datetime.date(2026, 10, 15)
pytestmark = pytest.mark.django_db


@pytest.fixture
def give(tmp_path: Path) -> Any:
    """Import a file with these lines and return the summary."""

    def run(
        *lines: str, header: str = "handle,followers", as_of: object = DAY, **more: Any
    ) -> dict[str, Any]:
        path = tmp_path / "followers.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        options = {"as_of": as_of, "columns": more.pop("columns", None)}
        return import_file(
            "followers", path, name=path.name, options=options, by=more.pop("by", None), **more
        )

    return run


def figures(summary: dict[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(summary[name] for name in names or ("rows", "created", "updated", "unchanged", "rejected"))


def reach() -> dict[str, int]:
    return dict(Reach.objects.values_list("creator__handle", "followers"))


def test_unknown_handles_become_candidates_in_the_order_of_the_file(give: Any) -> None:
    summary = give("@Zoe ,120000", "ada,13.8M")
    assert figures(summary) == (2, 2, 0, 0, 0)
    assert summary["new_creators"] == 2
    assert [str(creator) for creator in Creator.objects.order_by("id")] == ["@zoe", "@ada"]
    assert set(Creator.objects.values_list("status", "market", "name")) == {("candidate", "US", "")}
    assert reach() == {"zoe": 120_000, "ada": 13_800_000}


def test_many_unknown_handles_come_in_parts_and_in_the_order_of_the_file(give: Any) -> None:
    handles = [f"creator{(number * 7) % 4_000}" for number in range(4_000)]
    seen: list[tuple[int, int]] = []

    def progress(permille: int, step: str) -> None:
        seen.append((permille, Creator.objects.count() if step == "writing" else 0))

    give(*(f"{handle},5" for handle in handles), progress=progress)
    assert list(Creator.objects.order_by("id").values_list("handle", flat=True)) == handles
    assert seen == sorted(seen)
    assert len({permille for permille, known in seen if 0 < known < len(handles)}) == SLICES - 1


def test_a_known_creator_keeps_everything_but_his_count(give: Any) -> None:
    known = factories.enrolled("ada")
    give("ada,120000")
    assert Creator.objects.get() == known
    assert Creator.objects.get().status == Creator.Status.APPROVED


def test_the_same_file_again_changes_nothing_and_says_so(give: Any) -> None:
    give("ada,5", "bob,6")
    before = hostile.everything()
    again = give("ada,5", "bob,6")
    assert figures(again) == (2, 0, 0, 2, 0)
    assert again["imported_before"].startswith(str(datetime.datetime.now(datetime.UTC).date()))
    after = hostile.everything()
    for log in ("pulse_site.Upload",):
        before.pop(log)
        after.pop(log)
    assert after == before


def test_a_correction_of_the_same_day_updates_only_what_differs(give: Any) -> None:
    give("ada,5", "bob,6")
    summary = give("ada,5", "bob,7", "eve,8")
    assert figures(summary) == (3, 1, 1, 1, 0)
    assert reach() == {"ada": 5, "bob": 7, "eve": 8}
    assert set(FollowerCount.objects.values_list("upload__pk", "followers")) == {
        (Upload.objects.earliest("id").pk, 5),
        (Upload.objects.latest("id").pk, 7),
        (Upload.objects.latest("id").pk, 8),
    }


def test_an_older_count_is_kept_but_never_becomes_the_newest(give: Any) -> None:
    give("ada,500")
    give("ada,400", as_of=DAY - datetime.timedelta(days=1), confirmed=True)
    assert reach() == {"ada": 500}
    assert FollowerCount.objects.count() == 2


def test_a_file_may_have_the_day_in_each_row(give: Any) -> None:
    summary = give("ada,4,2026-10-01", "ada,5,2026-10-02", header="handle,followers,date", as_of=None)
    assert figures(summary) == (2, 2, 0, 0, 0)
    assert Reach.objects.get().as_of == datetime.date(2026, 10, 2)


def test_without_a_day_the_file_is_refused(give: Any) -> None:
    with pytest.raises(Refused, match="No column for as_of"):
        give("ada,5", as_of=None)


@pytest.mark.parametrize(("day", "why"), [("2126-01-01", "still to come"), ("1999-01-01", "too long ago")])
def test_a_day_that_cannot_be_meant_is_refused(give: Any, day: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        give("ada,5", as_of=day)


def test_repeated_rows_that_agree_are_one_row(give: Any) -> None:
    summary = give("ada,5000", "@ADA,5K", "ada,5000")
    assert figures(summary, "rows", "created", "duplicates", "rejected") == (3, 1, 2, 0)


def test_rows_that_disagree_are_all_rejected_by_name(give: Any) -> None:
    summary = give("ada,5", "bob,6", "ada,7")
    assert figures(summary) == (3, 1, 0, 0, 2)
    assert summary["reasons"] == {"conflict": 2}
    assert reach() == {"bob": 6}
    assert list(RejectedRow.objects.values_list("line", "column", "value", "reason")) == [
        (2, "handle", "ada", "conflict"),
        (4, "handle", "ada", "conflict"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("eve,-5", "negative"),
        ("eve,10000000001", "absurd"),
        ("eve,many", "unreadable"),
        ("eve,1.234", "ambiguous"),
        ("eve,1.9", "fractional"),
        ("eve,", "missing"),
        (",5", "missing"),
        ("e v e,5", "bad_handle"),
        ("=1+1,5", "bad_handle"),
        (f"{'e' * 65},5", "bad_handle"),
        ("eve\u200b,5", "bad_handle"),
        ("eve", "cells"),
        ("eve,5,6", "cells"),
    ],
)
def test_a_bad_row_is_rejected_by_name_and_the_others_are_taken(give: Any, row: str, reason: str) -> None:
    summary = give("ada,5", row)
    assert figures(summary) == (2, 1, 0, 0, 1)
    assert summary["reasons"] == {reason: 1}
    rejected = RejectedRow.objects.get()
    assert (rejected.line, rejected.reason) == (3, reason)
    assert rejected.message


def test_a_file_without_one_usable_row_is_refused_and_still_lists_them(give: Any, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"None of the 2 rows .* line 2, followers '-5'"):
        give("ada,-5", "bob,x", rejects=tmp_path / "rejects.csv")
    assert not Upload.objects.exists()
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 3


def test_rejected_rows_are_written_as_csv_with_formulas_defused(give: Any, tmp_path: Path) -> None:
    give("ada,5", "=cmd|x,5", "bob,-5", rejects=tmp_path / "rejects.csv")
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "column", "value", "reason", "message"]
    assert [row[:4] for row in rows[1:]] == [
        ["3", "handle", "'=cmd|x", "bad_handle"],
        ["4", "followers", "'-5", "negative"],
    ]


def test_rejected_rows_are_not_written_over_the_file_nor_where_nothing_can_be(
    give: Any, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="over the file itself"):
        give("ada,5", rejects=tmp_path / "followers.csv")
    with pytest.raises(Refused, match="can't be written"):
        give("ada,5", rejects=tmp_path / "missing" / "rejects.csv")
    assert not Creator.objects.exists()


def test_a_name_is_taken_only_where_there_is_none(give: Any) -> None:
    factories.creator("ada", name="Ada")
    factories.creator("bob")
    give("ada,5,Other", "bob,6,  Bob \U0001f974 ", "eve,7,Eve", header="handle,followers,display name")
    assert dict(Creator.objects.values_list("handle", "name")) == {
        "ada": "Ada",
        "bob": "Bob \U0001f974",
        "eve": "Eve",
    }


def test_a_preview_says_what_the_import_will_say_and_writes_nothing(give: Any) -> None:
    give("ada,5", "bob,6")
    lines = ("ada,5", "bob,7", "eve,8", "x,-1", "eve,8")
    before = hostile.everything()
    preview = give(*lines, dry_run=True)
    assert hostile.everything() == before
    sample = preview.pop("sample")
    assert {row["handle"]: row["change"] for row in sample} == {
        "bob": "updated",
        "eve": "created",
        "ada": "unchanged",
    }
    applied = give(*lines)
    assert {**applied, "seconds": 0} == {**preview, "seconds": 0}


def test_the_upload_records_who_what_and_when(give: Any, reviewer: User) -> None:
    summary = give("ada,5", by=reviewer, columns={"followers": "followers"})
    upload = Upload.objects.get()
    assert (upload.feed, upload.name, upload.uploaded_by) == ("followers", "followers.csv", reviewer)
    assert (upload.status, len(upload.sha256)) == (Upload.Status.APPLIED, 64)
    assert upload.applied_at is not None
    assert upload.options == {"as_of": "2026-10-15", "columns": {"followers": "followers"}}
    assert upload.summary == summary


def test_an_import_checks_eligibility_as_of_its_day(give: Any) -> None:
    give("ada,100000", "bob,99999")
    assert dict(Eligibility.objects.values_list("creator__handle", "as_of")) == {"ada": DAY, "bob": DAY}
    assert "followers" in Eligibility.objects.get(creator__handle="bob").failed_rules
    give("ada,5", as_of=DAY - datetime.timedelta(days=30), confirmed=True)
    assert Eligibility.objects.get(creator__handle="ada").followers == 100_000


def test_rows_and_what_became_of_them_add_up(give: Any) -> None:
    give("ada,5", "bob,6")
    summary = give("ada,5", "bob,7", "eve,8", "eve,8", "x,-1", "y,1", "y,2")
    parts = figures(summary, "created", "updated", "unchanged", "duplicates", "rejected")
    assert sum(parts) == summary["rows"] == 7


def test_the_command_exits_with_1_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    with pytest.raises(CommandError, match="empty") as error:
        call_command("import_followers", str(path), as_of=DAY)
    assert error.value.returncode == 1
