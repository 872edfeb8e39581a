"""What settles which invoice: the oldest first, the chosen one before; nothing twice, nothing beyond."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.invoices import settling
from campaigns.invoices.standing import ageing, standing
from campaigns.models import Advertiser, Allocation, Invoice, Payment
from tests import factories

pytestmark = pytest.mark.django_db
DOLLAR = 1_000_000
TODAY = datetime.date(2026, 12, 31)
CREDIT_NOTE = Invoice.Kind.CREDIT_NOTE


@pytest.fixture
def acme() -> Advertiser:
    return factories.advertiser("Acme")


def receive(of: Advertiser, dollars: int, invoice: Invoice | None = None) -> Payment:
    key = f"entry:{Payment.objects.count() + 1}"
    return settling.receive(of, key, dollars * DOLLAR, received_on=TODAY, invoice=invoice)


def still_open(of: Advertiser) -> list[int]:
    """Dollars that are open of each of the advertiser's invoices, in the order in which they were issued."""
    rows = of.invoices.invoices().with_balance().order_by("pk")
    return [row.open_micros // DOLLAR for row in rows]


def three(of: Advertiser) -> list[Invoice]:
    """$100, $200 and $300, due on the first of October, November and December."""
    return [
        factories.invoice(
            of,
            dollars * DOLLAR,
            issued_on=datetime.date(2026, 9, 1),
            due_on=datetime.date(2026, month, 1),
        )
        for month, dollars in ((10, 100), (11, 200), (12, 300))
    ]


def test_a_payment_settles_the_oldest_invoices_first(acme: Advertiser) -> None:
    three(acme)
    receive(acme, 250)
    assert still_open(acme) == [0, 50, 300]
    receive(acme, 50)
    assert still_open(acme) == [0, 0, 300]


def test_a_chosen_invoice_is_settled_first_and_the_rest_goes_on(acme: Advertiser) -> None:
    chosen = three(acme)[2]
    receive(acme, 350, chosen)
    assert still_open(acme) == [50, 200, 0]


def test_what_is_paid_beyond_waits_for_the_next_invoice(acme: Advertiser) -> None:
    receive(acme, 130)
    assert settling.waiting(acme) == 130 * DOLLAR
    three(acme)
    settling.settle("SELECT %s AS id", [acme.pk])
    assert still_open(acme) == [0, 170, 300]
    settling.settle("SELECT %s AS id", [acme.pk])
    assert Allocation.objects.count() == 2


def test_credit_notes_are_set_off_before_payments(acme: Advertiser) -> None:
    payment = receive(acme, 60)
    note = factories.invoice(acme, 70 * DOLLAR, kind=CREDIT_NOTE)
    three(acme)
    settling.settle("SELECT %s AS id", [acme.pk])
    parts = Allocation.objects.order_by("pk").values_list("credit_note", "payment", "amount_micros")
    assert sorted(parts, key=str) == sorted(
        [(note.pk, None, 70 * DOLLAR), (None, payment.pk, 30 * DOLLAR), (None, payment.pk, 30 * DOLLAR)],
        key=str,
    )


def test_money_given_back_first_takes_what_waits_then_opens_what_was_paid(acme: Advertiser) -> None:
    first, second, _third = three(acme)
    receive(acme, 340)
    receive(acme, 300)
    assert still_open(acme) == [0, 0, 0]
    receive(acme, -30)
    assert (still_open(acme), settling.waiting(acme)) == ([0, 0, 0], 10 * DOLLAR)
    receive(acme, -60)
    assert (still_open(acme), settling.waiting(acme)) == ([0, 0, 50], 0)
    receive(acme, -150, second)
    assert still_open(acme) == [0, 150, 50]
    receive(acme, 200)
    assert still_open(acme) == [0, 0, 0]


def test_one_advertisers_money_never_settles_anothers_invoice(acme: Advertiser) -> None:
    rival = factories.advertiser("Rival")
    for each in (acme, rival):
        three(each)
    receive(acme, 1_000)
    assert still_open(rival) == [100, 200, 300]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "credit", "receive", "choose", "give back"]),
        st.integers(1, 40),
        st.integers(0, 7),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_whatever_comes_in_whatever_order_nothing_is_settled_twice_or_left_lying(
    events: list[tuple[str, int, int]],
) -> None:
    """Against a bookkeeper with two numbers: what is owed in all, and what came in all."""
    of = factories.advertiser()
    owed = came = 0
    for kind, dollars, place in events:
        invoices = list(of.invoices.invoices().order_by("pk"))
        if kind == "invoice":
            factories.invoice(of, dollars * DOLLAR)
            owed += dollars
            settling.settle("SELECT %s AS id", [of.pk])
        elif kind == "credit":
            factories.invoice(of, dollars * DOLLAR, kind=CREDIT_NOTE)
            came += dollars
            settling.settle("SELECT %s AS id", [of.pk])
        elif kind == "give back":
            paid = sum(p.amount_micros for p in of.payments.all()) // DOLLAR
            if paid:
                receive(of, -min(dollars, paid))
                came -= min(dollars, paid)
        else:
            chosen = invoices[place % len(invoices)] if kind == "choose" and invoices else None
            receive(of, dollars, chosen)
            came += dollars
        opened = still_open(of)
        assert all(each >= 0 for each in opened)
        assert sum(opened) == max(owed - came, 0)
        assert max(settling.waiting(of), 0) == max(came - owed, 0) * DOLLAR
        for payment in of.payments.with_rest():
            rest = payment.rest_micros
            assert 0 <= rest <= payment.amount_micros or payment.amount_micros <= rest <= 0


def test_a_standing_says_what_is_open_overdue_and_due_next(acme: Advertiser) -> None:
    three(acme)
    receive(acme, 150)
    found = standing(acme, datetime.date(2026, 11, 15))
    assert (found.open_micros, found.overdue_micros) == (450 * DOLLAR, 150 * DOLLAR)
    assert (found.next_due, found.waiting_micros) == (datetime.date(2026, 12, 1), 0)


@pytest.mark.parametrize(
    ("days", "place"),
    [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4)],
)
def test_open_invoices_are_aged_by_the_days_since_they_were_due(
    days: int, place: int, acme: Advertiser
) -> None:
    due = TODAY - datetime.timedelta(days=days)
    factories.invoice(acme, DOLLAR, issued_on=datetime.date(2025, 1, 1), due_on=due)
    factories.invoice(acme, DOLLAR, kind=CREDIT_NOTE)
    ages = ageing(Invoice.objects.all(), TODAY)
    assert [age.micros for age in ages] == [DOLLAR if each == place else 0 for each in range(5)]
    assert [age.invoices for age in ages] == [int(each == place) for each in range(5)]


@pytest.mark.parametrize("paid", [0, 40, 100])
@pytest.mark.parametrize("late", [False, True])
def test_the_state_of_a_page_is_the_state_of_the_filter(acme: Advertiser, paid: int, late: bool) -> None:
    made = factories.invoice(acme)
    note = factories.invoice(acme, 5 * DOLLAR, kind=CREDIT_NOTE)
    if paid:
        receive(acme, paid)
    today = datetime.date(2026, 12, 2 if late else 1)
    for each in Invoice.objects.with_balance():
        shown = each.state_on(today)
        found = [
            s for s in Invoice.State if Invoice.objects.with_balance().in_state(s, today).filter(pk=each.pk)
        ]
        assert found == [shown]
        if each == made:
            owed = Invoice.State.PARTLY_PAID if paid else Invoice.State.OPEN
            assert shown == ("paid" if paid == 100 else "overdue" if late else owed)
        assert each != note or shown in ("available", "set_off")
