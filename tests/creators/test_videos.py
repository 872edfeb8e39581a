import datetime
from pathlib import Path
from typing import Any

import pytest

from creators import videos
from creators.models import (
    Category,
    CategoryOrigin,
    Creator,
    FollowerCount,
    Reach,
    Tier,
    Video,
    VideoCounts,
)
from pulse_site.feeds.run import import_file
from pulse_site.models import RejectedRow
from pulse_site.refusal import Refused
from tests import factories, hostile

DAY = datetime.date(2026, 10, 15)
HEADER = "id,handle,published,views,likes,comments,shares"
pytestmark = pytest.mark.django_db


@pytest.fixture
def give(tmp_path: Path) -> Any:
    """Import a file with these lines and return the summary."""

    def run(
        *lines: str, more: str = "", as_of: object = DAY, market: str = "US", **rest: Any
    ) -> dict[str, Any]:
        path = tmp_path / "videos.csv"
        path.write_text("\n".join([HEADER + more, *lines]) + "\n")
        options = {"as_of": as_of, "market": market}
        return import_file("videos", path, name=path.name, options=options, by=None, **rest)

    return run


def line(number: int = 1, handle: str = "ada", published: str = "2026-10-14", *more: str) -> str:
    return ",".join([str(number), handle, published, "1000", "50", "4", "3", *more])


def category_of(number: int = 1) -> str | None:
    category = Video.objects.get(pk=number).category
    assert VideoCounts.objects.latest("day").category == category
    return category.slug if category else None


def test_a_video_its_counts_and_its_creator_are_made(give: Any) -> None:
    summary = give(line(7_000_000_000_000_000_001, "@Ada", "2026-10-13T23:59:59Z"))
    assert (summary["created"], summary["new_creators"]) == (1, 1)
    video = Video.objects.get()
    assert video.platform_id == 7_000_000_000_000_000_001
    assert video.creator == Creator.objects.get(handle="ada")
    assert video.published_at == datetime.datetime(2026, 10, 13, 23, 59, 59, tzinfo=datetime.UTC)
    assert (video.market, video.category, video.tier) == ("US", None, Tier.STANDARD)
    counts = VideoCounts.objects.get()
    assert (counts.day, counts.video, counts.creator) == (DAY, video, video.creator)
    assert (counts.market, counts.tier, counts.published_at) == ("US", Tier.STANDARD, video.published_at)
    assert (counts.views, counts.likes, counts.comments, counts.shares) == (1_000, 50, 4, 3)
    assert counts.age_days == 2


@pytest.mark.parametrize(
    ("published", "age"),
    [
        ("2026-10-15", 0),
        ("2026-10-15T23:59:59Z", 0),
        ("2026-10-15T01:00:00+02:00", 1),
        ("2026-09-15T12:00:00", 30),
        ("1792022400", 0),  # 2026-10-15 00:00 UTC
        ("1792022399", 1),
    ],
)
def test_age_is_counted_in_days_of_utc(give: Any, published: str, age: int) -> None:
    give(line(published=published))
    assert VideoCounts.objects.get().age_days == age


@pytest.mark.parametrize(
    ("more", "cells", "slug"),
    [
        ("", (), "pets"),
        (",hashtags", ("[]",), "pets"),
        (",hashtags", ("nothing known",), "pets"),
        (",hashtags", ("\"['fyp', 'minecraft', 'food']\"",), "gaming"),
        (",hashtags", ('"[""fyp"", ""Minecraft""]"',), "gaming"),
        (",hashtags", ("#fyp #Minecraft #food",), "gaming"),
        (",hashtags", ('"fyp, minecraft"',), "gaming"),
        (",hashtags", ("#fyp#minecraft",), "gaming"),
        (",hashtags,category", ("minecraft", "travel"), "travel"),
        (",hashtags,category", ("minecraft", ""), "gaming"),
        (",category", ("Food & Cooking",), "food-cooking"),
        (",category", ("food-cooking",), "food-cooking"),
        (",category", ("Jeux vidéo",), "gaming"),
    ],
)
def test_a_category_comes_from_the_feed_else_its_hashtags_else_its_creator(
    give: Any, more: str, cells: tuple[str, ...], slug: str
) -> None:
    factories.creator("ada", category=factories.category("pets"))
    give(line(1, "ada", "2026-10-14", *cells), more=more)
    assert category_of() == slug


