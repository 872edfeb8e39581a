from typing import Any

from django.core.management.base import CommandParser

from payouts import months
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Close a month for good; only another person than the one who put it under review may."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("month", metavar="YYYY-MM")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return months.close(options["month"], user(options["username"]))
