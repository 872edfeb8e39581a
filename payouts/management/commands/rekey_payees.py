"""manage.py rekey_payees --as USER"""

from typing import Any

from django.core.management.base import CommandParser

from payouts import rekeying
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Encrypt all payees by the first of ENCRYPTION_KEYS and compute their digests; may be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--as", dest="by", metavar="USER", required=True, help="Who does it.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return rekeying.rekey(user(options["by"]))
