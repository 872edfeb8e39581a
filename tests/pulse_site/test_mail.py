"""E-mails: written with what they tell of, sent after the commit, until they are gone, by one sender."""

import datetime
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import time_machine
from celery import current_app
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from pulse_site import mail, tasks
from pulse_site.models import Mail, User
from tests import factories

NOW = datetime.datetime(2026, 11, 25, 9, tzinfo=datetime.UTC)
LETTER = "team_removed"
in_a_transaction = pytest.mark.django_db


class Broken(BaseEmailBackend):
    """The mail server is away."""

    def send_messages(self, messages: object) -> int:
        raise OSError("Connection refused")


class Killing(BaseEmailBackend):
    """The worker is killed after the message left, before that is written down."""

    def send_messages(self, messages: object) -> int:
        django_mail.outbox += messages  # type: ignore[operator]
        raise SystemExit


class Slow(BaseEmailBackend):
    """Long enough that two senders are at it at once."""

    def send_messages(self, messages: object) -> int:
        time.sleep(0.3)
        django_mail.outbox += messages  # type: ignore[operator]
        return 1


def post(to: str = "ada@acme.example", language: str = "en", person: str = "Ada") -> Mail:
    return mail.post(to, LETTER, language, person=person, advertiser="Acme")


@pytest.fixture
def backend(settings: Settings) -> Callable[[type], None]:
    def use(kind: type) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.{kind.__name__}"

    return use


@in_a_transaction
def test_the_first_line_is_the_subject_and_the_rest_the_text() -> None:
    written = post()
    assert written.subject == "You are no longer in the team of Acme"
    assert written.body.startswith("Hello Ada,\n\nAn owner removed you")
    assert written.body.endswith("Pulse\nhttp://localhost:8000\n")


@in_a_transaction
def test_what_somebody_calls_himself_stays_as_it_is_and_makes_no_header() -> None:
    written = mail.post("ada@acme.example", LETTER, "en", person="<Ada & Co>", advertiser="Acme\nBcc: x@y.z")
    assert "Hello <Ada & Co>," in written.body
    assert "\n" not in written.subject
    mail.deliver()
    assert django_mail.outbox[0].recipients() == ["ada@acme.example"]


@in_a_transaction
def test_a_subject_is_never_longer_than_its_column() -> None:
    assert len(mail.post("ada@acme.example", LETTER, "en", advertiser="A" * 500).subject) == 200


@in_a_transaction
def test_a_message_is_sent_once_and_its_text_forgotten() -> None:
    written = post()
    assert [mail.deliver(), mail.deliver()] == [1, 0]
    [sent] = django_mail.outbox
    assert (sent.to, sent.subject, sent.body) == ([written.to], written.subject, written.body)
    assert sent.extra_headers["Message-ID"] == written.message_id
    written.refresh_from_db()
    assert (written.body, written.attempts, written.error) == ("", 1, "")
    assert written.sent_at is not None


