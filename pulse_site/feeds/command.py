"""The one shape of the import commands."""

from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from pulse_site.commands import SummaryCommand, user
from pulse_site.feeds.guardrails import NotConfirmed
from pulse_site.feeds.run import import_file
from pulse_site.refusal import Refused


class ImportCommand(SummaryCommand):
    """Imports a file of the feed `feed`; `options` names the command's options that the feed takes.

    A feed that wants to know who brings the file says in `person` what he does; the command then has --as.
    """

    feed: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    person: ClassVar[str] = ""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="CSV or XLSX.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change; write nothing.")
        parser.add_argument("--confirm", action="store_true", help="Import in spite of warnings.")
        parser.add_argument("--rejects", type=Path, metavar="OUT.csv", help="Write the rejected rows there.")
        if self.person:
            parser.add_argument("--as", dest="username", metavar="USER", help=self.person)

    def summarise(self, **options: Any) -> dict[str, Any]:
        try:
            return import_file(
                self.feed,
                options["file"],
                name=options["file"].name,
                options={name: options[name] for name in self.options},
                by=user(options["username"]) if options.get("username") else None,
                dry_run=options["dry_run"],
                confirmed=options["confirm"],
                rejects=options["rejects"],
                progress=self._show_progress,
            )
        except NotConfirmed as unconfirmed:
            raise Refused(f"{unconfirmed} Nothing was written; with --confirm it is.") from None

    def describe(self, summary: dict[str, Any]) -> str:
        lines = ["Dry run: nothing was written."] if "sample" in summary else []
        lines += [super().describe({key: value for key, value in summary.items() if _is_short(value)})]
        lines += [f"Warning: {warning['message']}" for warning in summary["warnings"]]
        if not summary["created"] and not summary["updated"]:
            lines.append("Nothing changes: Pulse has all of this already.")
        return "\n".join(lines)

    def _show_progress(self, permille: int, step: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{permille / 10:5.1f} % {step:<12}", ending="")


def _is_short(value: object) -> bool:
    """Whether it is a figure, or a few of them: what is longer is for pages and --json."""
    figures = value.values() if isinstance(value, dict) else [value]
    return not any(isinstance(figure, dict | list) for figure in figures)
