import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Month
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import close, deliver

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


def test_a_batch_goes_through_the_commands(finance_one: User, finance_two: User, tmp_path: Path) -> None:
    deliver(factories.campaign(), factories.enrolled("ada"), 20_000)
    close(finance_one, finance_two)
    chosen = tmp_path / "handles.txt"
    chosen.write_text("@ada\n")
    told("prepare_batch", "2026-10", "--as", "finance-one", "--include", str(chosen), "--minimum", "60.00")
    review = told("approve_batch", "2026-10-1", "--as", "finance-two", "--review")
    assert (review["payments"], review["dropped"]) == (1, 0)
    told("approve_batch", "2026-10-1", "--as", "finance-two", "--seen", str(review["digest"]))
    summary = told("issue_batch", "2026-10-1", "--as", "finance-one", "--out", str(tmp_path))
    assert summary == told("issue_batch", "2026-10-1", "--as", "finance-one")
    assert (tmp_path / "2026-10-1-ach-1.ach").exists()
    sent = told("send_batch", "2026-10-1", "--as", "finance-one")
    assert (sent["status"], sent["payments"], sent["amount_micros"]) == ("sent", 1, 100_000_000)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("prepare_batch", "2026-09", "--as", "finance-one"), "no month"),
        (("prepare_batch", "2026-10", "--as", "finance-one"), "not closed"),
        (("prepare_batch", "2026-10", "--as", "finance-one", "--minimum", "0.0000001"), "not an amount"),
        (("prepare_batch", "2026-10", "--as", "finance-one", "--minimum", "NaN"), "not an amount"),
        (("prepare_batch", "2026-10", "--as", "finance-one", "--include", "/nowhere"), "can't be read"),
        (("approve_batch", "2026-10-1", "--as", "finance-two"), "no payout batch"),
        (("issue_batch", "2026-10-1", "--as", "finance-two"), "no payout batch"),
        (("send_batch", "2026-10-1", "--as", "finance-two"), "no payout batch"),
    ],
)
def test_what_a_batch_refuses_exits_with_1(
    command: tuple[str, ...], message: str, finance_one: User, finance_two: User
) -> None:
    factories.month()
    with pytest.raises(CommandError, match=message) as refusal:
        call_command(*command)
    assert refusal.value.returncode == 1


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
