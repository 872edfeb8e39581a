"""The funnel of a creator's month."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns.models import Delivery, Month, PlacementRun
from creators.models import Creator, ThinnedDay, Tier, Video
from payouts import funnel, months
from payouts.funnel import Step
from payouts.models import Earning
from pulse_site import roles
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import DAY, deliver

pytestmark = pytest.mark.django_db
EVE = DAY - datetime.timedelta(days=1)


@pytest.fixture
def lost_one_each() -> Creator:
    """A creator with one video lost at each step, and one of which a share came."""
    creator = factories.enrolled("earner", starts_on=DAY)
    campaign, gaming = factories.campaign(), factories.category()
    factories.video(creator=creator)
    for fields in ({"tier": Tier.UNSUITABLE}, {}, {"category": gaming}):
        factories.counts(of=factories.video(creator=creator, **fields))
    placed = deliver(campaign, creator, 1_000)
    unbilled = deliver(campaign, creator, 700, verdict=Delivery.Verdict.NOT_BOOKED)
    unshared = deliver(campaign, creator, 500, day=EVE)
    shared = deliver(campaign, creator, 301)
    for row in (placed, unbilled, unshared, shared):
        factories.counts(row.day, of=row.video)
    placed.delete()
    return creator


def told(creator: Creator) -> dict[str, tuple[int, int, int, int]]:
    found = funnel.of(creator, Month.objects.get(code="2026-10"))
    return {line.step.value: (line.videos, line.days, line.impressions, line.lost) for line in found.lines}


def test_each_step_has_those_that_came_to_it_and_those_that_did_not(lost_one_each: Creator) -> None:
    assert told(lost_one_each) == {
        "videos": (8, 0, 0, 0),
        "counted": (7, 7, 0, 1),
        "suitable": (6, 6, 0, 1),
        "categorised": (5, 5, 0, 1),
        "lineup": (4, 4, 0, 1),
        "ads": (3, 3, 1_501, 1),
        "billed": (2, 2, 801, 1),
        "shared": (1, 1, 301, 1),
    }
    found = funnel.of(lost_one_each, Month.objects.get())
    for step, line in zip(Step, found.lines, strict=True):
        assert len(found.at(step, lost=False)) == line.videos
        assert step == Step.VIDEOS or len(found.at(step, lost=True)) == line.lost


def test_the_share_is_the_same_before_and_after_it_is_calculated(lost_one_each: Creator) -> None:
    def amounts() -> list[int | None]:
        return [line.micros for line in funnel.of(lost_one_each, Month.objects.get()).lines[-2:]]

    before = amounts()
    months.calculate("2026-10")
    assert amounts() == before == [8_010_000, Earning.objects.get().share_micros] == [8_010_000, 1_505_000]


def test_it_asks_as_much_for_many_videos_as_for_few(
    lost_one_each: Creator, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(30):
        factories.counts(of=factories.video(creator=lost_one_each))
    month = Month.objects.get()
    with django_assert_num_queries(7):
        funnel.of(lost_one_each, month)


def test_days_without_the_counts_below_the_cut_are_told(
    client: Client, administrator: User, lost_one_each: Creator
) -> None:
    month = Month.objects.get()
    assert funnel.of(lost_one_each, month).partial == 0
    PlacementRun.objects.filter(day=DAY).update(files="/srv/lake/*.parquet")
    ThinnedDay.objects.create(day=month.first_day, removed=1, kept=0)
    ThinnedDay.objects.create(day=month.first_day - funnel.ONE_DAY, removed=1, kept=0)
    assert funnel.of(lost_one_each, month).partial == 2
    client.force_login(administrator)
    assert "Of 2 days only the counts of the lineup" in client.get(address(lost_one_each)).content.decode()


def address(creator: Creator) -> str:
    return reverse("admin:payouts_earning_funnel", args=[creator.pk])


@pytest.mark.parametrize("role", [role for role in roles.LABELS if role != roles.ADMINISTRATOR])
def test_every_role_may_look_and_sees_the_amounts_that_it_may_see(
    client: Client, role: str, lost_one_each: Creator
) -> None:
    person = factories.user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    client.force_login(person)
    page = client.get(address(lost_one_each)).content.decode()
    assert "unsuitable for brands" in page
    assert ("$8.01" in page) == person.has_perm("campaigns.view_delivery")
    assert ("$1.505" in page) == person.has_perm("payouts.view_earning")
    own = client.get(reverse("admin:creators_creator_change", args=[lost_one_each.pk])).content.decode()
    assert f"{address(lost_one_each)}?month=2026-10" in own


def test_nobody_else_may_look_and_what_is_not_there_is_not_found(
    client: Client, lost_one_each: Creator, auditor: object
) -> None:
    assert client.get(address(lost_one_each)).status_code == 302
    client.force_login(factories.staff("reader", "view_creator"))
    assert client.get(address(lost_one_each)).status_code == 403
    client.force_login(auditor)  # type: ignore[arg-type]
    assert client.get(address(lost_one_each), {"month": "1999-01"}).status_code == 404
    for step in Step:
        page = client.get(address(lost_one_each), {"step": step, "lost": "1"})
        assert len(page.context["rows"]) == (8 if step == Step.VIDEOS else 1)
    Delivery.objects.all().delete()
    Month.objects.all().delete()
    assert "There is no month yet" in client.get(address(lost_one_each)).content.decode()
    assert Video.objects.count() == 8
