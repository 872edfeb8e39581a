"""What a statement says agrees with the ledger to the micro, whatever happened in the month."""

from collections import Counter

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import corrections, ledger, months, statements
from payouts.models import Account, Earning
from payouts.statements import Statement, reading
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import EXAMPLES, close, deliver, pay
from tests.payouts.statements.ledger_rows import batch, empty_month, move, payout
from tests.payouts.test_properties import Programme, build, programmes, shares

pytestmark = pytest.mark.django_db


def closed(month: Month, by: User, then: User) -> Month:
    Month.objects.filter(pk=month.pk).update(
        status="closed",
        terms=factories.terms(),
        reviewed_by=by,
        closed_by=then,
        closed_at=months.timezone.now(),
    )
    return Month.objects.select_related("terms").get(pk=month.pk)


def test_each_line_can_be_worked_out_by_hand(october: Month, ada: Creator) -> None:
    """12,001 at $0.01 = $120.01, half of it; 333 = $3.33: $1.665; 500 after his enrolment: nothing."""
    statement = statements.of(ada, october)
    assert [
        (line.campaign, line.impressions, line.revenue_micros, line.share_micros, line.enrolled)
        for line in statement.lines
    ] == [
        ("GAMING", 12_001, 120_010_000, 60_005_000, True),
        ("GAMING", 333, 3_330_000, 1_665_000, True),
        ("GAMING", 500, 5_000_000, 0, False),
    ]
    assert [(each.verdict, each.impressions) for each in statement.unpaid] == [("not_booked", 7_777)]
    assert (statement.opening_micros, statement.earned_micros) == (0, 61_670_000)
    assert statement.closing_micros == ledger.balance(Account.objects.get(creator=ada)) == 61_670_000


def test_late_deliveries_say_in_which_month_they_ran(
    october: Month, ada: Creator, finance_one: User, finance_two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(Campaign.objects.get(), ada, 100, month=factories.month("2026-11"))
    monkeypatch.setattr("payouts.months._require_over", lambda month: None)
    november = close(finance_one, finance_two, "2026-11")
    statement = statements.of(ada, november)
    assert [(line.origin, line.share_micros) for line in statement.lines] == [("2026-10", 500_000)]
    assert statement.opening_micros == 61_670_000


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programme=programmes())
def test_the_videos_of_any_programme_add_up_to_its_earnings(
    programme: Programme, finance_one: User, finance_two: User, campaigns: list[Campaign]
) -> None:
    with transaction.atomic():
        creators = build(programme, campaigns)
        month = close(finance_one, finance_two)
        oracle, revenue = shares(programme), Counter()
        for campaign, creator, _day, micros in programme.deliveries:
            revenue[campaign, creator] += micros
        balances = dict(Account.objects.with_balance().values_list("creator", "balance_micros"))
        for number, statement in enumerate(statements.of_each(creators, month)):
            for index, campaign in enumerate(campaigns):
                its = [line for line in statement.lines if line.campaign == campaign.reference]
                assert sum(line.share_micros for line in its) == oracle[index, number]
                assert sum(line.revenue_micros for line in its) == revenue[index, number]
            assert all(0 <= line.share_micros <= line.revenue_micros for line in statement.lines)
            assert all(_near(line.share_micros, line, statement) for line in statement.lines)
            assert statement.sum_micros == statement.closing_micros == balances.get(statement.creator.pk, 0)
        transaction.set_rollback(True)


def _near(share: int, line: statements.Line, statement: Statement) -> bool:
    """No line is off its own exact share by a micro or more."""
    exact = line.revenue_micros * statement.basis_points if line.enrolled else 0
    return abs(share * 10_000 - exact) < 10_000


@pytest.fixture
def campaigns() -> list[Campaign]:
    return [factories.campaign() for _each in range(3)]


def part(earned: Earning, micros: int) -> int:
    """How much of what is taken back lies within the enrolment."""
    return earned.enrolled_micros * micros // earned.revenue_micros


def test_three_months_chain_through_payments_returns_and_corrections(
    october: Month, ada: Creator, finance_one: User, finance_two: User
) -> None:
    november, december = empty_month("2026-11"), empty_month("2026-12")
    first = batch("2026-10-1", october, finance_one)
    payout(
        first, ada, 61_670_000, withheld_micros=14_800_000, status="returned", bank_reason="R03 No account"
    )
    for kind, micros in (("reserve", 61_670_000), ("withholding", 14_800_000), ("payment", 46_870_000)):
        move(kind, ada, micros, november, f"{kind}:2026-10-1:creator:{ada.pk}")
    move("return", ada, 46_870_000, november, f"return:2026-10-1:creator:{ada.pk}")
    earned = Earning.objects.get(creator=ada)
    taken = earned.share_micros - (earned.enrolled_micros - part(earned, 2_000_000)) // 2
    take_back = {"reason": "invalid_traffic", "campaign": Campaign.objects.get(), "micros": 2_000_000}
    bonus = {"reason": "goodwill", "campaign": None, "micros": 250_001}
    for wanted in (take_back | {"detail": "bots"}, bonus):
        prepared = corrections.prepare(finance_one, origin=october, creator=ada, **wanted)
        corrections.approve(prepared, finance_two)
    move("entry", ada, 7, november, "entry:1", "Fee taken over")
    move("platform", ada, 3, november, "odd:1", "Of a kind that nobody foresaw")
    second = batch("2026-11-1", november, finance_one)
    payout(second, ada, 40_000_000, status="sent")
    move("reserve", ada, 40_000_000, november, f"reserve:2026-11-1:creator:{ada.pk}")
    move("payment", ada, 40_000_000, december, f"payment:2026-11-1:creator:{ada.pk}")

    chain = [
        statements.of(ada, october),
        statements.of(ada, closed(november, finance_one, finance_two)),
        statements.of(ada, closed(december, finance_one, finance_two)),
    ]

    assert [(each.opening_micros, each.closing_micros) for each in chain] == [
        (0, 61_670_000),
        (61_670_000, 7_120_005 - taken),
        (7_120_005 - taken, 7_120_005 - taken),
    ]
    middle, last = chain[1:]
    assert (middle.adjusted_micros, middle.goodwill_micros, middle.other_micros) == (-taken, 250_001, 4)
    assert (middle.paid_micros, middle.withheld_micros) == (46_870_000, 14_800_000)
    assert [(each.net_micros, each.bank_reason) for each in middle.returned] == [
        (46_870_000, "R03 No account")
    ]
    assert (middle.transit_before_micros, middle.transit_after_micros) == (0, 40_000_000)
    assert (last.transit_before_micros, last.paid_micros, last.transit_after_micros) == (40_000_000,) * 2 + (
        0,
    )
    assert middle.adjustments[0].campaign == "GAMING"
    assert middle.adjustments[0].detail == "bots"
    assert last.closing_micros == ledger.balance(Account.objects.get(creator=ada))


