"""A process that reviews, closes and pays October up to the bank's answer, and may be killed at any instant.

    python -m tests.payouts.paying build ROWS | pay FOLDER | tell

`build` makes a programme in the database of DATABASE_URL; `pay` goes on wherever the month or the batch is,
and leaves a sign in FOLDER when it begins; `tell` prints a digest over all that was done, and what `verify`
finds.
"""

import datetime
import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import django
from django.utils import timezone

django.setup()


from campaigns.models import Invoice, Month  # noqa: E402
from payouts import batches, months  # noqa: E402
from payouts.batches.checking import REFERENCES  # noqa: E402
from payouts.models import PaymentFile, Payout, PayoutBatch, Transfer, payment_reference  # noqa: E402
from payouts.verification import verify  # noqa: E402
from pulse_site.models import User  # noqa: E402
from tests import factories  # noqa: E402
from tests.payouts import large  # noqa: E402

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
# The lineups and videos of a large programme are not made.
UNMADE = {"used lineups", "billed in the lineup"}
NEXT = {"prepared": "approve", "approved": "make_files", "filed": "mark_sent", "sent": "mark_paid"}


def build(rows: str) -> None:
    factories.staff("preparer", "review_month", "prepare_batch")
    factories.staff("approver", "close_month", "approve_batch")
    large.calculate(int(rows))


def pay(folder: str) -> None:
    Path(folder, "begun").touch()
    preparer, approver = (User.objects.get(username=name) for name in ("preparer", "approver"))
    month = Month.objects.get(code="2026-10")
    if month.status == Month.Status.CALCULATED:
        months.review(month.code, preparer)
        month.refresh_from_db()
    if month.status == Month.Status.REVIEW:
        months.close(month.code, approver)
        month.refresh_from_db()
    batch = PayoutBatch.objects.first() or batches.prepare(month, preparer)
    while action := NEXT.get(batch.status):
        getattr(batches, action)(batch, approver)


def tell() -> None:
    """Numbers that a rolled back attempt has used up are gone, so payments are named by their creators."""
    creators = dict(Payout.objects.values_list("pk", "creator_id"))
    names = {payment_reference(pk).encode(): f"C{creator:09}".encode() for pk, creator in creators.items()}
    digest = hashlib.sha256()
    payouts = Payout.objects.order_by("creator_id").values_list(
        "creator_id", "amount_micros", "withheld_micros", "status", "method", "reasons", "file__name"
    )
    transfers = Transfer.objects.order_by("key").values_list(
        "key", "kind", "debit_account__code", "credit_account__code", "amount_micros", "month"
    )
    batch = PayoutBatch.objects.values_list("reference", "status", "digest", "filed_at")
    month = Month.objects.filter(code="2026-10").values_list("code", "status", "digest")
    # The numbers of invoices are among it: none is lost with an attempt that was rolled back.
    invoices = Invoice.objects.order_by("number").values_list("number", "advertiser__name", "amount_micros")
    for row in (*payouts, *transfers, *batch, *month, *invoices):
        digest.update(repr(row).encode())
    for file in PaymentFile.objects.order_by("name"):
        content = re.sub(REFERENCES, lambda found: names[found.group()], bytes(file.content))
        digest.update(content)
    breaches = [str(breach) for breach in verify() if breach.rule not in UNMADE]
    print(json.dumps({"digest": digest.hexdigest(), "payments": len(creators), "breaches": breaches}))


DOORS: dict[str, Callable[..., None]] = {"build": build, "pay": pay, "tell": tell}

if __name__ == "__main__":
    timezone.now = lambda: NOW
    DOORS[sys.argv[1]](*sys.argv[2:])
