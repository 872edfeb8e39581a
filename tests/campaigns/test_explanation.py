import datetime
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import placements
from campaigns.explanation import explain
from campaigns.models import Delivery, PlacementRun
from creators.models import Tier, Video, VideoCounts
from pulse_site.refusal import Refused
from tests import factories
from tests.campaigns.counted import NOON, counted, rolled_back

pytestmark = pytest.mark.django_db
DAY = factories.DAY


def crowd(size: int, views: int = 10_000) -> list[VideoCounts]:
    """Videos of which each has one view less than the one before."""
    return [counted(views - number) for number in range(size)]


def explained(counts: VideoCounts) -> dict[str, Any]:
    factories.video(counts.video_id, creator=counts.creator)
    return explain(counts.video_id, DAY)


def said(counts: VideoCounts) -> str:
    factories.video(counts.video_id, creator=counts.creator)
    out = io.StringIO()
    call_command("explain_video", str(counts.video_id), "--day", DAY.isoformat(), stdout=out)
    return out.getvalue()


def test_a_video_in_the_lineup_is_explained_by_its_placement() -> None:
    first, *_rest = crowd(26)
    placements.recompute(DAY)
    facts = explained(first)
    assert (facts["in_lineup"], facts["why"], facts["rank"], facts["places"]) == (True, "in_lineup", 1, 2)
    assert (facts["population"], facts["score"], facts["cutoff_score"]) == (26, 10_000, 9_999)
    assert (facts["places_below"], facts["views_lacking"]) == (None, None)


def test_the_score_is_explained_by_counts_weights_and_decay() -> None:
    counts = counted(
        1_000, likes=100, comments=10, shares=1, age_days=1, published_at=NOON - datetime.timedelta(days=1)
    )
    facts = explained(counts)
    assert (facts["points"], facts["decay_permille"], facts["score"]) == (1_620, 905, 1_466)
    assert (facts["age_days"], facts["terms"], facts["tier"], facts["creator"]) == (
        1,
        1,
        "standard",
        "someone",
    )


def test_a_video_below_the_cut_hears_how_far() -> None:
    videos = crowd(100)
    placements.recompute(DAY)
    assert said(videos[6]).startswith("Rank 7 of 100: 3 places below the cut; 4 more views would have done.")


def test_one_place_and_one_view_are_singular() -> None:
    videos = crowd(25)
    placements.recompute(DAY)
    VideoCounts.objects.filter(video_id=videos[1].video_id).update(
        views=9_999, published_at=NOON + datetime.timedelta(hours=1)
    )
    assert said(videos[1]).startswith("Rank 2 of 25: 1 place below the cut; 1 more view would have done.")


@settings(max_examples=25, deadline=None)
@given(
    views=st.lists(st.integers(0, 40), min_size=26, max_size=36),
    ages=st.lists(st.sampled_from([0, 3, 30]), min_size=36, max_size=36),
    chosen=st.integers(0, 35),
    weight=st.sampled_from([1, 3]),
)
def test_so_many_more_views_bring_a_video_in_and_one_less_does_not(
    views: list[int], ages: list[int], chosen: int, weight: int
) -> None:
    with rolled_back():
        terms = factories.terms()
        terms.weight_views = weight
        terms.save()
        videos = [
            counted(
                seen,
                age_days=age,
                published_at=NOON + datetime.timedelta(seconds=number % 3),
                tier=Tier.UNSUITABLE if number % 5 == 0 else Tier.STANDARD,
            )
            for number, (seen, age) in enumerate(zip(views, ages, strict=False))
        ]
        one = videos[chosen % len(videos)]
        placements.recompute(DAY)
        lacking = explained(one)["views_lacking"]
        if lacking is None:
            return
        assert lacking > 0
        assert not in_with(one, lacking - 1)
        assert in_with(one, lacking)


def in_with(counts: VideoCounts, more_views: int) -> bool:
    VideoCounts.objects.filter(day=DAY, video_id=counts.video_id).update(views=counts.views + more_views)
    placements.recompute(DAY)
    return PlacementRun.objects.get().placements.filter(video_id=counts.video_id).exists()


