"""What settles invoices: payments and credit notes, the oldest invoice first unless one is chosen.

Open invoices stand in a row by their due dates, what can settle them in another: credit notes first, then
payments in their order. Each takes a stretch of dollars; where a stretch of the one row lies over one of the
other, that much is allocated. So one statement settles one advertiser or five thousand, in whatever parts,
and running it again finds nothing left to do. What was paid beyond the open invoices waits for the next ones.

Money that is given back first takes what waits; beyond that it opens paid invoices again, by allocations that
are negative. Who allocates takes the only turn, for two at a time would spend the same dollar twice.
"""

# ruff: noqa: S608 - statements of ours around one another

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns.models import Advertiser, Allocation, Invoice, Payment
from pulse_site import audit
from pulse_site.models import User

TURN = 5_702_887  # any number of our own, the same for all who issue invoices or allocate to them

_ALLOCATED = "(SELECT COALESCE(SUM(amount_micros), 0) FROM campaigns_allocation WHERE {side}_id = {row}.id)"
_OF_INVOICE = _ALLOCATED.format(side="invoice", row="invoice")
_OF_CREDIT = _ALLOCATED.format(side="credit_note", row="note")
_OF_PAYMENT = _ALLOCATED.format(side="payment", row="payment")
_OPEN = f"""
    SELECT invoice.advertiser_id, invoice.id, invoice.due_on,
           CAST(invoice.amount_micros - {_OF_INVOICE} AS bigint) AS micros
      FROM campaigns_invoice invoice JOIN whose ON whose.id = invoice.advertiser_id
     WHERE invoice.kind = 'invoice'
"""
# A payment that was given back has a negative rest, which is taken from all others.
_SOURCES = f"""
    SELECT note.advertiser_id, NULL AS payment_id, note.id AS credit_note_id, 0 AS place,
           note.issued_on AS came_on, note.id,
           CAST(note.amount_micros - {_OF_CREDIT} AS bigint) AS micros
      FROM campaigns_invoice note JOIN whose ON whose.id = note.advertiser_id
     WHERE note.kind = 'credit_note'
     UNION ALL
    SELECT payment.advertiser_id, payment.id, NULL, 1, payment.received_on, payment.id,
           CAST(payment.amount_micros - {_OF_PAYMENT} AS bigint)
      FROM campaigns_payment payment JOIN whose ON whose.id = payment.advertiser_id
"""
_SETTLE = f"""
    WITH whose AS (SELECT DISTINCT given.id FROM ({{whose}}) given),
         demand AS (SELECT advertiser_id, id, micros,
                           CAST(SUM(micros) OVER (PARTITION BY advertiser_id ORDER BY due_on, id) AS bigint)
                             AS upto
                      FROM ({_OPEN}) unpaid WHERE micros > 0),
         sources AS (SELECT * FROM ({_SOURCES}) source WHERE micros <> 0),
         owed AS (SELECT advertiser_id, CAST(SUM(micros) AS bigint) AS micros FROM sources WHERE micros < 0
                   GROUP BY advertiser_id),
         supply AS (SELECT source.advertiser_id, source.payment_id, source.credit_note_id, source.micros,
                           COALESCE(owed.micros, 0)
                             + CAST(SUM(source.micros) OVER (PARTITION BY source.advertiser_id
                                    ORDER BY source.place, source.came_on, source.id) AS bigint) AS upto
                      FROM sources source LEFT JOIN owed ON owed.advertiser_id = source.advertiser_id
                     WHERE source.micros > 0),
         parts AS (SELECT demand.id, supply.payment_id, supply.credit_note_id,
                          CASE WHEN demand.upto < supply.upto THEN demand.upto ELSE supply.upto END
                          - CASE WHEN demand.upto - demand.micros > supply.upto - supply.micros
                                 THEN demand.upto - demand.micros ELSE supply.upto - supply.micros END
                            AS micros
                     FROM demand JOIN supply ON supply.advertiser_id = demand.advertiser_id)
    INSERT INTO campaigns_allocation (invoice_id, payment_id, credit_note_id, amount_micros, allocated_at)
    SELECT id, payment_id, credit_note_id, micros, %s FROM parts WHERE micros > 0 ORDER BY id
"""
# The newest due are opened first, or the one that was chosen, until all of {missing} is taken back.
_OPEN_AGAIN = f"""
    WITH whose AS (SELECT %s AS id),
         paid AS (SELECT invoice.id, invoice.due_on,
                         CAST({_OF_INVOICE} AS bigint) AS micros
                    FROM campaigns_invoice invoice JOIN whose ON whose.id = invoice.advertiser_id
                   WHERE invoice.kind = 'invoice'),
         row_of AS (SELECT id, micros,
                           CAST(SUM(micros) OVER (ORDER BY CASE WHEN id = %s THEN 0 ELSE 1 END, due_on DESC,
                                                  id DESC) AS bigint) AS upto
                      FROM paid WHERE micros > 0)
    INSERT INTO campaigns_allocation (invoice_id, payment_id, credit_note_id, amount_micros, allocated_at)
    SELECT id, %s, NULL, -(CASE WHEN upto <= %s THEN micros ELSE %s - (upto - micros) END), %s
      FROM row_of WHERE upto - micros < %s ORDER BY id
"""
_REST = f"""
    WITH whose AS (SELECT %s AS id)
    SELECT CAST(COALESCE(SUM(micros), 0) AS bigint) FROM ({_SOURCES}) source
"""


