"""manage.py forget_second_factors PERSON --as USER"""

from typing import Any

from django.core.management.base import CommandParser

from pulse_site.accounts import people
from pulse_site.commands import SummaryCommand, user


class Command(SummaryCommand):
    help = "Take away the second factors of somebody who has lost them; he sets one up at his next log-in."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("person", help="The user name of who has lost them.")
        parser.add_argument("--as", dest="by", metavar="USER", required=True, help="Who does it.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        return {"taken": people.forget_second_factors(user(options["person"]), user(options["by"]))}
