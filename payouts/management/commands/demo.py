from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from payouts.demo.month import Demo
from payouts.demo.summary import summary
from pulse_site.commands import PulseCommand
from pulse_site.refusal import Refused


class Command(PulseCommand):
    help = "Build a believable programme on a fresh database and run one whole month of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scale", type=int, default=1, help="1 is 20,000 creators and 100,000 videos.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = Demo(options["scale"], self.stdout.write, timezone.now().date())
            demo.build()
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(summary(demo.code))
