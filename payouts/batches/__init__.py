"""Paying creators in batches: prepared by one person, approved by another, each micro spent once.

moves       which step may follow which, of a batch and of its payouts, and who may take it
postings    the transfers that each step makes; `verify` compares them with what is there
preparing   who is due, who is held and why; re-issuing what banks returned
approving   what the approver sees, and the reserve
issuing     the files for banks and providers, rendered once and served from the database
issued      the memory of issued files outside the database, so that a restored backup pays nobody twice
settling    sent, paid, returned, cancelled
results     the bank's result file

A payout takes the whole cents of what a creator has; the rest, and everything below the minimum, stays in
his account and is carried. Approving reserves the money: it moves from the creators' accounts to the batch's
own in the same transaction that finds it to be there, with those accounts locked, so that no other batch can
count on it. What happens at the bank afterwards only moves it on, or back.
"""

from payouts.batches.approving import Review, approve, review
from payouts.batches.checking import breaches
from payouts.batches.issuing import hand_out, make_files
from payouts.batches.moves import MOVES, PAYOUT_MOVES
from payouts.batches.postings import POSTED
from payouts.batches.preparing import cut_off, prepare, reissue
from payouts.batches.settling import cancel, mark_paid, mark_sent, record
from payouts.batches.totals import Totals, summary, totals

__all__ = [
    "MOVES",
    "PAYOUT_MOVES",
    "POSTED",
    "Review",
    "Totals",
    "approve",
    "breaches",
    "cancel",
    "cut_off",
    "hand_out",
    "make_files",
    "mark_paid",
    "mark_sent",
    "prepare",
    "record",
    "reissue",
    "review",
    "summary",
    "totals",
]