@in_a_transaction
def test_what_is_rolled_back_tells_nobody(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as rung, pytest.raises(ZeroDivisionError), transaction.atomic():
        post()
        raise ZeroDivisionError
    assert rung == []
    assert not Mail.objects.exists()
    assert mail.deliver() == 0


@in_a_transaction
def test_after_the_commit_the_bell_is_rung(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, settings: Settings
) -> None:
    current_app.conf.task_always_eager = True
    try:
        with django_capture_on_commit_callbacks(execute=True) as rung:
            post()
            assert not django_mail.outbox
    finally:
        current_app.conf.task_always_eager = settings.CELERY_TASK_ALWAYS_EAGER
    assert len(rung) == len(django_mail.outbox) == 1


@in_a_transaction
def test_the_sweeper_sends_what_the_bell_missed() -> None:
    post()
    tasks.sweep()
    assert len(django_mail.outbox) == 1


@in_a_transaction
def test_while_the_server_is_away_a_message_waits_longer_each_time(
    backend: Callable[[type], None], settings: Settings
) -> None:
    working = settings.EMAIL_BACKEND
    backend(Broken)
    with time_machine.travel(NOW, tick=False) as clock:
        written = post()
        waits = []
        for _attempt in range(3):
            assert mail.deliver() == 0
            assert mail.deliver() == 0  # too early: it isn't even tried
            written.refresh_from_db()
            assert written.error == "Connection refused"
            assert written.body
            assert written.not_before is not None
            waits.append(written.not_before - timezone.now())
            clock.move_to(written.not_before)
        assert waits == sorted(set(waits))
        settings.EMAIL_BACKEND = working
        assert mail.deliver() == 1
    written.refresh_from_db()
    assert (written.attempts, written.error, written.body) == (4, "", "")


@in_a_transaction
def test_one_message_that_cannot_be_sent_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = post("ada@acme.example").to
    post("bob@acme.example")
    send = django_mail.EmailMessage.send

    def picky(message: django_mail.EmailMessage, fail_silently: bool = False) -> int:
        if message.to == [refused]:
            raise OSError("no such mailbox")
        return send(message, fail_silently)

    monkeypatch.setattr(django_mail.EmailMessage, "send", picky)
    assert mail.deliver() == 1
    assert [sent.to for sent in django_mail.outbox] == [["bob@acme.example"]]


@in_a_transaction
def test_after_a_dozen_attempts_a_message_is_given_up_and_kept(backend: Callable[[type], None]) -> None:
    backend(Broken)
    Mail.objects.filter(pk=post().pk).update(attempts=mail.MAX_ATTEMPTS - 1)
    mail.deliver()
    Mail.objects.update(not_before=None)
    mail.deliver()
    assert Mail.objects.get().attempts == mail.MAX_ATTEMPTS


@in_a_transaction
def test_a_sender_that_is_killed_in_between_is_followed_by_another(
    backend: Callable[[type], None], settings: Settings
) -> None:
    """The reader's program knows the second one by its Message-ID."""
    working = settings.EMAIL_BACKEND
    backend(Killing)
    with time_machine.travel(NOW, tick=False) as clock:
        post()
        with pytest.raises(SystemExit):
            mail.deliver()
        settings.EMAIL_BACKEND = working
        assert mail.deliver() == 0  # the claim still stands
        clock.shift(mail.CLAIM)
        assert mail.deliver() == 1
    ids = {sent.extra_headers["Message-ID"] for sent in django_mail.outbox}
    assert (len(django_mail.outbox), len(ids)) == (2, 1)


@in_a_transaction
def test_the_oldest_go_first_and_not_too_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "AT_ONCE", 2)
    for number in range(3):
        post(f"{number}@acme.example")
    assert [mail.deliver(), mail.deliver()] == [2, 1]
    assert [sent.to[0][0] for sent in django_mail.outbox] == ["0", "1", "2"]


@pytest.fixture
def written_for_good() -> Iterator[None]:
    yield
    Mail.objects.all().delete()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: nothing can race")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("guards_stand_aside", "written_for_good")
def test_two_senders_at_once_send_each_message_once(backend: Callable[[type], None]) -> None:
    backend(Slow)
    for number in range(3):
        post(f"{number}@acme.example")
    barrier, counts = threading.Barrier(2), []

    def work() -> None:
        barrier.wait()
        counts.append(mail.deliver())
        connection.close()

    senders = [threading.Thread(target=work) for _sender in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(counts) == 3
    assert sorted(sent.to[0][0] for sent in django_mail.outbox) == ["0", "1", "2"]


@in_a_transaction
def test_administrators_see_letters_and_never_their_texts(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    states = {"waiting": {}, "given up": {"attempts": mail.MAX_ATTEMPTS}, "sent": {"sent_at": NOW}}
    for number, fields in enumerate(states.values()):
        written = post(f"{number}@acme.example", person="a-secret-link")
        Mail.objects.filter(pk=written.pk).update(**fields)
    shown = client.get(reverse("admin:pulse_site_mail_changelist")).content.decode()
    for state in states:
        assert state in shown
    page = client.get(reverse("admin:pulse_site_mail_change", args=[written.pk])).content.decode()
    assert "2@acme.example" in page
    assert "a-secret-link" not in page + shown
    unsent = client.get(reverse("admin:pulse_site_mail_changelist") + "?sent=no").content.decode()
    assert "2@acme.example" not in unsent
    assert "0@acme.example" in unsent


@in_a_transaction
def test_staff_without_the_permission_see_no_letters(client: Client) -> None:
    client.force_login(factories.staff("looker", "view_advertiser"))
    assert client.get(reverse("admin:pulse_site_mail_changelist")).status_code == 403
