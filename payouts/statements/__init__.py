"""Statements: one creator's month, explained to the micro from the stored rows.

`of` reads a closed month and adds it up; the pages, the PDF and the CSV only write down what it returns, so
that they can't differ. What leaves the house is rendered once and served from its row (files.py); a creator
comes to it by a link that is signed and expires (links.py).
"""

from payouts.statements.content import Adjusted, Held, Line, Moved, Paid, Statement, Unpaid
from payouts.statements.reading import of, of_each

__all__ = ["Adjusted", "Held", "Line", "Moved", "Paid", "Statement", "Unpaid", "of", "of_each"]
