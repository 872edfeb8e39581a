import datetime

import pytest
from django.utils import timezone


@pytest.fixture(autouse=True)
def after_october(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 20 November 2026: October is over, December has not begun."""
    now = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
