from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from campaigns.models import Month
from payouts import batches
from payouts.models import Method
from pulse_site.commands import SummaryCommand, user
from pulse_site.money import MICROS_PER_DOLLAR
from pulse_site.refusal import Refused


class Command(SummaryCommand):
    help = "Prepare a payout batch of a closed month; only another person can approve it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("month", metavar="YYYY-MM")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")
        parser.add_argument("--minimum", metavar="DOLLARS", help="A higher minimum payout than the terms'.")
        parser.add_argument("--include", type=Path, metavar="FILE", help="Only the handles in this file.")
        parser.add_argument("--exclude", type=Path, metavar="FILE", help="All but the handles in this file.")
        parser.add_argument("--method", action="append", choices=Method.values, help="Only these methods.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        month = Month.objects.filter(code=options["month"]).first()
        if month is None:
            raise Refused(f"There is no month {options['month']!r}; write a closed one, like 2026-10.")
        batch = batches.prepare(
            month,
            user(options["username"]),
            minimum_micros=_micros(options["minimum"]),
            include=_handles(options["include"]),
            exclude=_handles(options["exclude"]),
            methods=options["method"],
        )
        return batches.summary(batch)


def _micros(dollars: str | None) -> int | None:
    if dollars is None:
        return None
    try:
        micros = Decimal(dollars) * MICROS_PER_DOLLAR
        if micros == int(micros) and micros >= 0:
            return int(micros)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    raise Refused(f"{dollars!r} is not an amount; write it like 50.00.")


def _handles(path: Path | None) -> list[str] | None:
    """Handles of a text file, separated by blanks, commas or lines."""
    if path is None:
        return None
    try:
        handles = path.read_text(encoding="utf-8-sig").replace(",", " ").split()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} can't be read: {error}.") from None
    if not handles:
        raise Refused(f"{path} names no handle.")
    return handles
