"""The edges of time: months are months of UTC, wherever a person sits and whatever his clock does."""

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from campaigns.models import Month
from creators.models import Enrolment, ProgrammeTerms
from payouts import months, tasks
from payouts.models import Earning, Transfer
from payouts.verification import verify
from pulse_site.models import Run, User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import day, deliver

pytestmark = pytest.mark.django_db
PARIS, LOS_ANGELES = ZoneInfo("Europe/Paris"), ZoneInfo("America/Los_Angeles")


@pytest.fixture
def after_october() -> None:
    """Here the clock is set by each test."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at(2026, 11, 20), tick=False) as travelled:
        yield travelled


def at(*moment: int, zone: datetime.tzinfo = datetime.UTC) -> datetime.datetime:
    return datetime.datetime(*moment, tzinfo=zone)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("zone", [PARIS, LOS_ANGELES])
@pytest.mark.parametrize(
    ("moment", "over"), [((2026, 10, 31, 23, 59, 59), False), ((2026, 11, 1, 0, 0, 0), True)]
)
def test_a_month_is_over_at_midnight_of_utc_for_everybody(
    zone: ZoneInfo,
    moment: tuple[int, ...],
    over: bool,
    clock: time_machine.Traveller,
    finance_one: User,
) -> None:
    """In Paris it is 1 November an hour before, in Los Angeles still 31 October for eight hours more."""
    clock.move_to(at(*moment))
    with timezone.override(zone):
        months.calculate("2026-10")
        if over:
            assert months.review("2026-10", finance_one)["status"] == "review"
        else:
            with pytest.raises(Refused, match="not over"):
                months.review("2026-10", finance_one)


@pytest.mark.parametrize("zone", [PARIS, LOS_ANGELES])
def test_a_month_begins_at_midnight_of_utc_for_everybody(
    zone: ZoneInfo, clock: time_machine.Traveller
) -> None:
    clock.move_to(at(2026, 11, 30, 23, 59, 59))
    with timezone.override(zone):
        with pytest.raises(Refused, match="not begun"):
            months.calculate("2026-12")
        clock.move_to(at(2026, 12, 1))
        assert months.calculate("2026-12")["month"] == "2026-12"


@pytest.mark.parametrize("zone", [PARIS, LOS_ANGELES])
def test_the_days_of_review_are_counted_over_the_change_of_the_clocks(
    zone: ZoneInfo, clock: time_machine.Traveller, finance_one: User, finance_two: User
) -> None:
    """Clocks go back on 25 October (Paris) and 1 November (Los Angeles): a day of 25 hours is one day."""
    ProgrammeTerms.objects.update(review_days=14)
    clock.move_to(at(2026, 10, 20, 12))
    months.calculate("2026-09")
    months.review("2026-09", finance_one)
    with timezone.override(zone):
        clock.move_to(at(2026, 11, 2, 23, 59, 59))
        with pytest.raises(Refused, match="from 2026-11-03 on"):
            months.close("2026-09", finance_two)
        clock.move_to(at(2026, 11, 3))
        assert months.close("2026-09", finance_two)["status"] == "closed"


def test_the_leap_day_is_a_day_of_february(
    clock: time_machine.Traveller, finance_one: User, finance_two: User
) -> None:
    clock.move_to(at(2028, 2, 29, 23, 59, 59))
    creator = factories.creator()
    Enrolment.objects.create(creator=creator, starts_on=datetime.date(2028, 2, 29))
    deliver(factories.campaign(), creator, 1_000, day=datetime.date(2028, 2, 29))
    deliver(factories.campaign(), creator, 1_000, day=datetime.date(2028, 2, 28))
    months.calculate("2028-02")
    assert factories.month("2028-02").last_day == datetime.date(2028, 2, 29)
    with pytest.raises(Refused, match="from the day after 2028-02-29"):
        months.review("2028-02", finance_one)
    clock.move_to(at(2028, 3, 1))
    months.review("2028-02", finance_one)
    months.close("2028-02", finance_two)
    assert sum(Earning.objects.values_list("share_micros", flat=True)) == 5_000_000


def test_a_clock_that_goes_back_closes_nothing_before_its_review(
    clock: time_machine.Traveller, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    for earlier in (at(2026, 11, 19, 23, 59, 59), at(2026, 10, 15), at(2026, 9, 1)):
        clock.move_to(earlier)
        with pytest.raises(Refused):
            months.close("2026-10", finance_two)
    assert not Transfer.objects.exists()
    clock.move_to(at(2026, 11, 20))
    months.close("2026-10", finance_two)
    assert Transfer.objects.count() == 3


def test_a_clock_that_goes_back_closes_nothing_twice(
    clock: time_machine.Traveller, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    months.close("2026-10", finance_two)
    closed = Month.objects.get()
    clock.move_to(at(2026, 10, 15))
    for move, people in (
        (months.calculate, ()),
        (months.review, (finance_one,)),
        (months.reopen, (finance_two,)),
        (months.close, (finance_two,)),
    ):
        with pytest.raises(Refused, match="is closed"):
            move("2026-10", *people)
    found = Month.objects.get()
    assert (found.closed_at, found.digest) == (closed.closed_at, closed.digest)
    assert [breach for breach in verify() if breach.rule != "used lineups"] == []


def test_a_clock_that_goes_back_into_the_month_puts_nothing_under_review(
    clock: time_machine.Traveller, finance_one: User
) -> None:
    months.calculate("2026-10")
    clock.move_to(at(2026, 10, 31, 12))
    with pytest.raises(Refused, match="not over"):
        months.review("2026-10", finance_one)


def test_the_estimate_of_the_night_is_of_the_months_that_have_begun(
    clock: time_machine.Traveller,
) -> None:
    """A minute before the month ends in UTC the next one is left alone, a minute later it has its turn."""
    for code in ("2026-11", "2026-12"):
        factories.month(code)
    clock.move_to(at(2026, 11, 30, 23, 59))
    tasks.calculate_open_months()
    assert list(Run.objects.values_list("key", flat=True)) == ["2026-11"]
    clock.move_to(at(2026, 12, 1, 0, 1))
    tasks.calculate_open_months()
    assert set(Run.objects.values_list("key", flat=True)) == {"2026-11", "2026-12"}


def test_a_delivery_belongs_to_the_month_of_its_day() -> None:
    """The last of a month stands in it, the first of the next one too late for it."""
    campaign, creator = factories.campaign(), factories.enrolled()
    last = deliver(campaign, creator, 1, day=day(31))
    late = deliver(campaign, creator, 1, day=day(31), month=factories.month("2026-11"))
    assert (last.late, late.late) == (False, True)
