"""The auditor's room: everything is found, told and exported; nothing is changed."""

import csv
import datetime
import io
import re
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from pulse_site import audit, sentences
from pulse_site.models import AuditEvent, User
from tests import factories

pytestmark = pytest.mark.django_db
ROOM = "/admin/pulse_site/auditevent/"


@pytest.fixture
def room(client: Client, auditor: User) -> Client:
    client.force_login(auditor)
    return client


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def newest(**fields: Any) -> AuditEvent:
    return AuditEvent.objects.filter(**fields).latest("pk")


def told(event: AuditEvent) -> str:
    return sentences.sentence(event)


def listed(client: Client, query: str = "") -> list[str]:
    """The sentences that the list shows."""
    page = client.get(ROOM + query).content.decode()
    return re.findall(r'class="field-told"><a[^>]*>(.*?)</a>', page)


def some_events(finance: User, other: User) -> None:
    audit.record(finance, "month.review", factories.month("2026-09"), revenue_micros=1, shared_micros=1)
    audit.record(other, "month.close", factories.month("2026-09"), revenue_micros=1, shared_micros=1)
    audit.record(other, "campaign.pause", factories.campaign("C-1"))
    audit.record(None, "terms.withdraw", factories.terms())


# What is told


def test_a_sentence_says_who_did_what_with_amounts_in_dollars(finance_one: User) -> None:
    audit.record(
        finance_one,
        "month.review",
        factories.month(),
        revenue_micros=1_234_000_000,
        shared_micros=617_000_000,
    )
    assert told(newest()) == "finance-one put 2026-10 under review: $1,234.00 revenue, $617.00 shared"
    with translation.override("fr"):
        assert "2026-10" in told(newest())
        assert "under review" not in told(newest())


def test_a_sentence_of_an_event_that_lacks_a_fact_has_a_dash(finance_one: User) -> None:
    audit.record(finance_one, "month.close", factories.month())
    assert told(newest()) == "finance-one closed 2026-10: – revenue, – shared"


def test_an_event_of_an_action_or_model_that_is_gone_is_still_told(room: Client) -> None:
    event = AuditEvent.objects.create(
        action="ship.sink", area="money", subject_type="navy.ship", subject_key="x", subject_label="50% <b>",
        detail={"deep": 3, "changed": {"hull": ["whole", None]}},
    )  # fmt: skip
    assert told(event) == "Pulse: ship.sink 50% <b>"
    assert sentences.changes(event) == [("hull", "whole", "–")]
    page = room.get(f"{ROOM}{event.pk}/change/").content.decode()
    assert "50% &lt;b&gt;" in page
    assert "<b>" not in page


def test_choices_amounts_and_lists_are_shown_as_people_read_them(administrator: User) -> None:
    audit.record(
        administrator,
        "campaign.change",
        factories.campaign(),
        changed={
            "status": ["draft", "booked"],
            "budget_micros": [1_000_000, 2_500_000],
            "categories": [["Beauty"], []],
        },
    )
    assert sorted(sentences.changes(newest())) == [
        ("budget", "$1.00", "$2.50"),
        ("categories", "Beauty", "–"),
        ("status", "draft", "booked"),
    ]


# What is found


def test_the_newest_stands_first_and_filters_narrow(
    room: Client, finance_one: User, finance_two: User
) -> None:
    some_events(finance_one, finance_two)
    everything = listed(room)
    assert [sentence.split(":")[0] for sentence in everything[:4]] == [
        "Pulse withdrew the proposed terms v1",
        "finance-two paused the campaign C-1 Campaign C-1",
        "finance-two closed 2026-09",
        "finance-one put 2026-09 under review",
    ]
    for query, found in (
        ("?area__exact=money", 2),
        ("?area__exact=terms", 1),
        ("?area__exact=money&who=finance-two", 1),
        ("?who=finance-two", 2),
        ("?who=Pulse", 1),
        ("?who=nobody-at-all", 0),
        ("?action=month.close", 1),
        ("?action=no.such", 0),
        ("?q=C-1 Camp", 1),
        ("?q=2026-", 2),
        ("?subject=campaigns.month:2026-09", 2),
        ("?subject=campaigns.month:2026-09&action=month.close", 1),
    ):
        assert len(listed(room, query)) == found, query


def test_days_are_filtered_from_the_first_to_the_end_of_the_last(room: Client, finance_one: User) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=datetime.datetime(2020, 1, day, hour, minute, tzinfo=datetime.UTC),
            action="month.close", area="money", subject_type="campaigns.month",
            subject_key=str(day), subject_label=f"day {day} {hour}",
        )
        for day, hour, minute in ((1, 23, 59), (2, 0, 0), (3, 23, 59), (4, 0, 0))
    )  # fmt: skip
    assert len(listed(room, "?since=2020-01-02&until=2020-01-03")) == 2
    assert len(listed(room, "?until=2020-01-03")) == 3
    assert len(listed(room, "?since=2020-01-04&until=2020-12-31")) == 1
    assert "Enter a valid date" in room.get(f"{ROOM}?since=tomorrow").content.decode()


