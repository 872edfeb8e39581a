"""manage.py explain_video PLATFORM_ID --day DATE [--json]"""

from typing import Any

from django.core.management.base import CommandParser

from campaigns.explanation import SUMMED, explain, verdict
from campaigns.models import Delivery
from pulse_site.commands import SummaryCommand, day
from pulse_site.money import dollars

TOLD_BELOW = ("deliveries", *SUMMED)


class Command(SummaryCommand):
    help = "Say why a video was, or was not, in the lineup of a day, and what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("platform_id", type=int)
        parser.add_argument("--day", type=day, required=True)

    def summarise(self, **options: Any) -> dict[str, Any]:
        return explain(options["platform_id"], options["day"])

    def describe(self, summary: dict[str, Any]) -> str:
        shown = {key: value for key, value in summary.items() if value is not None and key not in TOLD_BELOW}
        if summary["category_moved"]:
            shown["category_moved"] = ", ".join(f"{k} {v}" for k, v in summary["category_moved"].items())
        shown["video"] = str(summary["video"])  # a number to copy, not to read
        deliveries = [_delivery(row) for row in summary["deliveries"]] or ["no ads delivered on that day"]
        return "\n".join([verdict(summary), "", super().describe(shown), "", *deliveries])


def _delivery(row: dict[str, Any]) -> str:
    billed = f"{row['billed_impressions']:,} of {row['impressions']:,} impressions billed"
    why = f" ({Delivery.Verdict(row['not_billed']).label})" if row["not_billed"] else ""
    money = f"{dollars(row['revenue_micros'])}, of which {dollars(row['share_micros'])} to the creator"
    return f"{row['campaign']} {row['name']}: {billed}{why}, {money}"
