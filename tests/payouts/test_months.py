import datetime
import hashlib
import json

import pytest
from django.utils import timezone

from campaigns import verdicts
from campaigns.models import Delivery, Month, PlacementRun
from creators.models import Enrolment, ProgrammeTerms
from payouts import drafts, months
from payouts.models import Account, Earning, Transfer
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, day, deliver

pytestmark = pytest.mark.django_db


def balances() -> dict[str, int]:
    return dict(Account.objects.with_balance().values_list("code", "balance_micros"))


def test_a_month_worked_by_hand(finance_one: User, finance_two: User) -> None:
    """Two campaigns at $10.00 and $8.50 CPM, one creator all month, one from the 16th on, one never.

    Gaming: 1,001 impressions of Ada at $0.01 = $10.01, 333 of Ben on the 15th = $3.33 (not yet enrolled),
    334 of Ben on the 16th = $3.34. Motors: 7 of Ada at $0.0085 = $0.0595, 11 of Cleo = $0.0935.
    """
    gaming, motors = factories.campaign("GAMING"), factories.campaign("MOTORS", cpm_micros=8_500_000)
    ada, ben = factories.enrolled("ada"), factories.enrolled("ben", day(16))
    cleo = factories.creator("cleo")
    deliver(gaming, ada, 1_001)
    deliver(gaming, ben, 333, day=day(15))
    deliver(gaming, ben, 334, day=day(16))
    deliver(motors, ada, 7)
    deliver(motors, cleo, 11)
    deliver(motors, ada, 1_000_000, verdict=Delivery.Verdict.NOT_BOOKED)

    month = close(finance_one, finance_two)

    assert list(
        Earning.objects.order_by("campaign_id", "creator_id").values_list(
            "campaign__reference", "creator__handle", "revenue_micros", "enrolled_micros", "share_micros"
        )
    ) == [
        ("GAMING", "ada", 10_010_000, 10_010_000, 5_005_000),
        ("GAMING", "ben", 6_670_000, 3_340_000, 1_670_000),
        ("MOTORS", "ada", 59_500, 59_500, 29_750),
        ("MOTORS", "cleo", 93_500, 0, 0),
    ]
    assert (month.revenue_micros, month.shared_micros, month.creators) == (16_833_000, 6_704_750, 2)
    assert balances() == {
        f"receivable:advertiser:{gaming.advertiser_id}": -16_680_000,
        f"receivable:advertiser:{motors.advertiser_id}": -153_000,
        f"payable:creator:{ada.pk}": 5_034_750,
        f"payable:creator:{ben.pk}": 1_670_000,
        "platform": 10_128_250,
        "clearing:2026-10": 0,
    }


def test_half_a_micro_goes_to_the_platform() -> None:
    campaign = factories.campaign(cpm_micros=10_000)
    made = deliver(campaign, factories.enrolled(), 1)
    Delivery.objects.filter(pk=made.pk).update(revenue_micros=3)
    summary = months.calculate("2026-10")
    assert (summary["revenue_micros"], summary["shared_micros"], summary["platform_micros"]) == (3, 1, 2)


def test_the_largest_amount_is_shared_without_overflow() -> None:
    made = deliver(factories.campaign(), factories.enrolled(), 1)
    Delivery.objects.filter(pk=made.pk).update(revenue_micros=2**63 - 1)
    assert months.calculate("2026-10")["shared_micros"] == (2**63 - 1) // 2


def test_a_repeated_draft_is_the_same_draft() -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_001)
    deliver(factories.campaign(), factories.creator(), 99)
    first, before = months.calculate("2026-10"), months.digest(factories.month())
    again, after = months.calculate("2026-10"), months.digest(factories.month())
    assert {**first, "seconds": 0} == {**again, "seconds": 0}
    assert before == after
    assert Earning.objects.count() == 2


def test_a_draft_follows_its_deliveries() -> None:
    made = deliver(factories.campaign(), factories.enrolled(), 1_000)
    months.calculate("2026-10")
    made.delete()
    assert months.calculate("2026-10")["revenue_micros"] == 0
    assert not Earning.objects.exists()


def test_the_terms_of_the_first_day_hold_for_the_month() -> None:
    first = factories.terms()
    for version, starts_on, share in ((2, day(1), 6_000), (3, day(2), 7_000)):
        ProgrammeTerms.objects.create(
            version=version,
            starts_on=starts_on,
            share_basis_points=share,
            decay_permille=first.decay_permille,
            status="approved",
        )
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    assert months.calculate("2026-10")["shared_micros"] == 6_000_000
    assert Month.objects.get().terms.version == 2


