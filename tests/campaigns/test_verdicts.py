import datetime
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from campaigns import booking, verdicts
from campaigns.models import Campaign, Delivery, Month, Placement, PlacementRun
from creators.models import Tier, Video
from pulse_site.models import User
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
Verdict = Delivery.Verdict


def lineup(*videos: Video, day: datetime.date = DAY, market: str = "US", **fields: Any) -> PlacementRun:
    """A lineup of these videos, ranked as given."""
    run = PlacementRun.objects.create(
        day=day, market=market, terms=factories.terms(), population=100, lineup=len(videos), **fields
    )
    for rank, video in enumerate(videos, start=1):
        Placement.objects.create(
            run=run,
            rank=rank,
            video=video,
            creator=video.creator,
            category=video.category,
            tier=video.tier,
            score=1_000 - rank,
        )
    return run


def gaming_video(**fields: Any) -> Video:
    return factories.video(category=factories.category("gaming"), **fields)


def delivery(campaign: Campaign, video: Video, day: datetime.date = DAY, **fields: Any) -> Delivery:
    """A delivery that was not judged yet."""
    fields.setdefault("month", factories.month(f"{day:%Y-%m}"))
    defaults = {"impressions": 1_000, "verdict": Verdict.NOT_IN_LINEUP, "revenue_micros": 0}
    return Delivery.objects.create(
        day=day, campaign=campaign, video=video, creator=video.creator, **{**defaults, **fields}
    )


def judged(row: Delivery) -> tuple[str, int]:
    verdicts.recheck()
    row.refresh_from_db()
    return row.verdict, row.revenue_micros


def test_a_delivery_in_a_booked_lineup_is_billed_at_the_fixed_cpm() -> None:
    video = gaming_video()
    lineup(gaming_video(), video)
    row = delivery(factories.campaign(cpm_micros=12_340_000), video, impressions=1_001)
    assert judged(row) == (Verdict.BILLABLE, 12_352_340)
    assert (row.category, row.rank) == (video.category, 2)


@pytest.mark.parametrize("day", [datetime.date(2026, 9, 30), datetime.date(2026, 11, 1)])
def test_a_day_outside_the_dates_is_not_live(day: datetime.date) -> None:
    video = gaming_video()
    lineup(video, day=day)
    assert judged(delivery(factories.campaign(), video, day=day)) == (Verdict.NOT_LIVE, 0)


@pytest.mark.parametrize("day", [datetime.date(2026, 10, 1), datetime.date(2026, 10, 31)])
def test_the_first_and_the_last_day_are_live(day: datetime.date) -> None:
    video = gaming_video()
    lineup(video, day=day)
    assert judged(delivery(factories.campaign(), video, day=day))[0] == Verdict.BILLABLE


@pytest.mark.parametrize("status", ["draft", "submitted", "rejected", "cancelled"])
def test_a_campaign_that_was_never_booked_is_not_live(status: str) -> None:
    video = gaming_video()
    lineup(video)
    assert judged(delivery(factories.campaign(status=status), video)) == (Verdict.NOT_LIVE, 0)


def test_a_video_outside_the_lineup_is_not_billed() -> None:
    lineup(gaming_video())
    assert judged(delivery(factories.campaign(), gaming_video())) == (Verdict.NOT_IN_LINEUP, 0)


def test_a_lineup_of_another_day_market_or_superseded_does_not_count() -> None:
    video = gaming_video()
    lineup(video, day=DAY - ONE_DAY)
    lineup(video, market="CA")
    lineup(video, superseded=True)
    assert judged(delivery(factories.campaign(), video))[0] == Verdict.NOT_IN_LINEUP


@pytest.mark.parametrize("slug", ["pets", None])
def test_a_category_that_was_not_booked_is_not_billed(slug: str | None) -> None:
    video = factories.video(category=factories.category(slug) if slug else None)
    lineup(video)
    row = delivery(factories.campaign(), video)
    assert judged(row) == (Verdict.NOT_BOOKED, 0)
    assert row.rank == 1


@pytest.mark.parametrize("asked", [Tier.LIMITED, Tier.STANDARD, Tier.EXPANDED])
@pytest.mark.parametrize("tier", [Tier.LIMITED, Tier.STANDARD, Tier.EXPANDED])
def test_a_campaign_takes_its_tier_and_the_safer_ones(asked: Tier, tier: Tier) -> None:
    video = gaming_video(tier=tier)
    lineup(video)
    row = delivery(factories.campaign(tier=asked), video)
    assert judged(row)[0] == (Verdict.BILLABLE if tier <= asked else Verdict.TIER)


