"""Payout batches, their payments, and the files that went to banks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import MICROS_PER_CENT, Month
from creators.models import Creator
from payouts.models.payees import Method


def payment_reference(payout_id: int) -> str:
    """By which banks and providers name a payment: at most 15 characters, never used again."""
    return f"P{payout_id:09}"


class PayoutBatch(models.Model):
    """Payments prepared by one person and approved by another; nothing lifts that."""

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        APPROVED = "approved", _("approved")
        FILED = "filed", _("files made")
        SENT = "sent", _("sent")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")

    reference = models.CharField(_("reference"), max_length=40, unique=True)
    month = models.ForeignKey(
        Month,
        models.PROTECT,
        verbose_name=_("pays up to"),
        related_name="batches",
        help_text=_("Balances at the end of this closed month are paid."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)
    selection = models.JSONField(
        _("selection"),
        default=dict,
        blank=True,
        help_text=_("Only these creators (include), all but these (exclude), only these methods."),
    )
    digest = models.CharField(
        _("digest"),
        max_length=64,
        blank=True,
        help_text=_("Over what was prepared: the approval is bound to it."),
    )
    effective_on = models.DateField(_("to be paid on"), null=True, blank=True)
    minimum_micros = models.PositiveBigIntegerField(_("minimum payout (micros)"))
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("prepared by"), related_name="+"
    )
    prepared_at = models.DateTimeField(_("prepared"), default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("approved by"),
        null=True,
        blank=True,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    filed_at = models.DateTimeField(_("files made"), null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("sent by"),
        null=True,
        blank=True,
        related_name="+",
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["prepared", "cancelled"])
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("prepared_by"))),
                name="batch_two_persons",
            )
        ]
        permissions = [
            ("prepare_batch", _("Can prepare a payout batch")),
            ("approve_batch", _("Can approve a payout batch")),
        ]

    def __str__(self) -> str:
        return self.reference


class PaymentFile(models.Model):
    """A file for a bank or provider: rendered once, kept with its digest, served only from here."""

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, verbose_name=_("batch"), related_name="files")
    method = models.CharField(_("method"), max_length=10, choices=Method)
    name = models.CharField(_("file name"), max_length=100, unique=True)
    content = models.BinaryField(_("content"))
    sha256 = models.CharField("SHA-256", max_length=64)
    payments = models.PositiveIntegerField(_("payments"))
    total_micros = models.PositiveBigIntegerField(_("amount (micros)"))
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("payment file")
        verbose_name_plural = _("payment files")
        ordering = ["batch", "id"]
        permissions = [("download_paymentfile", _("Can download payment files"))]

    def __str__(self) -> str:
        return self.name


class Payout(models.Model):
    """One creator's payment in a batch: whole cents; the rest stays in his account.

    Held payouts were due and could not be paid, for the `reasons` (payability.py); no money moves for them.
    """

    # In these a creator has money on the way: he is in no other batch.
    LIVE = ("prepared", "reserved", "sent")

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        HELD = "held", _("held")
        RESERVED = "reserved", _("reserved")
        SENT = "sent", _("sent")
        PAID = "paid", _("paid")
        RETURNED = "returned", _("returned")
        CANCELLED = "cancelled", _("cancelled")

    batch = models.ForeignKey(
        PayoutBatch, models.PROTECT, verbose_name=_("batch"), related_name="payouts", db_index=False
    )
    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="payouts")
    amount_micros = models.PositiveBigIntegerField(_("amount (micros)"))
    withheld_micros = models.PositiveBigIntegerField(_("tax withheld (micros)"), default=0)
    method = models.CharField(_("method"), max_length=10, choices=Method, blank=True)
    details_version = models.PositiveIntegerField(
        _("version of the bank details"), default=0, help_text=_("As it was when the batch was prepared.")
    )
    reasons = models.CharField(
        _("why it is held"), max_length=200, blank=True, help_text=_("Codes, a comma after each.")
    )
    reserved = models.BooleanField(
        _("was reserved"),
        default=False,
        help_text=_("Its money went to the batch's account; the approval does that."),
    )
    bank_reason = models.CharField(_("the bank's reason"), max_length=200, blank=True)
    settled_on = models.DateField(_("settled on"), null=True, blank=True)
    file = models.ForeignKey(
        PaymentFile, models.PROTECT, verbose_name=_("file"), null=True, blank=True, related_name="payouts"
    )
    reissue_of = models.OneToOneField(
        "self",
        models.PROTECT,
        verbose_name=_("re-issue of"),
        null=True,
        blank=True,
        related_name="reissued_as",
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-batch", "id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "creator"], name="payout_once_a_batch"),
            models.UniqueConstraint(
                fields=["creator"],
                condition=Q(status__in=["prepared", "reserved", "sent"]),
                name="payout_one_live",
            ),
            models.CheckConstraint(
                condition=Q(amount_micros__gt=0) & Q(Exact(F("amount_micros") % MICROS_PER_CENT, 0)),
                name="payout_whole_cents",
            ),
            models.CheckConstraint(
                condition=Q(withheld_micros__lte=F("amount_micros"))
                & Q(Exact(F("withheld_micros") % MICROS_PER_CENT, 0)),
                name="payout_withheld",
            ),
        ]
        indexes = [
            models.Index("status", name="payout_status"),
            models.Index("method", name="payout_method"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return payment_reference(self.pk)

    @property
    def net_micros(self) -> int:
        """What the bank pays."""
        return self.amount_micros - self.withheld_micros
