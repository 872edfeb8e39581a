"""manage.py export_lineup --day DATE [--market US] [--out FILE]"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from campaigns import placements
from pulse_site.commands import PulseCommand, day, whole_file
from pulse_site.refusal import Refused


class Command(PulseCommand):
    help = "Write the lineup of a day as CSV by rank: rank, video, creator, category, score."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", type=day, required=True)
        parser.add_argument("--market", type=str.upper, default=settings.LAUNCH_MARKET)
        parser.add_argument("--out", type=Path, metavar="FILE", help="Write there instead of to stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        day, market = options["day"], options["market"]
        try:
            if options["out"]:
                with whole_file(options["out"]) as file:
                    placements.export(day, market, file)
            else:
                placements.export(day, market, self.stdout)
        except (Refused, OSError) as refusal:
            raise CommandError(str(refusal), returncode=1) from None
