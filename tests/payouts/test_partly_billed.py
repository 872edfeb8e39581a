"""A campaign whose budget ends within a delivery: whoever reads money reads what was billed, not more."""

from pathlib import Path
from typing import Any

import pytest

from campaigns import verdicts
from campaigns.models import Campaign, Delivery, Month, PlacementRun
from creators.models import Creator
from payouts import corrections
from payouts.models import Adjustment, Correction, Earning
from payouts.statements import reading
from payouts.verification import verify
from pulse_site.feeds.run import import_file
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, day, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Creator:
    return factories.enrolled("ada")


@pytest.fixture
def october(ada: Creator, finance_one: User, finance_two: User) -> Month:
    """$25.00 at $10.00: of three thousand impressions of two creatives the last five hundred are too many."""
    campaign = factories.campaign("ONE", budget_micros=25_000_000)
    first = deliver(campaign, ada, 1_000, day=day(9))
    for creative, impressions in ((1, 700), (2, 1_300)):
        Delivery.objects.create(
            day=day(10),
            campaign=campaign,
            video=first.video,
            creator=ada,
            creative_number=creative,
            impressions=impressions,
            verdict=Delivery.Verdict.NOT_LIVE,
            revenue_micros=0,
            month=first.month,
        )
    deliver(factories.campaign("TWO"), ada, 100, day=day(10))
    PlacementRun.objects.get(day=day(10)).placements.create(
        rank=99, video=first.video, creator=ada, category=first.category, tier=2, score=1
    )
    verdicts.recheck()
    return close(finance_one, finance_two)


def give(folder: Path, by: User, impressions: int) -> dict[str, Any]:
    row = Delivery.objects.filter(campaign__reference="ONE", creative_number=1).get()
    path = folder / "ivt.csv"
    path.write_text(
        f"day,campaign,video,impressions,reason\n{row.day},ONE,{row.video_id},{impressions},robots\n"
    )
    return import_file("invalid_traffic", path, name="ivt.csv", options={}, by=by)


def test_the_month_shares_what_was_billed_and_says_what_was_beyond_the_budget(
    october: Month, ada: Creator
) -> None:
    earned = Earning.objects.get(campaign__reference="ONE")
    assert (earned.impressions, earned.revenue_micros, earned.share_micros) == (2_500, 25_000_000, 12_500_000)
    assert october.facts["verdicts"] == {"billable": 2_600, "over_budget": 500}
    assert [breach for breach in verify() if breach.rule != "used lineups"] == []


def test_the_statement_tells_the_rest_as_unpaid(october: Month, ada: Creator) -> None:
    statement = reading.of(ada, october)
    assert sum(line.impressions for line in statement.lines) == 2_600
    assert [(each.verdict, each.impressions) for each in statement.unpaid] == [("over_budget", 500)]


def test_at_most_what_was_billed_of_all_creatives_is_taken_back(
    october: Month, finance_one: User, finance_two: User, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="Billed impressions: 1500$"):
        give(tmp_path, finance_one, 1_501)
    assert give(tmp_path, finance_one, 1_500)["credit_micros"] == 15_000_000
    corrections.approve(Correction.objects.get(), finance_two)
    assert Adjustment.objects.get().share_micros == 7_500_000
    assert give(tmp_path, finance_one, 1_500)["unchanged"] == 1
    assert [breach for breach in verify() if breach.rule != "used lineups"] == []


def test_a_creative_that_was_billed_in_a_later_month_is_left_out(
    october: Month, finance_one: User, tmp_path: Path
) -> None:
    row = Delivery.objects.get(creative_number=1)
    Campaign.objects.filter(reference="ONE").update(budget_micros=50_000_000)
    Delivery.objects.create(
        day=row.day, campaign=row.campaign, video=row.video, creator=row.creator, creative_number=3,
        impressions=10, billed_impressions=10, verdict=Delivery.Verdict.BILLABLE, revenue_micros=100_000,
        month=factories.month("2026-11"),
    )  # fmt: skip
    with pytest.raises(Refused, match="Billed impressions: 1500$"):
        give(tmp_path, finance_one, 1_501)
    give(tmp_path, finance_one, 1_500)
    assert Adjustment.objects.get().origin == october


def test_a_bill_beyond_the_budget_is_a_breach(october: Month) -> None:
    Campaign.objects.filter(reference="ONE").update(budget_micros=24_999_999)
    assert [str(breach) for breach in verify() if breach.rule == "billed beyond the budget"] == [
        "billed beyond the budget: campaign ONE has a budget of 24999999 micros and was billed 25000000"
    ]
