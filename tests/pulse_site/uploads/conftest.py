"""Who gives files, and where those are kept."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from pulse_site.models import Upload
from tests import factories
from tests.pulse_site.uploads.steps import applied, previewed


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def desk(client: Client, db: None) -> Client:
    client.force_login(factories.staff("ida", "view_upload", "add_upload", "apply_upload", "undo_upload"))
    return client


@pytest.fixture
def fallen(desk: Client) -> Upload:
    """A preview in which everybody loses most followers."""
    names = [f"creator{number}" for number in range(20)]
    before = "handle,followers\n" + "".join(f"{name},200000\n" for name in names)
    applied(desk, before.encode())
    after = "handle,followers\n" + "".join(f"{name},90000\n" for name in names)
    return previewed(desk, after.encode(), as_of="2026-10-16")
