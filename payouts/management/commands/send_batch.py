from typing import Any

from django.core.management.base import CommandParser

from payouts import batches
from payouts.management.commands.issue_batch import batch_named
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Record that a batch's files were handed to the bank."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("reference")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        batch = batch_named(options["reference"])
        batches.mark_sent(batch, user(options["username"]))
        return batches.summary(batch)