@pytest.mark.parametrize(
    ("starts", "ends", "verdict"),
    [
        (0, None, Verdict.EXCLUDED),
        (0, 0, Verdict.EXCLUDED),
        (-1, 1, Verdict.EXCLUDED),
        (1, None, Verdict.BILLABLE),
        (-2, -1, Verdict.BILLABLE),
    ],
)
@pytest.mark.parametrize("by", ["video", "creator"])
def test_what_the_campaign_excludes_is_not_billed_on_the_days_of_the_exclusion(
    by: str, starts: int, ends: int | None, verdict: str
) -> None:
    video, campaign = gaming_video(), factories.campaign()
    lineup(video)
    days = {"starts_on": DAY + starts * ONE_DAY, "ends_on": None if ends is None else DAY + ends * ONE_DAY}
    if by == "video":
        campaign.excluded_videos.create(platform_id=video.pk, **days)
        campaign.excluded_creators.create(creator=factories.creator(), **days)
    else:
        campaign.excluded_creators.create(creator=video.creator, **days)
        factories.campaign().excluded_videos.create(platform_id=video.pk, **days)
    assert judged(delivery(campaign, video))[0] == verdict


def test_the_first_reason_is_the_one_that_is_kept() -> None:
    video = factories.video(category=factories.category("pets"), tier=Tier.EXPANDED)
    campaign = factories.campaign()
    outside = delivery(campaign, video, day=campaign.ends_on + ONE_DAY)
    inside = delivery(campaign, video)
    lineup(video)
    assert judged(outside)[0] == Verdict.NOT_LIVE
    assert judged(inside)[0] == Verdict.NOT_BOOKED


def test_a_pause_takes_back_nothing_and_what_slips_through_stays_unbilled(administrator: User) -> None:
    campaign, video = factories.campaign(), gaming_video()
    days = [DAY - ONE_DAY, DAY, DAY + ONE_DAY, DAY + 2 * ONE_DAY, DAY + 3 * ONE_DAY]
    for day in days:
        lineup(video, day=day)
        delivery(campaign, video, day=day)
    chosen = Campaign.objects.filter(pk=campaign.pk)
    billable = Delivery.objects.filter(verdict=Verdict.BILLABLE).order_by("day")

    booking.move(chosen, "pause", administrator, today=DAY)
    assert list(billable.values_list("day", flat=True)) == days[:2]
    booking.move(chosen, "resume", administrator, today=DAY + 2 * ONE_DAY)
    assert list(billable.values_list("day", flat=True)) == days[:2] + days[3:]
    booking.move(chosen, "cancel", administrator, today=DAY + 2 * ONE_DAY)
    assert list(billable.values_list("day", flat=True)) == [*days[:2], days[3]]


def test_booking_makes_what_was_delivered_billable(administrator: User) -> None:
    campaign, video = factories.campaign(status=Campaign.Status.SUBMITTED), gaming_video()
    lineup(video)
    row = delivery(campaign, video)
    assert judged(row)[0] == Verdict.NOT_LIVE
    booking.move(Campaign.objects.all(), "book", administrator)
    row.refresh_from_db()
    assert row.verdict == Verdict.BILLABLE


def test_what_fell_out_of_a_new_lineup_is_billed_no_longer() -> None:
    video = gaming_video()
    run = lineup(video)
    row = delivery(factories.campaign(), video)
    assert judged(row)[0] == Verdict.BILLABLE
    PlacementRun.objects.filter(pk=run.pk).update(superseded=True)
    lineup(gaming_video())
    assert judged(row) == (Verdict.NOT_IN_LINEUP, 0)
    assert (row.category, row.rank) == (None, None)


@pytest.mark.parametrize("status", Month.Status.values)
def test_only_deliveries_of_months_that_still_take_them_are_judged_again(
    status: str, finance_one: User, finance_two: User
) -> None:
    video = gaming_video()
    lineup(video)
    row = delivery(factories.campaign(), video)
    Month.objects.update(status=status, reviewed_by=finance_one, closed_by=finance_two)
    assert judged(row)[0] == (Verdict.BILLABLE if status in Month.TAKING else Verdict.NOT_IN_LINEUP)


def test_only_rows_that_change_are_rewritten() -> None:
    video = gaming_video()
    lineup(video)
    campaign = factories.campaign()
    delivery(campaign, video)
    delivery(campaign, gaming_video())
    assert verdicts.recheck() == 1
    assert verdicts.recheck() == 0


def test_the_set_is_narrowed_by_day_market_and_campaigns() -> None:
    video = gaming_video()
    lineup(video)
    campaign = factories.campaign()
    delivery(campaign, video)
    assert verdicts.recheck(day=DAY + ONE_DAY) == 0
    assert verdicts.recheck(market="CA") == 0
    assert verdicts.recheck(campaigns=Campaign.objects.exclude(pk=campaign.pk)) == 0
    assert verdicts.recheck(day=DAY, market="US", campaigns=Campaign.objects.all()) == 1


needs_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway"
)


def turn_is_taken() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [verdicts.TURN])
        return cursor.fetchone() is not None


@needs_postgresql
def test_who_judges_keeps_the_turn_until_his_transaction_ends(administrator: User) -> None:
    factories.campaign()
    assert not turn_is_taken()
    booking.move(Campaign.objects.all(), "pause", administrator)
    assert turn_is_taken()


@needs_postgresql
def test_another_waits_for_the_turn_to_judge() -> None:
    verdicts.hold_open_months()
    failures: list[Exception] = []

    def judge_too() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                verdicts.recheck()
        except OperationalError as error:
            failures.append(error)
        finally:
            connection.close()

    other = Thread(target=judge_too)
    other.start()
    other.join(10)
    assert "lock timeout" in str(failures)
