"""Rules about the house itself."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

HOUSE = Path(__file__).resolve().parent.parent
# Who may be imported by whom: one way only.
ALLOWED = {
    "pulse_site": set(),
    "creators": {"pulse_site"},
    "campaigns": {"pulse_site", "creators"},
    "payouts": {"pulse_site", "creators", "campaigns"},
}
IMPORT = re.compile(r"^\s*(?:from|import) (pulse_site|creators|campaigns|payouts)\b", re.MULTILINE)


@pytest.mark.parametrize("app", ALLOWED)
def test_imports_run_one_way(app: str) -> None:
    for path in (HOUSE / app).rglob("*.py"):
        if path == HOUSE / "pulse_site" / "urls.py":
            continue  # the frame's door to every app
        imported = set(IMPORT.findall(path.read_text())) - {app}
        assert imported <= ALLOWED[app], path


@pytest.mark.django_db
def test_no_model_change_lacks_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
