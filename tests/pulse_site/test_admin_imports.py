"""The library's import page for reference data: small files, clear refusals, wholly or not at all."""

import io
import re
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from creators.models import Category
from pulse_site.admin import imports
from pulse_site.models import User
from tests import factories, hostile

PAGE = reverse("admin:creators_category_import")
CONFIRM = reverse("admin:creators_category_process_import")
HEADER = "slug,name_en,name_fr,hashtags,position\n"
CHESS = HEADER + 'chess,Chess,Échecs,"#Chess, blitz",90\n'


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def give(client: Client, content: str | bytes, name: str = "categories.csv") -> str:
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    answer = client.post(PAGE, {"import_file": file, "format": "0", "resource": "0"})
    assert answer.status_code == 200
    return answer.text


def confirmed(client: Client, page: str, **changes: str) -> Any:
    names = ("import_file_name", "original_file_name", "format", "resource")
    fields = {name: re.findall(rf'name="{name}"[^>]*? value="([^"]*)"', page)[0] for name in names}
    return client.post(CONFIRM, {**fields, **changes})


def test_rows_are_previewed_and_then_taken(desk: Client) -> None:
    page = give(desk, CHESS + "gaming,Games,Jeux vidéo,gaming,4\n")
    assert "What would change" in page
    assert "<ins>chess, blitz</ins>" in page
    assert "<del>Gaming</del> <ins>Games</ins>" in page
    assert "style=" not in page
    assert not Category.objects.filter(slug="chess").exists()
    assert confirmed(desk, page).status_code == 302
    chess = Category.objects.get(slug="chess")
    assert (chess.name_fr, chess.hashtags, chess.position) == ("Échecs", ["chess", "blitz"], 90)
    assert factories.category("gaming").name_en == "Games"


def test_an_export_comes_back_as_unchanged_formulas_and_all(desk: Client) -> None:
    Category.objects.filter(slug="gaming").update(name_en="=Games", name_fr="@jeux")
    before = list(Category.objects.values())
    for format, name in (("0", "c.csv"), ("1", "c.xlsx")):
        answer = desk.post(reverse("admin:creators_category_export"), {"format": format, "resource": "0"})
        page = give(desk, answer.getvalue(), name)
        assert page.count(">unchanged<") == len(before)
        confirmed(desk, page)
    assert list(Category.objects.values()) == before


def test_a_file_of_excel_in_french_is_read(desk: Client) -> None:
    page = give(
        desk, "slug;name_en;name_fr;hashtags;position\nchess;Chess;Échecs;chess;90\n".encode("cp1252")
    )
    confirmed(desk, page)
    assert Category.objects.get(slug="chess").name_fr == "Échecs"


def test_columns_that_are_not_there_stay_as_they_are(desk: Client) -> None:
    hashtags = factories.category("gaming").hashtags
    confirmed(desk, give(desk, "slug,name_en\ngaming,Games\n"))
    assert (factories.category("gaming").name_en, factories.category("gaming").hashtags) == (
        "Games",
        hashtags,
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (" \n", "The file is empty"),
        (HEADER, "No valid data to import"),
        ("slug,nmae_en\ngaming,Games\n", "There is no column &#x27;nmae_en&#x27; here"),
        ("name_en\nGames\n", "not present in the file headers: slug"),
        (HEADER + "chess,Chess\n", "Line 2 has 2 cells, the header has 5."),
        (HEADER + 'chess,"Chess,Échecs,,90\n', "never closed"),
        (b"slug,name_en\n\0\0\0,x\n", "binary file"),
        (HEADER + "chess,Chess,Échecs,,1.9\n", "A count is a whole number"),
        (HEADER + "chess,Chess,Échecs,,-5\n", "never below 0"),
        (HEADER + "chess,Chess,Échecs,,lots\n", "Write a whole number"),
        (HEADER + "chess,Chess,Échecs,,1\n", "with this Position already exists"),
        (HEADER + "two words,Chess,Échecs,,90\n", "valid “slug”"),
        (HEADER + f"chess,{'x' * 61},Échecs,,90\n", "at most 60 characters"),
        ("slug,name_en,position\nchess,Chess,90\n", "This field cannot be blank"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why_and_changes_nothing(
    desk: Client, content: str | bytes, told: str
) -> None:
    before = list(Category.objects.values())
    page = give(desk, content)
    assert told in page
    assert "Traceback" not in page
    assert "Confirm and import" not in page
    assert list(Category.objects.values()) == before


def test_one_wrong_row_keeps_the_others_out(desk: Client) -> None:
    page = give(desk, CHESS + "go,Go,Go,,lots\n")
    assert "These rows can’t be taken" in page
    assert "Confirm and import" not in page


def test_a_file_that_is_too_large_or_too_long_is_refused(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "LARGEST_ROWS", 1)
    assert "more than 1 rows" in give(desk, CHESS + "go,Go,Go,,91\n")
    monkeypatch.setattr(imports, "LARGEST_BYTES", 10)
    assert "larger than 1 MB" in give(desk, CHESS)


@pytest.mark.parametrize("name", hostile.refused("slug,name_en", "gaming,Games"))
def test_no_hostile_file_gets_past_the_form(desk: Client, name: str) -> None:
    before = hostile.everything()
    page = give(desk, hostile.refused("slug,name_en", "gaming,Games")[name]())
    assert 'class="errorlist' in page or 'class="alert bad' in page
    assert "Confirm and import" not in page
    assert hostile.everything() == before


def test_a_workbook_is_read(desk: Client) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["slug", "name_en", "name_fr", "hashtags", "position"])
    book.active.append(["chess", "Chess", "Échecs", "chess", 90])
    book.save(out)
    confirmed(desk, give(desk, out.getvalue(), "c.xlsx"))
    assert Category.objects.get(slug="chess").position == 90


def test_what_is_confirmed_is_what_was_previewed(desk: Client) -> None:
    page = give(desk, CHESS)
    for forged in ("x", "/etc/passwd", "eJw=:1abc:sig"):
        assert confirmed(desk, page, import_file_name=forged).status_code == 400
    assert not Category.objects.filter(slug="chess").exists()


def test_rows_that_changed_since_the_preview_are_not_taken(desk: Client) -> None:
    page = give(desk, CHESS)
    Category.objects.filter(slug="gaming").update(position=90)
    assert confirmed(desk, page)["Location"] == PAGE
    assert "changed after the preview" in desk.get(PAGE).text
    assert not Category.objects.filter(slug="chess").exists()


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (["view_category"], 403),
        (["view_category", "add_category"], 403),
        (["view_category", "change_category"], 403),
        (["view_category", "add_category", "change_category"], 200),
    ],
)
def test_who_may_add_and_change_may_import(
    client: Client, db: None, permissions: list[str], status: int
) -> None:
    client.force_login(factories.staff("cora", *permissions))
    assert client.get(PAGE).status_code == status
    assert client.post(CONFIRM, {}).status_code == status
    listed = client.get(reverse("admin:creators_category_changelist")).text
    assert (PAGE in listed) == (status == 200)
