"""manage.py thin_counts [--older-than DAYS] --as USER"""

from typing import Any

from django.core.management.base import CommandParser

from payouts import retention
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Remove daily counts of long ago that no lineup and no delivery has used."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--older-than", metavar="DAYS", type=int, help="Unless given, COUNTS_KEPT_DAYS.")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return retention.thin_old(user(options["username"]), options["older_than"])