def test_late_deliveries_are_shared_by_the_day_they_belong_to() -> None:
    """Billed in November, but the creator was enrolled on their day in October only."""
    creator = factories.creator()
    Enrolment.objects.create(creator=creator, starts_on=day(1), ends_on=day(31))
    deliver(factories.campaign(), creator, 1_000, month=factories.month("2026-11"))
    assert months.calculate("2026-11")["shared_micros"] == 5_000_000


def test_both_ends_of_an_enrolment_earn() -> None:
    creator, campaign = factories.creator(), factories.campaign()
    Enrolment.objects.create(creator=creator, starts_on=day(3), ends_on=day(4))
    Enrolment.objects.create(creator=creator, starts_on=day(6), ends_on=day(6))
    for number in range(2, 8):
        deliver(campaign, creator, 1, day=day(number))
    months.calculate("2026-10")
    assert Earning.objects.get().enrolled_micros == 3 * 10_000


def test_a_month_without_deliveries_is_a_month_of_nothing(finance_one: User, finance_two: User) -> None:
    month = close(finance_one, finance_two)
    assert (month.revenue_micros, month.shared_micros, month.creators) == (0, 0, 0)
    assert not Transfer.objects.exists()


def test_days_with_deliveries_but_no_lineup_are_named() -> None:
    deliver(factories.campaign(), factories.enrolled(), 1, day=day(7))
    PlacementRun.objects.update(superseded=True)
    verdicts.recheck()
    assert "2026-10-07 (US)" in months.calculate("2026-10")["warnings"][0]


@pytest.mark.parametrize("code", ["2026-13", "2026-1", "october", "", "2026-10-01", "0000-01", "２０２６-10"])
def test_a_malformed_month_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="not a month"):
        months.calculate(code)
    assert not Month.objects.exists()


def test_a_month_that_has_not_begun_is_refused() -> None:
    with pytest.raises(Refused, match="not begun"):
        months.calculate("2026-12")


def test_a_month_before_the_first_terms_is_refused() -> None:
    with pytest.raises(Refused, match="No terms"):
        months.calculate("2019-12")
    assert not Month.objects.exists()


def test_a_month_that_is_not_over_is_not_reviewed(finance_one: User) -> None:
    months.calculate("2026-11")
    with pytest.raises(Refused, match="not over"):
        months.review("2026-11", finance_one)


STATUSES = Month.Status


@pytest.mark.parametrize(
    ("action", "allowed", "target"),
    [
        ("calculate", {STATUSES.OPEN, STATUSES.CALCULATED}, STATUSES.CALCULATED),
        ("review", {STATUSES.CALCULATED}, STATUSES.REVIEW),
        ("reopen", {STATUSES.REVIEW}, STATUSES.CALCULATED),
        ("close", {STATUSES.REVIEW}, STATUSES.CLOSED),
    ],
)
@pytest.mark.parametrize("status", STATUSES)
def test_the_moves_of_a_month(
    action: str, allowed: set[str], target: str, status: str, finance_one: User, finance_two: User
) -> None:
    frozen = status in (STATUSES.REVIEW, STATUSES.CLOSED)
    factories.month(
        status=status,
        terms=factories.terms(),
        reviewed_by=finance_one if frozen else None,
        reviewed_at=timezone.now() if frozen else None,
        closed_by=finance_two if status == STATUSES.CLOSED else None,
    )
    people = {"calculate": (), "review": (finance_one,), "reopen": (finance_one,), "close": (finance_two,)}
    if status in allowed:
        assert getattr(months, action)("2026-10", *people[action])["status"] == target
    else:
        with pytest.raises(Refused, match="2026-10 is"):
            getattr(months, action)("2026-10", *people[action])
        assert Month.objects.get().status == status


def test_who_reviewed_never_closes(administrator: User, finance_one: User) -> None:
    """Not even a superuser, who has every permission."""
    months.calculate("2026-10")
    months.review("2026-10", administrator)
    with pytest.raises(Refused, match="another person"):
        months.close("2026-10", administrator)


def test_money_needs_permission(stranger: User, finance_one: User, finance_two: User) -> None:
    months.calculate("2026-10")
    with pytest.raises(Refused, match="permission"):
        months.review("2026-10", finance_two)
    months.review("2026-10", finance_one)
    for by, action in ((finance_one, months.close), (stranger, months.close), (stranger, months.reopen)):
        with pytest.raises(Refused, match="permission"):
            action("2026-10", by)


def test_an_earlier_month_with_deliveries_is_closed_first(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1, month=factories.month("2026-09"))
    factories.month("2026-08")
    with pytest.raises(Refused, match="2026-09 has deliveries"):
        close(finance_one, finance_two)
    close(finance_one, finance_two, "2026-09")
    months.close("2026-10", finance_two)


