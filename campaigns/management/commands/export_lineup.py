"""manage.py export_lineup --day DATE [--market US] [--out FILE]"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns import placements
from pulse_site.commands import day
from pulse_site.refusal import Refused


class Command(BaseCommand):
    help = "Write the lineup of a day as CSV by rank: rank, video, creator, category, score."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", type=day, required=True)
        parser.add_argument("--market", type=str.upper, default=settings.LAUNCH_MARKET)
        parser.add_argument("--out", type=Path, metavar="FILE", help="Write there instead of to stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        day, market = options["day"], options["market"]
        try:
            if options["out"]:
                with _whole(options["out"]) as file:
                    placements.export(day, market, file)
            else:
                placements.export(day, market, self.stdout)
        except (Refused, OSError) as refusal:
            raise CommandError(str(refusal), returncode=1) from None


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """A file to write that takes the place of `path` once it is complete, or never."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
