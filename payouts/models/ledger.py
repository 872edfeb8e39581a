"""The ledger: accounts, transfers, how much stands where, and the seals over it all."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Advertiser, Invoice, Month
from creators.models import Creator


class AccountQuerySet(models.QuerySet["Account"]):
    def with_balance(self) -> AccountQuerySet:
        """Adds `balance_micros`: what was credited less what was debited, by checkpoint and tail."""
        kept = Coalesce("checkpoint__balance_micros", 0)
        return self.annotate(balance_micros=kept + _tail("credit_account") - _tail("debit_account"))


def _tail(side: str) -> Coalesce:
    """The sum of the transfers since the last seal that have an account on that side."""
    sealed = Seal.objects.filter(subject=Seal.Subject.TRANSFERS).order_by("-last_id").values("last_id")[:1]
    tail = Transfer.objects.filter(**{side: OuterRef("pk")}, pk__gt=Coalesce(Subquery(sealed), 0))
    whole = Cast(Sum("amount_micros"), models.BigIntegerField())
    return Coalesce(Subquery(tail.order_by().values(side).annotate(total=whole).values("total")), 0)


class Account(models.Model):
    """A place where money stands. Its balance is what was credited less what was debited."""

    class Kind(models.TextChoices):
        RECEIVABLE = "receivable", _("receivable from an advertiser")
        PAYABLE = "payable", _("payable to a creator")
        PLATFORM = "platform", _("platform revenue")
        CLEARING = "clearing", _("clearing of a month")
        IN_TRANSIT = "in_transit", _("in transit with a batch")
        BANK = "bank", _("bank")
        WITHHELD = "withheld", _("withheld tax")
        SUSPENSE = "suspense", _("suspense")

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
        CREDIT = "credit", _("credit to an advertiser")
        DEDUCTION = "deduction", _("deduction from a creator")
        BORNE = "borne", _("correction borne by the platform")
        RESERVE = "reserve", _("reserved for a payout")
        RELEASE = "release", _("released from a payout")
        WITHHOLDING = "withholding", _("tax withheld")
        PAYMENT = "payment", _("payment")
        RETURN = "return", _("payment returned by the bank")
        ENTRY = "entry", _("manual entry")

    key = models.CharField(
        _("idempotency key"), max_length=120, unique=True, help_text=_("Derived from what is done.")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    debit_account = models.ForeignKey(
        Account, models.PROTECT, verbose_name=_("from"), related_name="debits", db_index=False
    )
    credit_account = models.ForeignKey(
        Account, models.PROTECT, verbose_name=_("to"), related_name="credits", db_index=False
    )
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
        # With the id, so that an account's tail and its newest transfers are found without its history.
        indexes = [
            models.Index("debit_account", "id", name="transfer_debits"),
            models.Index("credit_account", "id", name="transfer_credits"),
        ]

    def __str__(self) -> str:
        return self.key


class Checkpoint(models.Model):
    """An account's balance over all sealed transfers: what came since is all that must be added to it.

    A shortcut and nothing else: `verify` adds every account up again from its first transfer.
    """

    account = models.OneToOneField(
        Account, models.PROTECT, verbose_name=_("account"), primary_key=True, related_name="checkpoint"
    )
    balance_micros = models.BigIntegerField(_("balance (micros)"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return f"{self.account_id}: {self.balance_micros}"


class Entry(models.Model):
    """A transfer that a person asks for and another one approves: what no feed and no month brings about.

    Unidentified receipts go to suspense and on from there, withheld tax goes to the tax office, what can't
    be recovered from a creator is written off.
    """

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    class Reason(models.TextChoices):
        RECEIVED = "received", _("payment of an advertiser")
        GIVEN_BACK = "given_back", _("payment given back to an advertiser")
        UNIDENTIFIED = "unidentified", _("unidentified receipt")
        IDENTIFIED = "identified", _("receipt identified")
        TAX_DEPOSITED = "tax_deposited", _("withheld tax deposited")
        WRITE_OFF = "write_off", _("balance written off")
        BANK_FEE = "bank_fee", _("bank fee")
        OTHER = "other", _("other")

    debit_account = models.ForeignKey(
        Account, models.PROTECT, verbose_name=_("from"), related_name="+", db_index=False
    )
    credit_account = models.ForeignKey(
        Account, models.PROTECT, verbose_name=_("to"), related_name="+", db_index=False
    )
    amount_micros = models.PositiveBigIntegerField(_("amount (micros)"))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    received_on = models.DateField(
        _("date at the bank"),
        null=True,
        blank=True,
        help_text=_("When an advertiser's money came or went."),
    )
    bank_reference = models.CharField(
        _("bank reference"),
        max_length=80,
        blank=True,
        help_text=_("As the bank states it; the advertiser reads it beside his invoices."),
    )
    invoice = models.ForeignKey(
        Invoice,
        models.PROTECT,
        verbose_name=_("invoice"),
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The one that is paid; without it the oldest open ones are."),
    )
    note = models.TextField(_("note"), blank=True)
    evidence = models.FileField(_("evidence"), upload_to="evidence/%Y/%m", blank=True)
    evidence_sha256 = models.CharField(_("SHA-256 of the evidence"), max_length=64, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)
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

    class Meta:
        verbose_name = _("manual entry")
        verbose_name_plural = _("manual entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="entry_amount_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="entry_two_accounts"
            ),
            models.CheckConstraint(
                condition=~Q(status="approved")
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("prepared_by"))),
                name="entry_two_persons",
            ),
        ]
        permissions = [
            ("prepare_entry", _("Can prepare a manual entry")),
            ("approve_entry", _("Can approve a manual entry")),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} #{self.pk}"


class SealManager(models.Manager["Seal"]):
    def get_queryset(self) -> models.QuerySet[Seal]:
        """Without the marks, megabytes of a long stretch, which only who looks for a changed row needs."""
        return super().get_queryset().defer("marks")


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
    marks = models.BinaryField(_("marks"), null=True, help_text=_("Of each row, to name a changed one."))
    sealed_at = models.DateTimeField(_("sealed"), default=timezone.now)

    objects = SealManager()

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["subject", "last_id"], name="seal_once")]

    def __str__(self) -> str:
        return f"{self.subject} {self.first_id}–{self.last_id}"
