"""The cast: the people whom the tests let act."""

import pytest
from pytest_django.fixtures import Settings

from campaigns.models import Member
from pulse_site.models import User
from tests import factories


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """A password that is slow to guess is slow to make: half a second for each of the cast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def reviewer(db: None) -> User:
    """Staff who reviews creators."""
    return factories.user("reviewer", is_staff=True)


@pytest.fixture
def finance_one(db: None) -> User:
    """Staff who prepares money."""
    return factories.staff("finance-one", "review_month", "prepare_batch")


@pytest.fixture
def finance_two(db: None) -> User:
    """Staff who approves money."""
    return factories.staff("finance-two", "close_month", "approve_batch")


@pytest.fixture
def administrator(db: None) -> User:
    return factories.user("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def owner(db: None) -> User:
    """Owner of the advertiser Acme."""
    made = factories.user("owner")
    Member.objects.create(advertiser=factories.advertiser("Acme"), user=made, role=Member.Role.OWNER)
    return made


@pytest.fixture
def member(owner: User) -> User:
    """A colleague at Acme who may only look."""
    made = factories.user("member")
    acme = owner.memberships.get().advertiser
    Member.objects.create(advertiser=acme, user=made, role=Member.Role.VIEWER)
    return made


@pytest.fixture
def stranger(db: None) -> User:
    """Owner of another advertiser, who must never see anything of Acme."""
    made = factories.user("stranger")
    Member.objects.create(advertiser=factories.advertiser("Rival"), user=made, role=Member.Role.OWNER)
    return made
