import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from campaigns.models import Advertiser, Delivery, Invoice, Month
from creators.models import Creator
from payouts.demo import advertisers, people, supply
from payouts.demo.month import Demo
from payouts.demo.summary import summary
from payouts.models import Payout, Transfer
from payouts.verification import verify
from pulse_site.models import AuditEvent, Mail
from pulse_site.refusal import Refused
from tests import factories

TODAY = datetime.date(2026, 11, 9)
pytestmark = pytest.mark.django_db


@pytest.fixture
def build(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """A demo a hundred times smaller than the one that people see."""
    settings.DEBUG, settings.VAR = True, tmp_path
    _shrink(monkeypatch)
    return Demo(1, lambda line: None, TODAY)


def _shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "CREATORS", 200)
    monkeypatch.setattr(supply, "VIDEOS", 4_000)


def test_a_whole_month_runs_and_may_be_run_again(build: Demo) -> None:
    build.build()
    assert Month.objects.get(code="2026-10").status == Month.Status.CLOSED
    assert Payout.objects.filter(status=Payout.Status.PAID).exists()
    assert set(Delivery.objects.order_by().values_list("verdict", flat=True)) == set(Delivery.Verdict)
    assert Delivery.objects.exclude(creative_number=0).exists()
    states = {invoice.status for invoice in Invoice.objects.with_balance()}
    assert {Invoice.State.PAID, Invoice.State.PARTLY_PAID, Invoice.State.SET_OFF} <= states
    assert verify() == []
    transfers = Transfer.objects.count()
    Demo(1, lambda line: None, TODAY + datetime.timedelta(days=40)).build()
    assert Transfer.objects.count() == transfers
    assert "verify: ok" in summary("2026-10")


def test_a_demo_that_was_killed_is_finished_by_starting_it_again(
    build: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Demo, "close_the_month", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build.build()
    monkeypatch.undo()
    _shrink(monkeypatch)
    deliveries = Delivery.objects.count()
    again = Demo(1, lambda line: None, TODAY)
    again.folder = build.folder
    again.build()
    assert Delivery.objects.filter(month="2026-10").count() == deliveries
    assert verify() == []


def test_advertisers_come_in_once_however_often_they_are_let_in(build: Demo) -> None:
    cast = people.staff()
    for _time in range(2):
        made = advertisers.let_in(cast, cast["admin"])
    assert all(each.admitted for each in made)
    assert list(made[0].members.order_by("pk").values_list("user__username", "role")) == [
        ("olivia", "owner"),
        ("felix", "finance"),
        ("vera", "viewer"),
    ]
    assert cast["greta"].memberships.count() == len(made) - 1
    waiting, asked = Advertiser.objects.exclude(status="approved").order_by("status")
    assert (waiting.status, waiting.checks.count()) == ("applied", 2)
    assert (asked.status, asked.decisions.count()) == ("asked", 1)
    assert not Mail.objects.filter(sent_at=None).exists()
    assert AuditEvent.objects.filter(action="advertiser.apply").count() == len(made) + 2


def test_the_demo_refuses_a_database_with_another_programme(build: Demo) -> None:
    factories.creator()
    with pytest.raises(Refused, match="Another programme"):
        Demo(1, lambda line: None, TODAY)
    assert Creator.objects.count() == 1


def test_the_demo_refuses_a_scale_that_makes_nothing() -> None:
    with pytest.raises(Refused, match="A scale of 0"):
        Demo(0, lambda line: None, TODAY)


def test_the_demo_refuses_to_run_in_production(build: Demo, settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(Refused, match="DEBUG"):
        Demo(1, lambda line: None, TODAY)


def test_the_same_seed_invents_the_same_programme(build: Demo) -> None:
    tags = {"gaming": ["game"]}
    first = supply.people(1, tags)
    assert first == supply.people(1, tags)
    clips = supply.clips(first, tags, TODAY, TODAY, 1)
    assert clips == supply.clips(first, tags, TODAY, TODAY, 1)
    assert len({clip.platform_id for clip in clips}) == len(clips)