def test_no_number_of_views_helps_where_views_do_not_count() -> None:
    terms = factories.terms()
    terms.weight_views = 0
    terms.save()
    videos = [counted(1_000, likes=30 - number) for number in range(30)]
    placements.recompute(DAY)
    assert "no number of views would have done" in said(videos[5])


def test_a_video_beyond_the_horizon_has_no_rank() -> None:
    crowd(2)
    old = counted(10**9, age_days=31)
    placements.recompute(DAY)
    facts = explained(old)
    assert (facts["why"], facts["score"], facts["rank"]) == ("too_old", 0, None)


def test_an_unsuitable_video_has_a_rank_but_no_way_in() -> None:
    crowd(2)
    unsafe = counted(10**9, tier=Tier.UNSUITABLE)
    placements.recompute(DAY)
    facts = explained(unsafe)
    assert (facts["why"], facts["rank"], facts["tier"]) == ("unsuitable", 1, "unsuitable")


def test_before_the_lineup_is_computed_the_rank_is_known_and_the_cut_is_not() -> None:
    facts = explained(crowd(3)[1])
    assert (facts["why"], facts["rank"], facts["population"]) == ("not_computed", 2, None)


def test_counts_that_came_later_are_told_apart_from_a_place_below_the_cut() -> None:
    crowd(25)
    placements.recompute(DAY)
    assert explained(counted(10**6))["why"] == "counts_changed"


def delivered(counts: VideoCounts, reference: str, billed: int, **fields: Any) -> Delivery:
    """Impressions at $10.00 beside the video; all of them billed unless more are given."""
    video = Video.objects.filter(pk=counts.video_id).first()
    fields = {"impressions": billed, "verdict": Delivery.Verdict.BILLABLE, **fields}
    fields.setdefault("month", factories.month())
    return Delivery.objects.create(
        day=DAY,
        campaign=factories.campaign(reference),
        video=video or factories.video(counts.video_id, creator=counts.creator),
        creator=counts.creator,
        billed_impressions=billed,
        revenue_micros=billed * 10_000,
        **fields,
    )


def test_the_creators_enrolment_and_the_ads_of_the_day_are_told() -> None:
    counts = counted(of=factories.enrolled("earner"))
    first = delivered(counts, "C-7", 1_500, impressions=2_000)
    creative = factories.creative(first.campaign, reference="CR-X")
    Delivery.objects.filter(pk=first.pk).update(creative_number=creative.pk)
    delivered(counts, "C-8", 0, impressions=40, verdict=Delivery.Verdict.NOT_BOOKED)
    facts = explain(counts.video_id, DAY)
    assert facts["enrolment"] == "2026-01-01 – …"
    assert facts["deliveries"] == [
        {
            "campaign": "C-7",
            "name": "Campaign C-7",
            "creative": "CR-X",
            "impressions": 2_000,
            "billed_impressions": 1_500,
            "verdict": "billable",
            "not_billed": "over_budget",
            "revenue_micros": 15_000_000,
            "share_basis_points": 5_000,
            "share_micros": 7_500_000,
            "month": "2026-10",
        },
        {
            "campaign": "C-8",
            "name": "Campaign C-8",
            "creative": None,
            "impressions": 40,
            "billed_impressions": 0,
            "verdict": "not_booked",
            "not_billed": "not_booked",
            "revenue_micros": 0,
            "share_basis_points": 5_000,
            "share_micros": 0,
            "month": "2026-10",
        },
    ]
    sums = [facts[name] for name in ("impressions", "billed_impressions", "revenue_micros", "share_micros")]
    assert sums == [2_040, 1_500, 15_000_000, 7_500_000]


def test_a_share_is_told_by_what_its_month_was_calculated_by_and_only_within_an_enrolment() -> None:
    counts = counted(of=factories.enrolled("earner"))
    delivered(counts, "C-7", 1_001, month=factories.month("2026-11", share_basis_points=3_333))
    assert explain(counts.video_id, DAY)["share_micros"] == 3_336_333
    counts.creator.enrolments.all().delete()
    facts = explain(counts.video_id, DAY)
    assert (facts["enrolment"], facts["revenue_micros"], facts["share_micros"]) == (None, 10_010_000, 0)


