"""A creator accepts the terms by a signed link, without an account; from then on he earns."""

import datetime
from collections.abc import Iterator

import pytest
import time_machine
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from creators import enrolments, invitations
from creators.models import Creator, Enrolment, TermsAcceptance
from pulse_site import mail
from pulse_site.models import Mail, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Creator:
    return factories.creator("ada", status="approved", email="ada@example.com", language="fr", name="Ada")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def fresh(creator: Creator) -> Creator:
    return Creator.objects.get(pk=creator.pk)


def test_whoever_was_approved_is_sent_one_link(ada: Creator) -> None:
    factories.creator("silent", status="approved")
    factories.creator("waiting", status="pending", email="w@example.com")
    factories.enrolled("earning", email="e@example.com", terms_accepted_on=factories.DAY)
    assert invitations.invite_waiting() == 1
    assert invitations.invite_waiting() == 0
    assert Mail.objects.get().to == "ada@example.com"
    assert fresh(ada).invited_at is not None


def test_the_message_is_in_the_creators_language_and_its_link_opens_the_terms(
    ada: Creator, client: Client, settings: object
) -> None:
    invitations.invite_waiting()
    mail.deliver()
    message = outbox.outbox[0]
    assert "acceptez les conditions" in message.subject
    address = next(word for word in str(message.body).split() if "/terms/" in word)
    page = client.get(address.partition("8000")[2])
    assert page.status_code == 200
    assert '<html lang="fr">' in page.content.decode()


def test_accepting_lets_him_earn_from_today(ada: Creator, client: Client) -> None:
    address = invitations.address(ada)
    client.post(address)
    assert fresh(ada).terms_accepted_on == timezone.localdate()
    assert Enrolment.objects.get(creator=ada).starts_on == timezone.localdate()
    accepted = TermsAcceptance.objects.get(creator=ada)
    assert (accepted.terms, accepted.channel, accepted.language) == (factories.terms(), "link", "fr")
    assert "Vous participez" in client.get(address).content.decode()


def test_accepting_twice_accepts_once(ada: Creator, client: Client) -> None:
    for _press in range(2):
        client.post(invitations.address(ada))
    assert TermsAcceptance.objects.count() == Enrolment.objects.count() == 1


def test_looking_accepts_nothing(ada: Creator, client: Client) -> None:
    client.get(invitations.address(ada))
    assert fresh(ada).terms_accepted_on is None


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended", "withdrawn"])
def test_only_who_is_approved_can_accept(ada: Creator, client: Client, status: str) -> None:
    Creator.objects.update(status=status)
    page = client.post(invitations.address(ada))
    assert page.status_code == 200
    assert fresh(ada).terms_accepted_on is None


def test_a_link_is_good_for_thirty_days(ada: Creator, client: Client, clock: time_machine.Traveller) -> None:
    address = invitations.address(ada)
    clock.shift(datetime.timedelta(days=30, seconds=-1))
    assert client.get(address).status_code == 200
    clock.shift(datetime.timedelta(seconds=2))
    assert client.get(address).status_code == client.post(address).status_code == 410
    assert fresh(ada).terms_accepted_on is None


def test_a_forged_link_opens_nothing(ada: Creator, client: Client) -> None:
    address = invitations.address(ada)
    for forged in (address[:-3] + "x/", "/terms/x/", address.replace("/terms/", "/statements/")):
        assert client.get(forged).status_code == 404


def test_the_page_stays_out_of_caches_and_search_engines(ada: Creator, client: Client) -> None:
    page = client.get(invitations.address(ada))
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "private" in page["Cache-Control"]


def test_staff_send_a_new_link_where_one_can_be_used(ada: Creator, reviewer: User) -> None:
    invitations.invite(ada, reviewer)
    invitations.invite(ada, reviewer)
    assert Mail.objects.count() == 2
    with pytest.raises(Refused, match="no e-mail address"):
        invitations.invite(factories.creator(status="approved"), reviewer)
    with pytest.raises(Refused, match="Only who is approved"):
        invitations.invite(factories.creator(status="pending", email="p@example.com"), reviewer)


def test_what_staff_note_is_kept_as_noted_by_them(ada: Creator, reviewer: User) -> None:
    assert enrolments.accept_terms(Creator.objects.filter(pk=ada.pk), timezone.localdate(), reviewer) == 1
    noted = TermsAcceptance.objects.get(creator=ada)
    assert (noted.channel, noted.noted_by, noted.language) == ("staff", reviewer, "fr")
