from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from payouts import journal
from pulse_site.commands import PulseCommand, whole_file
from pulse_site.refusal import Refused


class Command(PulseCommand):
    help = "Write the ledger as a plain-text journal that hledger or beancount can check."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=list(journal.FORMATS), default="hledger")
        parser.add_argument("--month", metavar="YYYY-MM", help="Only the transfers of this month.")
        parser.add_argument("--out", type=Path, metavar="FILE", help="Write there instead of to stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["out"]:
                with whole_file(options["out"]) as file:
                    journal.export(options["format"], file, options["month"])
            else:
                journal.export(options["format"], self.stdout, options["month"])
        except (Refused, OSError) as refusal:
            raise CommandError(str(refusal)) from None
