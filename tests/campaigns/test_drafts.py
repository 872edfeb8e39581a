import datetime
from typing import Any

import pytest

from campaigns import drafts, exclusions
from campaigns.models import Advertiser, Campaign, Creative
from creators.models import Tier
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def acme(owner: User) -> Advertiser:
    factories.rate("gaming", 14_000_000)
    factories.rate("pets", 9_000_000)
    return owner.memberships.get().advertiser


def order(*slugs: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Autumn",
        "market": "US",
        "tier": Tier.STANDARD,
        "starts_on": DAY,
        "ends_on": DAY + 9 * ONE_DAY,
        "budget_micros": 1_400_000_000,
        "purchase_order": "PO-1",
        "frequency_cap": 3,
        "categories": [factories.category(slug) for slug in slugs or ("gaming",)],
        **fields,
    }


def test_a_draft_gets_its_reference_and_its_price_from_pulse(acme: Advertiser, owner: User) -> None:
    made = drafts.create(acme, owner, **order("gaming", "pets"))
    assert (made.status, made.cpm_micros, made.goal_impressions) == ("draft", 14_000_000, 100_000)
    assert made.created_by == owner
    assert len(made.reference) == 10
    assert AuditEvent.objects.get().action == "campaign.create"


def test_an_order_is_priced_anew_with_every_change(acme: Advertiser, owner: User) -> None:
    made = drafts.create(acme, owner, **order("gaming"))
    drafts.edit(made, owner, **order("pets", name="Winter", market="CA"))
    made.refresh_from_db()
    assert (made.name, made.market, made.cpm_micros) == ("Winter", "US", 9_000_000)
    changed = AuditEvent.objects.get(action="campaign.change").detail["changed"]
    assert changed["name"] == ["Autumn", "Winter"]
    assert changed["categories"] == [["Gaming"], ["Pets"]]


def test_a_change_of_nothing_leaves_no_event(acme: Advertiser, owner: User) -> None:
    made = drafts.create(acme, owner, **order())
    drafts.edit(made, owner, **order())
    assert not AuditEvent.objects.filter(action="campaign.change").exists()


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"budget_micros": 2_000_000_000}, True),
        ({"ends_on": DAY + 20 * ONE_DAY}, True),
        ({"starts_on": DAY + ONE_DAY}, False),
        ({"categories": ["pets"]}, False),
    ],
)
def test_an_agreed_price_holds_for_what_it_was_agreed_on(
    acme: Advertiser, owner: User, change: dict[str, Any], kept: bool
) -> None:
    made = drafts.create(acme, owner, **order())
    Campaign.objects.update(cpm_micros=5_000_000, negotiated=True)
    if "categories" in change:
        change = {"categories": [factories.category(slug) for slug in change["categories"]]}
    made = drafts.edit(made, owner, **order(**change))
    assert made.negotiated == kept
    assert (made.cpm_micros == 5_000_000) == kept


@pytest.mark.parametrize("status", Campaign.Status.values)
def test_only_a_draft_or_a_rejected_order_is_changed(acme: Advertiser, owner: User, status: str) -> None:
    made = drafts.create(acme, owner, **order())
    booked_at = "2026-10-01T00:00Z" if status in ("booked", "paused") else None
    Campaign.objects.update(status=status, booked_at=booked_at)
    if status in Campaign.EDITABLE:
        assert drafts.edit(made, owner, **order(name="Winter")).name == "Winter"
    else:
        with pytest.raises(Refused, match="can't be changed"):
            drafts.edit(made, owner, **order(name="Winter"))


def test_a_copy_has_all_but_dates_reference_and_past(acme: Advertiser, owner: User) -> None:
    factories.creator("loud")
    old = factories.campaign(
        categories=("gaming", "pets"),
        advertiser=acme,
        purchase_order="PO-1",
        cpm_micros=5_000_000,
        negotiated=True,
    )
    for status in Creative.Status.values:
        factories.creative(old, status=status, name=status)
    exclusions.exclude_creators(old, ["loud"], owner, DAY)
    made = drafts.clone(old, owner, DAY)
    assert (made.status, made.purchase_order, made.days, made.created_by) == (
        "draft",
        "PO-1",
        old.days,
        owner,
    )
    assert made.starts_on == DAY + drafts.LEAD
    assert made.reference != old.reference
    assert (made.cpm_micros, made.negotiated, made.booked_at) == (14_000_000, False, None)
    assert set(made.categories.all()) == set(old.categories.all())
    assert sorted(made.creatives.values_list("name", flat=True)) == ["approved", "submitted"]
    assert made.excluded_creators.get().starts_on == DAY
    assert old.creatives.count() == 4
