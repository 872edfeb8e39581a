"""The portal's reports: pages that agree with their downloads, and with nobody else's figures."""

import csv
import datetime
import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from campaigns.figures import By
from campaigns.models import Advertiser, Campaign, PlacementRun
from pulse_site.models import User
from tests import factories
from tests.campaigns.test_figures import creative, deliver

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def portal(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def acme(owner: User) -> Advertiser:
    return owner.memberships.get().advertiser


@pytest.fixture
def campaigns(acme: Advertiser) -> list[Campaign]:
    """Two campaigns, the first with deliveries of three days and a creative."""
    made = [factories.campaign(f"ACME-{number}", advertiser=acme) for number in (1, 2)]
    ad = creative(made[0], "=HYPERLINK")
    for number in range(3):
        PlacementRun.objects.create(
            day=DAY + number * ONE_DAY, market="US", terms=factories.terms(), population=400, lineup=16,
            digest="0" * 64,
        )  # fmt: skip
        deliver(
            made[0], 1_000, day=DAY + number * ONE_DAY, creative_number=ad.pk, category=factories.category()
        )
    deliver(made[1], 333, impressions=400, day=DAY, rank=12)
    return made


def page(portal: Client, acme: Advertiser, **asked: Any) -> Any:
    return portal.get(reverse("portal:reports", args=[acme.pk]), asked)


def file(portal: Client, acme: Advertiser, by: str, kind: str = "csv", **asked: Any) -> bytes:
    answer = portal.get(reverse("portal:report_file", args=[acme.pk, by, kind]), asked)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("by", "queries"), [("day", 7), ("category", 9), ("campaign", 8), ("creative", 9), ("video", 9)]
)
@pytest.mark.parametrize("period", ["all", "custom"])
def test_a_page_takes_fewer_than_ten_queries_and_one_more_to_compare(
    by: str,
    queries: int,
    period: str,
    portal: Client,
    acme: Advertiser,
    campaigns: list[Campaign],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    days = {"first": DAY.isoformat(), "last": (DAY + ONE_DAY).isoformat()}
    # session, user, memberships, campaigns, days, ranks, populations; lines and labels; the period before
    with django_assert_num_queries(queries + (period == "custom")):
        assert page(portal, acme, by=by, period=period, **days).status_code == 200


@pytest.mark.parametrize("by", By.values)
def test_page_and_files_add_up_to_the_same(
    by: str, portal: Client, acme: Advertiser, campaigns: list[Campaign]
) -> None:
    totals = page(portal, acme, by=by).context["report"].totals
    assert (totals.billed, totals.impressions, totals.micros) == (3_333, 3_400, 33_330_000)
    found = lines(file(portal, acme, by))
    assert sum(int(line["billed_impressions"]) for line in found) == 3_333
    assert sum(int(line["not_billed"]) for line in found) == 67
    assert sum(round(float(line["billed_usd"]) * 10**6) for line in found) == 33_330_000
    book = CalamineWorkbook.from_filelike(io.BytesIO(file(portal, acme, by, "xlsx")))
    rows = book.get_sheet_by_index(0).to_python()
    place = rows[0].index("billed_usd")
    assert sum(round(row[place] * 10**6) for row in rows[1:]) == 33_330_000  # type: ignore[operator]


def test_a_long_campaign_keeps_its_page_small(portal: Client, acme: Advertiser) -> None:
    campaign = factories.campaign("ACME-1", advertiser=acme)
    for number in range(130):
        deliver(campaign, 1_000, day=DAY - number * ONE_DAY)
    answer = page(portal, acme)
    assert len(answer.content) < 150_000
    assert [row["line"].key for row in answer.context["lines"]] == [DAY - n * ONE_DAY for n in range(100)]
    assert (len(answer.context["chart"].bars), answer.context["report"].totals.billed) == (100, 130_000)
    assert len(lines(file(portal, acme, "day"))) == 130


def test_a_file_is_of_the_campaign_and_the_days_that_were_asked_for(
    portal: Client, acme: Advertiser, campaigns: list[Campaign]
) -> None:
    asked = {"campaign": campaigns[0].pk, "period": "custom", "first": "2026-10-16", "last": "2026-10-16"}
    (line,) = lines(file(portal, acme, "day", **asked))
    assert (line["day"], line["billed_usd"], line["ecpm_usd"]) == ("2026-10-16", "10", "10")
    assert page(portal, acme, **asked).context["report"].totals.billed == 1_000


def test_what_a_spreadsheet_would_run_is_defused(
    portal: Client, acme: Advertiser, campaigns: list[Campaign]
) -> None:
    references = {line["reference"] for line in lines(file(portal, acme, "creative"))}
    assert references == {"'=HYPERLINK", ""}
    sheet = zipfile.ZipFile(io.BytesIO(file(portal, acme, "creative", "xlsx")))
    assert "<f>" not in sheet.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("name", ["reports", "report_file"])
@pytest.mark.parametrize("asked", ["{rival}", "0", "x", "99999999999999999999", "1 OR 1=1"])
def test_a_campaign_of_another_advertiser_is_not_found_in_a_filter(
    name: str, asked: str, portal: Client, acme: Advertiser, campaigns: list[Campaign]
) -> None:
    rival = factories.campaign("RIVAL-1")
    deliver(rival, 5)
    keys = {"reports": [acme.pk], "report_file": [acme.pk, "day", "csv"]}[name]
    answer = portal.get(reverse(f"portal:{name}", args=keys), {"campaign": asked.format(rival=rival.pk)})
    assert answer.status_code == 404
    assert "RIVAL" not in page(portal, acme).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "colour"},
        {"period": "the-other-day"},
        {"period": "custom"},
        {"period": "custom", "first": "2026-10-16", "last": "2026-10-15"},
        {"period": "custom", "first": "yesterday", "last": "2026-10-15"},
        {"period": "invoiced-2026-13"},
    ],
)
def test_what_makes_no_sense_is_said_or_left_out(
    asked: dict[str, str], portal: Client, acme: Advertiser, campaigns: list[Campaign]
) -> None:
    answer = page(portal, acme, **asked)
    assert answer.status_code == 200
    assert answer.context["report"].totals.billed == 3_333
    assert bool(answer.context["form"].errors)


