"""The lineup browser: movement, scores by bands, sizes over time, and the pages that show them."""

import csv
import datetime
import io
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns import browser, placements, score_bands
from campaigns.browser import Show
from campaigns.models import PlacementRun, ScoreBand
from creators.models import Creator, ProgrammeTerms, Tier, VideoCounts
from pulse_site import roles
from pulse_site.models import User
from tests import factories
from tests.campaigns.counted import counted

pytestmark = pytest.mark.django_db
DAY = factories.DAY
EVE = DAY - datetime.timedelta(days=1)
PAGE, FILE = "admin:campaigns_placementrun_browse", "admin:campaigns_placementrun_browse_file"


def computed(day: datetime.date = DAY) -> PlacementRun:
    placements.recompute(day)
    return PlacementRun.objects.select_related("terms").get(day=day)


def everybody_in() -> None:
    ProgrammeTerms.objects.update(lineup_basis_points=10_000)


@pytest.fixture
def two_days() -> PlacementRun:
    """Four videos of two categories: 1 climbs over 2, 3 leaves, 4 comes in."""
    everybody_in()
    gaming, pets = factories.category("gaming"), factories.category("pets")
    for number, then, now in ((1, 10, 90), (2, 20, 80), (3, 30, None), (4, None, 70)):
        category = pets if number == 2 else gaming
        if then:
            counted(then, day=EVE, video_id=number, category=category)
        if now:
            counted(now, video_id=number, category=category)
    computed(EVE)
    return computed()


def listed(run: PlacementRun, show: Show, slug: str = "") -> list[tuple[int, int | None]]:
    seen = browser.slice_of(run, factories.category(slug) if slug else None)
    return [(row.video_id, row.rank_before) for row in seen.rows(show)]


def test_the_movement_counts_who_came_left_and_stayed_since_the_day_before(two_days: PlacementRun) -> None:
    assert browser.slice_of(two_days).movement() == (1, 1, 2)
    assert browser.slice_of(two_days, factories.category("gaming")).movement() == (1, 1, 1)
    assert browser.slice_of(two_days, factories.category("pets")).movement() == (0, 0, 1)
    assert browser.slice_of(PlacementRun.objects.get(day=EVE)).movement() is None


@pytest.mark.parametrize(
    ("show", "slug", "videos"),
    [
        (Show.ALL, "", [(1, 3), (2, 2), (4, None)]),
        (Show.ALL, "gaming", [(1, 3), (4, None)]),
        (Show.ENTERED, "", [(4, None)]),
        (Show.ENTERED, "pets", []),
        (Show.LEFT, "", [(3, 1)]),
        (Show.LEFT, "pets", []),
        (Show.CLIMBED, "", [(1, 3)]),
        (Show.FELL, "", []),
    ],
)
def test_a_list_has_those_that_moved_so_with_their_ranks_of_the_day_before(
    two_days: PlacementRun, show: Show, slug: str, videos: list[tuple[int, int | None]]
) -> None:
    assert listed(two_days, show, slug) == videos


def test_where_categories_are_cut_by_themselves_ranks_are_compared_within_a_category() -> None:
    everybody_in()
    ProgrammeTerms.objects.update(cut_per_category=True)
    gaming, pets = factories.category("gaming"), factories.category("pets")
    for number, views in ((1, 10), (2, 20), (3, 30)):
        counted(views, day=EVE, video_id=number, category=gaming)
        counted(views, video_id=number, category=pets if number == 3 else gaming)
    computed(EVE)
    run = computed()
    assert listed(run, Show.ALL) == [(2, 2), (3, None), (1, 3)]
    assert browser.slice_of(run).movement() == (1, 1, 2)


def test_the_days_with_a_lineup_before_and_after_are_found(two_days: PlacementRun) -> None:
    assert browser.neighbours(two_days) == (EVE, None)
    counted(day=DAY + datetime.timedelta(days=9), market="FR")
    placements.recompute(DAY + datetime.timedelta(days=9), "FR")
    assert browser.neighbours(PlacementRun.objects.get(day=EVE)) == (None, DAY)


def test_sizes_tell_videos_and_views_of_each_category_and_day(two_days: PlacementRun) -> None:
    days, sizes = browser.sizes(two_days)
    assert (len(days), days[-1], days[-2]) == (browser.DAYS, DAY, EVE)
    found = {each.category.slug if each.category else "": each for each in sizes}
    assert found["gaming"].videos[-3:] == [0, 2, 2]
    assert found["gaming"].views[-1] == 80 + 70  # the first by what came since the day before
    assert (found["pets"].videos[-1], found[""].videos[-1], found["travel"].videos[-1]) == (1, 0, 0)


@given(st.integers(0, 10**15))
def test_every_score_lies_in_its_band(score: int) -> None:
    floor = score_bands._floor(len(str(score)), int(str(score)[0]))
    assert floor <= score < score_bands.following(floor)


