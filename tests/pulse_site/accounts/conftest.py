import pytest
from django.db import transaction
from pytest_django.fixtures import Settings


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a commit happens at once, as it would at the end of a view's own transaction.

    The transaction around the test is never committed.
    """
    monkeypatch.setattr(transaction, "on_commit", lambda act, using=None, robust=False: act())


@pytest.fixture
def required(settings: Settings) -> None:
    """The second factor is asked for, as in production."""
    settings.SECOND_FACTOR_REQUIRED = True
