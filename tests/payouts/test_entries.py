"""Manual entries: what may go where, by whom, and what is found when somebody helped himself."""

import hashlib
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from campaigns import placements
from campaigns.models import PlacementRun
from payouts import entries, ledger, seals
from payouts.models import Account, Entry, Transfer
from payouts.verification import verify
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.behind import broken, tamper
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
Reason = Entry.Reason


@pytest.fixture(autouse=True)
def october(finance_one: User, finance_two: User) -> None:
    """Closed: the advertiser owes $10, Ada is owed $5, the platform has $5."""
    deliver(factories.campaign(advertiser=factories.advertiser("Acme")), factories.enrolled("ada"), 1_000)
    for run in PlacementRun.objects.all():
        PlacementRun.objects.filter(pk=run.pk).update(digest=placements.digest(run))
    close(finance_one, finance_two)
    entries.open_accounts()


def account(name: str) -> Account:
    if name == "clearing":
        return ledger.account("clearing", "clearing:2026-10")
    if name == "in_transit":
        return ledger.account("in_transit", "in-transit:2026-10-1")
    return Account.objects.get(kind=name)


def entry(debit: str, credit: str, reason: str = Reason.OTHER, micros: int = 1_000_000, **more: Any) -> Entry:
    return Entry(
        debit_account=account(debit),
        credit_account=account(credit),
        amount_micros=micros,
        reason=reason,
        **more,
    )


def balances() -> dict[str, int]:
    return dict(Account.objects.with_balance().values_list("kind", "balance_micros"))


def in_debt(finance_one: User, finance_two: User) -> None:
    """Ada's balance becomes -$3."""
    taken = entries.prepare(entry("payable", "platform", micros=8_000_000), finance_one)
    entries.approve(taken, finance_two)


def test_a_receipt_goes_to_suspense_and_on_to_the_advertiser(finance_one: User, finance_two: User) -> None:
    for steps in (("bank", "suspense", Reason.UNIDENTIFIED), ("suspense", "receivable", Reason.IDENTIFIED)):
        prepared = entries.prepare(entry(*steps, micros=10_000_000, note="Wire 4711"), finance_one)
        entries.approve(prepared, finance_two)
        assert (prepared.status, prepared.approved_by) == ("approved", finance_two)
    found = balances()
    assert (found["bank"], found["suspense"], found["receivable"]) == (-10_000_000, 0, 0)
    posted = Transfer.objects.get(key=f"entry:{prepared.pk}")
    assert (posted.kind, posted.month_id, posted.created_by) == ("entry", "2026-11", finance_two)
    assert posted.reason == "identified: Wire 4711"
    seals.seal()
    assert verify() == []


@pytest.mark.parametrize(
    ("reason", "allowed"),
    [
        (Reason.RECEIVED, {("bank", "receivable")}),
        (Reason.UNIDENTIFIED, {("bank", "suspense")}),
        (Reason.IDENTIFIED, {("suspense", "receivable"), ("suspense", "payable")}),
        (Reason.TAX_DEPOSITED, {("withheld", "bank")}),
        (Reason.WRITE_OFF, set()),  # nobody owes anything
        (Reason.BANK_FEE, {("platform", "bank")}),
    ],
)
def test_each_reason_allows_its_accounts_only(
    reason: str, allowed: set[tuple[str, str]], finance_one: User
) -> None:
    kinds = [kind.value for kind in Account.Kind]
    taken = set()
    for debit in kinds:
        for credit in kinds:
            if debit != credit:
                try:
                    entries.prepare(entry(debit, credit, reason), finance_one)
                    taken.add((debit, credit))
                except Refused:
                    pass
    assert taken == allowed


@pytest.mark.parametrize("kind", ["clearing", "in_transit"])
def test_no_entry_touches_the_accounts_of_months_and_batches(kind: str, finance_one: User) -> None:
    for sides in ((kind, "bank"), ("bank", kind)):
        with pytest.raises(Refused, match="must be one of"):
            entries.prepare(entry(*sides), finance_one)


def test_an_entry_goes_between_two_accounts(finance_one: User) -> None:
    with pytest.raises(Refused, match="two different"):
        entries.prepare(entry("bank", "bank"), finance_one)


def test_only_a_negative_balance_is_written_off_and_never_above_zero(
    finance_one: User, finance_two: User
) -> None:
    with pytest.raises(Refused, match=r"up to \$0.00"):
        entries.prepare(entry("platform", "payable", Reason.WRITE_OFF), finance_one)
    in_debt(finance_one, finance_two)
    with pytest.raises(Refused, match=r"up to \$3.00.* not \$3.000001"):
        entries.prepare(entry("platform", "payable", Reason.WRITE_OFF, 3_000_001), finance_one)
    first, second = (
        entries.prepare(entry("platform", "payable", Reason.WRITE_OFF, 3_000_000), finance_one)
        for _twice in range(2)
    )
    entries.approve(first, finance_two)
    assert balances()["payable"] == 0
    with pytest.raises(Refused, match=r"up to \$0.00"):
        entries.approve(second, finance_two)
    second.refresh_from_db()
    assert second.status == "prepared"


