"""What was not billed, as ad operations see it."""

import csv
import datetime
import io

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns import unbilled
from campaigns.models import Campaign, Delivery
from campaigns.unbilled import Asked
from pulse_site.models import User
from tests import factories
from tests.campaigns.test_figures import deliver

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)
Verdict = Delivery.Verdict
PAGE, FILE = "admin:campaigns_delivery_unbilled", "admin:campaigns_delivery_unbilled_csv"


@pytest.fixture
def campaigns() -> tuple[Campaign, Campaign]:
    acme, other = factories.campaign("ACME-1"), factories.campaign("OTHER-1")
    deliver(acme, 1_000)
    deliver(acme, 500, impressions=800)
    deliver(acme, 0, impressions=70, verdict=Verdict.OVER_BUDGET, day=DAY + ONE_DAY)
    deliver(other, 0, impressions=40, verdict=Verdict.EXCLUDED, day=DAY + ONE_DAY)
    deliver(other, 0, impressions=5, verdict=Verdict.NOT_IN_LINEUP, rank=None)
    return acme, other


def test_what_was_not_billed_is_summed_by_reason_campaign_and_day(
    campaigns: tuple[Campaign, Campaign], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    acme, other = campaigns
    with django_assert_num_queries(2):
        summary = unbilled.summary(Asked())
    assert summary.reasons == [
        ("the budget was used up", 370),
        ("the campaign excludes the video or its creator", 40),
        ("the video was not in that day's lineup", 5),
    ]
    assert summary.campaigns == [(acme, 370), (other, 45)]
    assert summary.days == [(DAY + ONE_DAY, 110), (DAY, 305)]
    assert summary.impressions == 415


@pytest.mark.parametrize(
    ("asked", "lost"),
    [
        (Asked(), [70, 40, 300, 5]),
        (Asked(reason=Verdict.OVER_BUDGET), [70, 300]),
        (Asked(reason=Verdict.EXCLUDED), [40]),
        (Asked(campaign="OTHER-1"), [40, 5]),
        (Asked(campaign="acme-1"), []),
        (Asked(first=DAY + ONE_DAY), [70, 40]),
        (Asked(last=DAY), [300, 5]),
        (Asked(first=DAY + 2 * ONE_DAY), []),
    ],
)
def test_deliveries_are_narrowed_and_the_newest_come_first(
    asked: Asked, lost: list[int], campaigns: tuple[Campaign, Campaign]
) -> None:
    found = [row[-2] for row in unbilled.rows(asked)]
    assert sorted(found) == sorted(lost)
    days = [row[0] for row in unbilled.rows(asked)]
    assert days == sorted(days, reverse=True)
    assert sum(n for _reason, n in unbilled.summary(asked).reasons) == sum(lost)


def test_the_page_shows_them_and_the_file_has_all(
    client: Client, administrator: User, campaigns: tuple[Campaign, Campaign]
) -> None:
    client.force_login(administrator)
    page = client.get(reverse(PAGE), {"first": "", "reason": "excluded"})
    assert page.context["summary"].impressions == 40
    assert "OTHER-1" in page.content.decode()
    assert "ACME-1" not in page.content.decode()
    answer = client.get(reverse(FILE), {"first": "2026-10-16"})
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.DictReader(io.StringIO(content)))
    assert [(line["campaign"], line["not_billed"], line["reason"]) for line in lines] == [
        ("OTHER-1", "40", "excluded"),
        ("ACME-1", "70", "over_budget"),
    ]


@pytest.mark.parametrize("name", [PAGE, FILE])
def test_only_who_may_see_deliveries_sees_them(name: str, client: Client, reviewer: User) -> None:
    assert client.get(reverse(name)).status_code == 302
    client.force_login(reviewer)
    assert client.get(reverse(name)).status_code == 403
    client.force_login(factories.staff("ops", "view_delivery"))
    assert client.get(reverse(name)).status_code == 200


def test_the_start_page_and_the_campaigns_page_show_what_needs_a_look(
    client: Client, administrator: User
) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    campaign = factories.campaign("SILENT-1", starts_on=today - 9 * ONE_DAY, ends_on=today + 9 * ONE_DAY)
    client.force_login(administrator)
    for address in (reverse("admin:index"), reverse("admin:campaigns_campaign_change", args=[campaign.pk])):
        page = client.get(address).content.decode()
        assert "No delivery reported" in page
