"""The auditor's room: whoever may only look can check everything and change nothing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from payouts import batches, months, payees, screening, seals, tasks
from payouts.models import Payee, PayeeChange, Seal
from pulse_site import guards, runs
from pulse_site.models import AuditEvent, Run, User
from tests import factories
from tests.payouts.behind import behind_the_back, tamper
from tests.payouts.programme import close, deliver
from tests.payouts.test_payees import FIRST

pytestmark = pytest.mark.django_db
ROOM, TWO, VERIFY = (
    "/admin/pulse_site/auditevent/",
    "/admin/payouts/seal/two-persons/",
    "/admin/payouts/seal/verify/",
)


@pytest.fixture
def room(client: Client, auditor: User) -> Client:
    client.force_login(auditor)
    return client


def shown(client: Client, address: str = ROOM) -> str:
    return client.get(address).content.decode()


def check_the_books() -> Run:
    """What a worker does with the newest check that waits."""
    run = Run.objects.filter(kind="verify").latest("pk")
    runs.perform(run.pk)
    run.refresh_from_db()
    return run


def test_the_books_are_checked_at_the_press_of_a_button(room: Client, auditor: User) -> None:
    assert "have not been checked yet" in shown(room)
    assert room.post(VERIFY)["Location"] == ROOM
    page = shown(room)
    assert "Checking the books" in page
    assert "Verify now" not in page
    room.post(VERIFY)
    run = check_the_books()
    assert (Run.objects.count(), run.owner, run.status) == (1, auditor, "done")
    assert run.result["breaches"] == []
    assert "No breach" in shown(room)
    room.post(VERIFY)
    assert Run.objects.count() == 2


def test_a_breach_is_named_in_the_room_and_on_the_start_page(room: Client, auditor: User) -> None:
    assert "breach" not in shown(room, "/admin/")
    seals.seal()
    tamper("UPDATE pulse_site_auditevent SET actor_label = 'somebody else'")
    tasks.verify_nightly()
    run = check_the_books()
    last = AuditEvent.objects.latest("pk").pk
    seal = Seal.objects.get(subject="events")
    (first, *_others) = AuditEvent.objects.order_by("pk").values_list("pk", flat=True)
    stretch = f"seals: the events 1 to {last} do not fit their seal {seal.pk}"
    (breach,) = run.result["breaches"]
    assert breach.startswith(f"{stretch}: changed or added: {first}")
    for page in (ROOM, "/admin/"):
        assert "1 breach found" in shown(room, page)
    assert "do not fit their seal" in shown(room)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pulse_site_auditevent SET actor_label = 'x' WHERE id = {id}",
        "UPDATE pulse_site_auditevent SET detail = '{{\"revenue_micros\": 2}}' WHERE id = {id}",
        "UPDATE pulse_site_auditevent SET at = '2026-01-01T00:00:00Z' WHERE id = {id}",
        "DELETE FROM pulse_site_auditevent WHERE id = {id}",
    ],
)
def test_an_event_that_was_tampered_with_breaks_its_seal(
    finance_one: User, finance_two: User, statement: str
) -> None:
    close(finance_one, finance_two)
    seals.seal()
    (event, _other) = AuditEvent.objects.order_by("pk")
    assert list(seals.broken()) == []
    tamper(statement.format(id=event.pk))
    assert [each.seal.subject for each in seals.broken()] == ["events"]


def test_the_order_of_the_facts_of_an_event_is_no_part_of_its_digest() -> None:
    event = AuditEvent.objects.create(area="money", action="x", subject_type="x", detail={"b": 1, "a": 2})
    rows = AuditEvent.objects.filter(pk=event.pk)
    before = seals.digest(rows.values_list())
    with behind_the_back():
        rows.update(detail={"a": 2, "b": 1})
    assert seals.digest(rows.values_list()) == before


def test_a_check_that_failed_says_so(room: Client) -> None:
    Run.objects.create(kind="verify", key="x", status="failed", error="OperationalError: gone")
    assert "failed: OperationalError: gone" in shown(room)
    assert "failed: OperationalError: gone" in shown(room, "/admin/")


def test_a_missing_guard_is_named(room: Client) -> None:
    assert "guards are in their place" in shown(room)
    relation = " ON payouts_transfer" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER payouts_transfer_append_only_update{relation}")
    assert "payouts_transfer_append_only_update" in shown(room)
    guards.install()


def test_the_newest_digest_of_each_chain_can_be_written_down_and_found_again(room: Client) -> None:
    assert shown(room).count("not sealed yet") == 3
    seals.seal()
    factories.staff("someone")
    AuditEvent.objects.create(action="month.close", area="money", subject_label="x")
    first, newest = Seal.objects.get(subject="events"), seals.seal()[0]
    page = shown(room)
    assert newest.digest in page
    assert first.digest not in page
    assert page.count("not sealed yet") == 2
    found = shown(room, f"/admin/payouts/seal/?q={first.digest}")
    assert f'<td class="field-digest">{first.digest}</td>' in found
    assert newest.digest not in found


def test_two_persons_stand_side_by_side(room: Client, finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    month = close(finance_one, finance_two)
    batch = batches.prepare(month, finance_one)
    page = shown(room, TWO)
    assert page.index("finance-one") < page.index("finance-two")
    assert "two persons" in page
    assert "Nobody approved what he prepared" in page
    page = shown(room, f"{TWO}?kind=batches")
    assert batch.reference in page
    assert "finance-one" in page
    assert "two persons" not in page  # nobody approved it yet
    assert "v1" in shown(room, f"{TWO}?kind=terms")


def test_one_person_behind_the_databases_back_is_seen_at_a_glance(
    room: Client, finance_one: User, finance_two: User
) -> None:
    close(finance_one, finance_two)
    tamper("UPDATE campaigns_month SET closed_by_id = reviewed_by_id")
    page = shown(room, TWO)
    assert "1 decision was taken by one person" in page
    assert "two persons" not in page


def test_only_whoever_may_see_the_trail_comes_in(client: Client, finance_one: User) -> None:
    client.force_login(finance_one)
    answers = [client.get(ROOM), client.get(TWO), client.post(VERIFY)]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert not Run.objects.exists()
    client.logout()
    assert client.post(VERIFY).status_code == 302
    assert not Run.objects.exists()


def test_a_kind_that_is_not_ones_to_see_is_refused(room: Client, auditor: User) -> None:
    assert room.get(f"{TWO}?kind=secrets").status_code == 403
    auditor.user_permissions.set(auditor.user_permissions.exclude(codename="view_month"))
    assert room.get(f"{TWO}?kind=months").status_code == 403
    assert room.get(TWO).status_code == 200


def test_an_auditor_reads_every_page_of_money_and_moves_nothing(
    room: Client, auditor: User, finance_one: User, finance_two: User
) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    month = close(finance_one, finance_two)
    batch = batches.prepare(month, finance_one)
    months.calculate("2026-11")
    for address in (
        "campaigns/month/2026-10/change/",
        f"payouts/payoutbatch/{batch.pk}/change/",
        "payouts/transfer/",
        "payouts/account/",
        "payouts/earning/",
        "payouts/seal/",
    ):
        page = room.get(f"/admin/{address}")
        assert page.status_code == 200, address
        assert "/move/" not in page.content.decode(), address
    event = AuditEvent.objects.latest("pk").pk
    for address in (
        "campaigns/month/move/review/?ids=2026-11",
        f"payouts/payoutbatch/move/approve/?ids={batch.pk}",
        "pulse_site/auditevent/add/",
        f"pulse_site/auditevent/{event}/change/",
        f"pulse_site/auditevent/{event}/delete/",
        f"pulse_site/user/{auditor.pk}/change/",
    ):
        assert room.post(f"/admin/{address}", {"action": "x", "post": "yes"}).status_code == 403, address


def test_changes_of_payees_and_their_releases_stand_with_their_two_persons(room: Client) -> None:
    may = ("propose_payee_change", "approve_payee_change", "screen_payee")
    one, two = (factories.staff(name, *may) for name in ("ines", "otto"))
    change = payees.propose(factories.enrolled("ada"), FIRST, one)
    taken_back = payees.propose(factories.enrolled("ben"), FIRST, one)
    payees.reject(PayeeChange.objects.filter(pk=taken_back.pk), one, "Mistyped")
    assert "two persons" not in shown(room, f"{TWO}?kind=payees")
    payees.approve(PayeeChange.objects.filter(pk=change.pk), two)
    page = shown(room, f"{TWO}?kind=payees")
    assert page.index("ines") < page.index("otto")
    assert "@ada #" in page and "@ben #" not in page
    assert "two persons" in page and "Nobody approved what he prepared" in page
    screening.block(Payee.objects.all(), one, "Sold account")
    assert "Nothing has been decided yet" in shown(room, f"{TWO}?kind=screenings")
    screening.unblock(Payee.objects.all(), two, "Proved it")
    page = shown(room, f"{TWO}?kind=screenings")
    assert "otto unblocked Ada Lovelace" in page and "two persons" in page
    tamper("UPDATE pulse_site_auditevent SET actor_label = 'ines' WHERE action = 'payee.unblock'")
    assert "1 decision was taken by one person" in shown(room, f"{TWO}?kind=screenings")


@pytest.mark.parametrize("kind", ["payees", "screenings"])
def test_a_page_of_two_persons_asks_a_fixed_number_of_queries(
    room: Client, administrator: User, kind: str
) -> None:
    def asked(count: int) -> int:
        for _number in range(count):
            factories.payee(factories.enrolled(), blocked=True)
        screening.unblock(Payee.objects.filter(blocked=True), administrator, "Proved it")
        with CaptureQueriesContext(connection) as queries:
            shown(room, f"{TWO}?kind={kind}")
        return len(queries)

    assert asked(2) == asked(9)
