from typing import Any

from django.core.management.base import CommandParser

from creators import eligibility
from pulse_site.commands import SummaryCommand, day


class Command(SummaryCommand):
    help = "Check every creator against the rules; candidates who meet them enter the review queue."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=day, help="The day to check as of, like 2026-10-31 (today).")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return eligibility.refresh(options["as_of"])
