"""The files that others published, byte for byte; the figures come from an independent computation."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Sum

from creators.models import Creator, Reach, Video, VideoCounts

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here"),
]


def run(command: str, file: str, as_of: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    call_command(command, str(DATA / file), "--as-of", as_of, "--json")
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("file", "as_of", "rows", "creators", "rejected", "followers", "large"),
    [
        ("followers-2022-06.csv", "2022-06-30", 1_007, 988, 4, 6_718_206_500, 938),
        ("followers-2022-09.csv", "2022-09-30", 1_000, 995, 2, 6_995_311_300, 952),
    ],
)
def test_a_vendors_list_of_creators(
    file: str,
    as_of: str,
    rows: int,
    creators: int,
    rejected: int,
    followers: int,
    large: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = run("import_followers", file, as_of, capsys)
    assert (summary["rows"], summary["created"], summary["rejected"]) == (rows, creators, rejected)
    assert summary["reasons"] == {"conflict": rejected}
    assert Creator.objects.count() == creators
    assert Reach.objects.aggregate(all=Sum("followers"))["all"] == followers
    assert Reach.objects.filter(followers__gte=100_000).count() == large
    again = run("import_followers", file, as_of, capsys)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, creators)


def test_the_videos_of_the_most_followed(capsys: pytest.CaptureFixture[str]) -> None:
    summary = run("import_videos", "videos-2020-11.csv", "2020-11-08", capsys)
    assert (summary["rows"], summary["created"], summary["rejected"]) == (12_559, 12_559, 0)
    assert summary["inconsistent_followers"] == 0
    assert (Video.objects.count(), Creator.objects.count()) == (12_559, 254)
    assert Reach.objects.get(creator__handle="charlidamelio").followers == 97_400_000
    assert VideoCounts.objects.filter(age_days__lte=30).count() == 4_733
    again = run("import_videos", "videos-2020-11.csv", "2020-11-08", capsys)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 12_559)