def test_hashtags_are_never_run_as_code(give: Any) -> None:
    give(line(1, "ada", "2026-10-14", "\"[__import__('os').abort(), 'minecraft']\""), more=",hashtags")
    assert category_of() == "gaming"


@pytest.mark.parametrize(("cell", "tier"), [("", Tier.STANDARD), ("Limited", 1), ("UNSUITABLE", 9)])
def test_a_feed_without_a_tier_means_standard(give: Any, cell: str, tier: int) -> None:
    give(line(1, "ada", "2026-10-14", cell), more=",tier")
    assert (Video.objects.get().tier, VideoCounts.objects.get().tier) == (tier, tier)


def test_what_a_later_file_leaves_unsaid_stays_as_it_was_known(give: Any) -> None:
    give(line(1, "ada", "2026-10-14", "unsuitable", "travel"), more=",tier,category")
    assert give(line())["unchanged"] == 1
    give(line(), as_of=DAY + datetime.timedelta(days=1))
    assert (Video.objects.get().tier, category_of()) == (Tier.UNSUITABLE, "travel")


def test_a_video_follows_the_newest_file_and_its_counts_the_day(give: Any) -> None:
    give(line(1, "ada", "2026-10-14", "limited"), more=",tier")
    give(line(1, "bob", "2026-10-14", "expanded"), more=",tier", as_of=DAY + datetime.timedelta(days=1))
    assert (Video.objects.get().creator.handle, Video.objects.get().tier) == ("bob", Tier.EXPANDED)
    assert list(VideoCounts.objects.order_by("day").values_list("creator__handle", "tier", "age_days")) == [
        ("ada", Tier.LIMITED, 1),
        ("bob", Tier.EXPANDED, 2),
    ]


def test_a_file_of_an_older_day_changes_no_video(give: Any) -> None:
    give(line(1, "ada", "2026-10-13", "limited"), more=",tier")
    give(line(1, "ada", "2026-10-13", "expanded"), more=",tier", as_of=DAY - datetime.timedelta(days=1))
    assert Video.objects.get().tier == Tier.LIMITED
    assert VideoCounts.objects.earliest("day").tier == Tier.EXPANDED


def test_the_same_file_again_changes_nothing(give: Any) -> None:
    lines = [line(1, "ada", "2026-10-14", "9000"), line(2, "bob", "2026-10-01", "")]
    give(*lines, more=",followers")
    before = hostile.everything()
    again = give(*lines, more=",followers")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert {**hostile.everything(), "pulse_site.Upload": 0} == {**before, "pulse_site.Upload": 0}


def test_a_changed_count_updates_the_row_of_the_day(give: Any) -> None:
    give(line(1), line(2))
    summary = give(line(1), line(2).replace("1000", "1001"))
    assert (summary["updated"], summary["unchanged"]) == (1, 1)
    assert VideoCounts.objects.get(video=2).views == 1_001


def test_a_preview_says_what_the_import_will_say_and_writes_nothing(give: Any) -> None:
    give(line(1), line(2))
    lines = [line(1), line(2).replace("1000", "1001"), line(3, "eve"), line(4, published="2026-10-16")]
    before = hostile.everything()
    preview = give(*lines, dry_run=True)
    assert hostile.everything() == before
    assert len(preview.pop("sample")) == 3
    assert {**give(*lines), "seconds": 0} == {**preview, "seconds": 0}


