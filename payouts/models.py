"""Money: the ledger's accounts and transfers, what creators earned, and how they are paid."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import MICROS_PER_CENT, Advertiser, Campaign, Month
from creators.models import Creator


class AccountQuerySet(models.QuerySet["Account"]):
    def with_balance(self) -> AccountQuerySet:
        """Adds `balance_micros`: what was credited less what was debited."""
        return self.annotate(balance_micros=_total("credit_account") - _total("debit_account"))


def _total(side: str) -> Coalesce:
    """The sum of the transfers that have an account on that side."""
    whole = Cast(Sum("amount_micros"), models.BigIntegerField())
    transfers = Transfer.objects.filter(**{side: OuterRef("pk")}).order_by().values(side)
    return Coalesce(Subquery(transfers.annotate(total=whole).values("total")), 0)


class Account(models.Model):
    """A place where money stands. Its balance is what was credited less what was debited."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", _("receivable from an advertiser")
        PAYABLE = "payable", _("payable to a creator")
        PLATFORM = "platform", _("platform revenue")
        CLEARING = "clearing", _("clearing of a month")
        IN_TRANSIT = "in_transit", _("in transit with a batch")
        BANK = "bank", _("bank")

    code = models.CharField(_("code"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    creator = models.OneToOneField(
        Creator, models.PROTECT, verbose_name=_("creator"), null=True, blank=True, related_name="account"
    )
    advertiser = models.OneToOneField(
        Advertiser,
        models.PROTECT,
        verbose_name=_("advertiser"),
        null=True,
        blank=True,
        related_name="account",
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Transfer(models.Model):
    """An amount moved from one account to another: one row, so it balances by construction.

    Never updated nor deleted, and never added to a closed month: the database refuses (guards.py).
    """

    class Kind(models.TextChoices):
        BILLING = "billing", _("billing")
        EARNING = "earning", _("earning")
        PLATFORM = "platform", _("platform share")
        RESERVE = "reserve", _("reserved for a payout")
        RELEASE = "release", _("released from a payout")
        PAYMENT = "payment", _("payment")

    key = models.CharField(
        _("idempotency key"), max_length=120, unique=True, help_text=_("Derived from what is done.")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    debit_account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("from"), related_name="debits")
    credit_account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("to"), related_name="credits")
    amount_micros = models.PositiveBigIntegerField(_("amount (micros)"))
    month = models.ForeignKey(Month, models.PROTECT, verbose_name=_("month"), related_name="transfers")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("by"),
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Earning(models.Model):
    """What one creator's videos brought in one campaign and month, and his share of it.

    Rows of creators who were not enrolled are kept with a share of nothing, so that every row of revenue
    is accounted for and "why did I not earn?" has an answer.
    """

    month = models.ForeignKey(
        Month, models.PROTECT, verbose_name=_("month"), related_name="earnings", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name=_("campaign"), db_index=False, db_constraint=False
    )
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        verbose_name=_("creator"),
        related_name="earnings",
        db_index=False,
        db_constraint=False,
    )
    impressions = models.PositiveBigIntegerField(_("impressions"))
    revenue_micros = models.PositiveBigIntegerField(_("revenue (micros)"))
    enrolled_micros = models.PositiveBigIntegerField(
        _("within an enrolment (micros)"), help_text=_("The part of the revenue that is shared.")
    )
    share_micros = models.PositiveBigIntegerField(_("share (micros)"))

    class Meta:
        verbose_name = _("earning")
        verbose_name_plural = _("earnings")
        ordering = ["-month", "creator", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["month", "creator", "campaign"], name="earning_once"),
            models.CheckConstraint(
                condition=Q(enrolled_micros__lte=F("revenue_micros"))
                & Q(share_micros__lte=F("enrolled_micros")),
                name="earning_parts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month_id} {self.campaign_id} {self.creator_id}"


class PayoutBatch(models.Model):
    """Payments prepared by one person and approved by another; nothing lifts that."""

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        APPROVED = "approved", _("approved")
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


class Payout(models.Model):
    """One creator's payment in a batch: whole cents; the rest stays in his account."""

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        RESERVED = "reserved", _("reserved")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")

    batch = models.ForeignKey(
        PayoutBatch, models.PROTECT, verbose_name=_("batch"), related_name="payouts", db_index=False
    )
    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="payouts")
    amount_micros = models.PositiveBigIntegerField(_("amount (micros)"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-batch", "id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "creator"], name="payout_once_a_batch"),
            models.UniqueConstraint(
                fields=["creator"], condition=Q(status__in=["prepared", "reserved"]), name="payout_one_live"
            ),
            models.CheckConstraint(
                condition=Q(amount_micros__gt=0) & Q(Exact(F("amount_micros") % MICROS_PER_CENT, 0)),
                name="payout_whole_cents",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.creator_id}"


class Seal(models.Model):
    """A digest over a stretch of append-only rows, chained to the seal before it.

    `verify` computes it again: a row changed behind the database's back no longer fits its seal.
    """

    class Subject(models.TextChoices):
        TRANSFERS = "transfers", _("transfers")
        DECISIONS = "decisions", _("decisions")
        EVENTS = "events", _("audit events")

    subject = models.CharField(_("subject"), max_length=10, choices=Subject)
    first_id = models.PositiveBigIntegerField(_("first row"))
    last_id = models.PositiveBigIntegerField(_("last row"))
    rows = models.PositiveBigIntegerField(_("rows"))
    digest = models.CharField(_("digest"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed"), default=timezone.now)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["subject", "last_id"], name="seal_once")]

    def __str__(self) -> str:
        return f"{self.subject} {self.first_id}–{self.last_id}"
