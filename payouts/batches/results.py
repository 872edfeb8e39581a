"""What the bank says became of the payments: a file of references, each paid or returned.

A file may come twice, or come in parts that overlap: what is known already changes nothing. A payment that
was paid may come back days later; one that came back is never paid after all, but issued again.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from payouts.batches import settling
from pulse_site import audit
from pulse_site.feeds import cells
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Column, Feed
from pulse_site.feeds.mapping import folded
from pulse_site.feeds.staging import Stage, execute, select
from pulse_site.models import Upload

REFERENCE = re.compile(r"P(\d{9,14})", re.ASCII)
# How banks and providers say it.
STATUSES = {
    "paid": ("paid", "settled", "completed", "complete", "success", "successful", "credited", "posted"),
    "returned": (
        "returned",
        "return",
        "rejected",
        "reject",
        "failed",
        "refused",
        "reversed",
        "blocked",
        "unclaimed",
        "denied",
    ),
}
MEANINGS = {folded(word): status for status, words in STATUSES.items() for word in words}
PAYOUT_ID = "CAST(substr(reference, 2) AS bigint)"
GIVEN = f"""
    SELECT s.line, s.reference, payout.id AS payout_id, payout.status AS status_before, s.status,
           s.date, COALESCE(s.reason, '') AS reason,
           CASE WHEN payout.status = s.status THEN 'unchanged' ELSE 'updated' END AS change
      FROM (SELECT *, {PAYOUT_ID} AS payout_id FROM feed_rows) s
      JOIN payouts_payout payout ON payout.id = s.payout_id
"""
SETTLE = """
    UPDATE payouts_payout SET status = r.status, settled_on = r.date, bank_reason = r.reason
      FROM feed_ready r WHERE payouts_payout.id = r.payout_id AND r.change = 'updated'
"""
KNOWN = f"EXISTS (SELECT 1 FROM payouts_payout payout WHERE payout.id = {PAYOUT_ID})"
IS = f"EXISTS (SELECT 1 FROM payouts_payout payout WHERE payout.id = {PAYOUT_ID} AND payout.status IN {{}})"
READY = "payout.id IN (SELECT payout_id FROM feed_ready WHERE change = 'updated' AND {})"


def reference(cell: str) -> str:
    """A payment's reference as Pulse writes it, such as P000000123; lower case and blanks are forgiven."""
    written = "".join(cell.split()).upper()
    if not REFERENCE.fullmatch(written):
        raise Unusable("bad_reference", _("A reference is P and nine digits or more, like P000000123."))
    return written


def status(cell: str) -> str:
    """ "paid" or "returned", by any of the words of STATUSES."""
    if found := MEANINGS.get(folded(cell)):
        return found
    raise Unusable("unknown_status", _("Write paid or returned."))


class PaymentResultsFeed(Feed):
    """reference (P000000123), status (paid or returned), date, reason."""

    name = "payment_results"
    key = ("reference",)
    sample = ("reference", "status_before", "status", "date", "reason")

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            Column(
                "reference",
                reference,
                aliases=("payment reference", "end to end id", "individual id", "customer id", "payment"),
                type="text",
            ),
            Column("status", status, aliases=("state", "result", "outcome"), type="text"),
            Column(
                "date",
                cells.day,
                aliases=("settled on", "settlement date", "value date", "day", "returned on"),
                type="date",
            ),
            Column(
                "reason",
                cells.cut_text(200),
                aliases=("return reason", "reason code", "message", "description"),
                type="text",
                required=False,
                default="",
            ),
        )

    def check(self, stage: Stage) -> None:
        settling.hold_batches(f"payout.id IN (SELECT {PAYOUT_ID} FROM feed_rows)")
        stage.reject(
            "reference",
            "unknown_payment",
            _("Pulse has made no payment with this reference; check it."),
            f"NOT {KNOWN}",
        )
        stage.reject(
            "reference",
            "payment_not_sent",
            _("This payment was not handed to the bank; check the reference, or mark its batch as sent."),
            "NOT " + IS.format("('sent', 'paid', 'returned')"),
        )
        stage.reject(
            "status",
            "paid_after_return",
            _("This payment was returned before; it is issued again, never paid after all. Ask the bank."),
            "status = 'paid' AND " + IS.format("('returned')"),
        )

    def resolution(self) -> tuple[str, Sequence[Any]]:
        return GIVEN, ()

    def extras(self) -> dict[str, Any]:
        counted = select(
            "SELECT status, count(*) FROM feed_ready WHERE change = 'updated' GROUP BY status ORDER BY status"
        )
        return {"statuses": dict(counted)}

    def apply(self, upload: Upload) -> None:
        execute(SETTLE)
        settling.settle(
            READY.format("status_before = 'sent'"), READY.format("status = 'returned'"), upload.uploaded_by
        )
        audit.record(upload.uploaded_by, "payout.results", upload, **self.extras()["statuses"])