def test_the_bands_of_a_lineup_add_up_to_its_population_and_its_rows(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pets = factories.category("pets")
    for number in range(60):
        tier = Tier.UNSUITABLE if number == 59 else Tier.STANDARD
        counted(number * number, category=pets if number % 2 else None, tier=tier)
    run = computed()
    bands = score_bands.of(run)
    assert sum(band.videos for band in bands) == run.population == 60
    assert sum(band.placed for band in bands) == run.lineup == 2
    above = [band for band in bands if band.floor == 2_000]  # scores 45² to 59², of which two are in
    assert {(band.category_id, band.videos, band.placed) for band in above} == {(pets.pk, 8, 1), (None, 7, 1)}
    with django_assert_num_queries(1):
        kept = score_bands.of(run)
    assert len(kept) == len(bands) == ScoreBand.objects.count()


def test_scores_that_were_not_ranked_are_not_shown_as_if_they_were() -> None:
    counted()
    run = computed()
    counted()
    assert score_bands.of(run) == []
    VideoCounts.objects.all().delete()
    assert score_bands.of(run) == []


# Pages -------------------------------------------------------------------------------------------------


def shown(client: Client, **asked: Any) -> str:
    answer = client.get(reverse(PAGE), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def crowd(size: int) -> None:
    everybody_in()
    VideoCounts.objects.bulk_create(
        VideoCounts(
            day=day,
            video_id=number,
            creator=Creator.objects.get_or_create(handle="someone")[0],
            market="US",
            category=factories.category(),
            tier=2,
            published_at="2026-10-10T12:00Z",
            age_days=0,
            views=1_000 + (number * 7 % 11 if day == DAY else number),
            likes=0,
            comments=0,
            shares=0,
        )
        for day in (EVE, DAY)
        for number in range(1, size + 1)
    )
    computed(EVE)
    computed()


@pytest.mark.parametrize("show", Show.values)
def test_pages_follow_one_another_without_missing_or_repeating_a_video_and_lead_back(
    client: Client, administrator: User, show: str
) -> None:
    crowd(130)
    client.force_login(administrator)
    address, pages = f"{reverse(PAGE)}?show={show}", []
    while address:
        context = client.get(address).context
        pages.append([row.video_id for row in context["rows"]])
        last, address = context, context["next"] and reverse(PAGE) + context["next"]
    everyone = [row.video_id for row in browser.slice_of(last["run"]).rows(Show(show))]
    assert [video for page in pages for video in page] == everyone
    for page in reversed(pages[:-1]):
        last = client.get(reverse(PAGE) + last["previous"]).context
        assert [row.video_id for row in last["rows"]] == page


def test_a_page_asks_as_much_of_a_large_lineup_as_of_a_small_one(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    def asked() -> int:
        score_bands.of(PlacementRun.objects.select_related("terms").get(day=DAY))
        with CaptureQueriesContext(connection) as queries:
            shown(client, category="gaming")
        return len(queries)

    crowd(3)
    few = asked()
    VideoCounts.objects.all().delete()
    crowd(130)
    assert asked() == few < 25


def test_it_shows_the_newest_lineup_unless_told_otherwise_and_its_movement(
    client: Client, administrator: User, two_days: PlacementRun
) -> None:
    client.force_login(administrator)
    newest = shown(client)
    assert "Oct. 15, 2026, US" in newest
    assert "+1" in newest
    assert "is nothing to compare it with" in shown(client, day=EVE)
    assert "Oct. 14, 2026, US" in shown(client, run=PlacementRun.objects.get(day=EVE).pk)


def test_what_is_not_there_is_told_with_a_way_on(
    client: Client, administrator: User, two_days: PlacementRun
) -> None:
    client.force_login(administrator)
    page = shown(client, day=DAY + datetime.timedelta(days=3))
    assert "There is no lineup of Oct. 18, 2026" in page
    assert "day=2026-10-15" in page
    for odd in (
        {"day": "x"},
        {"category": "x"},
        {"after": "x_1"},
        {"after": "9" * 30 + "_1"},
        {"market": "x"},
    ):
        shown(client, **odd)
    assert client.get(reverse(PAGE), {"run": "4711"}).status_code == 404
    PlacementRun.objects.all().delete()
    assert "No lineup has been computed yet" in shown(client)


def test_the_file_has_the_whole_list(client: Client, administrator: User, two_days: PlacementRun) -> None:
    client.force_login(administrator)

    def lines(**asked: str) -> list[list[str]]:
        answer = client.get(reverse(FILE, args=["csv"]), asked)
        content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return list(csv.reader(io.StringIO(content)))

    assert lines(category="gaming") == [
        list(browser.COLUMNS),
        ["1", "3", "1", "someone", "gaming", "2", "90"],
        ["3", "", "4", "someone", "gaming", "2", "70"],
    ]
    assert lines(show="out")[1:] == [["", "1", "3", "someone", "gaming", "2", "30"]]
    assert client.get(reverse(FILE, args=["pdf"])).status_code == 404


@pytest.mark.parametrize("role", [role for role in roles.LABELS if role != roles.ADMINISTRATOR])
def test_every_role_may_browse(client: Client, role: str, two_days: PlacementRun) -> None:
    person = factories.user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    client.force_login(person)
    assert "Scores of the ranked videos" in shown(client)
    assert client.get(reverse(FILE, args=["xlsx"])).status_code == 200


def test_nobody_else_may(client: Client, reviewer: User) -> None:
    for address in (reverse(PAGE), reverse(FILE, args=["csv"])):
        client.logout()
        assert client.get(address).status_code == 302
        client.force_login(reviewer)  # staff without any role
        assert client.get(address).status_code == 403