@pytest.mark.parametrize(("by", "kind"), [("colour", "csv"), ("day", "pdf")])
def test_a_file_that_there_is_not_is_not_found(by: str, kind: str, portal: Client, acme: Advertiser) -> None:
    assert portal.get(reverse("portal:report_file", args=[acme.pk, by, kind])).status_code == 404


@pytest.mark.parametrize("month", ["2026-13", "x", "1999-01", "٢٠26-10"])
def test_a_month_that_there_is_not_is_not_found(month: str, portal: Client, acme: Advertiser) -> None:
    assert portal.get(reverse("portal:safety", args=[acme.pk]), {"month": month}).status_code == 404
    address = reverse("portal:safety_file", args=[acme.pk, month, "csv"])
    assert portal.get(address).status_code == 404


def test_a_report_of_nothing_says_so(portal: Client, acme: Advertiser) -> None:
    assert "Nothing was delivered" in page(portal, acme).content.decode()
    assert "Nothing was delivered" in portal.get(reverse("portal:safety", args=[acme.pk])).content.decode()


def test_a_brand_safety_statement_shows_its_days_and_streams_its_rows(
    portal: Client,
    acme: Advertiser,
    campaigns: list[Campaign],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(5):  # session, user, memberships, campaigns, the days
        answer = portal.get(reverse("portal:safety", args=[acme.pk]), {"month": "2026-10"})
    assert answer.context["statement"].billed == 3_333
    address = reverse("portal:safety_file", args=[acme.pk, "2026-10", "csv"])
    content = b"".join(portal.get(address).streaming_content)  # type: ignore[attr-defined]
    assert [line["billed_impressions"] for line in lines(content)] == ["1000", "333", "1000", "1000"]


def test_the_list_and_the_page_of_a_campaign_show_its_alerts(portal: Client, acme: Advertiser) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    silent = factories.campaign(
        "ACME-9", advertiser=acme, starts_on=today - 9 * ONE_DAY, ends_on=today + 9 * ONE_DAY
    )
    for address in (
        reverse("portal:campaigns", args=[acme.pk]),
        reverse("portal:campaign", args=[acme.pk, silent.pk]),
    ):
        assert "No delivery reported" in portal.get(address).content.decode()
