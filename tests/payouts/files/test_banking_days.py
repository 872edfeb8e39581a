"""The Federal Reserve's holidays, from its own schedule (K.8, 2026-2030)."""

import datetime

import pytest

from payouts.files.banking_days import banking_day, holidays

# Month and day of each weekday without settlement, as the schedule has them; * is moved from a Sunday.
SCHEDULE = {
    2026: "1-1 1-19 2-16 5-25 6-19 9-7 10-12 11-11 11-26 12-25",
    2027: "1-1 1-18 2-15 5-31 7-5 9-6 10-11 11-11 11-25",
    2028: "1-17 2-21 5-29 6-19 7-4 9-4 10-9 11-23 12-25",
    2029: "1-1 1-15 2-19 5-28 6-19 7-4 9-3 10-8 11-12 11-22 12-25",
    2030: "1-1 1-21 2-18 5-27 6-19 7-4 9-2 10-14 11-11 11-28 12-25",
}


@pytest.mark.parametrize("year", SCHEDULE)
def test_holidays_are_those_of_the_schedule(year: int) -> None:
    found = [f"{day.month}-{day.day}" for day in sorted(holidays(year))]
    assert " ".join(found) == SCHEDULE[year]


@pytest.mark.parametrize(
    ("wanted", "paid"),
    [
        ("2026-11-24", "2026-11-24"),
        ("2026-11-26", "2026-11-27"),  # Thanksgiving
        ("2026-11-28", "2026-11-30"),  # a Saturday
        ("2026-07-03", "2026-07-03"),  # the Friday before a Saturday that is a holiday
        ("2027-07-03", "2027-07-06"),  # a Saturday, a holiday on Sunday, kept on Monday
        ("2022-12-31", "2023-01-03"),  # over the year's end
        ("2029-11-10", "2029-11-13"),
    ],
)
def test_a_day_without_settlement_becomes_the_next_with_it(wanted: str, paid: str) -> None:
    assert banking_day(datetime.date.fromisoformat(wanted)) == datetime.date.fromisoformat(paid)
