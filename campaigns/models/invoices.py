"""Invoices, credit notes, their lines and files, what was received for them, and what that settles.

Everything here is append-only in the database: a document is corrected by another one. What is still to be
paid of an invoice is never stored; it is the amount less what was allocated to it.
"""

from __future__ import annotations

import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.advertisers import Advertiser
from campaigns.models.campaigns import Campaign
from campaigns.models.deliveries import Month
from campaigns.models.rates import MICROS_PER_CENT


class CorrectionReason(models.TextChoices):
    """Why something that was billed is corrected; creators and advertisers read the same reasons."""

    INVALID_TRAFFIC = "invalid_traffic", _("invalid traffic")
    MEASUREMENT = "measurement", _("wrong measurement")
    BRAND_SAFETY = "brand_safety", _("brand safety")
    DISPUTE = "dispute", _("dispute")
    GOODWILL = "goodwill", _("goodwill")
    OTHER = "other", _("other")


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def invoices(self) -> Self:
        return self.filter(kind=Invoice.Kind.INVOICE)

    def with_balance(self) -> Self:
        """Adds `settled_micros`, what was paid of an invoice or used of a credit note, and `open_micros`."""
        settled = _allocated("invoice") + _allocated("credit_note")  # an invoice is never the credit note
        return self.annotate(settled_micros=settled).annotate(
            open_micros=F("amount_micros") - F("settled_micros")
        )

    def in_state(self, state: str, today: datetime.date) -> Self:
        """Those with a balance that are in `state` (Invoice.State) on `today`."""
        unpaid, late = Q(kind=Invoice.Kind.INVOICE, open_micros__gt=0), Q(due_on__lt=today)
        return self.filter(
            {
                Invoice.State.OPEN: unpaid & ~late & Q(settled_micros=0),
                Invoice.State.PARTLY_PAID: unpaid & ~late & Q(settled_micros__gt=0),
                Invoice.State.OVERDUE: unpaid & late,
                Invoice.State.PAID: Q(kind=Invoice.Kind.INVOICE, open_micros=0),
                Invoice.State.AVAILABLE: Q(kind=Invoice.Kind.CREDIT_NOTE, open_micros__gt=0),
                Invoice.State.SET_OFF: Q(kind=Invoice.Kind.CREDIT_NOTE, open_micros=0),
            }[Invoice.State(state)]
        )


def _allocated(side: str) -> Coalesce:
    """The sum of the allocations that have the row on that side."""
    rows = Allocation.objects.filter(**{side: OuterRef("pk")}).order_by().values(side)
    whole = Cast(Sum("amount_micros"), BigIntegerField())
    return Coalesce(Subquery(rows.annotate(total=whole).values("total")), 0)


