"""What a person may correct of how a file is read, and what is remembered of it."""

from django.test import Client

from pulse_site.models import Run, Upload
from tests.pulse_site.uploads.steps import FOREIGN, address, choose, give, work


def test_what_a_person_says_of_the_columns_is_remembered_and_told(desk: Client) -> None:
    upload = applied_as(desk, FOREIGN, "handle", "followers")
    assert upload.status == "applied"
    give(desk, FOREIGN.replace(b"120000", b"130000"), as_of="2026-10-16")
    again = desk.get(address(Upload.objects.latest("id"), "columns")).text
    assert "they are read as ida said on" in again
    assert again.split("Which column is what")[1].count(" selected>") == 2


def applied_as(client: Client, content: bytes, *columns: str) -> Upload:
    give(client, content)
    upload = Upload.objects.latest("id")
    assert "Pulse did not find: handle, followers." in client.get(address(upload, "columns")).text
    choose(client, upload, *columns)
    work()
    client.post(address(upload, "apply"))
    work()
    upload.refresh_from_db()
    return upload


def test_a_mapping_that_cannot_be_is_refused_where_it_is_made(desk: Client) -> None:
    give(desk)
    upload = Upload.objects.get()
    told = choose(desk, upload, "handle", "").content.decode()
    assert "Say which column of the file has followers." in told
    assert "choose one of them" in choose(desk, upload, "handle", "handle").content.decode()
    assert choose(desk, upload, "nonsense", "followers").status_code == 200
    assert not Run.objects.exists()


def test_a_file_of_a_thousand_columns_has_a_choice_for_each(desk: Client) -> None:
    names = ["handle", "followers", *(f"column {number}" for number in range(998))]
    give(desk, f"{','.join(names)}\nbella,5{',' * 998}\n".encode())
    upload = Upload.objects.get()
    choose(desk, upload, "handle", "", "followers", *[""] * 997)
    work()
    upload.refresh_from_db()
    assert upload.status == "uploaded"  # the column has no counts; another may
    assert "Fill this cell." in desk.get(address(upload, "columns")).text


def test_a_corrected_mapping_is_previewed_again(desk: Client) -> None:
    give(desk, b"handle,old,followers\nbella,1,120000\n")
    upload = Upload.objects.get()
    choose(desk, upload, "handle", "", "followers")
    work()
    assert choose(desk, upload, "handle", "", "followers").status_code == 302
    assert not Run.objects.active().exists()  # nothing has changed
    choose(desk, upload, "handle", "followers", "")
    upload.refresh_from_db()
    assert upload.status == "uploaded"
    work()
    upload.refresh_from_db()
    assert upload.summary["columns"] == {"handle": "handle", "old": "followers"}