amounts = st.integers(1, 10**12)
events = st.tuples(
    st.sampled_from(["deduction", "entry", "reserve", "release", "return", "platform"]),
    st.sampled_from([1, -1]),
    amounts,
    st.integers(0, 2),
)


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(events, max_size=12))
def test_whatever_touches_the_account_is_on_the_statement(
    moves: list[tuple[str, int, int, int]], finance_one: User, finance_two: User
) -> None:
    with transaction.atomic():
        creator, balance = factories.creator(), 0
        three = [empty_month(f"2026-0{number}") for number in (1, 2, 3)]
        wanted = [0, 0, 0]
        for number, (kind, sign, micros, month) in enumerate(moves):
            move(kind, creator, sign * micros, three[month], f"{kind}:X{number}:creator:{creator.pk}")
            takes = kind in ("deduction", "reserve", "platform")
            wanted[month] += -sign * micros if takes else sign * micros
        for month, change in zip(three, wanted, strict=True):
            statement = statements.of(creator, closed(month, finance_one, finance_two))
            assert statement.opening_micros == balance
            balance += change
            assert statement.sum_micros == statement.closing_micros == balance
        transaction.set_rollback(True)


def test_real_batches_are_stated(october: Month, ada: Creator, finance_one: User, finance_two: User) -> None:
    made = pay(october, finance_one, finance_two)
    november = closed(factories.month("2026-11"), finance_one, finance_two)
    statement = statements.of(ada, november)
    (paid,) = statement.paid
    assert (paid.batch, paid.net_micros) == (made.reference, 61_670_000)
    assert paid.reference == made.payouts.get(creator=ada).reference
    assert (statement.closing_micros, statement.transit_after_micros) == (0, 0)


def test_what_came_back_names_its_payment_and_the_tax(
    october: Month, ada: Creator, finance_one: User, finance_two: User
) -> None:
    november = empty_month("2026-11")
    made = payout(
        batch("2026-10-1", october, finance_one), ada, 5_000_000, status="returned", bank_reason="R03"
    )
    move("return", ada, 3_800_000, november, f"return:{made.reference}")
    move("return", ada, 1_200_000, november, f"return:{made.reference}:tax")
    statement = statements.of(ada, closed(november, finance_one, finance_two))
    assert [(each.reference, each.net_micros, each.tax) for each in statement.returned] == [
        (made.reference, 3_800_000, False),
        (made.reference, 1_200_000, True),
    ]
    assert {each.bank_reason for each in statement.returned} == {"R03"}


def test_who_was_held_reads_why(october: Month, ada: Creator, finance_one: User, finance_two: User) -> None:
    payout(batch("2026-10-1", october, finance_one), ada, 61_670_000, status="held", reasons="tax_form,")
    november = closed(factories.month("2026-11"), finance_one, finance_two)
    assert [each.reasons for each in statements.of(ada, november).held] == ["tax_form,"]


def test_only_closed_months_have_statements(ada: Creator) -> None:
    with pytest.raises(Refused, match="not closed"):
        statements.of(ada, factories.month())


def test_a_creator_of_whom_nothing_is_known_has_a_statement_of_nothing(october: Month) -> None:
    statement = statements.of(factories.creator("cleo"), october)
    assert (statement.opening_micros, statement.sum_micros, statement.lines) == (0, 0, [])


def test_rows_that_do_not_add_up_are_no_statement(october: Month, ada: Creator) -> None:
    """The naive sum of floored videos, for one: it must not pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "LINES", reading.LINES.replace("running - enrolled_micros", "running * 0"))
        with pytest.raises(ArithmeticError, match="does not add up"):
            statements.of(ada, october)


def test_many_creators_cost_as_many_queries_as_one(october: Month, ada: Creator) -> None:
    everybody = list(Creator.objects.filter(pk__in=Earning.objects.values("creator")))
    assert len(everybody) > 1
    assert october.terms  # read before, as by whoever chose the month
    with CaptureQueriesContext(connection) as one:
        statements.of(ada, october)
    with CaptureQueriesContext(connection) as many:
        statements.of_each(everybody, october)
    assert len(many) == len(one) <= 16


def test_the_shares_of_all_statements_are_the_months(october: Month) -> None:
    everybody = list(Creator.objects.order_by("pk"))
    total = sum(each.earned_micros for each in statements.of_each(everybody, october))
    assert total == october.shared_micros == Earning.objects.aggregate(all=Sum("share_micros"))["all"]
