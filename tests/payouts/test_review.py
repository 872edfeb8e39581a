"""What the controller sees: every figure followed by hand, every row with its way on."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import Campaign, Delivery, Month, PlacementRun
from creators.models import Creator, ProgrammeTerms
from payouts import months, review
from payouts.models import Adjustment, Correction
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import close, day, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return factories.campaign("ONE", starts_on=day(1, 9), ends_on=day(30, 11))


@pytest.fixture
def people() -> dict[str, Creator]:
    return {name: factories.enrolled(name) for name in ("ada", "ben", "cleo")}


@pytest.fixture
def october(campaign: Campaign, people: dict[str, Creator], finance_one: User, finance_two: User) -> Month:
    """September: Ada $5, Ben $20. October: Ada $10, Ben $5, Cleo $1 for the first time; a day came late."""
    for name, impressions in (("ada", 1_000), ("ben", 4_000)):
        deliver(campaign, people[name], impressions, day=day(15, 9))
    close(finance_one, finance_two, "2026-09")
    for name, impressions in (("ada", 1_500), ("ben", 1_000), ("cleo", 200)):
        deliver(campaign, people[name], impressions)
    deliver(campaign, people["ada"], 500, day=day(30, 9), month=factories.month())
    deliver(campaign, people["ben"], 800, verdict=Delivery.Verdict.NOT_BOOKED)
    months.calculate("2026-10")
    return factories.month()


def test_the_largest_changes_are_those_against_last_month(
    october: Month, people: dict[str, Creator], campaign: Campaign
) -> None:
    ada, ben, cleo = (people[name].pk for name in ("ada", "ben", "cleo"))
    assert october.facts["creators"] == [
        [ada, 10_000_000, 5_000_000],
        [cleo, 1_000_000, 0],
        [ben, 5_000_000, 20_000_000],
    ]
    assert october.facts["campaigns"] == [[campaign.pk, 32_000_000, 50_000_000]]


def test_who_never_earned_is_new(october: Month, people: dict[str, Creator]) -> None:
    assert october.facts["new"] == {"count": 1, "micros": 1_000_000, "rows": [[people["cleo"].pk, 1_000_000]]}


def test_deliveries_that_came_late_are_named_by_day_and_campaign(october: Month, campaign: Campaign) -> None:
    assert october.facts["late"] == {
        "count": 1,
        "impressions": 500,
        "micros": 5_000_000,
        "rows": [["2026-09-30", campaign.pk, 500, 5_000_000]],
    }
    assert october.facts["verdicts"] == {"billable": 3_200, "not_booked": 800}


def test_a_delivery_knows_that_it_came_late(october: Month) -> None:
    late = [row for row in Delivery.objects.filter(month=october) if row.late]
    assert [row.day for row in late] == [day(30, 9)]


def test_the_facts_stay_as_they_were_when_the_month_was_closed(
    october: Month, finance_one: User, finance_two: User
) -> None:
    before = october.facts
    months.review("2026-10", finance_one)
    months.close("2026-10", finance_two)
    assert Month.objects.get(code="2026-10").facts == before


def test_a_correction_waits_until_it_is_approved_or_rejected(october: Month) -> None:
    for status, origin in (
        ("prepared", october),
        ("prepared", factories.month("2026-09")),
        ("rejected", october),
    ):
        made = Correction.objects.create(reason="other")
        Adjustment.objects.create(
            correction=made,
            origin=origin,
            campaign=Campaign.objects.first(),
            revenue_micros=3,
            enrolled_micros=0,
        )
        Correction.objects.filter(pk=made.pk).update(status=status)
    waiting = review.waiting_corrections(october)
    assert [each.credit for each in waiting] == [3, 3]  # both are posted nowhere


def test_who_earns_and_cannot_be_paid_is_named_with_every_reason(october: Month) -> None:
    stuck = review.unpayable(october)
    assert (stuck["count"], stuck["micros"]) == (1, 1_000_000)  # Cleo: nobody has entered her details yet
    assert stuck["rows"][0][2] == "no_payee,"


@given(now=st.integers(0, 10**15), before=st.integers(1, 10**15))
def test_a_difference_is_never_more_than_a_tenth_of_a_percent_off(now: int, before: int) -> None:
    tenths = review.difference(now, before)
    assert tenths is not None
    assert abs((now - before) * 1_000 - tenths * before) < before


def test_nothing_is_no_percentage_above_nothing() -> None:
    assert review.difference(5, 0) is None


def test_an_effective_cpm_is_rounded_down() -> None:
    assert review.effective_cpm(9_999_999, 1_001) == 9_990_008
    assert review.effective_cpm(0, 0) == 0


def page(client: Client, user: User, code: str = "2026-10") -> str:
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client.get(reverse("admin:campaigns_month_change", args=[code])).content.decode()


def test_the_page_warns_first_and_links_each_row(
    client: Client, october: Month, people: dict[str, Creator], finance_one: User, campaign: Campaign
) -> None:
    PlacementRun.objects.filter(day=factories.DAY).update(superseded=True)
    Delivery.objects.filter(verdict="not_booked").update(verdict="not_in_lineup")
    months.calculate("2026-10")
    text = page(client, finance_one)
    for said in (
        "10/15/2026 (US) has deliveries but no lineup",
        "1 day of a campaign was delivered late",
        "Came late",
        "−36.0 %",  # $32 after $50
        "estimate as of 11/20/2026",
        "no payee details",
        reverse("admin:creators_creator_change", args=[people["cleo"].pk]),
        reverse("admin:campaigns_campaign_change", args=[campaign.pk]),
        f"{reverse('admin:campaigns_delivery_changelist')}?q=ONE",
    ):
        assert said in text, said
    assert text.index("has deliveries but no lineup") < text.index("Against last month")


def test_a_verdict_and_the_earnings_lead_to_their_rows(
    client: Client, october: Month, finance_one: User
) -> None:
    text = page(client, finance_one)
    off = f"{reverse('admin:campaigns_delivery_changelist')}?month=2026-10&amp;verdict=not_booked"
    earnings = f"{reverse('admin:payouts_earning_changelist')}?month=2026-10"
    assert off in text and earnings in text
    shown = client.get(off.replace("&amp;", "&")).context["cl"].result_list
    assert {(row.month_id, row.verdict) for row in shown} == {("2026-10", "not_booked")}
    assert {row.month_id for row in client.get(earnings).context["cl"].result_list} == {"2026-10"}


def test_a_month_under_review_says_from_when_it_can_be_closed(
    client: Client, october: Month, finance_one: User, finance_two: User
) -> None:
    ProgrammeTerms.objects.update(review_days=5)
    months.review("2026-10", finance_one)
    assert "It can be closed from 11/25/2026 on." in page(client, finance_one)
    finance_two.user_permissions.add(Permission.objects.get(codename="view_month"))
    client.force_login(finance_two)
    address = f"{reverse('admin:campaigns_month_move', args=['close'])}?ids=2026-10"
    assert "It can be closed from 11/25/2026 on." in client.get(address).content.decode()


def test_a_month_that_was_never_calculated_has_a_page(client: Client, finance_one: User) -> None:
    factories.month("2026-11")
    assert "Calculate the month" in page(client, finance_one, "2026-11")


def test_the_page_asks_as_much_for_many_creators_as_for_few(
    client: Client, october: Month, finance_one: User, campaign: Campaign
) -> None:
    page(client, finance_one)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, finance_one)
        return len(queries)

    few = asked()
    for _number in range(30):
        deliver(campaign, factories.enrolled(), 100)
    months.calculate("2026-10")
    assert len(factories.month().facts["creators"]) > 6
    assert asked() == few
