"""Threads that race: what they start from, and what must be true when all have come home."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.models import Campaign
from creators.models import Creator
from payouts import seals
from payouts.verification import verify
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import deliver

CREATORS, WORKERS = 30, 4
CORRECTS = ("prepare_correction", "approve_correction")
ENTERS = ("prepare_entry", "approve_entry")
RACING = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: nothing can race"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.usefixtures("guards_stand_aside"),
]


@pytest.fixture
def people() -> list[User]:
    """Persons who may do everything with money."""
    may = ("review_month", "close_month", "prepare_batch", "approve_batch", *CORRECTS, *ENTERS)
    return [factories.staff(f"finance-{number}", *may) for number in range(WORKERS + 1)]


@pytest.fixture
def campaign() -> Campaign:
    return factories.campaign()


@pytest.fixture
def creators(campaign: Campaign) -> list[Creator]:
    """Thirty creators who each earn $60 in October."""
    made = [factories.enrolled() for _each in range(CREATORS)]
    for creator in made:
        deliver(campaign, creator, 12_000)
    return made


def race(*jobs: Callable[[], object]) -> list[object]:
    """What each job returned, or the exception it raised; all start at once, each on its own connection."""
    barrier, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def work(place: int, job: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            results[place] = job()
        except (Refused, DatabaseError) as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=each) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def refusals(results: list[object]) -> int:
    return sum(isinstance(result, Refused) for result in results)


def sealed_and_clean() -> bool:
    seals.seal()
    # The lineups of these tests are made by hand: they have no digest to verify.
    return [breach for breach in verify() if breach.rule != "used lineups"] == []


def held(act: Callable[[], object]) -> Callable[[], object]:
    """`act` in a transaction that stays open for half a second."""

    def job() -> object:
        with transaction.atomic():
            result = act()
            time.sleep(0.5)
        return result

    return job


def after(seconds: float, act: Callable[[], object]) -> Callable[[], object]:
    def job() -> object:
        time.sleep(seconds)
        return act()

    return job
