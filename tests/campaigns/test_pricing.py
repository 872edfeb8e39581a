import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns import pricing
from campaigns.models import MICROS_PER_CENT, Campaign, impressions_bought
from pulse_site.refusal import Refused
from tests import factories

DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
SLUGS = ("gaming", "pets", "travel")


def quote(*slugs: str, day: datetime.date = DAY) -> pricing.Quote:
    return pricing.quote("US", [factories.category(slug) for slug in slugs], day)


@pytest.mark.django_db
def test_the_dearest_category_sets_the_price() -> None:
    for slug, micros in zip(SLUGS, (14_000_000, 9_000_000, 22_000_000), strict=True):
        factories.rate(slug, micros)
    assert quote("gaming", "pets").cpm_micros == 14_000_000
    assert quote("pets", "travel", "gaming").dearest.slug == "travel"


@pytest.mark.django_db
def test_the_rate_in_force_on_the_first_day_counts() -> None:
    factories.rate("gaming", 14_000_000)
    factories.rate("gaming", 16_000_000, starts_on=DAY)
    factories.rate("gaming", 99_000_000, starts_on=DAY, market="CA")
    assert quote("gaming", day=DAY - ONE_DAY).cpm_micros == 14_000_000
    assert quote("gaming").cpm_micros == 16_000_000


@pytest.mark.django_db
def test_a_category_without_a_rate_is_named() -> None:
    factories.rate("gaming", starts_on=DAY)
    with pytest.raises(Refused, match="Pets"):
        quote("gaming", "pets")
    with pytest.raises(Refused, match="Gaming"):
        quote("gaming", day=DAY - ONE_DAY)
    with pytest.raises(Refused, match="at least one"):
        quote()


@given(st.integers(1, 10**17), st.integers(1, 10**5).map(lambda cents: cents * MICROS_PER_CENT))
def test_the_goal_is_the_most_that_the_budget_pays_for(budget: int, cpm: int) -> None:
    goal = impressions_bought(budget, cpm)
    assert goal * cpm <= budget * 1_000 < (goal + 1) * cpm
    assert goal * cpm % 1_000 == 0  # what is billed is a whole number of micros


class TheCardOfASet(TestCase):
    """The expression over many campaigns says the same as the quote of each."""

    @settings(deadline=None, max_examples=50)
    @given(
        st.lists(
            st.tuples(st.sampled_from(SLUGS), st.integers(0, 5), st.integers(1, 9)),
            unique_by=lambda line: line[:2],
            max_size=9,
        ),
        st.sets(st.sampled_from(SLUGS), min_size=1),
        st.integers(0, 5),
    )
    def test_it_agrees_with_the_quote(
        self, card: list[tuple[str, int, int]], slugs: set[str], ago: int
    ) -> None:
        for slug, offset, dollars in card:
            factories.rate(slug, dollars * 1_000_000, starts_on=DAY + offset * ONE_DAY)
        campaign = factories.campaign(
            categories=tuple(slugs), starts_on=DAY + ago * ONE_DAY, ends_on=DAY + 30 * ONE_DAY
        )
        told = Campaign.objects.annotate(card=pricing.CARD_CPM).get(pk=campaign.pk).card
        try:
            assert told == quote(*slugs, day=campaign.starts_on).cpm_micros
        except Refused:  # a category has no rate, then the others may have one or not
            priced = [slug for slug, offset, _ in card if slug in slugs and offset <= ago]
            assert (told is None) == (not priced)
