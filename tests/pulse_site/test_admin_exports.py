"""Exports that a spreadsheet can open without running anything, and numbers that stay numbers."""

import csv
import io

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from pulse_site.models import User
from tests import factories

CSV, XLSX = "0", "1"


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def exported(client: Client, model: str, format: str, query: str = "") -> bytes:
    address = reverse(f"admin:{model}_export") + query
    return client.post(address, {"format": format, "resource": "0"}).content


def test_creators_go_out_as_the_list_is_filtered(desk: Client) -> None:
    factories.creator("listed", followers=123_456, status="pending", name="=cmd|' /C calc'!A0")
    factories.enrolled("not-listed")
    rows = list(csv.DictReader(io.StringIO(exported(desk, "creators_creator", CSV).decode())))
    assert [(row["handle"], row["followers"], row["name"]) for row in rows] == [
        ("listed", "123456", "'=cmd|' /C calc'!A0")
    ]


def test_amounts_are_exact_numbers_in_a_spreadsheet(desk: Client) -> None:
    factories.campaign("C-1", budget_micros=1_234_560_000, cpm_micros=10_050_000)
    book = openpyxl.load_workbook(io.BytesIO(exported(desk, "campaigns_campaign", XLSX)))
    header, row = book.active.iter_rows(values_only=True)
    given = dict(zip(header, row, strict=True))
    assert (given["budget_usd"], given["cpm_usd"]) == (1234.56, 10.05)
    assert given["reference"] == "C-1"


def test_every_list_that_can_be_exported_is(desk: Client) -> None:
    from tests import desk as rows

    rows.fill(2)
    for model in (
        "creators_creator",
        "creators_decision",
        "creators_category",
        "campaigns_campaign",
        "payouts_earning",
        "payouts_transfer",
    ):
        query = "?status=all" if model == "creators_creator" else ""
        assert len(exported(desk, model, CSV, query).decode().splitlines()) > 2, model


def test_who_may_not_see_a_list_may_not_export_it(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.get(reverse("admin:payouts_transfer_export")).status_code == 403
