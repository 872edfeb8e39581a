"""Who gets what from the portal: every URL, asked by everybody: each role of Acme, a rival, staff, nobody.

A page that is added to the portal is added to the table, or the last test fails. What stands in an address
besides the advertiser is made by KEYS.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from campaigns import team, urls
from campaigns.models import Advertiser, Campaign
from pulse_site.models import User
from tests import factories

PEOPLE = ("nobody", "owner", "editor", "bookkeeper", "member", "stranger", "staff")
OPEN = (302, 200, 200, 200, 200, 404, 404)
PREPARES = (302, 200, 200, 403, 403, 404, 404)  # a page for those who may edit
MOVES = (302, 302, 302, 403, 403, 404, 404)  # and what they do with it
OWNERS = (302, 200, 403, 403, 403, 404, 404)
OWNERS_AND_ON = (302, 302, 403, 403, 403, 404, 404)
BILLING = (302, 200, 403, 200, 403, 404, 404)
# (method, URL name) -> the status for each of PEOPLE. Addresses of an advertiser are asked for Acme's.
ACCESS = {
    ("get", "home"): (302, 302, 302, 302, 302, 302, 200),
    ("get", "campaigns"): OPEN,
    ("get", "campaign"): OPEN,
    ("get", "application"): OPEN,
    ("post", "application"): (302, 200, 403, 403, 403, 404, 404),
    ("get", "agreement"): OPEN,
    ("post", "agreement"): (302, 302, 403, 403, 403, 404, 404),
    ("get", "company"): OWNERS,
    ("post", "company"): OWNERS,
    ("get", "team"): OWNERS,
    ("post", "team"): OWNERS,
    ("get", "member"): OWNERS,
    ("post", "member"): OWNERS_AND_ON,
    ("post", "member_remove"): OWNERS_AND_ON,
    ("post", "invitation_send"): OWNERS_AND_ON,
    ("post", "invitation_take_back"): OWNERS_AND_ON,
    ("get", "leave"): OPEN,
    ("post", "leave"): (302, 302, 302, 302, 302, 404, 404),
    ("get", "apply"): (200, 200, 200, 200, 200, 200, 200),
    ("post", "apply"): (200, 200, 200, 200, 200, 200, 200),
    ("get", "application_form"): (404, 404, 404, 404, 404, 404, 404),
    ("get", "join"): (404, 404, 404, 404, 404, 404, 404),
    ("get", "login"): (302, 302, 302, 302, 302, 302, 302),
    ("get", "reports"): OPEN,
    ("get", "report_file"): OPEN,
    ("get", "safety"): OPEN,
    ("get", "safety_file"): OPEN,
    ("get", "campaign_new"): PREPARES,
    ("post", "campaign_new"): PREPARES,  # nothing was typed
    ("get", "campaign_edit"): MOVES,  # it is booked: back to its page
    ("post", "campaign_edit"): PREPARES,
    ("get", "campaign_copy"): PREPARES,
    ("post", "campaign_copy"): MOVES,
    ("get", "campaign_move"): PREPARES,
    ("post", "campaign_move"): MOVES,
    ("get", "creative_new"): PREPARES,
    ("post", "creative_new"): PREPARES,
    ("get", "creative_file"): OPEN,
    ("get", "creative_replace"): PREPARES,
    ("post", "creative_replace"): PREPARES,
    ("get", "creative_withdraw"): PREPARES,
    ("post", "creative_withdraw"): MOVES,
    ("get", "exclusions"): OPEN,
    ("post", "exclusions"): (302, 404, 404, 403, 403, 404, 404),  # nothing was asked for
    ("get", "exclusions_rejected"): OPEN,
    ("get", "invoices"): BILLING,
    ("get", "invoice"): BILLING,
    ("get", "invoice_file"): BILLING,
    ("get", "invoice_year"): BILLING,
}
CASES = [
    (method, name, person, status)
    for (method, name), statuses in ACCESS.items()
    for person, status in zip(PEOPLE, statuses, strict=True)
]
# What the converters of the addresses stand for, made of Acme's campaign and its one invoice.
KEYS: dict[str, Callable[[Campaign], Any]] = {
    "advertiser": lambda campaign: campaign.advertiser_id,
    "pk": lambda campaign: campaign.pk,
    "by": lambda campaign: "video",
    "kind": lambda campaign: "csv",
    "month": lambda campaign: "2026-10",
    "action": lambda campaign: "pause",
    "creative": lambda campaign: campaign.creatives.get().pk,
    "list": lambda campaign: campaign.exclusion_lists.get().pk,
    "member": lambda campaign: campaign.advertiser.members.get(user__username="owner").pk,
    "invitation": lambda campaign: campaign.advertiser.invitations.get().pk,
    "token": lambda campaign: "a-link-that-nobody-was-sent",
    "invoice": lambda campaign: campaign.advertiser.invoices.get().pk,
    "format": lambda campaign: "pdf",
    "year": lambda campaign: 2026,
}
# Those that stand for a row of Acme's.
ROWS = {"pk", "creative", "list", "member", "invitation", "invoice"}


def patterns(
    among: list[URLPattern | URLResolver], before: tuple[str, ...] = ()
) -> Iterator[tuple[str, list[str]]]:
    """The name of each address of the portal, with what it is made of."""
    for each in among:
        keys = (*before, *each.pattern.converters)
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, keys)
        else:
            yield str(each.name), list(keys)


ADDRESSES = dict(patterns(urls.urlpatterns))
OF_AN_ADVERTISER = [name for name, keys in ADDRESSES.items() if "advertiser" in keys]


@pytest.fixture
def acme(owner: User) -> Campaign:
    """Acme's campaign, next to one of the stranger's so that ids don't match by chance."""
    factories.creative(factories.campaign("RIVAL-1"))
    made = factories.campaign("ACME-1", advertiser=owner.memberships.get().advertiser)
    file = ContentFile(b"GIF89a", "acme.gif")
    factories.creative(made, file=file, url="", content_type="image/gif")
    made.exclusion_lists.create(name="acme.csv", videos=0, added=0, rejected=[[1, "x", "?"]], added_by=owner)
    team.invite(made.advertiser, "colleague@example.com", "viewer", owner)
    factories.invoice(factories.advertiser("Third"))
    factories.invoice(made.advertiser)
    return made


