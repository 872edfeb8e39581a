from typing import Any

from django.core.management.base import CommandParser

from payouts import months
from pulse_site.commands import SummaryCommand


class Command(SummaryCommand):
    help = "Draft the earnings of a month from its deliveries; may be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("month", metavar="YYYY-MM")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return months.calculate(options["month"])
