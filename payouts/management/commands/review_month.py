from typing import Any

from django.core.management.base import CommandParser

from payouts import months
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Freeze the draft of a month, so that another person can check and close it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("month", metavar="YYYY-MM")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return months.review(options["month"], user(options["username"]))
