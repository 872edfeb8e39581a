from typing import Any

from payouts import seals
from pulse_site.commands import PulseCommand


class Command(PulseCommand):
    help = "Add every account up again over all sealed transfers, for checkpoints that verify names."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{seals.rebuild_checkpoints()} checkpoints")
