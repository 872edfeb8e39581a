"""Counts as people and exports write them, read exactly or not at all.

`13800000`, `13,800,000`, `13 800 000` and `13.8M` all mean one number, found with integers alone: a float
would make 145.6K one less. What may mean two numbers (`1.234`) is refused rather than guessed.
"""

import re
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from pulse_site.feeds.cells import Unusable

LARGEST = 10_000_000_000_000  # ten trillion: above every count on earth, far below 2**63
_BLANKS = " \u00a0\u202f\u2009"
_GROUPED = re.compile(
    rf"[0-9]{{1,3}}(?:([,{_BLANKS}'’])[0-9]{{3}})(?:\1[0-9]{{3}})*|[0-9]{{1,3}}(?:\.[0-9]{{3}}){{2,}}"
)
_DECIMAL = re.compile(r"([0-9]{1,20})\.([0-9]{1,20})")
_ROUNDED = re.compile(rf"([0-9]{{1,15}})(?:\.([0-9]{{1,15}})|,([0-9]{{1,2}}))?[{_BLANKS}]?([KkMmBb])")
_POWERS = {"k": 3, "m": 6, "b": 9}


def count(largest: int = LARGEST) -> Callable[[str], int]:
    """A parser of counts from 0 to `largest`.

    It raises Unusable: `negative`, `fractional`, `ambiguous`, `unreadable`, or `absurd` above `largest`.
    """

    def parse(cell: str) -> int:
        # Nearly every cell is plain digits: this road is five times shorter than the other.
        value = int(cell) if cell.isdigit() and cell.isascii() and len(cell) < 20 else _read(cell.strip())
        if value > largest:
            raise Unusable("absurd", _("Above %(largest)s: check the number.") % {"largest": f"{largest:,}"})
        return value

    return parse


def plain(least: int = 0, largest: int = LARGEST) -> Callable[[Sequence[str]], Sequence[str] | None]:
    """A parser of many numbers at once where all are plain digits from `least` to `largest`, else None.

    They stay texts, which a database reads as well: numbers would only be made to be written again.
    """
    safe = len(str(largest)) if not least else 0  # a number with fewer digits is never too large

    def parse(cells: Sequence[str]) -> Sequence[str] | None:
        digits = "".join(cells)
        if not (all(cells) and digits.isdigit() and digits.isascii()):
            return None
        longest = len(max(cells, key=len))
        if longest < safe:
            return cells
        if longest > 19:
            return None
        values = list(map(int, cells))
        return cells if least <= min(values) and max(values) <= largest else None

    return parse


def most_exact(cells: Sequence[str]) -> str:
    """Of several cells for one count, the one to read: plain rather than rounded.

    Raises Unusable when two plain ones say different numbers.
    """
    filled = [cell for cell in cells if cell.strip()]
    plain = [cell for cell in filled if not _ROUNDED.fullmatch(cell.strip())]
    if len({_read(cell.strip()) for cell in plain}) > 1:
        raise Unusable("ambiguous", _("Two columns of this count say different numbers: keep one of them."))
    return (plain or filled or [""])[0]


def _read(cell: str) -> int:
    if cell.isascii() and cell.isdigit() and len(cell) < 40:
        return int(cell)
    if _GROUPED.fullmatch(cell):
        return int(re.sub("[^0-9]", "", cell))
    if match := _ROUNDED.fullmatch(cell):
        whole, point, comma, unit = match.groups()
        return _shift(whole, point or comma or "", _POWERS[unit.lower()])
    if match := _DECIMAL.fullmatch(cell):
        return _plain_decimal(*match.groups())
    raise _unreadable(cell)


def _shift(whole: str, fraction: str, power: int) -> int:
    """whole.fraction times ten to the power, where that is an integer."""
    value, rest = divmod(int(whole + fraction) * 10**power, 10 ** len(fraction))
    if rest:
        raise Unusable("fractional", _("A count is a whole number; write it in full."))
    return value


def _plain_decimal(whole: str, fraction: str) -> int:
    if len(whole) <= 3 and len(fraction) == 3:
        raise Unusable("ambiguous", _("This may be a thousand or a fraction; write it without the point."))
    return _shift(whole, fraction, 0)


def _unreadable(cell: str) -> Unusable:
    if re.match(r"[-−(]\s*[0-9]", cell):
        return Unusable("negative", _("A count is never below 0; check the number."))
    if re.fullmatch(rf"[0-9]{{1,3}},[0-9]{{3}}[{_BLANKS}]?[KkMmBb]", cell):
        return Unusable("ambiguous", _("The comma may mean two things; write the number in full."))
    return Unusable("unreadable", _("Write a whole number such as 13800000, 13,800,000 or 13.8M."))