class Invoice(models.Model):
    """A document to one advertiser about one month: an invoice, or a credit note.

    Its lines are exact micros. What is asked for is whole cents: what is less than a cent of the running
    total is carried to the advertiser's next document, so nothing is lost or made (payouts/invoicing.py).
    Who it was made out to is kept as it was then.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    class State(models.TextChoices):
        OPEN = "unpaid", pgettext_lazy("invoice", "open")
        PARTLY_PAID = "partly_paid", _("partly paid")
        OVERDUE = "overdue", _("overdue")
        PAID = "paid", pgettext_lazy("invoice", "paid")
        AVAILABLE = "available", _("to be set off")
        SET_OFF = "set_off", _("set off")

    PREFIXES: dict[str, str] = {Kind.INVOICE: "INV", Kind.CREDIT_NOTE: "CN"}
    # Invoices add to what was billed, credit notes take from it.
    SIGNS: dict[str, int] = {Kind.INVOICE: 1, Kind.CREDIT_NOTE: -1}
    # In these an invoice is still to be paid.
    OWED = (State.OPEN, State.PARTLY_PAID, State.OVERDUE)

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    year = models.PositiveSmallIntegerField(_("year"))
    serial = models.PositiveIntegerField(_("number in its year"))
    number = models.CharField(_("number"), max_length=20, unique=True)
    advertiser = models.ForeignKey(
        Advertiser, models.PROTECT, verbose_name=_("advertiser"), related_name="invoices", db_index=False
    )
    month = models.ForeignKey(
        Month, models.PROTECT, verbose_name=_("month"), related_name="invoices", db_index=False
    )
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("due on"), null=True)  # credit notes are never due
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    name = models.CharField(_("name"), max_length=120)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    street = models.CharField(_("street and number"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("state or region"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    billing_name = models.CharField(_("billing contact"), max_length=120, blank=True)
    total_micros = models.PositiveBigIntegerField(_("sum of the lines (micros)"))
    carried_from_micros = models.PositiveSmallIntegerField(_("carried from the last document (micros)"))
    carried_to_micros = models.PositiveSmallIntegerField(_("carried to the next document (micros)"))
    amount_micros = models.PositiveBigIntegerField(_("amount (micros)"), help_text=_("Whole cents."))
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    objects = InvoiceQuerySet.as_manager()

    settled_micros: int  # with_balance
    open_micros: int

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "serial"], name="invoice_serial_once"),
            models.UniqueConstraint(fields=["month", "advertiser", "kind"], name="invoice_once_a_month"),
            models.CheckConstraint(
                condition=Exact(F("amount_micros") % MICROS_PER_CENT, 0)
                & Q(carried_from_micros__lt=MICROS_PER_CENT, carried_to_micros__lt=MICROS_PER_CENT),
                name="invoice_whole_cents",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="invoice",
                    due_on__gte=F("issued_on"),
                    amount_micros=F("total_micros") + F("carried_from_micros") - F("carried_to_micros"),
                )
                | Q(
                    kind="credit_note",
                    due_on__isnull=True,
                    amount_micros=F("total_micros") - F("carried_from_micros") + F("carried_to_micros"),
                ),
                name="invoice_adds_up",
            ),
        ]
        indexes = [
            models.Index("advertiser", "id", name="invoice_of_advertiser"),
            models.Index("due_on", "id", name="invoice_due"),
        ]
        permissions = [("remind_invoice", _("Can remind advertisers of overdue invoices"))]

    def __str__(self) -> str:
        return self.number

    @property
    def is_invoice(self) -> bool:
        return self.kind == self.Kind.INVOICE

    @property
    def signed_micros(self) -> int:
        """What the document adds to what the advertiser owes."""
        return self.SIGNS[self.kind] * self.amount_micros

    @property
    def signed_open_micros(self) -> int:
        """The part of it that is not settled, of a row with its balance."""
        return self.SIGNS[self.kind] * self.open_micros

    @property
    def address(self) -> list[str]:
        """Whom it was made out to, a line each; what was not known is left out."""
        before = self.country in ("", "US", "CA", "AU")
        town = (
            ", ".join(filter(None, (self.city, f"{self.region} {self.postal_code}".strip())))
            if before
            else " ".join(filter(None, (self.postal_code, self.city)))
        )
        lines = [self.legal_name or self.name, self.billing_name, self.street, town, self.country]
        return [line for line in lines if line]

    def state_on(self, today: datetime.date) -> State:
        """Of a row with its balance; what `in_state` finds."""
        if not self.is_invoice:
            return self.State.AVAILABLE if self.open_micros else self.State.SET_OFF
        if not self.open_micros:
            return self.State.PAID
        if self.days_overdue(today):
            return self.State.OVERDUE
        return self.State.PARTLY_PAID if self.settled_micros else self.State.OPEN

    @property
    def status(self) -> State:
        """Its state today, of a row with its balance."""
        return self.state_on(timezone.now().date())

    def get_status_display(self) -> str:
        return str(self.status.label)

    def days_overdue(self, today: datetime.date) -> int:
        """How many days ago it was due; nothing for what is not due yet, or paid."""
        return max((today - self.due_on).days, 0) if self.due_on and self.open_micros else 0


class InvoiceLine(models.Model):
    """What one campaign was billed, or what a correction changed, as it was when the document was issued."""

    class Kind(models.TextChoices):
        BILLED = "billed", _("billed")
        CORRECTED = "corrected", _("corrected")

    invoice = models.ForeignKey(
        Invoice, models.PROTECT, verbose_name=_("invoice"), related_name="lines", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name=_("campaign"), related_name="invoice_lines"
    )
    origin = models.ForeignKey(
        Month,
        models.PROTECT,
        verbose_name=_("month"),
        related_name="+",
        db_index=False,
        help_text=_("The month in which it was billed; of a correction, the one that it corrects."),
    )
    reference = models.CharField(_("reference"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    purchase_order = models.CharField(_("purchase order"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=CorrectionReason, blank=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    impressions = models.PositiveBigIntegerField(_("impressions"))
    cpm_micros = models.PositiveBigIntegerField(_("CPM (micros)"))
    amount_micros = models.PositiveBigIntegerField(_("amount (micros)"))

    class Meta:
        verbose_name = _("line of an invoice")
        verbose_name_plural = _("lines of invoices")
        ordering = ["id"]
        indexes = [models.Index("invoice", "id", name="invoice_lines")]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.reference}"

    @property
    def billed(self) -> bool:
        return self.kind == self.Kind.BILLED


class InvoiceFile(models.Model):
    """A document in one format: rendered once, in its language, and served from here."""

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        CSV = "csv", "CSV"

    invoice = models.ForeignKey(
        Invoice, models.PROTECT, verbose_name=_("invoice"), related_name="files", db_index=False
    )
    format = models.CharField(_("format"), max_length=3, choices=Format)
    content = models.BinaryField(_("content"))
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("file of an invoice")
        verbose_name_plural = _("files of invoices")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["invoice", "format"], name="invoice_file_once")]

    def __str__(self) -> str:
        return f"{self.invoice_id}.{self.format}"


class PaymentQuerySet(models.QuerySet["Payment"]):
    def with_rest(self) -> Self:
        """Adds `rest_micros`, what of it is not allocated to any invoice."""
        return self.annotate(rest_micros=F("amount_micros") - _allocated("payment"))


class Payment(models.Model):
    """Money of an advertiser that the ledger has: received, or (negative) given back to him.

    It is written as the entry in the ledger is approved (payouts/entries.py), under that transfer's key.
    """

    advertiser = models.ForeignKey(
        Advertiser, models.PROTECT, verbose_name=_("advertiser"), related_name="payments", db_index=False
    )
    transfer_key = models.CharField(_("transfer"), max_length=120)
    amount_micros = models.BigIntegerField(_("amount (micros)"))
    received_on = models.DateField(_("received on"))
    bank_reference = models.CharField(_("bank reference"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("recorded"), default=timezone.now)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment of an advertiser")
        verbose_name_plural = _("payments of advertisers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["transfer_key", "advertiser"], name="payment_once"),
            models.CheckConstraint(condition=~Q(amount_micros=0), name="payment_of_something"),
        ]
        indexes = [models.Index("advertiser", "id", name="payment_of_advertiser")]

    def __str__(self) -> str:
        return self.bank_reference or self.transfer_key


class Allocation(models.Model):
    """A part of a payment, or of a credit note, that settles a part of an invoice.

    One that takes back what was settled before, as its payment was given back, is negative.
    """

    invoice = models.ForeignKey(
        Invoice, models.PROTECT, verbose_name=_("invoice"), related_name="allocations"
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, verbose_name=_("payment"), null=True, related_name="allocations"
    )
    credit_note = models.ForeignKey(
        Invoice, models.PROTECT, verbose_name=_("credit note"), null=True, related_name="offsets"
    )
    amount_micros = models.BigIntegerField(_("amount (micros)"))
    allocated_at = models.DateTimeField(_("allocated"), default=timezone.now)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False, amount_micros__gt=0),
                name="allocation_of_one_source",
            ),
            models.CheckConstraint(condition=~Q(amount_micros=0), name="allocation_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.amount_micros}"
