"""Who gets what from the portal: every URL, asked by everybody."""

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import urls
from campaigns.models import Campaign
from pulse_site.models import User
from tests import factories

PEOPLE = ("nobody", "owner", "member", "stranger", "staff")
# (method, URL name) -> the status for nobody, owner, member, stranger and staff without a membership.
ACCESS = {
    ("get", "campaigns"): (302, 200, 200, 200, 200),
    ("get", "campaign"): (302, 200, 200, 404, 404),
    ("get", "login"): (200, 302, 302, 302, 302),
    ("post", "logout"): (302, 302, 302, 302, 302),
    ("get", "logout"): (405, 405, 405, 405, 405),
}
CASES = [
    (method, name, person, status)
    for (method, name), statuses in ACCESS.items()
    for person, status in zip(PEOPLE, statuses, strict=True)
]


@pytest.fixture
def acme(owner: User) -> Campaign:
    """Acme's campaign, next to one of the stranger's so that ids don't match by chance."""
    factories.campaign("RIVAL-1")
    return factories.campaign("ACME-1", advertiser=owner.memberships.get().advertiser)


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
    address = reverse(f"portal:{name}", args=[acme.pk] if name == "campaign" else [])
    response = getattr(browser(person, request), method)(address)
    assert response.status_code == status
    if status == 302 and name in ("campaigns", "campaign"):
        assert response["Location"] == f"{reverse('portal:login')}?next={address}"


def test_no_page_is_missing_from_the_table() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == {name for _method, name in ACCESS}


@pytest.mark.parametrize("person", ["stranger", "staff"])
def test_nothing_shows_that_another_advertiser_exists(
    person: str, acme: Campaign, request: pytest.FixtureRequest
) -> None:
    client = browser(person, request)
    there = client.get(reverse("portal:campaign", args=[acme.pk]))
    missing = client.get(reverse("portal:campaign", args=[acme.pk + 1_000]))
    listed = client.get(reverse("portal:campaigns"))
    assert there.status_code == missing.status_code == 404
    for response in (there, listed):
        assert acme.reference not in response.content.decode()
        assert acme.advertiser.name not in response.content.decode()


def test_an_advertiser_who_is_not_approved_sees_no_campaigns(acme: Campaign, owner: User) -> None:
    acme.advertiser.status = "applied"
    acme.advertiser.save()
    client = Client()
    client.force_login(owner)
    assert client.get(reverse("portal:campaign", args=[acme.pk])).status_code == 404
