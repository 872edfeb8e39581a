import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from campaigns import exclusions, forecast, placements
from campaigns.forecast import Fit, Forecast
from campaigns.models import Campaign, Inventory
from creators.models import Tier
from pulse_site.models import User
from tests import factories
from tests.campaigns import recent

pytestmark = pytest.mark.django_db
TODAY = factories.DAY
FIRST = datetime.date(2026, 11, 1)
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def every_view_can_carry_an_ad(settings: Settings) -> None:
    settings.FORECAST_AD_PERMILLE = 1_000


def ask(*slugs: str, days: int = 10, goal: int = 1, **fields: Any) -> Forecast:
    """What is free for an order of ten days, standard tier, gaming alone unless said otherwise."""
    fields = {
        "market": "US",
        "categories": [factories.category(slug) for slug in slugs or ("gaming",)],
        "tier": Tier.STANDARD,
        "starts_on": FIRST,
        "ends_on": FIRST + (days - 1) * ONE_DAY,
        "cpm_micros": 10_000_000,
        "goal": goal,
        **fields,
    }
    found = forecast.forecast(forecast.Order(**fields), TODAY)
    assert found is not None
    return found


def booked(*slugs: str, impressions: int, days: int = 10, **fields: Any) -> Campaign:
    """Another advertiser's campaign from the same first day on, at $10.00."""
    fields = {"starts_on": FIRST, "ends_on": FIRST + (days - 1) * ONE_DAY, **fields}
    return factories.campaign(categories=slugs or ("gaming",), budget_micros=impressions * 10_000, **fields)


def test_what_recent_lineups_carried_is_free_on_every_day() -> None:
    recent.lineups(TODAY, gaming=1_000, pets=500)
    assert ask().expected == 10_000
    assert ask("gaming", "pets").categories == [
        (factories.category("gaming"), 10_000),
        (factories.category("pets"), 5_000),
    ]
    assert ask().days == [(FIRST + n * ONE_DAY, 1_000) for n in range(10)]


def test_only_a_part_of_the_views_can_carry_an_ad(settings: Settings) -> None:
    settings.FORECAST_AD_PERMILLE = 250
    recent.lineups(TODAY, gaming=1_000)
    assert ask().expected == 2_500


def test_tiers_above_the_campaigns_are_left_out() -> None:
    for run in recent.lineups(TODAY, gaming=1_000):
        recent.inventory(run, "gaming", 300, Tier.LIMITED)
        recent.inventory(run, "gaming", 7_000, Tier.EXPANDED)
    assert ask(tier=Tier.LIMITED).expected == 3_000
    assert ask().expected == 13_000
    assert ask(tier=Tier.EXPANDED).expected == 83_000


def test_what_others_have_booked_is_taken_off_their_days() -> None:
    recent.lineups(TODAY, gaming=1_000)
    booked(impressions=2_000, days=5)  # 400 a day, 40 %
    assert ask().days[4:6] == [(FIRST + 4 * ONE_DAY, 600), (FIRST + 5 * ONE_DAY, 1_000)]
    assert ask().expected == 8_000


def test_a_campaign_of_several_categories_is_parted_as_their_supply_is() -> None:
    recent.lineups(TODAY, gaming=3_000, pets=1_000)
    booked("gaming", "pets", impressions=20_000)  # 2,000 a day: half of either
    assert ask().expected == 15_000
    assert ask("pets").expected == 5_000


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": "booked"}, True),
        ({"status": "paused"}, True),
        ({"status": "submitted"}, False),
        ({"status": "draft"}, False),
        ({"status": "cancelled"}, False),
        ({"status": "booked", "market": "CA"}, False),
        ({"status": "booked", "tier": Tier.LIMITED}, False),  # nothing of that tier was there
        ({"status": "booked", "categories": ("travel",)}, False),
    ],
)
def test_only_what_is_sold_on_the_same_inventory_counts(fields: dict[str, Any], counts: bool) -> None:
    recent.lineups(TODAY, gaming=1_000)
    slugs = fields.pop("categories", ("gaming",))
    booked(*slugs, impressions=5_000, **fields)
    assert (ask().expected < 10_000) == counts


def test_a_campaign_does_not_stand_in_its_own_way() -> None:
    recent.lineups(TODAY, gaming=1_000)
    own = booked(impressions=5_000)
    assert ask().expected == 5_000
    assert ask(campaign=own).expected == 10_000


def test_more_than_all_is_never_sold() -> None:
    recent.lineups(TODAY, gaming=1_000)
    booked(impressions=50_000)
    assert ask().expected == 0


def test_the_range_is_that_of_the_leanest_and_the_richest_day() -> None:
    for ago, views in ((1, 500), (2, 1_000), (3, 1_500)):
        recent.lineups(TODAY - (ago - 1) * ONE_DAY, days=1, gaming=views)
    found = ask()
    assert (found.low, found.expected, found.high) == (5_000, 10_000, 15_000)


