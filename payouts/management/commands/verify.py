import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from payouts.verification import verify
from pulse_site.commands import PulseCommand


class Command(PulseCommand):
    help = "Check every rule that money must follow; names each breach and exits with 1 if there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object on stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        breaches = [str(breach) for breach in verify()]
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not breaches, "breaches": breaches}))
        else:
            self.stdout.write("\n".join(breaches) or "ok")
        if breaches:
            raise CommandError(f"{len(breaches)} breaches")
