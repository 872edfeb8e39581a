"""Texts that a spreadsheet would run, made harmless: whatever leaves the house as CSV or XLSX comes by here.

There is one rule, so that a lineup, a list of rejected rows and an export can't differ in what they let pass.
"""

import re
from typing import Any

# What Excel, LibreOffice or Sheets take for the start of a formula, also behind blanks and in full width.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[^\S\t\r]*[\t\r]")


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would run, with a quote before it; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value
