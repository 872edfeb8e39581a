"""Who may do what with uploads."""

import pytest
from django.test import Client

from pulse_site.admin.uploads.page import page_of
from pulse_site.models import Upload, User
from tests import factories
from tests.pulse_site.uploads.steps import NEW, address, page, previewed

ACTIONS = {
    # page: method, permission
    "columns": ("get", "add_upload"),
    "columns ": ("post", "add_upload"),
    "cancel": ("post", "add_upload"),
    "apply": ("post", "apply_upload"),
    "undo": ("get", "undo_upload"),
    "undo ": ("post", "undo_upload"),
    "rejected": ("get", "view_upload"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_page_wants_its_permission(client: Client, desk: Client, action: str) -> None:
    upload = previewed(desk)
    method, permission = ACTIONS[action]
    url = address(upload, action.strip())
    people: dict[str, list[str]] = {
        "viewer": ["view_upload"],
        "blind": ["add_upload", "apply_upload", "undo_upload"],
        "stranger": ["view_creator"],
        "right": ["view_upload", permission],
    }
    assert getattr(Client(), method)(url).status_code == 302
    for name, permissions in people.items():
        client.force_login(factories.staff(name, *permissions))
        allowed = name == "right" or (name == "viewer" and permission == "view_upload")
        assert (getattr(client, method)(url).status_code in (200, 302)) == allowed, name
        assert name == "right" or Upload.objects.get().status == "previewed"
    client.force_login(factories.staff("giver", "view_upload", "add_upload"))
    assert client.get(address(upload, "apply")).status_code == 405
    assert client.get(address(upload, "cancel")).status_code == 405


def test_who_may_only_look_has_nothing_to_press(client: Client, desk: Client) -> None:
    upload = previewed(desk)
    waiting = Upload.objects.create(feed="followers", name="waits.csv", file="feeds/waits.csv")
    client.force_login(factories.staff("lea", "view_upload"))
    told = page(client, upload)
    assert not [word for word in ("Confirm and apply", "Cancel<", "Correct the columns") if word in told]
    assert client.get(page_of(waiting)).status_code == 200
    assert client.get(NEW).status_code == 403


def test_a_stranger_to_uploads_sees_nothing_of_them(client: Client, desk: Client, reviewer: User) -> None:
    upload = previewed(desk)
    client.force_login(reviewer)
    for url in (page_of(upload), address(upload, "rejected"), address(upload, "columns")):
        assert client.get(url).status_code == 403
