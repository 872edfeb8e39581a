import datetime

import pytest

from campaigns import reports
from campaigns.models import Campaign, Delivery
from tests import factories

DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
Verdict = Delivery.Verdict


def deliver(
    campaign: Campaign, day: datetime.date, impressions: int, verdict: str = Verdict.BILLABLE
) -> None:
    video = factories.video()
    Delivery.objects.create(
        day=day,
        campaign=campaign,
        video=video,
        creator=video.creator,
        impressions=impressions,
        billed_impressions=impressions if verdict == Verdict.BILLABLE else 0,
        verdict=verdict,
        revenue_micros=impressions * campaign.cpm_micros // 1_000 if verdict == Verdict.BILLABLE else 0,
        month=factories.month(),
    )


@pytest.mark.django_db
def test_a_report_sums_each_day_and_keeps_what_was_not_billed_apart() -> None:
    campaign = factories.campaign()
    deliver(campaign, DAY, 1_000)
    deliver(campaign, DAY, 500)
    deliver(campaign, DAY, 70, Verdict.TIER)
    deliver(campaign, DAY + ONE_DAY, 30, Verdict.NOT_IN_LINEUP)
    deliver(factories.campaign(), DAY, 9_999)
    report = reports.report(campaign, DAY)
    assert report.days == [reports.Day(DAY, 1_500, 15_000_000, 70), reports.Day(DAY + ONE_DAY, 0, 0, 30)]
    assert [reason.impressions for reason in report.reasons] == [70, 30]
    assert report.unbilled == 100
    assert (report.progress.impressions, report.progress.billed_micros) == (1_500, 15_000_000)
    assert type(report.progress.billed_micros) is int


@pytest.mark.django_db
def test_progress_agrees_with_the_report_and_keeps_the_order() -> None:
    first, second, idle = (factories.campaign() for _ in range(3))
    deliver(first, DAY, 1_000)
    deliver(second, DAY, 2_000)
    deliver(second, DAY, 2_000, Verdict.NOT_LIVE)
    rows = reports.progress([idle, second, first], DAY)
    assert [row.campaign for row in rows] == [idle, second, first]
    assert rows == [reports.report(campaign, DAY).progress for campaign in (idle, second, first)]


@pytest.mark.django_db
def test_a_chart_covers_the_campaigns_own_days_until_the_newest_delivery() -> None:
    campaign = factories.campaign(starts_on=DAY, ends_on=DAY + 9 * ONE_DAY)
    deliver(campaign, DAY - ONE_DAY, 10, Verdict.NOT_LIVE)
    deliver(campaign, DAY + 2 * ONE_DAY, 20)
    days = reports.report(campaign, DAY).running_days
    assert [(day.day, day.impressions) for day in days] == [
        (DAY, 0), (DAY + ONE_DAY, 0), (DAY + 2 * ONE_DAY, 20)
    ]  # fmt: skip


def progress(billed_dollars: int, today: datetime.date, **fields: object) -> reports.Progress:
    """A ten-day campaign of $1,000 from DAY on."""
    campaign = Campaign(
        **{
            "status": "booked",
            "starts_on": DAY,
            "ends_on": DAY + 9 * ONE_DAY,
            "budget_micros": 1_000_000_000,
            **fields,
        }
    )
    return reports.Progress(campaign, today, impressions=0, billed_micros=billed_dollars * 1_000_000)


@pytest.mark.parametrize(
    ("billed", "after_days", "pace"),
    [
        (0, -1, None),
        (0, 0, "on_track"),
        (500, 5, "on_track"),
        (450, 5, "on_track"),
        (550, 5, "on_track"),
        (449, 5, "behind"),
        (551, 5, "ahead"),
        (900, 10, None),
    ],
)
def test_a_live_campaign_keeps_pace_with_its_days(billed: int, after_days: int, pace: str | None) -> None:
    assert progress(billed, DAY + after_days * ONE_DAY).pace == pace


def test_a_paused_campaign_has_no_pace() -> None:
    assert progress(100, DAY + 5 * ONE_DAY, status="paused").pace is None


@pytest.mark.parametrize(
    ("status", "after_days", "stage"),
    [
        ("booked", -1, "scheduled"),
        ("booked", 3, "live"),
        ("booked", 10, "completed"),
        ("paused", 3, "paused"),
    ],
)
def test_a_booked_campaign_shows_its_phase_and_any_other_its_status(
    status: str, after_days: int, stage: str
) -> None:
    assert progress(0, DAY + after_days * ONE_DAY, status=status).stage == stage


def test_a_bar_is_never_longer_than_full() -> None:
    over = progress(1_200, DAY)
    assert (over.used_percent, over.bar_permille) == (120, 1_000)
