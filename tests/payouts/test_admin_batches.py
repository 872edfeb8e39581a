"""Finance pays a month in the admin: each button starts a run, and the approver approves what he saw."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from campaigns.models import Month
from payouts import batches
from payouts.models import Payee, Payout, PayoutBatch
from pulse_site import runs
from pulse_site.models import Run, User
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(finance_one: User, finance_two: User) -> Month:
    """October is closed: Ada has $100, Ben $80."""
    campaign = factories.campaign()
    for handle, impressions in (("ada", 20_000), ("ben", 16_000)):
        deliver(campaign, factories.enrolled(handle), impressions)
    for user in (finance_one, finance_two):
        user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    return close(finance_one, finance_two)


@pytest.fixture
def batch(month: Month, finance_one: User) -> PayoutBatch:
    return batches.prepare(month, finance_one)


def page_of(record: PayoutBatch | Payout | Month) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


def move_url(record: PayoutBatch | Payout, action: str) -> str:
    return reverse(f"admin:payouts_{record._meta.model_name}_move", args=[action]) + f"?ids={record.pk}"


def seen_on(client: Client, batch: PayoutBatch) -> str:
    """The digest in the form that asks whether to approve."""
    page = client.get(move_url(batch, "approve")).content.decode()
    found = re.search(r'name="seen" value="(\w{64})"', page)
    assert found, page
    return found[1]


def perform() -> Run:
    run = Run.objects.active().get(kind__in=["prepare_batch", "move_batch"])
    runs.perform(run.pk)
    run.refresh_from_db()
    return run


def test_a_batch_is_prepared_from_the_months_page(client: Client, month: Month, finance_one: User) -> None:
    client.force_login(finance_one)
    address = reverse("admin:payouts_payoutbatch_prepare") + "?month=2026-10"
    assert address in client.get(page_of(month)).content.decode()
    assert "Oct. 31, 2026" in client.get(address).content.decode()
    client.post(address, {"minimum_micros": "60", "exclude": "@ben, ", "methods": ["ach"]})
    assert "Preparing the batch" in client.get(page_of(month)).content.decode()
    assert perform().status == "done"
    batch = PayoutBatch.objects.get()
    assert (batch.minimum_micros, batch.payouts.get().creator.handle) == (60_000_000, "ada")
    assert "all but: ben" in client.get(page_of(batch)).content.decode()
    assert page_of(batch) in client.get(page_of(month)).content.decode()


def test_only_closed_months_are_offered(client: Client, month: Month, finance_one: User) -> None:
    factories.month("2026-11")
    client.force_login(finance_one)
    for code in ("2026-11", "2020-01", "", "\0"):
        assert client.get(reverse("admin:payouts_payoutbatch_prepare"), {"month": code}).status_code == 404


def test_whoever_may_not_prepare_sees_no_form(client: Client, month: Month, finance_two: User) -> None:
    client.force_login(finance_two)
    address = reverse("admin:payouts_payoutbatch_prepare")
    assert client.get(address, {"month": "2026-10"}).status_code == 403


def test_a_batch_goes_from_button_to_button(
    client: Client, batch: PayoutBatch, finance_one: User, finance_two: User
) -> None:
    client.force_login(finance_two)
    client.post(move_url(batch, "approve"), {"seen": seen_on(client, batch)})
    assert "Working on the batch" in client.get(page_of(batch)).content.decode()
    perform()
    client.force_login(finance_one)
    for action in ("make_files", "mark_sent", "mark_paid"):
        client.post(move_url(batch, action))
        assert perform().status == "done"
    batch.refresh_from_db()
    assert batch.status == "paid"
    page = client.get(page_of(batch)).content.decode()
    assert batch.files.get().sha256 in page
    download = client.get(reverse("admin:payouts_paymentfile_download", args=[batch.files.get().pk]))
    assert download.content == bytes(batch.files.get().content)


def test_the_approver_approves_what_he_saw(client: Client, batch: PayoutBatch, finance_two: User) -> None:
    client.force_login(finance_two)
    seen = seen_on(client, batch)
    Payee.objects.filter(creator__handle="ada").update(blocked=True)
    client.post(move_url(batch, "approve"), {"seen": seen})
    assert perform().status == "failed"
    assert "no longer what you saw" in client.get(page_of(batch)).content.decode()
    asked = client.get(move_url(batch, "approve")).content.decode()
    assert "no longer payable since it was prepared" in asked
    assert "1, $100.00" in asked
    client.post(move_url(batch, "approve"), {"seen": seen_on(client, batch)})
    assert perform().status == "done"
    batch.refresh_from_db()
    assert batch.status == "approved"


def test_one_step_at_a_time(client: Client, batch: PayoutBatch, finance_two: User) -> None:
    client.force_login(finance_two)
    client.post(move_url(batch, "approve"), {"seen": seen_on(client, batch)})
    answer = client.post(move_url(batch, "cancel"), follow=True).content.decode()
    assert "under way already" in answer
    assert Run.objects.filter(kind="move_batch").count() == 1


def test_a_file_is_not_for_everybody_who_may_look(
    client: Client, batch: PayoutBatch, finance_one: User, finance_two: User
) -> None:
    batches.approve(batch, finance_two)
    file = batches.make_files(batch, finance_one)[0]
    client.force_login(finance_two)
    address = reverse("admin:payouts_paymentfile_download", args=[file.pk])
    assert address not in client.get(page_of(batch)).content.decode()
    assert "permission" in client.get(address, follow=True).content.decode()


def test_a_payment_is_returned_and_issued_again_on_its_page(
    client: Client, batch: PayoutBatch, finance_one: User, finance_two: User
) -> None:
    batches.approve(batch, finance_two)
    batches.make_files(batch, finance_one)
    batches.mark_sent(batch, finance_one)
    client.force_login(finance_one)
    payout = batch.payouts.get(creator__handle="ada")
    client.post(move_url(payout, "returned"))
    payout.refresh_from_db()
    assert payout.status == "sent"  # not without the bank's reason
    client.post(move_url(payout, "returned"), {"reason": "R02 account closed"})
    page = client.get(page_of(payout)).content.decode()
    assert "R02 account closed" in page
    assert f"return:{payout.reference}" not in page
    assert "payment returned by the bank" in page
    client.post(move_url(payout, "reissue"))
    again = Payout.objects.get(reissue_of=payout)
    assert again.reference in client.get(page_of(payout)).content.decode()
    listed = client.get(reverse("admin:payouts_payout_changelist"), {"q": payout.reference}).content.decode()
    assert page_of(payout) in listed
    assert page_of(batch.payouts.get(creator__handle="ben")) not in listed
