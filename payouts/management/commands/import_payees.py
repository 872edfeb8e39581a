"""manage.py import_payees FILE [--as USER]"""

from typing import Any

from django.core.management.base import CommandParser

from pulse_site.commands import user
from pulse_site.feeds.command import ImportCommand
from pulse_site.models import User


class Command(ImportCommand):
    help = "Propose the payees of a file (CSV or XLSX); another person approves them in the admin."
    feed = "payees"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as", dest="by", metavar="USER", help="Who proposes; not for a --dry-run.")

    def person(self, options: dict[str, Any]) -> User | None:
        return user(options["by"]) if options["by"] else None
