"""The one shape of Pulse's management commands: a human summary, or one JSON object with --json.

Exit code 0 on success, 1 when the input is refused (the reason on stderr), never a traceback for bad input.
"""

import datetime
import json
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pulse_site.models import User
from pulse_site.refusal import Refused


def day(text: str) -> datetime.date:
    """Parse a --day or --as-of option."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date; write it like 2026-10-31.") from None


def user(username: str) -> User:
    """The active user of an --as option; raises Refused when there is none."""
    found = get_user_model().objects.filter(username=username, is_active=True).first()
    if found is None:
        raise Refused(f"There is no active user named {username!r}.")
    return found


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A file of an --out option: it takes the place of `path` once it is complete, or never."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class PulseCommand(BaseCommand):
    """Every command of Pulse: what it can't read is refused input too, and exits with 1."""

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except SystemExit as end:
            sys.exit(end.code and 1)


class SummaryCommand(PulseCommand):
    """A command whose `summarise` returns a flat dict: printed as lines, or as JSON with --json."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object on stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            summary = self.summarise(**options)
        except Refused as refusal:
            raise CommandError(str(refusal), returncode=1) from None
        self.stdout.write(json.dumps(summary, default=str) if options["json"] else self.describe(summary))

    def summarise(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError

    def describe(self, summary: dict[str, Any]) -> str:
        """The summary for a person; a command may say it better than this list of lines."""
        width = max(map(len, summary), default=0)
        return "\n".join(
            f"{key.replace('_', ' '):<{width}}  {self._show(value)}" for key, value in summary.items()
        )

    @staticmethod
    def _show(value: object) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{key}: {count}" for key, count in value.items()) or "-"
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