def take_turn() -> None:
    """Let one at a time issue and allocate, until the transaction ends. SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])


def receive(
    advertiser: Advertiser,
    key: str,
    micros: int,
    *,
    received_on: datetime.date,
    bank_reference: str = "",
    invoice: Invoice | None = None,
    by: User | None = None,
) -> Payment:
    """Record what the ledger received from the advertiser by the transfer `key`, and allocate it.

    Negative `micros` were given back to him. `invoice` is settled, or opened again, before all others. The
    caller is in the transaction that posts the transfer.
    """
    take_turn()
    payment = Payment.objects.create(
        advertiser=advertiser,
        transfer_key=key,
        amount_micros=micros,
        received_on=received_on,
        bank_reference=bank_reference,
    )
    action = "payment.receive" if micros > 0 else "payment.give_back"
    audit.record(by, action, payment, amount_micros=abs(micros), advertiser=advertiser.name)
    if micros > 0:
        _choose(payment, invoice)
        settle("SELECT %s AS id", [advertiser.pk])
    else:
        _open_again(payment, invoice)
    return payment


def settle(whose: str, values: Sequence[Any]) -> None:
    """Allocate whatever can settle the open invoices of the advertisers whose `id` the query `whose` yields.

    The caller has the turn.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE.format(whose=whose), [*values, now])


def waiting(advertiser: Advertiser) -> int:
    """Micros of payments and credit notes that no invoice has taken yet: they settle the next ones."""
    with connection.cursor() as cursor:
        cursor.execute(_REST, [advertiser.pk])
        return int(cursor.fetchone()[0])


def _choose(payment: Payment, invoice: Invoice | None) -> None:
    if invoice is None:
        return
    left = Invoice.objects.with_balance().get(pk=invoice.pk).open_micros
    if part := min(left, payment.amount_micros):
        Allocation.objects.create(invoice=invoice, payment=payment, amount_micros=part)


def _open_again(payment: Payment, invoice: Invoice | None) -> None:
    """What waited is less than what is given back: so much of what was paid is open again."""
    missing = min(-waiting(payment.advertiser), -payment.amount_micros)
    if missing > 0:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        chosen = invoice.pk if invoice else 0
        with connection.cursor() as cursor:
            cursor.execute(
                _OPEN_AGAIN,
                [payment.advertiser_id, chosen, payment.pk, missing, missing, now, missing],
            )
