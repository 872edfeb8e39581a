"""The page that explains a video on a day."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import placements
from creators.models import VideoCounts
from pulse_site import roles
from pulse_site.models import User
from tests import factories
from tests.campaigns.counted import counted
from tests.campaigns.test_explanation import crowd, delivered

pytestmark = pytest.mark.django_db
DAY = factories.DAY
PAGE = "admin:campaigns_placementrun_explain"


@pytest.fixture
def ranked() -> list[VideoCounts]:
    """A hundred ranked videos, known by their numbers."""
    videos = crowd(100)
    for each in videos:
        factories.video(each.video_id, creator=each.creator)
    placements.recompute(DAY)
    return videos


def shown(client: Client, **asked: Any) -> str:
    answer = client.get(reverse(PAGE), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_video_is_found_by_its_number_or_an_address_and_its_newest_day(
    client: Client, administrator: User, ranked: list[VideoCounts]
) -> None:
    client.force_login(administrator)
    number = ranked[6].video_id
    said = "Rank 7 of 100: 3 places below the cut; 4 more views would have done."
    for asked in ({"video": number, "day": DAY}, {"video": f"https://example.com/@someone/video/{number}"}):
        assert said in shown(client, **asked)
    later = DAY + datetime.timedelta(days=1)
    counted(video_id=number, of=ranked[6].creator, day=later)
    assert "not computed yet" in shown(client, video=number)
    assert said in shown(client, video=number, day=DAY)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"video": "4711"}, "No video 4711 is known"),
        ({"video": "no number"}, "Write the platform"),
        ({"video": "9" * 25}, "Write the platform"),
        ({"video": "1", "day": "yesterday"}, "Enter a valid date"),
        ({}, "Enter a video"),
    ],
)
def test_what_cannot_be_explained_says_why(
    client: Client, administrator: User, asked: dict[str, str], said: str
) -> None:
    client.force_login(administrator)
    assert said in shown(client, **asked)


def test_a_day_without_counts_is_told(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    assert "has no counts of 2026-10-15" in shown(client, video=factories.video().pk, day=DAY)


@pytest.mark.parametrize("role", [role for role in roles.LABELS if role != roles.ADMINISTRATOR])
def test_every_role_may_ask_and_money_is_told_to_those_who_may_see_deliveries(
    client: Client, role: str, ranked: list[VideoCounts]
) -> None:
    delivered(ranked[0], "C-7", 1_500)
    person = factories.user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    client.force_login(person)
    page = shown(client, video=ranked[0].video_id)
    assert "Rank 1 of 100: in the lineup." in page
    assert ("C-7" in page) == ("$15.00" in page) == ("eviewer" not in str(roles.LABELS[role]))


def test_nobody_else_may_ask(client: Client, reviewer: User) -> None:
    assert client.get(reverse(PAGE)).status_code == 302
    client.force_login(reviewer)  # staff without any role
    assert client.get(reverse(PAGE), {"video": "1"}).status_code == 403


def test_the_page_asks_as_much_for_many_days_and_ads_as_for_few(
    client: Client, administrator: User, ranked: list[VideoCounts]
) -> None:
    client.force_login(administrator)
    one = ranked[50]

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(client, video=one.video_id, day=DAY)
        return len(queries)

    delivered(one, "C-0", 5)
    few = asked()
    for number in range(1, 20):
        counted(video_id=one.video_id, of=one.creator, day=DAY + datetime.timedelta(days=number))
        delivered(one, f"C-{number}", 5)
    assert asked() == few < 20


def test_the_way_to_it_starts_at_the_start_page_the_lineup_the_video_and_the_creator(
    client: Client, administrator: User, ranked: list[VideoCounts]
) -> None:
    client.force_login(administrator)
    one = ranked[0]
    pages = [
        reverse("admin:index"),
        reverse("admin:campaigns_placementrun_change", args=[placements.current_run(DAY, "US").pk]),
        reverse("admin:creators_video_change", args=[one.video_id]),
        reverse("admin:creators_creator_change", args=[one.creator_id]),
    ]
    for address in pages:
        assert reverse(PAGE) in client.get(address).content.decode(), address
