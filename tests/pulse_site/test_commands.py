import pytest
from django.core.management import ManagementUtility

UNREADABLE = [
    ["import_followers", "followers.csv", "--as-of", "2022-02-30"],
    ["recompute_placements", "--day", "yesterday"],
    ["export_lineup"],
    ["explain_video", "a-video", "--day", "2026-10-31"],
    ["review_month", "2026-10"],
    ["export_journal", "--format", "xls"],
    ["verify", "everything"],
    ["demo", "--scale", "large"],
]


@pytest.mark.parametrize("words", UNREADABLE, ids=" ".join)
def test_what_cannot_be_read_exits_with_1_like_what_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        ManagementUtility(["manage.py", *words]).execute()
    assert end.value.code == 1


def test_help_exits_with_0() -> None:
    with pytest.raises(SystemExit) as end:
        ManagementUtility(["manage.py", "verify", "--help"]).execute()
    assert end.value.code == 0
