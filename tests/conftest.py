"""The cast: the people whom the tests let act; and what tests with threads need of the database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from campaigns.models import Member
from pulse_site.models import User
from tests import factories
from tests.pristine import Pristine
from tests.workers import floor, shared_database, two_workers  # noqa: F401 - fixtures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that commits must bring back what migrations made; otherwise one that runs after it fails."""
    for item in items:
        for mark in item.iter_markers("django_db"):
            if mark.kwargs.get("transaction") and not mark.kwargs.get("serialized_rollback"):
                raise pytest.UsageError(f"{item.nodeid}: transaction=True needs serialized_rollback=True.")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pristine]:
    """pytest-django's, and a copy of the database before any test has changed it."""
    with django_db_blocker.unblock():
        made = Pristine(tmp_path_factory.mktemp("pristine"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def pristine(django_db_setup: Pristine) -> Pristine:
    return django_db_setup


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Settings) -> None:
    """A password that is slow to guess is slow to make: half a second for each of the cast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page in another language leaves it to whoever comes next in the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def nothing_issued(settings: Settings, tmp_path: Path) -> None:
    settings.ISSUED_ROOT = tmp_path.with_name(f"{tmp_path.name}-issued")


@pytest.fixture(scope="module")
def guards_stand_aside() -> Iterator[None]:
    """The tables are emptied after a test that commits (PostgreSQL); no guard may refuse that.

    For the module, as the tables are emptied after every fixture of the test itself is gone.
    """
    flush = connection.ops.sql_flush

    def past_the_guards(*args: Any, **options: Any) -> list[str]:
        return ["SET LOCAL session_replication_role = 'replica'", *flush(*args, **options)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.ops, "sql_flush", past_the_guards)
        yield


@pytest.fixture
def reviewer(db: None) -> User:
    """Staff who reviews creators."""
    return factories.user("reviewer", is_staff=True)


@pytest.fixture
def finance_one(db: None) -> User:
    """Staff who prepares money."""
    return factories.staff(
        "finance-one",
        "review_month",
        "prepare_batch",
        "prepare_correction",
        "prepare_entry",
        "download_paymentfile",
    )


@pytest.fixture
def finance_two(db: None) -> User:
    """Staff who approves money."""
    return factories.staff(
        "finance-two", "close_month", "approve_batch", "approve_correction", "approve_entry"
    )


@pytest.fixture
def auditor(db: None) -> User:
    """Staff who sees everything and changes nothing."""
    made = factories.user("auditor", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return made


@pytest.fixture
def administrator(db: None) -> User:
    return factories.user("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def owner(db: None) -> User:
    """Owner of the advertiser Acme."""
    return factories.colleague("owner", factories.advertiser("Acme"), Member.Role.OWNER)


@pytest.fixture
def member(owner: User) -> User:
    """A colleague at Acme who may only look."""
    return factories.colleague("member", owner.memberships.get().advertiser, Member.Role.VIEWER)


@pytest.fixture
def editor(owner: User) -> User:
    """A colleague at Acme who prepares campaigns."""
    return factories.colleague("editor", owner.memberships.get().advertiser, Member.Role.EDITOR)


@pytest.fixture
def bookkeeper(owner: User) -> User:
    """A colleague at Acme who sees the invoices."""
    return factories.colleague("bookkeeper", owner.memberships.get().advertiser, Member.Role.FINANCE)


@pytest.fixture
def stranger(db: None) -> User:
    """Owner of another advertiser, who must never see anything of Acme."""
    return factories.colleague("stranger", factories.advertiser("Rival"), Member.Role.OWNER)
