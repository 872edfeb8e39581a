"""Who is in a batch: chosen, payable, held and why."""

import datetime
from typing import Any

import pytest

from campaigns.models import Month
from payouts import batches
from payouts.batches.totals import digest
from payouts.models import Payee, Payout, TaxYear
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, deliver

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 20)


@pytest.fixture
def month(finance_one: User, finance_two: User) -> Month:
    """October is closed: Ada has $100, Ben $80, Cleo $60."""
    campaign = factories.campaign()
    for handle, impressions in (("ada", 20_000), ("ben", 16_000), ("cleo", 12_000)):
        deliver(campaign, factories.enrolled(handle), impressions)
    return close(finance_one, finance_two)


def change(handle: str, **fields: Any) -> None:
    Payee.objects.filter(creator__handle=handle).update(**fields)


def found(batch: Any) -> dict[str, str]:
    return dict(batch.payouts.values_list("creator__handle", "status"))


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"blocked": True}, "blocked,"),
        ({"held_until": TODAY + datetime.timedelta(days=1)}, "held,"),
        ({"tax_status": "missing"}, "tax_form,"),
        ({"tax_expires_on": TODAY - datetime.timedelta(days=1)}, "tax_form_expired,"),
        ({"screening": "match"}, "sanctions,"),
        ({"screening": "not_screened"}, "not_screened,"),
        ({"destination_digest": ""}, "no_destination,"),
        ({"blocked": True, "screening": "match"}, "blocked,sanctions,"),
    ],
)
def test_who_is_not_payable_is_held_with_every_reason(
    fields: dict[str, Any], reasons: str, month: Month, finance_one: User
) -> None:
    change("ada", **fields)
    batch = batches.prepare(month, finance_one)
    held = batch.payouts.get(status="held")
    assert (held.creator.handle, held.amount_micros, held.reasons) == ("ada", 100_000_000, reasons)
    totals = batches.totals(batch)
    assert (totals.payable.payments, totals.payable.amount) == (2, 140_000_000)
    assert (totals.held.payments, totals.held.amount) == (1, 100_000_000)
    assert sum(total.payments for _label, total in totals.by_reason) == reasons.count(",")


def test_who_has_no_payee_is_held(month: Month, finance_one: User) -> None:
    Payee.objects.filter(creator__handle="ada").delete()
    held = batches.prepare(month, finance_one).payouts.get(status="held")
    assert (held.method, held.details_version, held.reasons) == ("", 0, "no_payee,")


def test_where_nobody_can_be_paid_it_is_said_why(month: Month, finance_one: User) -> None:
    Payee.objects.update(blocked=True)
    with pytest.raises(Refused, match=r"all 3 who are due are held. blocked: 3"):
        batches.prepare(month, finance_one)


@pytest.mark.parametrize(
    ("options", "handles"),
    [
        ({"include": ["@Ada", "cleo"]}, {"ada", "cleo"}),
        ({"exclude": ["ada"]}, {"ben", "cleo"}),
        ({"include": ["ada", "ben"], "exclude": ["ben"]}, {"ada"}),
        ({"methods": ["sepa"]}, {"ben"}),
        ({"minimum_micros": 80_000_000}, {"ada", "ben"}),
        ({"minimum_micros": 80_000_001}, {"ada"}),
    ],
)
def test_a_person_chooses_whom_to_pay(
    options: dict[str, Any], handles: set[str], month: Month, finance_one: User
) -> None:
    change("ben", method="sepa")
    batch = batches.prepare(month, finance_one, **options)
    assert set(found(batch)) == handles
    rest = batches.prepare(month, finance_one)
    assert set(found(rest)) == {"ada", "ben", "cleo"} - handles


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"include": ["ada", "nobody"]}, "No creator has the handle nobody"),
        ({"exclude": ["nobody"]}, "No creator has the handle nobody"),
        ({"methods": ["cash"]}, "no payment method cash"),
        ({"minimum_micros": 49_990_000}, r"minimum payout is \$50.00"),
    ],
)
def test_what_nobody_has_is_refused_by_name(
    options: dict[str, Any], message: str, month: Month, finance_one: User
) -> None:
    with pytest.raises(Refused, match=message):
        batches.prepare(month, finance_one, **options)
    assert not Payout.objects.exists()


@pytest.mark.parametrize(
    ("basis_points", "withheld"), [(None, 24_000_000), (2_800, 28_000_000), (1, 10_000), (0, 0)]
)
def test_backup_withholding_is_the_rate_of_the_year(
    basis_points: int | None, withheld: int, month: Month, finance_one: User
) -> None:
    if basis_points is not None:
        TaxYear.objects.update_or_create(
            year=2026,
            defaults={"threshold_micros": 0, "withholding_basis_points": basis_points},
        )
    change("ada", backup_withholding=True, tax_status="missing")
    payouts = {payout.creator.handle: payout for payout in batches.prepare(month, finance_one).payouts.all()}
    assert (payouts["ada"].status, payouts["ada"].withheld_micros) == ("prepared", withheld)
    assert payouts["ben"].withheld_micros == 0


def test_the_digest_covers_every_column_that_is_approved(month: Month, finance_one: User) -> None:
    batch = batches.prepare(month, finance_one)
    seen = {batch.digest, batches.review(batch).digest}
    assert len(seen) == 1
    for fields in (
        {"amount_micros": 10_000},
        {"withheld_micros": 10_000},
        {"status": "held"},
        {"method": "wise"},
        {"details_version": 9},
        {"reasons": "x"},
    ):
        row = batch.payouts.order_by("pk").first()
        before = {name: getattr(row, name) for name in fields}
        batch.payouts.filter(pk=row.pk).update(**fields)
        seen.add(digest(batch))
        batch.payouts.filter(pk=row.pk).update(**before)
    assert len(seen) == 7
