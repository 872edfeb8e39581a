"""manage.py export_tax_year YYYY [--out FILE] [--json]"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from payouts import tax
from pulse_site.commands import PulseCommand, user, whole_file
from pulse_site.refusal import Refused


class Command(PulseCommand):
    help = "Write what each payee was paid in a calendar year, as CSV for Forms 1099."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int, metavar="YYYY")
        parser.add_argument("--out", type=Path, metavar="FILE", help="Write there instead of to stdout.")
        parser.add_argument("--json", action="store_true", help="Print the totals as one JSON object.")
        parser.add_argument("--full", action="store_true", help="Tax numbers in full; needs --as.")
        parser.add_argument("--as", dest="by", metavar="USER", help="Who wants them, and may see them.")

    def handle(self, *args: Any, **options: Any) -> None:
        year, by = options["year"], options["by"]
        try:
            asked = {"by": user(by) if by else None, "in_full": options["full"]}
            if options["out"]:
                with whole_file(options["out"]) as file:
                    tax.export(year, file, **asked)
            elif not options["json"]:
                tax.export(year, self.stdout, **asked)  # type: ignore[arg-type]
            if options["json"]:
                self.stdout.write(json.dumps(tax.totals(year)))
        except (Refused, OSError) as refusal:
            raise CommandError(str(refusal), returncode=1) from None
