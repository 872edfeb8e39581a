import datetime

import pytest

from campaigns import periods
from campaigns.models import Campaign
from campaigns.periods import Period

TODAY = datetime.date(2026, 3, 10)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("all", None, None),
        ("last-7", "2026-03-03", "2026-03-09"),
        ("last-30", "2026-02-08", "2026-03-09"),
        ("this-month", "2026-03-01", "2026-03-10"),
        ("last-month", "2026-02-01", "2026-02-28"),
    ],
)
def test_what_is_offered_are_whole_days(key: str, first: str | None, last: str | None) -> None:
    period = periods.presets(TODAY)[key]
    assert (period.first, period.last) == (first and day(first), last and day(last))


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-03-03", "2026-03-09", ("2026-02-24", "2026-03-02")),
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
        ("2026-03-01", "2026-03-10", ("2026-02-19", "2026-02-28")),
        ("2026-01-01", "2026-01-01", ("2025-12-31", "2025-12-31")),
    ],
)
def test_the_period_before_is_as_long_and_a_month_before_a_month(
    first: str, last: str, before: tuple[str, str]
) -> None:
    found = periods.custom(day(first), day(last)).before()
    assert found and (str(found.first), str(found.last)) == before


def test_before_what_a_month_billed_is_what_the_month_before_did() -> None:
    found = Period("x", "", month="2026-01").before()
    assert found and found.month == "2025-12"


def test_before_all_there_is_nothing() -> None:
    assert periods.presets(TODAY)["all"].before() is None


def test_the_months_since_the_first_campaign_began_are_offered_newest_first() -> None:
    campaigns = [Campaign(starts_on=day("2026-02-20")), Campaign(starts_on=day("2025-12-31"))]
    found = periods.invoiced(campaigns, TODAY)
    assert [period.month for period in found.values()] == ["2026-03", "2026-02", "2026-01", "2025-12"]
    assert periods.invoiced([], TODAY) == {}
    assert periods.invoiced([Campaign(starts_on=day("2026-05-01"))], TODAY) == {}
