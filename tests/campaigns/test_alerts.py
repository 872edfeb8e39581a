import datetime

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns import alerts
from campaigns.alerts import Kind
from campaigns.models import Campaign
from campaigns.reports import Progress
from tests import factories
from tests.campaigns.test_figures import deliver

DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)


def running(today: datetime.date = DAY + 5 * ONE_DAY, status: str = "booked", **fields: object) -> Progress:
    """On the sixth of the ten days of a campaign of $1,000 at $10.00, by default exactly on plan."""
    campaign = Campaign(
        status=status,
        starts_on=DAY,
        ends_on=DAY + 9 * ONE_DAY,
        budget_micros=1_000_000_000,
        cpm_micros=10_000_000,
    )
    facts = {"impressions": 50_000, "billed_micros": 500_000_000, "last_day": today - ONE_DAY, **fields}
    return Progress(campaign, today, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("progress", "kinds"),
    [
        (running(), []),
        (running(last_day=DAY + 3 * ONE_DAY), []),
        (running(last_day=DAY + 2 * ONE_DAY), [Kind.SILENT]),
        (running(DAY + ONE_DAY, impressions=0, billed_micros=0, last_day=None), [Kind.BEHIND]),
        (
            running(DAY + 2 * ONE_DAY, impressions=0, billed_micros=0, last_day=None),
            [Kind.SILENT, Kind.BEHIND],
        ),
        (running(off_lineup=5_555), []),
        (running(off_lineup=5_556), [Kind.OFF_LINEUP]),
        (running(impressions=44_900, billed_micros=449_000_000), [Kind.BEHIND]),
        (running(impressions=90_000, billed_micros=900_000_000), []),
        (running(impressions=100_000, billed_micros=1_000_000_000), [Kind.BUDGET_USED]),
        (
            running(impressions=100_000, billed_micros=1_000_000_000, over_budget=1),
            [Kind.OVER_DELIVERY, Kind.BUDGET_USED],
        ),
        (running(DAY + 6 * ONE_DAY, impressions=60_000, billed_micros=600_000_000), [Kind.ENDS_SOON]),
        (running(DAY + 6 * ONE_DAY, impressions=95_000, billed_micros=950_000_000), []),
        (running(DAY + 10 * ONE_DAY, impressions=0, billed_micros=0), []),  # over
        (running(DAY - ONE_DAY, impressions=0, billed_micros=0), []),  # not begun
        (running(status="paused", impressions=0, billed_micros=0), []),
    ],
)
def test_a_live_campaign_raises_what_is_wrong_with_it_the_worst_first(
    progress: Progress, kinds: list[Kind]
) -> None:
    assert [alert.kind for alert in alerts.of(progress)] == kinds


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 8])
def test_all_live_campaigns_take_two_queries_and_the_worst_comes_first(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _each in range(number):
        quiet = factories.campaign(starts_on=DAY, ends_on=DAY + 9 * ONE_DAY)
        short = factories.campaign(starts_on=DAY, ends_on=DAY + 9 * ONE_DAY, budget_micros=1_000_000_000)
        deliver(short, 100_000, impressions=100_001, day=DAY + 4 * ONE_DAY)
    factories.campaign(status="paused", starts_on=DAY, ends_on=DAY + 9 * ONE_DAY)
    with django_assert_num_queries(2):
        found = alerts.live(DAY + 5 * ONE_DAY)
    assert len(found) == 2 * number
    assert (found[0][1][0].kind, found[-1][1][0].kind) == (Kind.SILENT, Kind.OVER_DELIVERY)
    assert {quiet.status, short.status} == {"booked"}