def test_the_command_says_what_was_billed_and_why_not_the_rest() -> None:
    counts = counted(of=factories.enrolled("earner"))
    delivered(counts, "C-7", 1_500, impressions=2_000)
    out = io.StringIO()
    call_command("explain_video", str(counts.video_id), "--day", DAY.isoformat(), stdout=out)
    assert out.getvalue().endswith(
        "C-7 Campaign C-7: 1,500 of 2,000 impressions billed (the budget was used up), "
        "$15.00, of which $7.50 to the creator\n"
    )


@settings(max_examples=40, deadline=None)
@given(
    views=st.lists(st.integers(0, 3), min_size=26, max_size=30),  # few values: ties are the rule
    seconds=st.lists(st.integers(0, 1), min_size=30, max_size=30),
    unsafe=st.sets(st.integers(0, 29)),
)
def test_every_rank_is_the_one_that_a_lineup_of_all_would_give(
    views: list[int], seconds: list[int], unsafe: set[int]
) -> None:
    with rolled_back():
        videos = [
            counted(
                seen,
                published_at=NOON + datetime.timedelta(microseconds=seconds[n] * 500_000),
                tier=Tier.UNSUITABLE if n in unsafe else Tier.STANDARD,
            )
            for n, seen in enumerate(views)
        ]
        placements.recompute(DAY)
        order = sorted(videos, key=lambda v: (-v.views, -v.published_at.timestamp(), v.video_id))
        ranks = {explained(one)["rank"]: one.video_id for one in videos}
        assert [ranks[rank] for rank in sorted(ranks)] == [one.video_id for one in order]


def test_an_enrolment_that_ended_the_day_before_is_none() -> None:
    creator = factories.enrolled("earner")
    creator.enrolments.update(ends_on=DAY - datetime.timedelta(days=1))
    assert explained(counted(of=creator))["enrolment"] is None


def test_an_unknown_video_and_a_day_without_counts_are_refused() -> None:
    for unknown in (4711, -4711, 10**25, -(10**25)):
        with pytest.raises(Refused, match=f"No video {unknown} is known"):
            explain(unknown, DAY)
    video = factories.video()
    with pytest.raises(CommandError, match=f"Video {video.pk} has no counts of 2026-10-15"):
        call_command("explain_video", str(video.pk), "--day", DAY.isoformat())


@pytest.mark.parametrize("which", [0, -1])
def test_an_explanation_takes_the_same_few_queries_in_a_market_of_any_size_and_is_json(which: int) -> None:
    def asked() -> int:
        out = io.StringIO()
        with CaptureQueriesContext(connection) as queries:
            call_command("explain_video", str(one.video_id), "--day", f"{DAY}", "--json", stdout=out)
        facts = json.loads(out.getvalue())
        assert facts["in_lineup"] == (which == 0)
        return len(queries)

    one = crowd(60)[which]
    one.creator.enrolments.create(starts_on=DAY)
    placements.recompute(DAY)
    delivered(one, "C-1", 5)
    few = asked()
    for number in range(30):
        counted(500 + number)
        delivered(one, f"D-{number}", 5)
    placements.recompute(DAY)
    assert asked() == few < 13


def cut_per_category() -> None:
    terms = factories.terms()
    terms.cut_per_category = True
    terms.save()


def test_where_categories_are_cut_by_themselves_a_video_stands_among_its_own() -> None:
    cut_per_category()
    pets, gaming = factories.category("pets"), factories.category("gaming")
    animals = [counted(100 - number, category=pets) for number in range(26)]
    for number in range(30):
        counted(9_000 - number, category=gaming)
    placements.recompute(DAY)
    facts = explained(animals[3])
    assert (facts["rank"], facts["population"], facts["places"], facts["cutoff_score"]) == (4, 26, 2, 99)
    assert (facts["why"], facts["places_below"], facts["views_lacking"]) == ("below_cut", 2, 3)
    assert explained(animals[1])["in_lineup"]
    assert said(animals[5]).startswith("Rank 6 of 26 in pets: 4 places below the cut; 5 more views would")


def test_where_categories_are_cut_by_themselves_a_video_without_one_hears_so() -> None:
    cut_per_category()
    counts = counted()
    placements.recompute(DAY)
    facts = explained(counts)
    assert (facts["why"], facts["rank"], facts["population"]) == ("no_category", None, None)