def test_what_changed_since_the_review_is_not_closed(finance_one: User, finance_two: User) -> None:
    creator = factories.enrolled()
    deliver(factories.campaign(), creator, 1_000)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    Enrolment.objects.update(ends_on=day(1))
    with pytest.raises(Refused, match="no longer what was reviewed"):
        months.close("2026-10", finance_two)
    assert not Transfer.objects.exists()
    months.reopen("2026-10", finance_two)
    assert close(finance_one, finance_two).shared_micros == 0


def test_a_month_taken_back_keeps_in_its_history_who_had_reviewed_it(
    finance_one: User, finance_two: User
) -> None:
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    months.reopen("2026-10", finance_two)
    event = AuditEvent.objects.get(action="month.reopen")
    assert event.actor == finance_two
    assert event.detail["reviewed_by"] == "finance-one"


def test_a_month_is_closed_only_after_the_days_of_review(
    finance_one: User, finance_two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put under review on 20 November for five days: the 25th is the first day on which it is closed."""
    ProgrammeTerms.objects.update(review_days=5)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    for day_of_november, hour in ((20, 13), (24, 23)):
        monkeypatch.setattr(timezone, "now", lambda d=day_of_november, h=hour: at(d, h))
        with pytest.raises(Refused, match="since 2026-11-20; it can be closed from 2026-11-25 on"):
            months.close("2026-10", finance_two)
    monkeypatch.setattr(timezone, "now", lambda: at(25, 0))
    assert months.close("2026-10", finance_two)["status"] == "closed"


def at(day_of_november: int, hour: int) -> datetime.datetime:
    return datetime.datetime(2026, 11, day_of_november, hour, tzinfo=datetime.UTC)


def test_no_later_edit_of_the_terms_reaches_a_month(finance_one: User, finance_two: User) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    months.calculate("2026-10")
    months.review("2026-10", finance_one)
    ProgrammeTerms.objects.update(share_basis_points=9_000)
    months.close("2026-10", finance_two)
    month = factories.month()
    assert (month.share_basis_points, month.shared_micros) == (5_000, 5_000_000)
    assert drafts.different(month) == []


def test_a_review_takes_the_draft_as_it_is_or_makes_it_anew(finance_one: User) -> None:
    """The draft's rows stay where nothing has changed since; else they are written again."""
    campaign, creator = factories.campaign(), factories.enrolled()
    deliver(campaign, creator, 1_000)
    months.calculate("2026-10")
    drafted = Earning.objects.get().pk
    months.review("2026-10", finance_one)
    assert Earning.objects.get().pk == drafted
    months.reopen("2026-10", finance_one)
    deliver(campaign, creator, 500)
    assert months.review("2026-10", finance_one)["revenue_micros"] == 15_000_000
    months.reopen("2026-10", finance_one)
    ProgrammeTerms.objects.update(share_basis_points=1_000)
    assert months.review("2026-10", finance_one)["shared_micros"] == 1_500_000


def test_closing_freezes_the_lineups_that_were_used(finance_one: User, finance_two: User) -> None:
    campaign, creator = factories.campaign(), factories.enrolled()
    deliver(campaign, creator, 1, day=day(1))
    deliver(campaign, creator, 1, day=day(2), verdict=Delivery.Verdict.NOT_BOOKED)
    close(finance_one, finance_two)
    assert list(PlacementRun.objects.filter(frozen=True).values_list("day", flat=True)) == [day(1)]


def test_clearing_that_does_not_come_to_zero_stops_the_close(
    finance_one: User, finance_two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(factories.campaign(), factories.enrolled(), 1_000)
    monkeypatch.delitem(months.POSTED, Transfer.Kind.PLATFORM)
    with pytest.raises(ArithmeticError):
        close(finance_one, finance_two)
    assert not Transfer.objects.exists()


def test_a_month_that_has_its_digest_in_the_older_form_fits_it(finance_one: User, finance_two: User) -> None:
    """A line of JSON for each earning, and then for each transfer."""
    campaign = factories.campaign()
    for impressions in (1_001, 7):
        deliver(campaign, factories.enrolled(), impressions)
    month = close(finance_one, finance_two)
    earnings = Earning.objects.order_by("creator_id", "campaign_id").values_list(
        "creator_id", "campaign_id", "impressions", "revenue_micros", "enrolled_micros", "share_micros"
    )
    transfers = Transfer.objects.order_by("pk").values_list(
        "key", "kind", "debit_account__code", "credit_account__code", "amount_micros"
    )
    lines = "".join(f"{json.dumps(row)}\n" for row in [*earnings, *transfers])
    assert month.digest == months.digest(month) != hashlib.sha256(lines.encode()).hexdigest()
    assert months.fits(month)
    month.digest = hashlib.sha256(lines.encode()).hexdigest()
    assert months.fits(month)
    month.digest = "0" * 64
    assert not months.fits(month)
