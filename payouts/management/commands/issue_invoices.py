from typing import Any

from django.core.management.base import CommandParser

from payouts import invoicing
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Issue the invoices of a month that was closed before Pulse issued any; later ones have theirs."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("month", metavar="YYYY-MM")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return invoicing.issue_closed(options["month"], user(options["username"]))
