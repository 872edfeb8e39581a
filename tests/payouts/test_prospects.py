"""What a creator would have earned: exactly what the month gives him once he is enrolled in all of it."""

import datetime

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign, Delivery
from creators.models import Creator, Enrolment, ProgrammeTerms
from payouts import months, prospects
from payouts.models import Earning
from pulse_site import roles
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 12)


def delivered(creator: Creator, campaign: Campaign, micros: int, **fields: object) -> Delivery:
    return Delivery.objects.create(
        **{
            "day": factories.DAY,
            "campaign": campaign,
            "video": factories.video(creator=creator),
            "creator": creator,
            "impressions": 1_000,
            "billed_impressions": 1_000,
            "verdict": Delivery.Verdict.BILLABLE,
            "revenue_micros": micros,
            "month": factories.month("2026-10"),
            **fields,
        }
    )


@pytest.fixture
def waiting() -> Creator:
    """Somebody beside whose videos two campaigns ran in October, with odd micros each."""
    creator = factories.creator("waiting", status="pending")
    for campaign, micros in ((factories.campaign(), 10_000_001), (factories.campaign(), 3_333_333)):
        delivered(creator, campaign, micros)
        delivered(creator, campaign, 2)
        delivered(creator, campaign, 0, billed_impressions=0, verdict=Delivery.Verdict.NOT_IN_LINEUP)
    delivered(factories.creator(), campaign, 99_000_000)
    delivered(creator, campaign, 99_000_000, month=factories.month("2026-09"))
    return creator


def test_the_estimate_is_what_the_month_gives_who_was_enrolled_all_of_it(waiting: Creator) -> None:
    found = prospects.of_last_month(waiting, TODAY)
    assert found == prospects.Prospect("2026-10", 5_000, 2, 4_000, 13_333_338, 5_000_001 + 1_666_667)
    Enrolment.objects.create(creator=waiting, starts_on=datetime.date(2026, 10, 1))
    months.calculate("2026-10")
    assert sum(Earning.objects.filter(creator=waiting).values_list("share_micros", flat=True)) == (
        found.share_micros
    )


def test_the_share_is_the_one_the_month_was_calculated_with(waiting: Creator) -> None:
    terms = factories.terms()
    ProgrammeTerms.objects.filter(pk=terms.pk).update(share_basis_points=3_333)
    found = prospects.of_last_month(waiting, TODAY)
    assert found and found.share_micros == 10_000_003 * 3_333 // 10_000 + 3_333_335 * 3_333 // 10_000
    months.calculate("2026-10")
    ProgrammeTerms.objects.filter(pk=terms.pk).update(share_basis_points=9_999)
    assert prospects.of_last_month(waiting, TODAY) == found


def test_before_the_first_terms_there_is_nothing_to_estimate(waiting: Creator) -> None:
    first = ProgrammeTerms.objects.order_by("starts_on").values_list("starts_on", flat=True)[0]
    assert prospects.of_last_month(waiting, first) is None


def test_the_estimate_asks_the_same_however_much_was_delivered(waiting: Creator) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            prospects.of_last_month(waiting, TODAY)
        return len(asked)

    few = queries()
    for _number in range(5):
        delivered(waiting, factories.campaign(), 1_000_000)
    assert queries() == few <= 3


def test_a_reviewer_sees_it_of_who_waits_and_not_of_who_earns(waiting: Creator, client: Client) -> None:
    rita = factories.user("rita", is_staff=True)
    rita.groups.add(Group.objects.get(name=roles.REVIEWER))
    client.force_login(rita)

    def page(creator: Creator) -> str:
        return client.get(reverse("admin:creators_creator_change", args=[creator.pk])).content.decode()

    assert "Had he earned in" in page(waiting)
    assert "Had he earned in" not in page(factories.enrolled())
