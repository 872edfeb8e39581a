"""Delimiter, encoding, header line and sheet: shown as found, corrected by a person, remembered."""

import io

import openpyxl
import pytest
from django.http import HttpResponse
from django.test import Client

from creators.models import FollowerCount
from pulse_site.models import HeaderMapping, Upload
from tests.pulse_site.uploads.steps import address, choose, give, work

REPORT = "Wer,der,Report,vom,heute\nerstellt von Ida\n\nWer;Wieviele\nbella;120000\n"
CENTRAL = "handle;followers;město\nbella;120000;Plzeň\n"


def reread(client: Client, upload: Upload, **said: str) -> HttpResponse:
    """Read the file again, otherwise in what is `said`."""
    mapping = Upload.objects.get(pk=upload.pk).mapping
    found = {name: mapping[name] for name in ("delimiter", "header_line", "sheet")}
    found["encoding"] = mapping["encoding"].removesuffix("-sig").removesuffix("-le")
    answers = {f"reading-{name}": value for name, value in {**found, **said}.items()}
    return client.post(address(upload, "columns"), {**answers, "reread": "1"})


def given(client: Client, content: bytes, name: str = "file.csv", **answers: str) -> Upload:
    give(client, content, name, **answers)
    return Upload.objects.latest("id")


def applied(client: Client, upload: Upload, *columns: str) -> None:
    choose(client, upload, *columns)
    work()
    client.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    assert upload.status == "applied", upload.error


def told(client: Client, upload: Upload) -> str:
    return client.get(address(upload, "columns")).text


def headers(upload: Upload) -> list[str]:
    upload.refresh_from_db()
    return [found["header"] for found in upload.mapping["headers"]]


def test_the_line_of_the_header_and_the_delimiter_are_corrected_and_remembered(desk: Client) -> None:
    upload = given(desk, REPORT.encode())
    assert headers(upload) == ["Wer", "der", "Report", "vom", "heute"]
    assert "erstellt von Ida" in told(desk, upload)
    reread(desk, upload, delimiter=";")
    assert reread(desk, upload, header_line="4").status_code == 302
    assert headers(upload) == ["Wer", "Wieviele"]
    assert "<code>bella</code>" in told(desk, upload)
    applied(desk, upload, "handle", "followers")
    assert FollowerCount.objects.get().followers == 120_000

    longer = given(
        desk, b"Wer,another,title\n\nof more lines\n\n" + REPORT[-36:].encode(), as_of="2026-10-16"
    )
    assert headers(longer) == ["Wer", "Wieviele"]
    assert "they are read as ida said" in told(desk, longer)
    applied(desk, longer, "handle", "followers")


def test_an_encoding_is_corrected_and_remembered(desk: Client) -> None:
    upload = given(desk, CENTRAL.encode("cp1250"))
    assert "Windows-1250" in told(desk, upload)
    assert headers(upload)[2] != "město"
    reread(desk, upload, encoding="cp1250")
    assert headers(upload)[2] == "město"
    assert "<code>Plzeň</code>" in told(desk, upload)
    applied(desk, upload, "handle", "followers", "name")
    assert HeaderMapping.objects.get().reading == {"encoding": "cp1250"}
    again = given(desk, CENTRAL.replace("120000", "130000").encode("cp1250"), as_of="2026-10-16")
    assert headers(again)[2] == "město"


def test_a_sheet_is_chosen_where_there_are_several_and_remembered(desk: Client) -> None:
    def workbook(followers: int) -> bytes:
        book, out = openpyxl.Workbook(), io.BytesIO()
        book.active.title = "Notes"
        book.active.append(["Wer hat das gemacht"])
        sheet = book.create_sheet("Oktober")
        sheet.append(["handle", "followers"])
        sheet.append(["bella", followers])
        book.save(out)
        return out.getvalue()

    upload = given(desk, workbook(5), "october.xlsx")
    page = told(desk, upload)
    assert '<option value="Oktober">' in page
    assert "reading-delimiter" not in page
    reread(desk, upload, sheet="Oktober")
    assert headers(upload) == ["handle", "followers"]
    applied(desk, upload, "handle", "followers")
    again = given(desk, workbook(6), "november.xlsx", as_of="2026-10-16")
    assert headers(again) == ["handle", "followers"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"encoding": "utf-8"}, "Line 1 has bytes that aren&#x27;t UTF-8. Save the file again as CSV UTF-8."),
        ({"header_line": "77"}, "Select a valid choice."),
        ({"delimiter": "nonsense"}, "Select a valid choice."),
    ],
)
def test_a_wrong_choice_says_why_and_changes_nothing(desk: Client, said: dict[str, str], why: str) -> None:
    upload = given(desk, CENTRAL.encode("cp1250"))
    before = headers(upload)
    answer = reread(desk, upload, **said)
    assert answer.status_code == 200
    assert why in answer.text
    assert headers(upload) == before


def test_a_file_without_names_loses_no_row_and_may_be_corrected_whole(desk: Client) -> None:
    upload = given(desk, b"bella,120000\nchef.tom,5\n")
    assert "Line 1 looks like a row." in told(desk, upload)
    reread(desk, upload, header_line="-1")
    assert headers(upload) == ["(1)", "(2)"]
    page = told(desk, upload)
    assert "looks like a row" not in page
    assert "<code>120000</code>" in page
    applied(desk, upload, "handle", "followers")
    assert set(FollowerCount.objects.values_list("creator__handle", "followers")) == {
        ("bella", 120_000),
        ("chef.tom", 5),
    }


def test_columns_of_the_same_name_are_told_apart(desk: Client) -> None:
    upload = given(desk, b"handle,handle,,followers\nBella Cooks,bella,x,120000\n")
    assert headers(upload) == ["handle", "handle (2)", "(3)", "followers"]
    choose(desk, upload, "handle", "", "", "followers")
    work()
    assert "Bella Cooks" in told(desk, upload)  # it needn't be given again
    applied(desk, upload, "", "handle", "", "followers")
    assert FollowerCount.objects.get().creator.handle == "bella"


def test_utf_16_may_be_said_of_any_text(desk: Client) -> None:
    upload = given(desk, b"Wer,Wieviele\nbella,1200\n")
    assert reread(desk, upload, encoding="utf-16").status_code in (200, 302)
    unmarked = given(desk, "Wer;Wieviele,x\nbella;5,y\n".encode("utf-16-le"))
    reread(desk, unmarked, delimiter=";")
    assert headers(unmarked) == ["Wer", "Wieviele,x"]


def test_what_is_read_otherwise_is_previewed_again(desk: Client) -> None:
    upload = given(desk, b"handle;followers;name\nbella;5;x\n")
    choose(desk, upload, "handle", "followers", "name")
    work()
    reread(desk, upload, header_line="2")
    upload.refresh_from_db()
    assert (upload.status, upload.summary) == ("uploaded", {})
    assert headers(upload) == ["bella", "5", "x"]


def test_nothing_of_a_confidential_file_is_shown(desk: Client) -> None:
    upload = given(desk, b"handle,city\nbella,Troy\n", feed="payees")
    assert upload.mapping["head"][1] == [2, ["•••", "•••"]]
    assert "Troy" not in told(desk, upload)
