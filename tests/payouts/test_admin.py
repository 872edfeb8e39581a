"""Finance in the admin: two persons on every month, and refusals that are told."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from campaigns.models import Month
from payouts import months
from pulse_site import runs
from pulse_site.models import Run, User
from tests import factories


def move(client: Client, user: User, action: str) -> str:
    client.force_login(user)
    address = reverse("admin:campaigns_month_move", args=[action])
    return client.post(f"{address}?ids=2020-01", follow=True).content.decode()


@pytest.fixture
def month(finance_one: User, finance_two: User) -> Month:
    for user in (finance_one, finance_two):
        allow(user, "view_month")
    return factories.month("2020-01")


def allow(user: User, codename: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_a_month_is_calculated_reviewed_and_closed_by_two_persons(
    client: Client, month: Month, finance_one: User, finance_two: User
) -> None:
    assert "Calculating" in move(client, finance_one, "calculate")
    runs.perform(Run.objects.get().pk)
    for user, action in ((finance_one, "review"), (finance_two, "close")):
        assert "2020-01: done." in move(client, user, action)
    month.refresh_from_db()
    assert (month.status, month.reviewed_by, month.closed_by) == ("closed", finance_one, finance_two)


def test_who_reviewed_a_month_is_not_offered_to_close_it(
    client: Client, month: Month, finance_one: User
) -> None:
    allow(finance_one, "close_month")
    months.calculate("2020-01")
    move(client, finance_one, "review")
    address = reverse("admin:campaigns_month_move", args=["close"]) + "?ids=2020-01"
    assert "somebody else closes it" in client.get(address).content.decode()
    move(client, finance_one, "close")
    month.refresh_from_db()
    assert month.status == "review"


def test_a_month_under_review_is_taken_back(client: Client, month: Month, finance_one: User) -> None:
    months.calculate("2020-01")
    move(client, finance_one, "review")
    assert "2020-01: done." in move(client, finance_one, "reopen")
    month.refresh_from_db()
    assert (month.status, month.reviewed_by) == ("calculated", None)


def test_a_draft_that_failed_or_warns_says_so_on_its_month(
    client: Client, month: Month, finance_one: User
) -> None:
    client.force_login(finance_one)
    address = reverse("admin:campaigns_month_change", args=["2020-01"])
    for said in (
        {"status": "failed", "error": "No terms"},
        {"status": "done", "result": {"warnings": ["Odd"]}},
    ):
        Run.objects.create(kind="calculate_month", key="2020-01", **said)
        shown = client.get(address).content.decode()
        assert said.get("error", "Odd") in shown
        assert "Calculating" not in shown


def test_a_refused_preparation_is_told_on_the_months_page(
    client: Client, month: Month, finance_one: User
) -> None:
    Month.objects.filter(pk="2020-01").update(
        status="closed", reviewed_by=finance_one, closed_by=factories.user()
    )
    runs.start("prepare_batch", key="2020-01", arguments={"month": "2020-01"}, owner=finance_one)
    runs.perform(Run.objects.get().pk)
    allow(finance_one, "view_payoutbatch")
    client.force_login(finance_one)
    page = client.get(reverse("admin:campaigns_month_change", args=["2020-01"]))
    assert 'class="alert bad">2020-01 is not closed' in page.content.decode()


def test_the_page_shows_the_figures_before_it_asks(client: Client, month: Month, finance_one: User) -> None:
    Month.objects.filter(pk="2020-01").update(revenue_micros=1_234_560_000, shared_micros=600_000_000)
    client.force_login(finance_one)
    page = client.get(reverse("admin:campaigns_month_move", args=["calculate"]), {"ids": "2020-01"})
    for amount in ("$1,234.56", "$600.00", "$634.56"):
        assert amount in page.content.decode()
