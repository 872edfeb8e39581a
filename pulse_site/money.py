"""How Pulse writes an amount for a person: exact, from whole micros, never through a float.

There is one function, so that a page, a summary and a statement can't show the same amount differently.
"""

from django.utils.translation import get_language

MICROS_PER_DOLLAR = 1_000_000
# What French puts between thousands, and before the sign: neither lets a line break.
NARROW, FIXED = "\u202f", "\u00a0"


def dollars(micros: int) -> str:
    """`micros` as US dollars: cents always, and the digits beyond them only where the amount has them.

    Nothing is rounded, so that the figures of a column add up to the figure below it: 1_234_560_000 is
    "$1,234.56", 10_010 is "$0.01001", -5_000_000 is "-$5.00".
    """
    whole, rest = divmod(abs(micros), MICROS_PER_DOLLAR)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}${whole:,}.{decimals}"


def written(micros: int) -> str:
    """The same exact amount as the reader's language writes it: "$1,234.56", in French "1 234,56 $"."""
    english = dollars(micros)
    if not (get_language() or "en").startswith("fr"):
        return english
    return english.replace("$", "").translate({ord(","): NARROW, ord("."): ","}) + f"{FIXED}$"


def nearest_cent(micros: int) -> int:
    """An estimate to the cent, in micros; half a cent goes up. Never for what is billed or paid."""
    cent = MICROS_PER_DOLLAR // 100
    return (micros + cent // 2) // cent * cent


def plain(micros: int) -> str:
    """For programs: -1234.560000, six decimals, whatever the language."""
    whole, rest = divmod(abs(micros), MICROS_PER_DOLLAR)
    return f"{'-' if micros < 0 else ''}{whole}.{rest:06}"
