"""What is unlikely is written only when somebody says that it is meant."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from creators.models import Creator, FollowerCount, Reach
from pulse_site.feeds import run
from pulse_site.feeds.run import NotConfirmed, import_file
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused
from tests import factories, hostile

DAY = datetime.date(2026, 10, 15)
NEXT = DAY + datetime.timedelta(days=1)
pytestmark = pytest.mark.django_db
Give = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def give(tmp_path: Path) -> Give:
    def run(counts: dict[str, object], as_of: datetime.date = DAY, **more: Any) -> dict[str, Any]:
        path = tmp_path / "followers.csv"
        path.write_text(content(counts))
        return import_file("followers", path, name="", options={"as_of": as_of}, by=None, **more)

    return run


def content(counts: dict[str, object]) -> str:
    return "\n".join(["handle,followers", *(f"{handle},{count}" for handle, count in counts.items())]) + "\n"


def many(count: int, creators: int = 100) -> dict[str, object]:
    return {f"creator{n}": count for n in range(creators)}


def codes(summary: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in summary["warnings"]]


# What is known; the file; the day of it; the warning.
CASES: dict[str, tuple[dict[str, object], dict[str, object], datetime.date, list[str]]] = {
    "nothing is known": ({}, many(5), DAY, []),
    "everybody grows": (many(100), many(150), NEXT, []),
    "a tenth is lost": (many(100), many(90), NEXT, []),
    "more than a tenth is lost": (many(100), many(89), NEXT, ["followers_drop"]),
    "a tenth of the creators lose much": (many(100), many(200) | many(79, 10), NEXT, []),
    "more of them lose much": (many(100), many(200) | many(79, 11), NEXT, ["creators_drop"]),
    "they lose a fifth": (many(100), many(200) | many(80, 11), NEXT, []),
    "everybody loses much": (many(100), many(50), NEXT, ["followers_drop", "creators_drop"]),
    "it comes late": (many(100), many(101), DAY - datetime.timedelta(days=1), ["older"]),
    "it comes late and says nothing new": (many(100), many(100), DAY, []),
    "it corrects the newest day": (many(100), many(101), DAY, []),
    "a tenth of the rows is bad": ({}, many(5) | many(-5, 10), DAY, []),
    "more of the rows are bad": ({}, many(5) | many(-5, 11), DAY, ["rejected"]),
    "most of few rows are bad": ({}, {"ada": 5, **many(-5, 9)}, DAY, []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_beyond_a_limit_is_warned_of_and_only_written_when_confirmed(give: Give, case: str) -> None:
    known, file, day, expected = CASES[case]
    if known:
        give(known)
    before = hostile.everything()
    preview = give(file, day, dry_run=True)
    assert codes(preview) == expected
    if expected:
        with pytest.raises(NotConfirmed) as refusal:
            give(file, day)
        assert hostile.everything() == before
        assert str(refusal.value) == " ".join(warning["message"] for warning in preview["warnings"])
    assert codes(give(file, day, confirmed=True)) == expected
    assert Upload.objects.latest("pk").confirmed == expected


def test_a_count_that_came_late_changes_no_reach_and_so_loses_nobody(give: Give) -> None:
    give(many(100))
    assert codes(give(many(5), DAY - datetime.timedelta(days=1), dry_run=True)) == ["older"]


def test_the_same_file_is_told_and_needs_confirmation_only_where_it_would_take_something_back(
    give: Give,
) -> None:
    give({"ada": 5})
    again = give({"ada": 5}, dry_run=True)
    assert again["same_file"]["upload"] == Upload.objects.get().pk
    assert (again["same_file"]["as_of"], codes(again)) == ("2026-10-15", [])
    give({"ada": 6})
    assert codes(give({"ada": 5}, dry_run=True)) == ["applied_before", "followers_drop"]
    other_day = give({"ada": 5}, NEXT, dry_run=True)
    assert ("imported_before" in other_day, other_day["same_file"]["as_of"]) == (False, "2026-10-15")


def test_limits_are_settings(give: Give, settings: Any) -> None:
    give(many(100))
    settings.IMPORT_WARN_FOLLOWERS_DROP_PERCENT = 60
    settings.IMPORT_WARN_CREATORS_DROP_PERCENT = 100
    assert codes(give(many(50), NEXT, dry_run=True)) == []
    settings.IMPORT_WARN_REJECTED_PERCENT = 4
    assert codes(give({"ada": 5} | many(7) | many(-7, 10), NEXT, dry_run=True)) == [
        "rejected",
        "followers_drop",
    ]


def test_the_figures_say_how_far_beyond(give: Give) -> None:
    give(many(100))
    drop, fallen = give(many(50), NEXT, dry_run=True)["warnings"]
    assert drop["figures"] == {"before": 10_000, "after": 5_000, "percent": 50.0, "limit": 10}
    assert fallen["figures"] == {"creators": 100, "known": 100, "percent": 100.0, "limit": 10, "fell": 20}
    assert "50.0 %" in drop["message"]


def stored(counts: dict[str, object], as_of: datetime.date = NEXT) -> Upload:
    return Upload.objects.create(
        feed="followers",
        file=ContentFile(content(counts).encode(), "file.csv"),
        name="file.csv",
        options={"as_of": as_of.isoformat()},
    )


def test_an_upload_waits_until_its_warnings_are_confirmed(give: Give, reviewer: User) -> None:
    give(many(100))
    upload = stored(many(50))
    run.preview(upload)
    with pytest.raises(NotConfirmed):
        run.apply(upload)
    run.confirm(upload, ["followers_drop"], reviewer)
    with pytest.raises(NotConfirmed, match="100 of 100 known creators"):
        run.apply(Upload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert (upload.status, codes(upload.summary)) == ("previewed", ["followers_drop", "creators_drop"])
    run.confirm(upload, codes(upload.summary), reviewer)
    run.apply(Upload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert (upload.status, upload.confirmed_by) == ("applied", reviewer)
    assert upload.confirmed_at is not None
    assert upload.confirmed == ["creators_drop", "followers_drop"]
    assert set(Reach.objects.values_list("followers", flat=True)) == {50}


def test_a_warning_that_came_after_the_preview_is_asked_for(give: Give) -> None:
    upload = stored(many(50))
    assert codes(run.preview(upload)) == []
    give(many(100))
    with pytest.raises(NotConfirmed):
        run.apply(Upload.objects.get(pk=upload.pk))
    upload.refresh_from_db()
    assert (upload.status, codes(upload.summary)) == ("previewed", ["followers_drop", "creators_drop"])
    assert upload.summary["total"] == {"creators": 100, "before": 10_000, "after": 5_000}


def test_nobody_confirms_what_is_settled(give: Give, reviewer: User) -> None:
    give({"ada": 5})
    with pytest.raises(Refused, match="no longer waiting"):
        run.confirm(Upload.objects.get(), ["older"], reviewer)


def test_the_command_says_why_and_how_to_go_on(give: Give, tmp_path: Path, capsys: Any) -> None:
    give(many(100))
    path = tmp_path / "less.csv"
    path.write_text(content(many(50)))
    with pytest.raises(
        CommandError, match=r"lose 50.0 % .* Nothing was written; with --confirm it is\."
    ) as error:
        call_command("import_followers", str(path), "--as-of", str(NEXT))
    assert error.value.returncode == 1
    call_command("import_followers", str(path), "--as-of", str(NEXT), "--dry-run")
    assert "Warning: The known creators lose" in capsys.readouterr().out
    call_command("import_followers", str(path), "--as-of", str(NEXT), "--confirm")
    assert FollowerCount.objects.filter(as_of=NEXT).count() == 100


def test_who_crosses_the_threshold_and_who_changes_most_is_shown(give: Give) -> None:
    give({"ada": 99_999, "bob": 100_000, "eve": 150_000, "zoe": 5, "kim": 7})
    summary = give(
        {"ada": 100_000, "bob": 99_999, "eve": 149_000, "zoe": 5, "new": 200_000, "other": 6}, NEXT
    )
    assert summary["crossed"] == {
        "threshold": 100_000,
        "up": {"count": 1, "sample": [{"handle": "ada", "before": 99_999, "after": 100_000}]},
        "down": {"count": 1, "sample": [{"handle": "bob", "before": 100_000, "after": 99_999}]},
        "new": 1,
    }
    assert summary["largest"] == [
        {"handle": "eve", "before": 150_000, "after": 149_000},
        {"handle": "ada", "before": 99_999, "after": 100_000},
        {"handle": "bob", "before": 100_000, "after": 99_999},
    ]
    assert summary["total"] == {"creators": 4, "before": 350_004, "after": 349_004}
    assert Creator.objects.count() == 7


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [
        (100, 0, -100, -50),
        (100, 49, -100, -50),
        (100, 50, -50, -20),
        (100, 99, -1, 0),
        (1_000, 989, -5, -1),
        (100, 100, 0, 0),
        (0, 0, 0, 0),
        (1_000, 1_001, 0, 1),
        (100, 101, 0, 1),
        (100, 200, 50, 100),
        (100, 201, 100, None),
        (0, 5, 100, None),
    ],
)
def test_the_picture_of_changes_puts_each_creator_in_one_class(
    give: Give, before: int, after: int, low: int, high: int | None
) -> None:
    factories.creator("ada", followers=before)
    summary = give({"ada": after, "new": 5}, NEXT, dry_run=True)
    filled = [each for each in summary["distribution"] if each["count"]]
    assert filled == [{"from": low, "to": high, "count": 1}]


def test_the_classes_of_change_follow_each_other(give: Give) -> None:
    classes = give({"ada": 5}, dry_run=True)["distribution"]
    assert [each["to"] for each in classes[:-1]] == [each["from"] for each in classes[1:]]
