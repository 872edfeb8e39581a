import datetime

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import exclusions
from campaigns.models import Campaign, VideoExclusion
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
VIDEO = 7_400_000_000_000_000_001


def file(text: str, name: str = "list.csv") -> ContentFile:
    return ContentFile(text.encode(), name)


def spans(campaign: Campaign) -> list[tuple[datetime.date, datetime.date | None]]:
    return list(campaign.excluded_videos.values_list("starts_on", "ends_on"))


@pytest.mark.parametrize(
    "text",
    [
        f"video\n{VIDEO}\n",
        f"note;Video ID\nbad;{VIDEO}\n",
        f"{VIDEO}\n",
        f"{VIDEO}",
        f"\ufeffid\r\n{VIDEO}\r\n{VIDEO}\r\n",
        f"url\nhttps://www.example.com/@somebody/video/{VIDEO}?lang=en\n",
    ],
)
def test_a_list_is_read_however_it_is_written(owner: User, text: str) -> None:
    campaign = factories.campaign()
    kept = exclusions.exclude_videos(campaign, file(text), owner, DAY)
    assert (kept.videos, kept.added, kept.rejected) == (1, 1, [])
    assert campaign.excluded_videos.get().platform_id == VIDEO


def test_rows_that_cannot_be_read_are_named_and_the_others_kept(owner: User) -> None:
    campaign = factories.campaign()
    text = f"video\n{VIDEO}\n7.4E+18\n-5\nhello\n"
    kept = exclusions.exclude_videos(campaign, file(text), owner)
    kept.refresh_from_db()
    assert [(line, value) for line, value, _message in kept.rejected] == [
        (3, "7.4E+18"),
        (4, "-5"),
        (5, "hello"),
    ]
    assert "digits only" in kept.rejected[0][2]
    assert kept.added == 1


def test_a_file_is_cut_at_two_thousand_rows_and_a_megabyte(owner: User) -> None:
    campaign = factories.campaign()
    rows = "".join(f"{VIDEO + n}\n" for n in range(2_000))
    assert exclusions.exclude_videos(campaign, file("id\n" + rows), owner).added == 2_000
    with pytest.raises(Refused, match="more than 2,000"):
        exclusions.exclude_videos(campaign, file("id\n" + rows + "1\n"), owner)
    with pytest.raises(Refused, match="1 MB"):
        exclusions.exclude_videos(campaign, file("id\n" + "1" * 1_000_000), owner)
    assert campaign.excluded_videos.count() == 2_000


def test_a_list_does_not_grow_without_end(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusions, "MOST_VIDEOS", 2)
    with pytest.raises(Refused, match="2 at most"):
        exclusions.exclude_videos(factories.campaign(), file("1\n2\n3\n"), owner)
    assert not VideoExclusion.objects.exists()


def test_a_picture_is_no_list(owner: User) -> None:
    with pytest.raises(Refused, match="picture"):
        exclusions.exclude_videos(factories.campaign(), ContentFile(b"\x89PNG\0\0", "x.csv"), owner)


def test_the_same_list_twice_adds_nothing(owner: User) -> None:
    campaign = factories.campaign()
    exclusions.exclude_videos(campaign, file("1\n2\n"), owner, DAY)
    again = exclusions.exclude_videos(campaign, file("2\n3\n"), owner, DAY + ONE_DAY)
    assert (again.videos, again.added) == (2, 1)
    assert campaign.excluded_videos.count() == 3


def test_of_a_draft_the_list_is_what_stands_on_it(owner: User) -> None:
    draft = factories.campaign(status="draft", starts_on=DAY)
    exclusions.exclude_videos(draft, file("1\n"), owner, DAY - 3 * ONE_DAY)
    assert spans(draft) == [(DAY - 3 * ONE_DAY, None)]
    assert exclusions.readmit(draft, draft.excluded_videos.all(), owner, DAY) == 1
    assert spans(draft) == []


