"""Rejected rows go out as they came, and come in again as they went out."""

import io
from pathlib import Path

import openpyxl
import pytest
from django.core.files.base import ContentFile
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from pulse_site.feeds import rejected, run
from pulse_site.feeds.reading import REASONS, Source
from pulse_site.models import Upload
from pulse_site.spreadsheets import csv_chunks

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def source(path: Path, content: str) -> Source:
    path.write_text(content, encoding="utf-8", newline="")
    return Source(path, lambda cells: cells.count("handle"))


@settings_of(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4).filter(lambda row: any(map(str.strip, row)))))
def test_what_went_out_comes_in_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("rejected") / "file.csv"
    sent = [(number, "handle", "Write it.", *row) for number, row in enumerate(rows)]
    read = source(path, "".join(csv_chunks([*REASONS, "handle", "followers"], sent)))
    assert read.header == ["handle", "followers"]
    for (_line, cells), row in zip(read.rows(), rows, strict=True):
        for came, was in zip(cells, row, strict=True):
            assert came == was or was.startswith("'")  # a quote of its own before a formula goes too


def test_columns_that_are_only_called_so_are_columns(tmp_path: Path) -> None:
    read = source(tmp_path / "a.csv", "rejected line,handle\n1,'=x\n")
    assert read.header == ["rejected line", "handle"]
    assert list(read.rows()) == [(2, ["1", "'=x"])]


@pytest.mark.django_db
def test_a_workbook_with_a_title_gives_back_its_own_cells(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (
        ["October"],
        [],
        ["Handle\nof whom", "followers", "note"],
        ["ada", -5, "=1+1"],
        ["bella", 7, "x"],
    ):
        book.active.append(row)
    book.active["C4"].data_type = "s"
    book.save(out)
    upload = Upload.objects.create(
        feed="followers",
        name="a.xlsx",
        file=ContentFile(out.getvalue(), "a.xlsx"),
        options={"as_of": "2026-10-15"},
    )
    run.correct(upload, {"Handle of whom": "handle", "followers": "followers"}, None)
    run.preview(upload)
    told, rows = rejected.lines(upload)
    assert list(told) == [*REASONS, "Handle of whom", "followers", "note"]
    assert [row[3:] for row in rows] == [("ada", "-5", "=1+1")]


@pytest.mark.django_db
def test_an_upload_without_rejected_rows_has_its_header_alone(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    file = ContentFile(b"handle,followers\nada,5\n", "a.csv")
    upload = Upload.objects.create(feed="followers", name="a.csv", file=file, options={"as_of": "2026-10-15"})
    run.preview(upload)
    header, rows = rejected.lines(upload)
    assert (list(header), list(rows)) == ([*REASONS, "handle", "followers"], [])
