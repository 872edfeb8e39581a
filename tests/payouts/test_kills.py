"""SIGKILL at random instants through a month's close and a payout batch: started again, all ends the same.

A few kills of a small programme with every run of the tests; a hundred of a large one with
`KILLS=100 KILLED_CREATORS=10000 pytest tests/payouts/test_kills.py`.
"""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.payouts.kills import Command, Database

KILLS = int(os.environ.get("KILLS", "2"))
CREATORS = int(os.environ.get("KILLED_CREATORS", "150"))
AS = {"fiona": ("review_month", "prepare_batch"), "frank": ("close_month", "approve_batch")}
STEPS: tuple[Command, ...] = (
    ("review_month", "2026-10", "--as", "fiona"),
    ("close_month", "2026-10", "--as", "frank"),
)
PROGRAMME = """
from campaigns import placements
from campaigns.models import Delivery, Placement
from creators.models import Creator, Enrolment, Video
from payouts import months
from tests import factories
from tests.payouts.programme import DAY, deliver

people = {people!r}
for name, permissions in people.items():
    factories.staff(name, *permissions)
campaign = factories.campaign()
first = deliver(campaign, factories.enrolled(), 12_000)
run, category = first.video.placement_set.get().run, first.category
creators = Creator.objects.bulk_create(
    [Creator(handle=f"killed{{n}}", status="approved") for n in range({creators})])
Enrolment.objects.bulk_create([Enrolment(creator=each, starts_on="2026-01-01") for each in creators])
videos = Video.objects.bulk_create([
    Video(platform_id=8_000_000_000_000_000_000 + n, creator=each, market="US", category=category,
          published_at=first.video.published_at) for n, each in enumerate(creators)])
Placement.objects.bulk_create([
    Placement(run=run, rank=2 + n, video=each, creator_id=each.creator_id, category=category, tier=2, score=1)
    for n, each in enumerate(videos)])
Delivery.objects.bulk_create([
    Delivery(day=DAY, campaign=campaign, video=each, creator_id=each.creator_id, category=category,
             rank=2 + n, impressions=12_000 + n, verdict="billable", revenue_micros=(12_000 + n) * 10_000,
             month=factories.month())
    for n, each in enumerate(videos)])
run.lineup = run.placements.count()
run.digest = placements.digest(run)
run.save()
months.calculate("2026-10")
"""


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """October is calculated; nothing is reviewed, closed or paid."""
    made = Database.fresh(tmp_path_factory.mktemp("programme"), "pulse_kills")
    made.shell(PROGRAMME.format(people=AS, creators=CREATORS))
    yield made
    made.drop()


def live(database: Database, *, seconds: dict[Command, float] | None = None, chance: random.Random) -> None:
    """Take every step; with `seconds`, how long each takes, it is killed somewhere on its way first."""
    for step in STEPS:
        if seconds is not None:
            # The first part of it is Python's start, in which there is nothing to interrupt.
            database.kill_within(step, seconds[step] * chance.uniform(0.4, 1.05))
        try:
            database.run(step)
        except subprocess.CalledProcessError as refused:
            # The kill came after the commit: the step is done, and is refused a second time.
            assert seconds is not None and "must be" in refused.stderr, refused.stderr


def test_whoever_is_killed_and_started_again_ends_as_if_undisturbed(
    programme: Database, tmp_path: Path
) -> None:
    undisturbed = programme.copy(tmp_path / "undisturbed", "pulse_kills_none")
    seconds = {}
    for step in STEPS:
        started = time.monotonic()
        undisturbed.run(step)
        seconds[step] = time.monotonic() - started
    expected = undisturbed.fingerprint()
    assert programme.fingerprint() != expected, "nothing was done: the comparison below would prove nothing"
    undisturbed.drop()
    for number in range(KILLS):
        database = programme.copy(tmp_path / f"killed-{number}", "pulse_kills_one")
        live(database, seconds=seconds, chance=random.Random(number))
        assert database.fingerprint() == expected, f"kill {number} left its mark"
        database.run(["verify"])
        database.drop()