def test_who_prepared_an_entry_never_approves_it(administrator: User) -> None:
    """Not even a superuser; the database would refuse it too."""
    prepared = entries.prepare(entry("bank", "suspense"), administrator)
    with pytest.raises(Refused, match="another person"):
        entries.approve(prepared, administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.update(status="approved", approved_by=administrator)


def test_an_entry_needs_permission(stranger: User, finance_one: User, finance_two: User) -> None:
    with pytest.raises(Refused, match="permission"):
        entries.prepare(entry("bank", "suspense"), finance_two)
    prepared = entries.prepare(entry("bank", "suspense"), finance_one)
    for by, action in ((finance_one, entries.approve), (stranger, entries.reject)):
        with pytest.raises(Refused, match="permission"):
            action(prepared, by)


@pytest.mark.parametrize("status", ["approved", "rejected"])
@pytest.mark.parametrize("action", ["approve", "reject"])
def test_what_was_decided_is_not_decided_again(
    status: str, action: str, finance_one: User, finance_two: User
) -> None:
    prepared = entries.prepare(entry("bank", "suspense"), finance_one)
    getattr(entries, {"approved": "approve", "rejected": "reject"}[status])(prepared, finance_two)
    with pytest.raises(Refused, match="already"):
        getattr(entries, action)(prepared, finance_two)
    assert Transfer.objects.filter(kind="entry").count() == (status == "approved")


def test_before_a_month_was_closed_an_entry_is_posted_in_this_one() -> None:
    assert ledger.month_to_post_in().code == "2026-11"


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE payouts_entry SET amount_micros = amount_micros + 1", "transfers of entries"),
        ("UPDATE payouts_entry SET status = 'rejected'", "transfers of entries"),
        ("UPDATE payouts_entry SET approved_by_id = prepared_by_id", "two persons"),
    ],
)
def test_an_entry_that_no_longer_fits_its_transfer_is_named(
    statement: str, rule: str, finance_one: User, finance_two: User
) -> None:
    entries.approve(entries.prepare(entry("bank", "suspense"), finance_one), finance_two)
    assert verify() == []
    tamper(statement)
    assert list(broken()) == [rule]


def test_an_entry_is_prepared_in_the_admin_with_its_evidence(
    client: Client, finance_one: User, settings: Settings, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    grant(finance_one, "view_entry", "view_account")
    client.force_login(finance_one)
    add = reverse("admin:payouts_entry_add")
    assert client.get(add).status_code == 200
    given = {
        "reason": "unidentified",
        "debit_account": account("bank").pk,
        "credit_account": account("receivable").pk,
        "amount_micros": "12.50",
        "note": "",
        "evidence": ContentFile(b"a bank statement", "statement.pdf"),
    }
    assert "must be one of: suspense" in client.post(add, given).content.decode()
    given |= {"credit_account": account("suspense").pk, "evidence": ContentFile(b"a bank statement", "s.pdf")}
    assert client.post(add, given).status_code == 302
    made = Entry.objects.get()
    assert (made.amount_micros, made.prepared_by, made.status) == (12_500_000, finance_one, "prepared")
    page = client.get(reverse("admin:payouts_entry_change", args=[made.pk])).content.decode()
    assert hashlib.sha256(b"a bank statement").hexdigest() in page
    file = client.get(reverse("admin:payouts_entry_evidence", args=[made.pk]))
    assert b"".join(file) == b"a bank statement"
    assert file["Content-Disposition"].startswith("attachment")


def test_an_entry_is_approved_by_another_person_in_the_admin(
    client: Client, finance_one: User, finance_two: User
) -> None:
    made = entries.prepare(entry("bank", "suspense"), finance_one)
    for user in (finance_one, finance_two):
        grant(user, "view_entry", "approve_entry", "view_transfer")
    address = f"{reverse('admin:payouts_entry_move', args=['approve'])}?ids={made.pk}"
    client.force_login(finance_one)
    assert "somebody else approves it" in client.get(address).content.decode()
    client.force_login(finance_two)
    assert "done" in client.post(address, follow=True).content.decode()
    assert Transfer.objects.filter(key=f"entry:{made.pk}").exists()


@pytest.mark.parametrize(("term", "codes"), [("ban", ["bank"]), ("clearing:", ["clearing:2026-10"])])
def test_accounts_are_found_by_the_beginning_of_their_code(
    term: str, codes: list[str], client: Client, administrator: User
) -> None:
    client.force_login(administrator)
    asked = {"term": term, "app_label": "payouts", "model_name": "entry", "field_name": "debit_account"}
    found = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [each["text"] for each in found] == codes


def grant(user: User, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
