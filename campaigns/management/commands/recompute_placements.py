"""manage.py recompute_placements --day DATE [--market US] [--counts 'PATH/*.parquet']"""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from campaigns import placements
from pulse_site.commands import SummaryCommand, day


class Command(SummaryCommand):
    help = "Rank a market's videos by their counts of a day and make the top of them that day's lineup."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--day", type=day, required=True)
        parser.add_argument("--market", type=str.upper, default=settings.LAUNCH_MARKET)
        parser.add_argument(
            "--counts",
            metavar="FILES",
            help="Parquet files with the counts to rank: a path, or a pattern in quotes. '' means the "
            "database's counts; without it the day is computed from what it came from before.",
        )

    def summarise(self, **options: Any) -> dict[str, Any]:
        return placements.recompute(options["day"], options["market"], options["counts"])

    def describe(self, summary: dict[str, Any]) -> str:
        told = super().describe({**summary, "changes": ", ".join(summary.get("changes", ())) or "none"})
        if "beside" not in summary:
            return told
        return f"{told}\n\nMoney has used the lineup of that day, so it stays; this one is kept beside it."
