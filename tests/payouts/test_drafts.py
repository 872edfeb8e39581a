"""What was reviewed is what is closed; the deliveries are added up again only where that could differ."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Month
from creators.models import Enrolment
from payouts import drafts, months
from payouts.models import Earning
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.behind import tamper
from tests.payouts.programme import day, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewed(finance_one: User) -> Month:
    """Two creators with deliveries, and October under review."""
    campaign = factories.campaign()
    for impressions in (1_000, 2_000):
        deliver(campaign, factories.enrolled(), impressions)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    return Month.objects.get()


def closed(by: User) -> bool:
    """Whether the close added the deliveries up again."""
    with CaptureQueriesContext(connection) as queries:
        months.close("2026-10", by)
    return any(query["sql"].count("campaigns_delivery delivery") for query in queries)


def test_a_close_does_not_add_up_again_what_cannot_have_changed(reviewed: Month, finance_two: User) -> None:
    assert not closed(finance_two)


@pytest.mark.parametrize(
    ("fields", "again"),
    [
        ({"starts_on": day(1)}, True),
        ({"starts_on": day(31)}, True),
        ({"starts_on": day(1, 11)}, False),
        ({"starts_on": day(1), "ends_on": day(5)}, True),
    ],
)
def test_an_enrolment_that_changes_no_earning_does_not_stop_a_close(
    reviewed: Month, finance_two: User, fields: dict[str, object], again: bool
) -> None:
    Enrolment.objects.create(creator=factories.creator(), **fields)
    assert closed(finance_two) is again


def test_who_leaves_after_the_month_still_earned_in_it(reviewed: Month, finance_two: User) -> None:
    Enrolment.objects.update(ends_on=day(31))
    assert not closed(finance_two)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payouts_earning SET share_micros = share_micros - 1",
        "DELETE FROM payouts_earning WHERE impressions = 2000",
        "UPDATE campaigns_month SET share_basis_points = 6000",
        "UPDATE creators_enrolment SET ends_on = '2026-10-01'",
    ],
)
def test_what_was_changed_after_the_review_is_not_closed(
    reviewed: Month, finance_two: User, statement: str
) -> None:
    tamper(statement)
    with pytest.raises(Refused, match="no longer what was reviewed"):
        months.close("2026-10", finance_two)


def test_a_month_that_was_reviewed_before_there_were_digests_is_added_up(
    reviewed: Month, finance_two: User
) -> None:
    Month.objects.update(reviewed_digest="")
    assert closed(finance_two)


def test_a_month_taken_back_forgets_what_was_reviewed(reviewed: Month, finance_one: User) -> None:
    assert reviewed.reviewed_digest
    months.reopen("2026-10", finance_one)
    assert Month.objects.get().reviewed_digest == ""


def test_differences_are_named_by_campaign_and_creator(reviewed: Month) -> None:
    assert drafts.different(reviewed) == []
    earning = Earning.objects.order_by("pk").first()
    assert earning
    tamper(f"UPDATE payouts_earning SET impressions = 0 WHERE id = {earning.pk}")
    assert drafts.different(reviewed) == [(earning.campaign_id, earning.creator_id)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payouts_earning SET impressions = impressions + 1",
        "UPDATE payouts_earning SET enrolled_micros = enrolled_micros - 1",
        "UPDATE payouts_earning SET share_micros = share_micros - 1",
        "UPDATE payouts_earning SET share_micros = 0, enrolled_micros = 0",
        "UPDATE payouts_earning SET creator_id = creator_id + 1000",
        "DELETE FROM payouts_earning",
        "UPDATE campaigns_delivery SET verdict = 'tier', billed_impressions = 0, revenue_micros = 0",
        "UPDATE creators_enrolment SET ends_on = '2026-10-01'",
    ],
)
def test_each_part_of_an_earning_is_compared(reviewed: Month, statement: str) -> None:
    tamper(statement)
    assert len({creator for _campaign, creator in drafts.different(reviewed)}) in (2, 4)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM payouts_earning WHERE impressions = 0",
        "UPDATE campaigns_delivery SET verdict = 'tier' WHERE impressions = 0",
    ],
)
def test_an_earning_of_nothing_is_compared_too(finance_one: User, statement: str) -> None:
    """Sums alone would not tell it from none."""
    deliver(factories.campaign(), factories.enrolled(), 0)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    month = Month.objects.get()
    assert drafts.different(month) == []
    tamper(statement)
    assert len(drafts.different(month)) == 1
