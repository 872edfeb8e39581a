"""Lists that stay fast: what a page asks of the database does not grow with the table."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from creators.admin.creators import FOLLOWERS
from creators.models import Creator
from pulse_site.admin.model_admin import CappedPaginator
from pulse_site.models import User
from tests import desk, factories

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def desk_of(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def lists() -> dict[str, str]:
    return {
        model._meta.label: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in MODELS
    } | {
        "start": reverse("admin:index"),
        # Said out loud: unsaid, it would be whatever was shown last.
        Creator._meta.label: reverse("admin:creators_creator_changelist") + "?status=pending",
        "everyone": reverse("admin:creators_creator_changelist") + "?status=all",
    }


def test_no_list_asks_more_for_fifty_rows_than_for_five(desk_of: Client) -> None:
    desk.fill(5)
    few = {name: queries(desk_of, address) for name, address in lists().items()}
    desk.fill(45)
    many = {name: queries(desk_of, address) for name, address in lists().items()}
    assert many == few
    assert few.pop("start") <= 20
    assert max(few.values()) <= 10


def test_no_list_counts_its_whole_table_nor_sorts_by_what_has_no_index() -> None:
    for model, model_admin in admin.site._registry.items():
        assert issubclass(model_admin.paginator, CappedPaginator), model
        assert not model_admin.show_full_result_count
        assert model_admin.show_facets == admin.ShowFacets.NEVER
        assert model_admin.list_per_page == 50
        assert model_admin.sortable_by in ((), ("username",), (FOLLOWERS,))


def test_no_list_reads_the_distinct_values_of_a_column(desk_of: Client) -> None:
    desk.fill(1)
    for address in lists().values():
        with CaptureQueriesContext(connection) as asked:
            desk_of.get(address)
        assert not [query for query in asked if "DISTINCT" in query["sql"]], address


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL sorts a small table whatever its indexes"
)
@pytest.mark.parametrize(
    "address",
    [
        "creators/creator/",
        "creators/creator/?status=all",
        "creators/creator/?status=approved",
        "creators/creator/?q=bel",
        "creators/decision/",
        "creators/reach/",
        "creators/eligibility/",
        "creators/video/",
        "campaigns/delivery/",
        "payouts/account/",
        "payouts/account/?q=payable:",
        "payouts/transfer/",
        "payouts/earning/",
        "payouts/payout/",
    ],
)
def test_a_large_list_is_read_along_an_index(desk_of: Client, address: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        desk_of.get(f"/admin/{address}")
    app, model, _query = address.split("/")
    (rows,) = [
        query["sql"]
        for query in asked
        if f'FROM "{app}_{model}"' in query["sql"] and "COUNT" not in query["sql"]
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {rows}".replace("%", "%%"))
        plan = [step for *_ids, step in cursor.fetchall()]
    searched = "q=" in address
    assert searched or not [step for step in plan if "TEMP B-TREE" in step], plan
    assert not searched or "SEARCH" in plan[0], plan


def test_a_count_stops_at_its_limit(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CappedPaginator, "limit", 3)
    for _number in range(3):
        factories.creator()
    exact = CappedPaginator(Creator.objects.order_by("id"), 2)
    assert (exact.count, exact.capped, exact.num_pages) == (3, False, 2)
    factories.creator()
    capped = CappedPaginator(Creator.objects.order_by("id"), 2)
    assert (capped.count, capped.capped) == (3, True)


def test_a_capped_count_says_so(desk_of: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CappedPaginator, "limit", 2)
    desk.fill(3)
    assert b"more than 2" in desk_of.get(reverse("admin:creators_video_changelist")).content


def test_select_all_across_pages_is_not_offered_and_not_obeyed(desk_of: Client) -> None:
    ticked = factories.creator(status="pending")
    factories.creator(status="pending")
    url = reverse("admin:creators_creator_changelist")
    answer = desk_of.post(
        url, {"action": "approve", "select_across": "1", "index": "0", "_selected_action": [ticked.pk]}
    )
    assert answer["Location"].endswith(f"?ids={ticked.pk}")
