"""The countries by their names, in the reader's language and order (from CLDR, by Babel)."""

import unicodedata
from functools import cache

from babel import Locale
from django.utils.translation import get_language

# Regions of CLDR that are no countries: unions, exceptional reservations, codes for tests.
NO_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())


def choices() -> list[tuple[str, str]]:
    """Code of two letters and name, by name."""
    return _choices((get_language() or "en")[:2])


def name(code: str) -> str:
    """The name of the country, or the code itself where it is none."""
    return dict(choices()).get(code, code)


@cache
def _choices(language: str) -> list[tuple[str, str]]:
    territories = Locale(language).territories
    found = [(code, name) for code, name in territories.items() if _is_country(code)]
    return sorted(found, key=lambda each: _without_accents(each[1]))


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES


def _without_accents(text: str) -> str:
    """É between E and F, as people look for it."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
