"""manage.py import_videos FILE --as-of DATE [--market US]"""

from django.conf import settings
from django.core.management.base import CommandParser

from pulse_site.commands import day
from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = (
        "Import videos and their counts as seen on a day (CSV or XLSX): id, handle, published, "
        "views, likes, comments, shares[, hashtags, category, tier, followers]."
    )
    feed = "videos"
    options = ("as_of", "market")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as-of", type=day, required=True, help="The day on which they were seen.")
        parser.add_argument("--market", default=settings.LAUNCH_MARKET)
