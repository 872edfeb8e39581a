"""manage.py import_invalid_traffic FILE"""

from django.core.management.base import CommandParser

from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = (
        "Import invalid traffic (CSV or XLSX): day, campaign, video, impressions, reason. "
        "It becomes a correction, which another person approves."
    )
    feed = "invalid_traffic"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as", dest="username", metavar="USER", help="Who prepares the correction.")