def test_of_a_draft_that_begins_earlier_the_list_covers_every_day(owner: User) -> None:
    draft = factories.campaign(status="draft", starts_on=DAY - 5 * ONE_DAY)
    exclusions.exclude_videos(draft, file("1\n"), owner, DAY)
    assert spans(draft) == [(DAY - 5 * ONE_DAY, None)]


def test_of_a_booked_campaign_changes_count_from_the_next_day(owner: User) -> None:
    booked = factories.campaign()
    exclusions.exclude_videos(booked, file("1\n"), owner, DAY)
    assert spans(booked) == [(DAY + ONE_DAY, None)]
    later = DAY + 4 * ONE_DAY
    exclusions.readmit(booked, booked.excluded_videos.all(), owner, later)
    assert spans(booked) == [(DAY + ONE_DAY, later)]
    exclusions.exclude_videos(booked, file("1\n"), owner, later)
    assert spans(booked) == [(DAY + ONE_DAY, later), (later + ONE_DAY, None)]


def test_what_would_have_counted_from_tomorrow_never_does(owner: User) -> None:
    booked = factories.campaign()
    exclusions.exclude_videos(booked, file("1\n"), owner, DAY)
    exclusions.readmit(booked, booked.excluded_videos.all(), owner, DAY)
    assert spans(booked) == []


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=8))
def test_a_day_is_excluded_when_the_video_was_on_the_list_before_it(steps: list[tuple[bool, int]]) -> None:
    """Against a calendar kept by hand, of a booked campaign."""
    with transaction.atomic():
        booked, by = factories.campaign(), factories.user()
        today, listed, expected = DAY, False, {}
        for add, wait in steps:
            if add:
                exclusions.exclude_videos(booked, file("1\n"), by, today)
            else:
                exclusions.readmit(booked, booked.excluded_videos.all(), by, today)
            listed = add
            for _day in range(wait):
                today += ONE_DAY
                expected[today] = listed
        for day, excluded in expected.items():
            found = booked.excluded_videos.filter(starts_on__lte=day).exclude(ends_on__lt=day)
            assert found.count() == int(excluded), day
        transaction.set_rollback(True)


def test_creators_are_excluded_by_handle(owner: User) -> None:
    campaign = factories.campaign()
    loud, rude = factories.creator("loud"), factories.creator("rude")
    assert exclusions.exclude_creators(campaign, ["@Loud", "rude", "loud", ""], owner, DAY) == 2
    assert set(campaign.excluded_creators.values_list("creator", flat=True)) == {loud.pk, rude.pk}
    assert exclusions.exclude_creators(campaign, ["loud"], owner, DAY) == 0


def test_an_unknown_handle_is_named_and_nothing_is_written(owner: User) -> None:
    campaign = factories.campaign()
    factories.creator("loud")
    with pytest.raises(Refused, match="@nobody1, .* and 2 more"):
        exclusions.exclude_creators(campaign, ["loud", *(f"nobody{n}" for n in range(1, 8))], owner)
    assert not campaign.excluded_creators.exists()


def test_another_campaigns_entries_are_not_taken_off(owner: User) -> None:
    own, other = factories.campaign(), factories.campaign()
    exclusions.exclude_videos(other, file("1\n"), owner, DAY)
    assert exclusions.readmit(own, VideoExclusion.objects.all(), owner, DAY + ONE_DAY) == 0
    assert spans(other) == [(DAY + ONE_DAY, None)]


def test_who_changed_the_list_stands_in_the_trail(owner: User) -> None:
    campaign = factories.campaign()
    exclusions.exclude_videos(campaign, file("1\n2\n"), owner, DAY)
    exclusions.readmit(campaign, campaign.excluded_videos.all(), owner, DAY)
    told = AuditEvent.objects.order_by("pk").values_list("action", "detail")
    assert list(told) == [
        ("campaign.exclude", {"videos": 2, "creators": 0}),
        ("campaign.readmit", {"videos": 2, "creators": 0}),
    ]
