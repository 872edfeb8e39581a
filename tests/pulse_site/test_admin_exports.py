"""Exports of lists: as filtered, of any length, and nothing that a spreadsheet would run."""

import csv
import datetime
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Advertiser, Agreement, PlacementRun, Suggestion
from creators.models import Creator, ProgrammeTerms
from payouts.models import Earning
from pulse_site.admin.exports import Exports
from pulse_site.models import User
from tests import desk as rows
from tests import factories

CSV, XLSX = "0", "1"
MODELS = sorted(
    (model for model, shown in admin.site._registry.items() if isinstance(shown, Exports)),
    key=lambda model: model._meta.label,
)


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def address(model: type[Model] | str, query: str = "") -> str:
    name = model if isinstance(model, str) else f"{model._meta.app_label}_{model._meta.model_name}"
    return reverse(f"admin:{name}_export") + query


def exported(client: Client, model: type[Model] | str, format: str, query: str = "") -> bytes:
    answer = client.post(address(model, query), {"format": format, "resource": "0"})
    assert answer.status_code == 200
    return answer.getvalue()


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def read_workbook(content: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    header, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_every_list_goes_out_but_the_trail_which_has_a_door_of_its_own_and_what_is_none() -> None:
    assert {model.__name__ for model in admin.site._registry} - {model.__name__ for model in MODELS} == {
        "ApplicationForm",
        "AuditEvent",
        "Group",
    }


def test_creators_go_out_as_the_list_is_filtered(desk: Client) -> None:
    factories.creator("listed", followers=123_456, status="pending", name="=cmd|' /C calc'!A0")
    factories.enrolled("not-listed")
    (row,) = read(exported(desk, "creators_creator", CSV))
    assert (row["handle"], row["followers"], row["name"]) == ("listed", "123456", "'=cmd|' /C calc'!A0")
    assert (row["eligible"], row["category"]) == ("", "")


def test_a_search_narrows_what_goes_out_and_an_odd_filter_is_not_found(desk: Client) -> None:
    factories.enrolled("bella")
    factories.enrolled("tom")
    assert [row["handle"] for row in read(exported(desk, "creators_creator", CSV, "?q=bel"))] == ["bella"]
    assert desk.get(address("creators_creator", "?nothing=1")).status_code == 404


def test_amounts_and_days_are_what_they_are_in_a_spreadsheet(desk: Client) -> None:
    booked = datetime.datetime(2026, 9, 15, 9, 30, tzinfo=datetime.UTC)
    factories.campaign("C-1", budget_micros=1_234_560_000, cpm_micros=10_050_000, booked_at=booked)
    (row,) = read_workbook(exported(desk, "campaigns_campaign", XLSX))
    assert (row["budget_usd"], row["cpm_usd"], row["reference"]) == (1234.56, 10.05, "C-1")
    assert row["starts_on"] == datetime.datetime(2026, 10, 1)
    assert row["booked_at"] == datetime.datetime(2026, 9, 15, 9, 30)
    (row,) = read(exported(desk, "campaigns_campaign", CSV))
    assert (row["budget_usd"], row["starts_on"]) == ("1234.56", "2026-10-01")
    assert row["booked_at"] == "2026-09-15 09:30:00+00:00"


def test_the_number_of_a_video_is_not_rounded_by_a_spreadsheet(desk: Client) -> None:
    factories.video(7_123_456_789_012_345_678)
    (row,) = read_workbook(exported(desk, "creators_video", XLSX))
    assert row["platform_id"] == "7123456789012345678"


@pytest.mark.parametrize("format", [CSV, XLSX])
def test_no_export_asks_more_for_many_rows_than_for_few(desk: Client, format: str) -> None:
    def asked(model: type[Model]) -> int:
        query = "?status=all" if model in (Advertiser, Creator) else ""
        with CaptureQueriesContext(connection) as queries:
            content = exported(desk, model, format, query)
        found = read(content) if format == CSV else read_workbook(content)
        assert len(found) >= (1 if model in (Agreement, ProgrammeTerms, Suggestion) else least), model
        return len(queries)

    rows.fill(least := 2)
    few = {model: asked(model) for model in MODELS}
    rows.fill(8)
    least = 10
    assert {model: asked(model) for model in MODELS} == few
    assert max(few.values()) <= 6


def test_a_file_is_sent_while_the_list_is_read(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_site.admin.exports.CHUNK", 2)
    monkeypatch.setattr("pulse_site.spreadsheets.CHUNK", 1)
    for _number in range(9):
        factories.advertiser()
    with CaptureQueriesContext(connection) as queries:
        everybody = address("campaigns_advertiser") + "?status=all"
        answer: Any = desk.post(everybody, {"format": CSV, "resource": "0"})
        before = len(queries)
        first = next(iter(answer.streaming_content))
        assert first.decode("utf-8-sig").splitlines() == [
            "name,legal_name,website,street,city,region,postal_code,country,tax_number,billing_name,"
            "billing_email,safety_name,safety_email,language,payment_days,status,status_since,created_at"
        ]
        assert len(queries) == before  # nothing was read for the header
        assert len(answer.getvalue().splitlines()) == 9


def test_the_page_says_what_goes_out(desk: Client) -> None:
    page = desk.get(address("payouts_earning", "?q=bella")).content.decode()
    assert "as it is filtered and searched" in page
    assert "<code>share_usd</code>" in page
    assert "?q=bella" in page
    assert "The whole list goes out" in desk.get(address(Earning)).content.decode()


PEOPLE: dict[str, Callable[[type[Model]], bool]] = {
    "nobody": lambda model: False,
    "plain": lambda model: False,
    "reviewer": lambda model: model._meta.app_label == "creators",
    "auditor": lambda model: True,
}


@pytest.mark.parametrize("person", PEOPLE)
def test_who_may_see_a_list_may_export_it_and_nobody_else(client: Client, auditor: User, person: str) -> None:
    rows.fill(1)
    views = [f"view_{m._meta.model_name}" for m in MODELS if m._meta.app_label == "creators"]
    people = {
        "plain": factories.staff("plain"),
        "reviewer": factories.staff("reviewing", *views),
        "auditor": auditor,
    }
    if person in people:
        client.force_login(people[person])
    for model in MODELS:
        refused = 302 if person == "nobody" else 403
        expected = 200 if PEOPLE[person](model) else refused
        assert client.get(address(model)).status_code == expected, model
        assert client.post(address(model), {"format": CSV, "resource": "0"}).status_code == expected, model


def test_a_lineup_goes_out_by_rank(desk: Client, client: Client) -> None:
    rows.fill(1)
    run = PlacementRun.objects.get()
    placed = run.placements.get()
    url = reverse("admin:campaigns_placementrun_lineup", args=[run.pk, "csv"])
    assert f'href="{url}"' in desk.get(reverse("admin:campaigns_placementrun_change", args=[run.pk])).text
    (row,) = read(desk.get(url).getvalue())
    assert row == {
        "rank": "1",
        "video": str(placed.video_id),
        "creator": placed.creator.handle,
        "category": "gaming",
        "score": "1",
    }
    assert read_workbook(desk.get(url.replace("csv", "xlsx")).getvalue())[0]["video"] == str(placed.video_id)
    assert desk.get(url.replace("csv", "pdf")).status_code == 404
    client.force_login(factories.staff("half", "view_placementrun"))
    assert client.get(url).status_code == 403