def test_the_form_keeps_what_else_is_filtered(room: Client, finance_one: User, finance_two: User) -> None:
    some_events(finance_one, finance_two)
    page = room.get(f"{ROOM}?area__exact=money&q=2026&who=finance-one").content.decode()
    assert '<input type="hidden" name="area__exact" value="money">' in page
    assert '<input type="hidden" name="q" value="2026">' in page
    assert '<option value="finance-two">' in page


@pytest.mark.parametrize("value", ["%00", "9" * 30, "-1", "%F0%9F%A6%86", "x:y:z", "9999-12-31"])
def test_no_odd_filter_breaks_the_room(room: Client, value: str) -> None:
    room.raise_request_exception = False
    for name in ("who", "action", "since", "until", "subject", "area__exact", "q"):
        for page in (ROOM, f"{ROOM}export/csv/"):
            assert room.get(f"{page}?{name}={value}").status_code < 500, (page, name)


def test_the_history_of_a_record_stands_on_its_page(
    room: Client, finance_one: User, finance_two: User
) -> None:
    some_events(finance_one, finance_two)
    page = room.get(reverse("admin:campaigns_month_change", args=["2026-09"])).content.decode()
    assert "Who did what" in page
    assert "finance-two closed 2026-09" in page
    assert "C-1" not in page
    assert "?subject=campaigns.month%3A2026-09" in page
    untouched = factories.month("2026-08")
    assert "Who did what" not in room.get(f"/admin/campaigns/month/{untouched.pk}/change/").content.decode()


def test_an_event_leads_to_its_subject_while_that_is_there(room: Client, auditor: User) -> None:
    audit.record(auditor, "month.close", factories.month("2026-09"))
    event = newest()
    page = f"{ROOM}{event.pk}/change/"
    link = 'href="/admin/campaigns/month/2026-09/change/"'
    assert link in room.get(page).content.decode()
    auditor.user_permissions.remove(Permission.objects.get(codename="view_month"))
    assert link not in room.get(page).content.decode()


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL sorts a small table whatever its indexes"
)
@pytest.mark.parametrize(
    "query",
    ["", "?area__exact=money", "?action=month.close", "?who=auditor", "?who=Pulse", "?subject=a.b:1",
     "?since=2026-01-01&until=2026-01-31", "?area__exact=money&since=2026-01-01"],
)  # fmt: skip
def test_each_filter_is_one_stretch_of_an_index(room: Client, query: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        room.get(ROOM + query)
    rows = [q["sql"] for q in asked if 'FROM "pulse_site_auditevent"' in q["sql"] and "COUNT" not in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {rows[0]}")
        plan = [step for *_ids, step in cursor.fetchall()]
    assert len(plan) == 1, plan
    assert "USING INDEX" in plan[0] and ("SEARCH" in plan[0] or not query), plan


# What is exported


def exported(client: Client, format: str, query: str = "") -> bytes:
    return b"".join(client.get(f"{ROOM}export/{format}/{query}").streaming_content)  # type: ignore[attr-defined]


def test_the_export_has_what_the_filters_leave(room: Client, finance_one: User, finance_two: User) -> None:
    some_events(finance_one, finance_two)
    text = exported(room, "csv", "?area__exact=money&who=finance-two").decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["actor"], row["action"], row["subject"]) == ("finance-two", "month.close", "2026-09")
    assert row["detail"] == '{"revenue_micros": 1, "shared_micros": 1}'
    assert row["what"] == "finance-two closed 2026-09: $0.000001 revenue, $0.000001 shared"
    assert datetime.datetime.fromisoformat(row["at"]) == newest(action="month.close").at


def test_a_workbook_says_the_same(room: Client, finance_one: User, finance_two: User) -> None:
    some_events(finance_one, finance_two)
    sheet = openpyxl.load_workbook(io.BytesIO(exported(room, "xlsx", "?area__exact=money"))).active
    lines = list(csv.reader(io.StringIO(exported(room, "csv", "?area__exact=money").decode("utf-8-sig"))))
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == lines


def test_an_export_runs_nothing_in_a_spreadsheet(room: Client, finance_one: User) -> None:
    audit.record(finance_one, "campaign.pause", factories.campaign("=1+1"))
    for format in ("csv", "xlsx"):
        content = exported(room, format, "?action=campaign.pause")
        if format == "csv":
            assert ",'=1+1" in content.decode("utf-8-sig")
        else:
            row = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))[1]
            assert row[6].startswith("'=1+1")


def test_an_export_asks_no_more_for_many_events_than_for_few(room: Client, finance_one: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            exported(room, "csv")
        return len(queries)

    some_events(finance_one, finance_one)
    few = asked()
    for _round in range(5):
        some_events_again(finance_one)
    assert asked() == few


def some_events_again(by: User) -> None:
    audit.record(by, "month.close", factories.month())


def test_who_may_not_see_the_room_may_not_export_it(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.get(ROOM).status_code == 403
    assert client.get(f"{ROOM}export/csv/").status_code == 403
