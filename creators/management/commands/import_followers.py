"""manage.py import_followers FILE --as-of DATE"""

from django.core.management.base import CommandParser

from pulse_site.commands import day
from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = "Import follower counts (CSV or XLSX): handle, followers[, as_of, name]."
    feed = "followers"
    options = ("as_of",)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=day, help="The day of the counts, unless the file has it.")
