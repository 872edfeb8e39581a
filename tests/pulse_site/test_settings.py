"""What the settings promise, asked of the running parts: Django and Celery ignore what they don't know."""

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import pytest
from celery.app.defaults import DEFAULTS
from django.conf import settings

from pulse_site import celery_app

HOUSE = Path(settings.BASE_DIR)
PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "k" * 25 + "-0123456789-abcdefghijklmnopq",
    "ALLOWED_HOSTS": "pulse.example.com",
    "ENCRYPTION_KEYS": "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdC4=",
}
CELERY_SETTINGS = [name for name in dir(settings) if name.startswith("CELERY_")]


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=HOUSE,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "ENCRYPTION_KEYS"])
def test_production_refuses_to_start_without(missing: str) -> None:
    refused = manage("check", **PRODUCTION | {missing: ""})
    assert refused.returncode != 0
    assert "With DEBUG off, set SECRET_KEY, ALLOWED_HOSTS and ENCRYPTION_KEYS" in refused.stderr


def test_production_passes_django_s_deployment_check() -> None:
    checked = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", CELERY_SETTINGS)
def test_celery_knows_the_setting(name: str) -> None:
    option = name.removeprefix("CELERY_").lower()
    assert option in DEFAULTS, "Celery has no such setting"
    assert celery_app.conf[option] == getattr(settings, name)


@pytest.mark.parametrize("name", settings.CELERY_BEAT_SCHEDULE)
def test_a_scheduled_task_exists(name: str) -> None:
    assert settings.CELERY_BEAT_SCHEDULE[name]["task"] in celery_app.tasks


def test_a_redis_message_comes_back_only_after_the_time_limit() -> None:
    code = "from pulse_site import settings; print(settings.CELERY_BROKER_TRANSPORT_OPTIONS)"
    printed = manage("shell", "-v", "0", "-c", code, CELERY_BROKER_URL="redis://localhost").stdout
    assert literal_eval(printed)["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