def test_followers_that_agree_are_kept_as_the_days_count(give: Any) -> None:
    summary = give(
        line(1, "ada", "2026-10-14", "9000"),
        line(2, "ada", "2026-10-13", "9000"),
        line(3, "bob", "2026-10-13", "1"),
        line(4, "bob", "2026-10-13", "2"),
        line(5, "eve", "2026-10-13", ""),
        more=",n_followers",
    )
    assert summary["inconsistent_followers"] == 1
    counted = FollowerCount.objects.values_list("creator__handle", "as_of", "followers")
    assert list(counted) == [("ada", DAY, 9_000)]
    assert Reach.objects.get().followers == 9_000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (line(2, "ada", "2026-10-16"), "future_date"),
        (line(2, "ada", "1792108800"), "future_date"),
        (line(2, "ada", "1792022400000"), "bad_date"),
        (line(2, "ada", "1999-01-01"), "bad_date"),
        (line(2, "ada", "yesterday"), "bad_date"),
        (line(2, "", "2026-10-14"), "missing"),
        (line(0), "bad_number"),
        (line(2**63), "bad_number"),
        ("6.89251E+18,ada,2026-10-14,1,1,1,1", "bad_number"),
        ("2,ada,2026-10-14,-1,1,1,1", "negative"),
        ("2,ada,2026-10-14,1,1,1,99999999999999", "absurd"),
        ("2,ada,2026-10-14,1,1,1", "cells"),
    ],
)
def test_a_bad_row_is_rejected_by_name_and_the_others_are_taken(give: Any, row: str, reason: str) -> None:
    summary = give(line(1), row)
    assert (summary["created"], summary["reasons"]) == (1, {reason: 1})
    assert RejectedRow.objects.get().line == 3


@pytest.mark.parametrize(("column", "reason"), [("category", "unknown_category"), ("tier", "unknown_tier")])
def test_an_unknown_name_is_rejected_with_those_that_are_known(give: Any, column: str, reason: str) -> None:
    give(line(1, "ada", "2026-10-14", ""), line(2, "ada", "2026-10-14", "nonsense"), more=f",{column}")
    rejected = RejectedRow.objects.get()
    assert (rejected.reason, rejected.value) == (reason, "nonsense")
    assert rejected.message.startswith("Write one of: ")


def test_the_same_video_with_other_counts_is_a_conflict(give: Any) -> None:
    summary = give(line(1), line(2), line(2), line(1).replace("1000", "1001"))
    assert (summary["created"], summary["duplicates"], summary["reasons"]) == (1, 1, {"conflict": 2})


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"as_of": None}, "Say the day"),
        ({"as_of": "2126-01-01"}, "still to come"),
        ({"market": "USA"}, "two letters"),
    ],
)
def test_options_that_make_no_sense_are_refused(give: Any, options: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        give(line(), **options)


def test_the_first_category_in_order_has_a_hashtag_that_two_claim() -> None:
    first, second = Category.objects.all()[:2]
    second.hashtags = [*second.hashtags, first.hashtags[0]]
    second.save()
    feed = videos.VideosFeed({"as_of": "2026-10-15", "market": "US"})
    parse = next(column.parse for column in feed.columns if column.name == "hashtags")
    assert parse(first.hashtags[0]) == first.pk


@pytest.mark.parametrize(
    ("hashtags", "category", "known", "origin"),
    [
        ("#cat #pets", "travel", {}, CategoryOrigin.FEED),
        ("#cat", "", {"of": "video"}, CategoryOrigin.HASHTAG),
        ("", "", {"of": "video"}, CategoryOrigin.VIDEO),
        ("", "", {"of": "creator"}, CategoryOrigin.CREATOR),
        ("", "", {}, CategoryOrigin.UNKNOWN),
    ],
    ids=["the file", "a hashtag", "the video", "the creator", "nobody"],
)
def test_counts_know_who_said_their_category(
    give: Any, hashtags: str, category: str, known: dict[str, str], origin: CategoryOrigin
) -> None:
    Category.objects.filter(slug="pets").update(hashtags=["cat"])
    of = known.get("of")
    creator = factories.creator("ada", category=factories.category("gaming") if of == "creator" else None)
    if of == "video":
        factories.video(1, creator=creator, category=factories.category("gaming"))
    for _again in range(2):
        give(line(1, "ada", "2026-10-14", hashtags, category), more=",hashtags,category")
        assert VideoCounts.objects.get().category_origin == origin
    give(line(1, "ada", "2026-10-14", "", ""), more=",hashtags,category")
    assert VideoCounts.objects.get().category_origin == origin
