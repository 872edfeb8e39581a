"""The days on which the Federal Reserve settles ACH payments: every weekday but its holidays.

The holidays are rules, not a list, so that no year is missing: a fixed date, or the nth Monday or Thursday of
a month. A fixed date that is a Sunday is kept on the Monday after it; one that is a Saturday is not made up
for: the Reserve Banks are open on the Friday before (the Board's schedule K.8).
"""

import datetime
from functools import cache

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
# New Year, Juneteenth, Independence Day, Veterans Day, Christmas: month and day.
FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
# Martin Luther King, Presidents, Labor, Columbus, Thanksgiving: month, weekday, which one.
NTH = ((1, MONDAY, 3), (2, MONDAY, 3), (9, MONDAY, 1), (10, MONDAY, 2), (11, THURSDAY, 4))


@cache
def holidays(year: int) -> frozenset[datetime.date]:
    """The days of `year`, other than Saturdays and Sundays, on which nothing is settled."""
    fixed = [datetime.date(year, month, day) for month, day in FIXED]
    observed = [day + datetime.timedelta(days=day.weekday() == SUNDAY) for day in fixed]
    moving = [_nth(year, month, weekday, which) for month, weekday, which in NTH]
    memorial = _nth(year, 6, MONDAY, 1) - datetime.timedelta(weeks=1)  # the last Monday of May
    return frozenset(day for day in (*observed, *moving, memorial) if day.weekday() < SATURDAY)


def banking_day(day: datetime.date) -> datetime.date:
    """`day` if payments are settled on it, or the next one on which they are."""
    while day.weekday() >= SATURDAY or day in holidays(day.year):
        day += datetime.timedelta(days=1)
    return day


def _nth(year: int, month: int, weekday: int, which: int) -> datetime.date:
    first = datetime.date(year, month, 1)
    return first + datetime.timedelta(days=(weekday - first.weekday()) % 7, weeks=which - 1)
