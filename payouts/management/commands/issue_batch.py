from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from payouts import batches
from payouts.models import PayoutBatch
from pulse_site.commands import SummaryCommand, day, user
from pulse_site.refusal import Refused


class Command(SummaryCommand):
    help = "Make the payment files of an approved batch; with --out also write them into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("reference")
        parser.add_argument("--as", dest="username", metavar="USER", required=True, help="Who does this.")
        parser.add_argument("--effective-on", type=day, help="The day to pay on; without it, tomorrow.")
        parser.add_argument("--out", type=Path, metavar="FOLDER", help="Write the stored files there.")

    def summarise(self, **options: Any) -> dict[str, Any]:
        """Made once: for a batch that has its files, only what they are, and the files themselves."""
        batch, by = batch_named(options["reference"]), user(options["username"])
        if not batch.files.exists():
            batches.make_files(batch, by, options["effective_on"])
        for file in batch.files.all() if options["out"] else ():
            path = options["out"] / file.name
            try:
                path.write_bytes(batches.hand_out(file, by))
            except OSError as error:
                raise Refused(f"{path} can't be written: {error.strerror}.") from None
        files = batch.files.order_by("pk").values_list("name", "sha256")
        return {**batches.summary(batch), "files": dict(files)}


def batch_named(reference: str) -> PayoutBatch:
    """The batch of that reference; raises Refused when there is none."""
    found = PayoutBatch.objects.filter(reference=reference).first()
    if found is None:
        raise Refused(f"There is no payout batch {reference!r}; write it like 2026-10-1.")
    return found
