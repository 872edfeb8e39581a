"""What a feed declares; the machinery does the rest.

An app lists its feeds in its AppConfig as `feeds`, name -> dotted path of a Feed class.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from pulse_site.feeds.cells import Unusable, day
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

if TYPE_CHECKING:
    from pulse_site.feeds.staging import Stage


Progress = Callable[[int, str], None]  # permille done, step


def between(first: int, last: int, progress: Progress) -> Progress:
    """The progress of a part, whose 0 and 1000 are `first` and `last` of the whole."""
    return lambda permille, step: progress(first + permille * (last - first) // 1_000, step)


@dataclass(frozen=True)
class Warned:
    """Why an import needs a second confirmation: a short code, the figures, and what a person should know."""

    code: str
    figures: dict[str, Any]
    message: str


@dataclass(frozen=True)
class Column:
    """A column that the feed reads.

    `parse` turns a cell's text into its value (cells.py, counts.py); `aliases` are the header names by which
    it is found besides its own name; `type` is its SQL type in the staging table (bigint, text, date). A
    required column must be there and filled; another is `default` where it is absent or blank. Two rows with
    the same key must agree in every `compared` column. `choose` picks the cell to read where several headers
    name the column; without it the first alias wins. `parse_plain` is a shorter road for many cells at once:
    the cells themselves where each is written as the database reads it, else None.
    What stands in a `secret` column is never repeated.
    """

    name: str
    parse: Callable[[str], Any]
    aliases: tuple[str, ...] = ()
    type: str = "bigint"
    required: bool = True
    default: Any = None
    compared: bool = True
    choose: Callable[[Sequence[str]], str] | None = None
    parse_plain: Callable[[Sequence[str]], Sequence[str] | None] | None = None
    secret: bool = False


class Feed:
    """One kind of file. An object of it serves one import, with that import's options.

    The rows stand in feed_rows (`line` and the columns), one per key. A feed says with `check` which of them
    can't be taken, with `resolution` what the others would change, and makes it so with `apply`, all in
    statements over the whole table.
    """

    name: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    sample: ClassVar[tuple[str, ...]]  # columns of feed_ready that a preview shows
    confidential: ClassVar[bool] = False  # an uploaded file is removed once it is settled, and never staged
    undoable: ClassVar[bool] = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options; raises Refused for those that make no sense."""
        self.options = options
        self.progress: Progress = lambda permille, step: None

    @property
    def columns(self) -> tuple[Column, ...]:
        raise NotImplementedError

    @property
    def knowledge(self) -> str:
        """What the columns were read by, where that is more than the options: staged rows need the same."""
        return ""

    def admit(self, by: User | None) -> None:
        """Raise Refused when `by` may not import such files; None is a command without a person."""

    def check(self, stage: "Stage") -> None:
        """Reject the rows that can't be taken, with stage.reject."""

    def resolution(self) -> tuple[str, Sequence[Any]]:
        """A SELECT and its parameters that give feed_ready: line, change, and whatever `apply` needs.

        `change` is created, updated or unchanged.
        """
        raise NotImplementedError

    def extras(self) -> dict[str, Any]:
        """Further figures for the summary, out of feed_ready."""
        return {}

    def warnings(self, figures: Mapping[str, Any]) -> Iterable[Warned]:
        """What of the summary's `figures` is so unlikely that a person should say it is meant."""
        return ()

    def apply(self, upload: Upload) -> None:
        """Write what feed_ready says, inside the import's transaction; note in upload.before what undoing
        needs, and in `progress` how far it is (0 to 1000)."""
        raise NotImplementedError

    def afterwards(self) -> None:
        """What follows from an applied import, once it is committed; may run again."""

    def obstacles(self, upload: Upload) -> list[str]:
        """What stands in the way of undoing `upload`, which was applied, in words for people."""
        return [_("Imports of this kind can't be undone.")]

    def undo(self, upload: Upload, by: User | None) -> dict[str, int]:
        """Take back what `upload` changed, in the caller's transaction; returns what was taken back."""
        raise NotImplementedError


def named(name: str) -> type[Feed]:
    """The feed of that name; raises Refused when there is none."""
    for known, path in _declared():
        if known == name:
            return import_string(path)
    raise Refused(f"There is no feed named {name!r}.")


def confidential() -> list[str]:
    """The names of the feeds whose files are removed once they are settled."""
    return [name for name, path in _declared() if import_string(path).confidential]


def day_option(options: Mapping[str, Any], name: str) -> str:
    """The option as a day such as 2026-10-31, blank when it isn't given; raises Refused for another text."""
    try:
        return day(options[name]) if options.get(name) else ""
    except Unusable as unusable:
        raise Refused(f"{name}: {options[name]!r}. {unusable.message}") from None


def _declared() -> Iterator[tuple[str, str]]:
    for config in apps.get_app_configs():
        yield from getattr(config, "feeds", {}).items()
