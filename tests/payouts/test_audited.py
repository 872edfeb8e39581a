"""What is done with money stands in the audit trail, with who did it and with its totals."""

import csv
import datetime
import io
import json
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from payouts import audited, batches, months, payees, screening, tax
from payouts.models import Payee, PayeeChange, PayoutBatch
from pulse_site.feeds.run import import_file
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from pulse_site.sentences import sentence
from tests import factories
from tests.payouts.programme import close, deliver, pay
from tests.payouts.test_payees import ACH, FIRST

pytestmark = pytest.mark.django_db


def trail() -> list[tuple[str, str, str]]:
    return list(AuditEvent.objects.order_by("pk").values_list("actor_label", "action", "subject_label"))


def test_a_month_and_its_payments_leave_one_event_for_each_step(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    month = close(finance_one, finance_two)
    batch = pay(month, finance_one, finance_two)
    assert trail() == [
        ("finance-one", "month.review", "2026-10"),
        ("finance-two", "invoice.issue", "INV-2026-000001"),
        ("finance-two", "month.close", "2026-10"),
        ("finance-one", "batch.prepare", batch.reference),
        ("finance-two", "batch.approve", batch.reference),
        ("finance-one", "batch.make_files", batch.reference),
        ("finance-one", "batch.mark_sent", batch.reference),
        ("finance-one", "batch.mark_paid", batch.reference),
    ]
    closed, approved = (AuditEvent.objects.get(action=action) for action in ("month.close", "batch.approve"))
    assert closed.detail == {
        "revenue_micros": 200_000_000,
        "shared_micros": 100_000_000,
        "platform_micros": 100_000_000,
        "creators": 1,
        "reviewed_by": "finance-one",
        "digest": month.digest,
    }
    assert approved.detail == {"payouts": 1, "amount_micros": 100_000_000}
    assert (
        sentence(approved) == f"finance-two approved the payout batch {batch.reference}: 1 payouts, $100.00"
    )


def test_a_cancelled_batch_leaves_an_event(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    batch = batches.prepare(close(finance_one, finance_two), finance_one)
    batches.cancel(batch, finance_one)
    assert trail()[-1] == ("finance-one", "batch.cancel", batch.reference)


def test_a_draft_is_no_event(finance_one: User) -> None:
    months.calculate("2026-10")
    assert trail() == []


def test_a_step_that_is_refused_leaves_no_event(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 20_000)
    month = close(finance_one, finance_two)
    batch = batches.prepare(month, finance_one)
    before = trail()
    for step in (
        lambda: months.close("2026-10", finance_two),
        lambda: batches.approve(batch, finance_one),
        lambda: batches.prepare(month, finance_one),
        lambda: batches.mark_paid(batch, finance_one),
    ):
        with pytest.raises(Refused):
            step()
    assert trail() == before
    assert PayoutBatch.objects.get().status == "prepared"


SECRETS = (ACH["account"], ACH["routing"], "6789", "123456789", "123-45-6789", "5550001111")
MAY_ALL = ("propose_payee_change", "approve_payee_change", "screen_payee", "view_payee_details")


@pytest.fixture
def two() -> tuple[User, User]:
    return factories.staff("one", *MAY_ALL), factories.staff("two", *MAY_ALL)


def said() -> list[str]:
    return [sentence(event) for event in AuditEvent.objects.order_by("pk")]


def test_each_step_with_a_payee_leaves_an_event_without_a_number(
    two: tuple[User, User], tmp_path: Path
) -> None:
    one, other = two
    ada, day = factories.enrolled("ada"), datetime.date(2026, 11, 20)
    first = payees.propose(ada, FIRST, one)
    payees.approve(PayeeChange.objects.all(), other)
    newer = payees.propose(ada, {"destination": {**ACH, "account": "5550001111"}}, one)
    payees.in_full(newer, other)
    payees.reject(PayeeChange.objects.filter(pk=newer.pk), other, "Not his voice")
    everybody = Payee.objects.all()
    screening.accept_form(everybody, other)
    screening.receive_form(everybody, "w9", day, one)
    screening.reject_form(everybody, other, "Unsigned")
    screening.withhold(everybody, one)
    screening.stop_withholding(everybody, other)
    screening.screen(everybody, "match", day, one)
    screening.clear_match(everybody, other, "Another Ada")
    screening.block(everybody, one, "Sold account")
    screening.unblock(everybody, other, "Proved it")
    screening.ask_to_share(everybody, one, "An agency")
    screening.refuse_sharing(everybody, other, "No contract")
    screening.ask_to_share(everybody, one, "One agency")
    screening.confirm_sharing(everybody, other)
    payees.in_full(Payee.objects.get(), other)
    payees.record_export(everybody, other)
    tax.export(2026, io.StringIO(), other, in_full=True)
    assert said() == [
        f"one proposed new payee details: @ada #{first.pk}",
        f"two approved the payee details @ada #{first.pk} that one proposed",
        f"one proposed new payee details: @ada #{newer.pk}",
        f"two looked at the bank details and the tax number of @ada #{newer.pk} in full",
        f"two rejected the payee details @ada #{newer.pk} that one proposed: Not his voice",
        "two found the tax form of Ada Lovelace valid, which one recorded",
        "one recorded a tax form of Ada Lovelace, received on 2026-11-20",
        "two rejected the tax form of Ada Lovelace: Unsigned",
        "one had tax withheld from payments to Ada Lovelace",
        "two ended the withholding from Ada Lovelace that one recorded",
        "one recorded a sanctions screening of Ada Lovelace on 2026-11-20",
        "two cleared Ada Lovelace of the match that one recorded: Another Ada",
        "one blocked Ada Lovelace: Sold account",
        "two unblocked Ada Lovelace, whom one had blocked: Proved it",
        "one asked to let Ada Lovelace share his account with another payee: An agency",
        "two refused to let Ada Lovelace share his account with another payee: No contract",
        "one asked to let Ada Lovelace share his account with another payee: One agency",
        "two allowed Ada Lovelace to share his account with another payee, as one had asked: One agency",
        "two looked at the bank details and the tax number of Ada Lovelace in full",
        "two exported the bank details and the tax number of Ada Lovelace in full",
        "two exported the tax year 2026 with tax numbers in full",
    ]
    with translation.override("fr"):
        assert not [text for text in said() if " the " in text or "–" in text]
    assert not [secret for secret in SECRETS if secret in kept()]


def kept() -> str:
    """All that the trail holds of facts and names."""
    rows = AuditEvent.objects.values_list("subject_label", "detail")
    return "\n".join(f"{label} {json.dumps(detail)}" for label, detail in rows)


def test_a_file_of_payees_is_one_event_until_it_is_decided(two: tuple[User, User], tmp_path: Path) -> None:
    path = tmp_path / "payees.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["handle", "legal name", "country", "method", *ACH, "tax form", "tax number"])
        for _number in range(3):
            handle = factories.enrolled().handle
            writer.writerow([handle, "Ada", "US", "ach", *ACH.values(), "w9", "123456789"])
    import_file("payees", path, name=path.name, options={}, by=two[0])
    assert said() == ["one proposed 3 changes of payees by the file payees.csv"]
    import_file("payees", path, name=path.name, options={}, by=two[0])
    assert said()[1:] == ["one proposed 0 changes of payees by the file payees.csv"]
    payees.approve(PayeeChange.objects.all(), two[1])
    names = [str(change) for change in PayeeChange.objects.order_by("pk")]
    assert [label for _by, action, label in trail() if action == "payee.approve"] == names
    assert not [secret for secret in SECRETS if secret in kept()]


def test_many_payees_are_screened_in_few_statements(two: tuple[User, User]) -> None:
    def asked(count: int) -> int:
        for _number in range(count):
            factories.payee(factories.enrolled())
        with CaptureQueriesContext(connection) as queries:
            screening.screen(Payee.objects.all(), "clear", datetime.date(2026, 11, 1), two[0])
        return len(queries)

    two[0].has_perm("any")  # asked once
    assert asked(12) == asked(2)
    assert AuditEvent.objects.filter(action="payee.screen").count() == 12 + 14


def test_a_link_to_statements_names_who_made_it(client: Client) -> None:
    ada = factories.enrolled("ada")
    client.force_login(factories.staff("one", "view_statementfile"))
    client.post(f"/admin/payouts/statementfile/{ada.pk}/link/")
    assert said()[-1] == "one made a link to the statements of @ada, good until 2026-12-20"


def test_a_payee_step_that_is_refused_leaves_no_event(two: tuple[User, User]) -> None:
    factories.payee(factories.enrolled("ada"), blocked=True, blocked_by=two[0])
    payees.propose(factories.enrolled("ben"), FIRST, two[0])
    before = trail()
    for step in (
        lambda: payees.approve(PayeeChange.objects.filter(status="proposed"), two[0]),
        lambda: screening.unblock(Payee.objects.all(), two[0], "Mine"),
    ):
        with pytest.raises(Refused):
            step()
    assert trail() == before


def test_every_move_of_a_payee_is_declared() -> None:
    moves = {*payees.MOVES, *screening.MOVES}
    assert {f"payee.{move}" for move in moves} <= audited.AUDITED.keys()
