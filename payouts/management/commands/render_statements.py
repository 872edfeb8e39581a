from typing import Any

from django.core.management.base import CommandParser

from payouts.statements import files
from pulse_site.commands import SummaryCommand


class Command(SummaryCommand):
    help = "Render the statements of a closed month; goes on where it was stopped, and may be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("month", metavar="YYYY-MM")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return files.render_month(options["month"])
