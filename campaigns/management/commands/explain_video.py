"""manage.py explain_video PLATFORM_ID --day DATE [--json]"""

from typing import Any

from django.core.management.base import CommandParser

from campaigns.explanation import Why, explain
from campaigns.models import Delivery
from pulse_site.commands import SummaryCommand, day
from pulse_site.money import dollars


class Command(SummaryCommand):
    help = "Say why a video was, or was not, in the lineup of a day, and what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("platform_id", type=int)
        parser.add_argument("--day", type=day, required=True)

    def summarise(self, **options: Any) -> dict[str, Any]:
        return explain(options["platform_id"], options["day"])

    def describe(self, summary: dict[str, Any]) -> str:
        shown = {key: value for key, value in summary.items() if value is not None and key != "deliveries"}
        shown["video"] = str(summary["video"])  # a number to copy, not to read
        deliveries = [_delivery(row) for row in summary["deliveries"]] or ["no ads delivered on that day"]
        return "\n".join([f"{_verdict(summary)}.", "", super().describe(shown), "", *deliveries])


def _verdict(facts: dict[str, Any]) -> str:
    """The answer in one sentence: "rank 403 of 10,000: 3 places below the cut; 12,300 more views ..."."""
    if facts["rank"] is None or facts["population"] is None:
        return str(Why(facts["why"]).label).capitalize()
    place = f"Rank {facts['rank']:,} of {facts['population']:,}"
    if facts["why"] != Why.BELOW_CUT:
        return f"{place}: {Why(facts['why']).label}"
    below, lacking = facts["places_below"], facts["views_lacking"]
    views = "no number of views" if lacking is None else f"{lacking:,} more view{'s'[: lacking > 1]}"
    return f"{place}: {below:,} place{'s'[: below > 1]} below the cut; {views} would have done"


def _delivery(row: dict[str, Any]) -> str:
    label = Delivery.Verdict(row["verdict"]).label
    return f"{row['campaign']}: {row['impressions']:,} impressions, {label}, {dollars(row['revenue_micros'])}"
