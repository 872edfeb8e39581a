"""What a lake's files must hold, and how they are refused when they don't.

Every row of every file is looked at for what ranks it, in the same pass as the ranking's own; what else a row
says (its creator, its category and tier) is looked at where it is used, so that a pass reads no more columns
than it ranks by. A refusal names the file, the column, the value and what to do.
"""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pulse_site.feeds.cells import EARLIEST_DAY, LARGEST_ID
from pulse_site.feeds.counts import LARGEST
from pulse_site.refusal import Refused

DAY_MICROS = 86_400_000_000
EPOCH = datetime.date(1970, 1, 1)
WHOLE, TEXT, DAY, MOMENT = "whole number", "text", "date", "timestamp"
COUNTS = ("views", "likes", "comments", "shares")
# What the files are to have: column -> kind. The optional ones may be missing, or empty.
REQUIRED = {
    "day": DAY,
    "market": TEXT,
    "id": WHOLE,
    "handle": TEXT,
    "published": MOMENT,
    **dict.fromkeys(COUNTS, WHOLE),
}
OPTIONAL = {"category": TEXT, "tier": TEXT}
COLUMNS = REQUIRED | OPTIONAL
_A_COUNT = gettext_lazy("A count is a whole number from 0 to %(largest)s: correct it where it is made.")
_REMEDIES = {
    "day": gettext_lazy("All counts must be of %(day)s: leave files of other days out."),
    "market": gettext_lazy("Write two letters such as US."),
    "id": gettext_lazy("Write the platform's number of the video, from 1 to %(largest_id)s."),
    "published": gettext_lazy("A video is published from %(earliest)s to the end of %(day)s (UTC)."),
    **dict.fromkeys(COUNTS, _A_COUNT),
}


class Engine(Protocol):
    """Who reads the files: the view `counts` has COLUMNS, `published` in microseconds since 1970, and the
    row's `file`. Whatever it can't read it refuses."""

    divide: str  # its operator of integer division

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a short answer."""
        ...

    def stream(self, statement: str) -> Any:
        """The rows of a long answer, in batches."""
        ...

    def columns(self, file: str) -> dict[str, str]:
        """The columns of one file, name -> type in the engine's words."""
        ...


class Subject(NamedTuple):
    """What is looked for in the files."""

    day: datetime.date
    market: str

    @property
    def number(self) -> int:
        """The day's number, counted from 1970."""
        return (self.day - EPOCH).days


def good(subject: Subject) -> dict[str, str]:
    """SQL for what must hold of each row, by column; NULL is as bad as false."""
    earliest = (EARLIEST_DAY - EPOCH).days * DAY_MICROS
    latest = (subject.number + 1) * DAY_MICROS - 1
    return {
        "day": f"day = DATE '{subject.day}'",
        "market": "LENGTH(market) = 2",
        "id": f"id BETWEEN 1 AND {LARGEST_ID}",
        "published": f"published BETWEEN {earliest} AND {latest}",
        **{count: f"{count} BETWEEN 0 AND {LARGEST}" for count in COUNTS},
    }


def refuse_bad_row(engine: Engine, subject: Subject) -> NoReturn:
    """Name the first row, by file and id, that the histogram found to be bad."""
    rules = good(subject)
    told = ", ".join(f"COALESCE({rule}, FALSE), CAST({column} AS STRING)" for column, rule in rules.items())
    [(file, video, *seen)] = engine.select(
        f"""SELECT file, id, {told} FROM counts WHERE NOT COALESCE({" AND ".join(rules.values())}, FALSE)
            ORDER BY file, id LIMIT 1"""  # noqa: S608 - statements of ours around one another
    )
    column, value = next(
        (column, value) for column, ok, value in zip(rules, seen[::2], seen[1::2], strict=True) if not ok
    )
    if column not in engine.columns(file):
        refuse_missing(file, column)
    if column == "published" and value is not None:
        value = f"{datetime.datetime.fromtimestamp(int(value) // 1_000_000, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    refuse_value(file, video, column, value, _REMEDIES[column], subject)


def refuse_value(
    file: str, video: int | None, column: str, value: object, remedy: Any, subject: Subject
) -> NoReturn:
    given = {
        "day": subject.day,
        "largest": f"{LARGEST:,}",
        "largest_id": LARGEST_ID,
        "earliest": EARLIEST_DAY,
    }
    raise Refused(
        _("%(file)s: the %(column)s of video %(video)s is %(value)s. %(remedy)s")
        % {
            "file": file,
            "column": column,
            "video": _("without id") if video is None else video,
            "value": _("missing") if value is None else value,
            "remedy": remedy % given,
        }
    )


def refuse_missing(file: str, column: str) -> NoReturn:
    raise Refused(
        _("%(file)s has no column %(column)s. Its columns must be: %(columns)s.")
        % {"file": file, "column": column, "columns": described()}
    )


def refuse_type(file: str, column: str, found: str) -> NoReturn:
    raise Refused(
        _("%(file)s: the column %(column)s is of the type %(found)s, and must be a %(kind)s. %(remedy)s")
        % {
            "file": file,
            "column": column,
            "found": found,
            "kind": COLUMNS[column],
            "remedy": _("Write the file with this type."),
        }
    )


def refuse_repeated(engine: Engine) -> None:
    """Refuse files that have a video twice."""
    [(video, times)] = engine.select(
        "SELECT MIN(id), COUNT(*) FROM (SELECT id FROM counts GROUP BY id HAVING COUNT(*) > 1) repeated"
    )
    if times:
        found = engine.select(f"SELECT DISTINCT file FROM counts WHERE id = {video} ORDER BY file")  # noqa: S608
        raise Refused(
            _("Video %(video)s stands more than once in %(files)s. Leave one row of each video.")
            % {"video": video, "files": listed([file for (file,) in found])}
        )


def refuse_unmatched(files: str) -> NoReturn:
    raise Refused(
        _("No file is found by %(files)s. Check the path; a pattern such as 'PATH/*.parquet' needs quotes.")
        % {"files": files}
    )


def refuse_unreadable(files: str, error: object) -> NoReturn:
    """With the first line of what the engine says: it names the file."""
    told = (str(error).strip().splitlines() or [""])[0]
    raise Refused(
        _("%(files)s can't be read: %(error)s. Write the file again, or leave it out.")
        % {"files": files, "error": told.rstrip(".")}
    )


def described() -> str:
    return ", ".join(
        f"{name} ({kind})" + ("" if name in REQUIRED else f" {_('optional')}")
        for name, kind in COLUMNS.items()
    )


def listed(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + ("" if len(names) <= most else ", …")