@pytest.mark.parametrize(
    ("goal", "fit"), [(5_000, Fit.PLENTY), (5_001, Fit.LIKELY), (10_000, Fit.LIKELY), (10_001, Fit.SHORT)]
)
def test_a_goal_fits_as_far_as_days_are_free(goal: int, fit: Fit) -> None:
    for ago, views in ((1, 500), (2, 1_500)):
        recent.lineups(TODAY - (ago - 1) * ONE_DAY, days=1, gaming=views)
    assert ask(goal=goal).fit == fit


def test_who_does_not_fit_learns_what_would_help() -> None:
    for run in recent.lineups(TODAY, gaming=1_000, pets=500, travel=9_000):
        recent.inventory(run, "gaming", 300, Tier.EXPANDED)
    remedies = ask(goal=15_000).remedies
    assert remedies is not None
    free = {category.slug: impressions for category, impressions in remedies.categories}
    assert free == {"travel": 90_000, "pets": 5_000}
    assert remedies.tier_impressions == 3_000
    assert remedies.until == FIRST + 14 * ONE_DAY
    assert remedies.budget_micros == 100_000_000
    assert ask(goal=10_000).remedies is None


def test_without_recent_lineups_there_is_no_forecast() -> None:
    recent.lineups(TODAY - 40 * ONE_DAY, gaming=1_000)
    assert forecast.of_campaign(factories.campaign(), TODAY) is None


def test_what_is_excluded_is_not_free(owner: User) -> None:
    """By the lineup itself: of three videos one is excluded, and one is by an excluded creator."""
    loud = factories.creator("loud")
    videos = [factories.video(category=factories.category(), creator=factories.creator()) for _ in range(30)]
    videos[1].creator = loud
    videos[1].save()
    for number, video in enumerate(videos):
        factories.counts(TODAY - ONE_DAY, video, views=1_000 - number)
    placements.recompute(TODAY - ONE_DAY)  # two of thirty: 1000 and 999 views, a day or two old
    campaign = factories.campaign(status="draft", starts_on=FIRST, ends_on=FIRST)
    whole = forecast.of_campaign(campaign, TODAY)
    exclusions.exclude_creators(campaign, ["loud"], owner, TODAY)
    without_loud = forecast.of_campaign(campaign, TODAY)
    campaign.excluded_videos.create(platform_id=videos[0].pk, starts_on=TODAY)
    without_both = forecast.of_campaign(campaign, TODAY)
    assert whole and without_loud and without_both
    assert whole.expected > without_loud.expected > without_both.expected == 0


def test_views_of_a_day_are_the_difference_from_the_day_before() -> None:
    old, new = (factories.video(category=factories.category()) for _ in range(2))
    for day, views in ((TODAY - ONE_DAY, 700), (TODAY, 1_000)):
        factories.counts(day, old, views=views)
    factories.counts(TODAY, new, views=900)  # 2 days old and not seen before: 450 a day
    Inventory.objects.all().delete()
    terms = factories.terms()
    type(terms).objects.update(lineup_basis_points=10_000)
    placements.recompute(TODAY)
    kept = Inventory.objects.get()
    assert (kept.videos, kept.views) == (2, 300 + 450)


@given(st.integers(0, 10**15))
def test_figures_are_rounded_down_to_two_digits(impressions: int) -> None:
    shown = forecast.coarse(impressions)
    assert 0 <= impressions - shown <= impressions // 10
    assert len(str(shown).rstrip("0")) <= 2


@given(st.integers(0, 1_200), st.integers(0, 1_200))
def test_small_changes_of_what_others_book_do_not_show(one: int, two: int) -> None:
    """What is sold is told in twentieths of the supply, and never below what it is."""
    cell = forecast.Cell(1, 2)
    free = []
    for sold in (one, two):
        market = forecast.Market({cell: 1_000}, {}, {cell: {FIRST: sold}})
        free.append(market.free(cell, FIRST))
        assert free[-1] % 50 == 0
        assert free[-1] <= max(1_000 - sold, 0) < free[-1] + 50
    assert (free[0] >= free[1]) or one > two


@pytest.mark.parametrize("number", [1, 20])
def test_a_forecast_takes_as_many_queries_for_one_campaign_as_for_twenty(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    recent.lineups(TODAY, days=number, gaming=1_000)
    for _ in range(number):
        booked(impressions=100)
    campaign = factories.campaign(status="draft", starts_on=FIRST, ends_on=FIRST)
    with django_assert_num_queries(6):  # its categories; lineups, inventory, excluded, sold, categories
        forecast.of_campaign(campaign, TODAY)
