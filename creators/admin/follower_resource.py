"""Follower counts as the library sees them: going out as its other exports do, coming in by the feed.

There is one rule book for follower files, the feed's. So a dataset that the library hands over (its command,
a script) becomes a file, goes the way of every file, and comes back as one of the library's results.
"""

import csv
import tempfile
from pathlib import Path
from typing import Any

import tablib
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from import_export import exceptions
from import_export.results import Result, RowResult

from creators.models import Reach
from pulse_site.admin.exports import Column, HarmlessResource
from pulse_site.feeds.run import import_file
from pulse_site.refusal import Refused

Rejected = list[dict[str, str]]


class FollowerResource(HarmlessResource):
    """Exports the newest counts, in columns that the feed finds again."""

    creator = Column("creator__handle", "creator")
    followers = Column("followers", "followers")
    as_of = Column("as_of", "as_of")

    class Meta:
        model = Reach
        fields = ("creator", "followers", "as_of")

    def import_data(
        self,
        dataset: tablib.Dataset,
        dry_run: bool = False,
        raise_errors: bool = False,
        use_transactions: bool | None = None,
        collect_failed_rows: bool = False,
        rollback_on_validation_errors: bool = False,
        **kwargs: Any,
    ) -> Result:
        """Import the dataset as the feed of followers imports a file, or with `dry_run` only try it.

        Further arguments: `as_of` is the feed's option, `file_name` and `user` say who brings what,
        `confirmed` takes the warnings. Always one transaction. Rejected rows are the result's invalid rows,
        by their number below the header; with `rollback_on_validation_errors` or `raise_errors` nothing is
        written when there are any. What is refused as a whole is the result's base error. With
        `raise_errors` either is raised (ImportError).
        """
        result = self.get_result_class()()
        result.diff_headers, result.total_rows = list(dataset.headers or ()), len(dataset)
        if collect_failed_rows:
            result.add_dataset_headers(result.diff_headers)
        strict = (raise_errors or rollback_on_validation_errors) and not dry_run
        try:
            summary, rejected = _imported(dataset, dry_run or strict, **kwargs)
            if strict and not rejected:
                summary, rejected = _imported(dataset, False, **kwargs)
        except Refused as refusal:
            self.handle_import_error(result, refusal, raise_errors)
            return result
        _tell(result, dataset, summary, rejected, collect_failed_rows)
        if raise_errors and result.invalid_rows:
            first = result.invalid_rows[0]
            raise exceptions.ImportError(first.error, number=first.number, row=first.values)
        return result


def _imported(
    dataset: tablib.Dataset,
    dry_run: bool,
    *,
    as_of: Any = None,
    file_name: str | None = None,
    user: Any = None,
    confirmed: bool = False,
    **unused: Any,
) -> tuple[dict[str, Any], Rejected]:
    """The feed's summary, and what it rejected; raises Refused."""
    with tempfile.TemporaryDirectory() as folder:
        path, rejects = Path(folder, "dataset.csv"), Path(folder, "rejects.csv")
        _write(path, dataset)
        summary = import_file(
            "followers",
            path,
            name=file_name or "dataset",
            options={"as_of": as_of},
            by=user,
            dry_run=dry_run,
            confirmed=confirmed,
            rejects=rejects,
        )
        with rejects.open(newline="", encoding="utf-8-sig") as file:
            return summary, list(csv.DictReader(file))


def _write(path: Path, dataset: tablib.Dataset) -> None:
    """A line for each row: a line break within a cell would move the numbers of the rows below."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in (dataset.headers or (), *dataset):
            writer.writerow(" ".join(str("" if cell is None else cell).splitlines()) for cell in row)


def _tell(
    result: Result, dataset: tablib.Dataset, summary: dict[str, Any], rejected: Rejected, collect: bool
) -> None:
    """What the feed says, in the library's words. The header is line 1, so row 1 is line 2."""
    for each in rejected:
        number = int(each["line"]) - 1
        row = dict(zip(result.diff_headers, dataset[number - 1], strict=True))
        error = ValidationError({each["column"] or NON_FIELD_ERRORS: [each["message"]]})
        result.append_invalid_row(number, row, error)
        if collect:
            result.append_failed_row(row, each["message"])
    result.totals |= {
        RowResult.IMPORT_TYPE_NEW: summary["created"],
        RowResult.IMPORT_TYPE_UPDATE: summary["updated"],
        RowResult.IMPORT_TYPE_SKIP: summary["unchanged"] + summary["duplicates"],
        RowResult.IMPORT_TYPE_INVALID: summary["rejected"],
    }