def address(name: str, acme: Campaign) -> str:
    return reverse(f"portal:{name}", args=[KEYS[key](acme) for key in ADDRESSES[name]])


def browser(person: str, request: pytest.FixtureRequest) -> Client:
    client = Client()
    if person == "staff":
        client.force_login(request.getfixturevalue("reviewer"))
    elif person != "nobody":
        client.force_login(request.getfixturevalue(person))
    return client


@pytest.mark.parametrize(("method", "name", "person", "status"), CASES)
def test_every_page_answers_each_person_as_the_table_says(
    method: str, name: str, person: str, status: int, acme: Campaign, request: pytest.FixtureRequest
) -> None:
    asked = address(name, acme)
    response = getattr(browser(person, request), method)(asked)
    assert response.status_code == status
    if person == "nobody" and name in OF_AN_ADVERTISER:
        assert response["Location"] == f"{reverse('account_login')}?next={asked}"


def test_no_page_is_missing_from_the_table() -> None:
    assert set(ADDRESSES) == {name for _method, name in ACCESS}


@pytest.mark.parametrize("person", ["stranger", "staff"])
@pytest.mark.parametrize("name", OF_AN_ADVERTISER)
def test_nothing_shows_that_another_advertiser_exists(
    name: str, person: str, acme: Campaign, request: pytest.FixtureRequest
) -> None:
    """By either method, its addresses answer as those of an advertiser that doesn't exist."""
    client = browser(person, request)
    there = address(name, acme)
    missing = there.replace(f"/a/{acme.advertiser_id}/", f"/a/{acme.advertiser_id + 1_000}/")
    for ask in (client.get, client.post):
        answers = [ask(there), ask(missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        shown = answers[0].content.decode()
        assert acme.reference not in shown
        assert acme.advertiser.name not in shown


@pytest.mark.parametrize("name", [name for name in OF_AN_ADVERTISER if ROWS.intersection(ADDRESSES[name])])
def test_what_belongs_to_another_advertiser_is_not_found_below_the_own(
    name: str, acme: Campaign, stranger: User
) -> None:
    """A member of Rival asks for Acme's rows under Rival's own number."""
    client = Client()
    client.force_login(stranger)
    own = stranger.memberships.get().advertiser_id
    asked = address(name, acme).replace(f"/a/{acme.advertiser_id}/", f"/a/{own}/")
    assert 404 in (answered := {client.get(asked).status_code, client.post(asked).status_code})
    assert answered <= {404, 405}


def test_whoever_may_only_look_is_offered_nothing_to_do(acme: Campaign, member: User) -> None:
    client = Client()
    client.force_login(member)
    for name in ("campaigns", "campaign", "exclusions"):
        page = client.get(address(name, acme)).content.decode()
        main = page[page.index("<main") :]
        assert 'method="post"' not in main
        assert not any(word in main for word in ("/new/", "/edit/", "/move/", "/replace/", "/withdraw/"))


@pytest.mark.parametrize("name", OF_AN_ADVERTISER)
def test_no_odd_number_in_an_address_breaks_a_page(name: str, acme: Campaign, owner: User) -> None:
    client = Client()
    client.force_login(owner)
    for key in ADDRESSES[name]:
        odd = [9**30 if each == key else KEYS[each](acme) for each in ADDRESSES[name]]
        asked = reverse(f"portal:{name}", args=odd)
        assert 404 in (answered := {client.get(asked).status_code, client.post(asked).status_code})
        assert answered <= {404, 405}


@pytest.mark.parametrize("name", ["campaigns", "campaign", "company", "team", "member"])
def test_an_advertiser_who_is_not_approved_sees_the_application_alone(
    name: str, acme: Campaign, owner: User
) -> None:
    Advertiser.objects.filter(pk=acme.advertiser_id).update(status="applied")
    client = Client()
    client.force_login(owner)
    assert client.get(address(name, acme)).status_code == 404
    page = client.get(reverse("portal:home"), follow=True)
    assert page.redirect_chain == [(address("application", acme), 302)]
    assert "looking at it" in page.content.decode()


@pytest.mark.parametrize(("method", "name"), [key for key in ACCESS if key[0] == "post"])
def test_nothing_is_posted_without_a_token_of_the_form(
    method: str, name: str, acme: Campaign, owner: User
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.post(address(name, acme)).status_code == 403
