"""What one cell of a file says: texts, numbers that name something, days.

A parser takes the text of a cell and returns its value, or raises Unusable: nothing is guessed. A blank
cell is never a value.
"""

import datetime
import functools
from collections.abc import Callable

from django.utils import timezone
from django.utils.translation import gettext as _

EARLIEST_DAY = datetime.date(2004, 1, 1)
LARGEST_ID = 2**63 - 1


class Unusable(ValueError):
    """A cell that can't be used: a short code for the counts, and what a person should do about it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def text(longest: int) -> Callable[[str], str]:
    """A parser of texts up to `longest` characters; runs of blanks and line breaks become one blank."""

    def parse(cell: str) -> str:
        words = " ".join(cell.split())
        if not words:
            raise Unusable("missing", _("Fill this cell."))
        if len(words) > longest:
            raise Unusable("too_long", _("Shorten it to %(longest)s characters.") % {"longest": longest})
        return words

    return parse


def cut_text(longest: int) -> Callable[[str], str | None]:
    """A parser of texts that only describe: what is longer than `longest` characters is cut."""
    return lambda cell: " ".join(cell.split())[:longest].rstrip() or None


def number(cell: str) -> int:
    """A number that names something, such as a video's id: digits only, from 1 to 2**63 - 1."""
    digits = cell.strip()
    value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 19 else 0
    if not 0 < value <= LARGEST_ID:
        raise Unusable(
            "bad_number",
            _("Write the number in full, digits only. A spreadsheet rounds long ones: format it as text."),
        )
    return value


@functools.lru_cache(maxsize=1_000)
def day(cell: str) -> str:
    """A day such as 2026-10-31, from 2004 to today; returned in that form."""
    try:
        parsed = datetime.date.fromisoformat(cell.strip())
    except ValueError:
        raise Unusable("bad_date", _("Write the day like 2026-10-31.")) from None
    if parsed > timezone.now().date():
        raise Unusable("future_date", _("This day is still to come; check the date."))
    if parsed < EARLIEST_DAY:
        raise Unusable("bad_date", _("This day is too long ago; check the date."))
    return parsed.isoformat()
