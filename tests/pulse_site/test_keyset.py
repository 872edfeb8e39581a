"""Lists page by page: every row once, in order, whatever the ties; and no odd address breaks one."""

import re
from html import unescape

import pytest
from django.core import signing
from django.test import Client

from creators.models import Creator, Reach
from pulse_site.admin.keyset import SALT
from pulse_site.admin.model_admin import PulseModelAdmin
from pulse_site.models import User
from tests import factories

CREATORS = "/admin/creators/creator/"
ORDERS = ["?status=all", "?status=pending", "?status=all&o=-4", "?status=all&o=4", "?status=approved&o=-4"]


@pytest.fixture
def desk(client: Client, administrator: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Twenty-three creators, of whom many have the same followers, seen four at a time."""
    monkeypatch.setattr(PulseModelAdmin, "list_per_page", 4)
    monkeypatch.setattr(PulseModelAdmin, "list_max_show_all", 4)
    for number in range(23):
        factories.creator(followers=100_000 + number % 3, status=("pending", "approved")[number % 2])
    client.force_login(administrator)
    return client


def link(page: str, rel: str) -> str | None:
    found = re.search(f'<a href="([^"]*)" rel="{rel}"', page)
    return unescape(found[1]) if found else None


def walk(desk: Client, address: str, rel: str) -> tuple[list[list[int]], str]:
    """The keys of each page from `address` on, and the address of the last."""
    pages = []
    while True:
        answer = desk.get(address)
        pages.append([row.pk for row in answer.context["cl"].result_list])
        onward = link(answer.content.decode(), rel)
        if onward is None:
            return pages, address
        address = CREATORS + onward


@pytest.mark.parametrize("order", ORDERS)
def test_walking_on_and_back_shows_every_row_once_and_in_order(desk: Client, order: str) -> None:
    forward, last = walk(desk, CREATORS + order, "next")
    wanted = Creator.objects.all()
    if "all" not in order:
        wanted = wanted.filter(status=order.partition("=")[2].partition("&")[0])
    seen = [pk for page in forward for pk in page]
    assert sorted(seen) == sorted(wanted.values_list("pk", flat=True))
    back, _first = walk(desk, last, "prev")
    assert back[::-1] == forward
    if "o=" in order:
        followers = dict(Reach.objects.values_list("creator_id", "followers"))
        shown = [followers[pk] for pk in seen]
        assert shown == sorted(shown, reverse="o=-" in order)


def test_a_row_that_comes_in_between_moves_no_page(desk: Client) -> None:
    first = desk.get(f"{CREATORS}?status=all")
    onward = link(first.content.decode(), "next")
    factories.creator()
    second = desk.get(f"{CREATORS}{onward}")
    shown = [row.pk for answer in (first, second) for row in answer.context["cl"].result_list]
    assert len(shown) == len(set(shown)) == 8


def test_a_filter_begins_at_the_first_page(desk: Client) -> None:
    onward = link(desk.get(f"{CREATORS}?status=all").content.decode(), "next")
    page = desk.get(f"{CREATORS}{onward}").content.decode()
    assert not re.search(r'href="\?[^"]*after=[^"]*status=pending', page)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "9" * 3_000,
        signing.dumps([["id"], ["x"]], salt=SALT),
        signing.dumps([["handle"], ["x"]], salt=SALT),
        signing.dumps([["id"], []], salt=SALT),
        signing.dumps(7, salt=SALT),
        signing.dumps([["id"], ["3"]], salt="another"),
    ],
)
def test_a_cursor_that_cannot_be_leads_to_the_first_page(desk: Client, cursor: str) -> None:
    first = desk.get(f"{CREATORS}?status=all").context["cl"].result_list
    for name in ("after", "before"):
        shown = desk.get(f"{CREATORS}?status=all&{name}={cursor}").context["cl"].result_list
        assert shown == first
