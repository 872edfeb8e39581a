import datetime
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from pulse_site import celery_app
from pulse_site.models import Run

NOWHERE = "redis://127.0.0.1:1/0"


def test_a_living_process_says_so_without_the_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_a_house_in_order_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "database": True,
        "migrations": True,
        "broker": True,
        "oldest_queued_seconds": 0,
    }


@pytest.mark.django_db
def test_a_missing_migration_is_not_ready(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'payouts'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, False)


@pytest.mark.django_db
def test_a_broker_that_is_away_is_not_ready(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CELERY_BROKER_URL = NOWHERE
    connect = partial(celery_app.connection_for_write, NOWHERE)
    monkeypatch.setattr(celery_app, "connection_for_write", connect)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, False)


@pytest.mark.django_db
def test_the_oldest_waiting_run_tells_how_far_the_workers_are_behind(client: Client) -> None:
    Run.objects.create(kind="test", key="1")
    Run.objects.update(created_at=timezone.now() - datetime.timedelta(hours=1))
    assert client.get("/readyz").json()["oldest_queued_seconds"] >= 3600
