from typing import Any

from django.core.management.base import CommandParser

from payouts import batches
from payouts.management.commands.issue_batch import batch_named
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Approve a payout batch and reserve its money; only another person than who prepared it may."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("reference")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")
        parser.add_argument(
            "--review", action="store_true", help="Only say what would be approved now, with its digest."
        )
        parser.add_argument("--seen", metavar="DIGEST", help="The digest of the review that is approved.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        batch, by = batch_named(options["reference"]), user(options["username"])
        if options["review"]:
            review = batches.review(batch)
            return {
                "batch": batch.reference,
                "payments": review.now.payable.payments,
                "amount_micros": review.now.payable.amount,
                "dropped": review.dropped,
                "dropped_micros": review.dropped_micros,
                "reasons": {code: total.payments for code, total in review.now.reasons.items()},
                "digest": review.digest,
            }
        batches.approve(batch, by, options["seen"])
        return batches.summary(batch)
