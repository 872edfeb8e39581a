import io
import json

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Month
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import deliver

pytestmark = pytest.mark.django_db
KEYS = [
    "month",
    "status",
    "revenue_micros",
    "shared_micros",
    "platform_micros",
    "creators",
    "seconds",
    "warnings",
]


def told(*command: str) -> dict[str, object]:
    out = io.StringIO()
    call_command(*command, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_month_goes_through_the_commands(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    summaries = [
        told("calculate_month", "2026-10"),
        told("review_month", "2026-10", "--as", "finance-one"),
        told("close_month", "2026-10", "--as", "finance-two"),
    ]
    assert [summary["status"] for summary in summaries] == ["calculated", "review", "closed"]
    assert all(list(summary) == KEYS for summary in summaries)
    assert (summaries[-1]["revenue_micros"], summaries[-1]["shared_micros"]) == (10_000_000, 5_000_000)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("calculate_month", "October"), "not a month"),
        (("calculate_month", "2027-01"), "not begun"),
        (("review_month", "2026-10", "--as", "finance-one"), "must be calculated"),
        (("review_month", "2026-10", "--as", "nobody"), "no active user"),
        (("close_month", "2026-10", "--as", "finance-two"), "must be under review"),
    ],
)
def test_what_is_refused_exits_with_1_and_says_why(
    command: tuple[str, ...], message: str, finance_one: User, finance_two: User
) -> None:
    with pytest.raises(CommandError, match=message) as refusal:
        call_command(*command)
    assert refusal.value.returncode == 1
    assert not Month.objects.exists()


def test_verify_says_ok() -> None:
    assert told("verify") == {"ok": True, "breaches": []}


def test_verify_exits_with_1_and_names_each_breach() -> None:
    month = factories.month(revenue_micros=5)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 breaches") as refusal:
        call_command("verify", "--json", stdout=out)
    assert refusal.value.returncode == 1
    summary = json.loads(out.getvalue())
    assert summary["ok"] is False
    assert f"month {month} says 5 micros" in summary["breaches"][0]
