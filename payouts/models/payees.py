"""Who is paid and how: legal name, bank details, tax form, screening; and the changes of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from creators.models import Creator
from pulse_site.encryption import EncryptedTextField


class Method(models.TextChoices):
    ACH = "ach", _("ACH")
    SEPA = "sepa", _("SEPA")
    PAYPAL = "paypal", _("PayPal")
    WISE = "wise", _("Wise")
    MANUAL = "manual", _("manual")


class Payee(models.Model):
    """The person or company behind a creator who is paid.

    Nobody edits these fields directly: what leads money somewhere comes in by a PayeeChange that another
    person approves. Where the money goes and the tax number are encrypted; the hints are what a screen shows.
    """

    class TaxForm(models.TextChoices):
        NONE = "", _("none")
        W9 = "w9", "W-9"
        W8BEN = "w8ben", "W-8BEN"
        W8BENE = "w8bene", "W-8BEN-E"

    class TaxStatus(models.TextChoices):
        MISSING = "missing", _("missing")
        RECEIVED = "received", _("received")
        VALID = "valid", _("valid")
        REJECTED = "rejected", pgettext_lazy("form", "rejected")

    class Screening(models.TextChoices):
        NOT_SCREENED = "not_screened", _("not screened")
        CLEAR = "clear", _("clear")
        REVIEW = "review", _("to be reviewed")
        MATCH = "match", _("match")

    creator = models.OneToOneField(
        Creator, models.PROTECT, verbose_name=_("creator"), primary_key=True, related_name="payee"
    )
    legal_name = models.CharField(_("legal name"), max_length=200)
    is_company = models.BooleanField(_("company"), default=False)
    street = models.CharField(_("street"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("state or region"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2)
    email = models.EmailField(_("e-mail"), blank=True)
    method = models.CharField(_("method"), max_length=10, choices=Method)
    destination = EncryptedTextField(
        _("bank details"), blank=True, help_text=_("JSON; which keys there are depends on the method.")
    )
    destination_hint = models.CharField(_("bank details"), max_length=60, blank=True)
    destination_digest = models.CharField(
        _("digest of the bank details"),
        max_length=64,
        blank=True,
        db_index=True,
        help_text=_("Keyed: tells whether two payees share them without showing either."),
    )
    version = models.PositiveIntegerField(
        _("version of the bank details"), default=0, help_text=_("Raised with each change of them.")
    )
    held_until = models.DateField(
        _("held until"),
        null=True,
        blank=True,
        help_text=_("After a change of the bank details; that day is paid."),
    )
    sharing_confirmed = models.BooleanField(
        _("may share its bank details"),
        default=False,
        help_text=_("Two persons have seen that another payee has the same ones, and that it is right."),
    )
    sharing_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("sharing asked for by"),
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    sharing_reason = models.CharField(_("why it may share them"), max_length=200, blank=True)
    blocked = models.BooleanField(_("blocked"), default=False)
    blocked_reason = models.CharField(_("why it is blocked"), max_length=200, blank=True)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("blocked by"),
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    tax_form = models.CharField(_("tax form"), max_length=10, choices=TaxForm, blank=True, default="")
    tax_status = models.CharField(
        _("status of the form"), max_length=10, choices=TaxStatus, default=TaxStatus.MISSING
    )
    tax_received_on = models.DateField(_("form received on"), null=True, blank=True)
    tax_expires_on = models.DateField(
        _("form valid through"),
        null=True,
        blank=True,
        help_text=_("A W-8BEN: the end of the third year after."),
    )
    tax_id = EncryptedTextField(_("tax number"), blank=True)
    tax_id_hint = models.CharField(_("tax number"), max_length=20, blank=True)
    tax_id_digest = models.CharField(
        _("digest of the tax number"),
        max_length=64,
        blank=True,
        help_text=_("Keyed: the payees of one taxpayer are reported together."),
    )
    tax_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("tax form recorded by"),
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    backup_withholding = models.BooleanField(
        _("backup withholding"),
        default=False,
        help_text=_("The tax office asked for it, or no valid form is there."),
    )
    screening = models.CharField(
        _("sanctions screening"), max_length=12, choices=Screening, default=Screening.NOT_SCREENED
    )
    screened_on = models.DateField(_("screened on"), null=True, blank=True)
    screened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("screened by"),
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("payee")
        verbose_name_plural = _("payees")
        ordering = ["-creator"]
        indexes = [
            models.Index("method", "creator", name="payee_method"),
            models.Index("tax_status", "creator", name="payee_tax_status"),
            models.Index("screening", "creator", name="payee_screening"),
        ]
        permissions = [
            ("propose_payee_change", _("Can propose changes of payees")),
            ("approve_payee_change", _("Can approve changes of payees")),
            ("view_payee_details", _("Can see bank details and tax numbers in full")),
            ("screen_payee", _("Can record screenings, tax forms and blocks")),
        ]

    def __str__(self) -> str:
        return self.legal_name


class PayeeChange(models.Model):
    """New details of a payee, also his first ones: proposed by one person or a file, approved by another."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", pgettext_lazy("change", "rejected")

    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), related_name="payee_changes"
    )
    proposed = EncryptedTextField(_("new details"), help_text=_("JSON of the fields and their new values."))
    summary = models.CharField(
        _("what changes"), max_length=300, help_text=_("Names of the fields, with masked values.")
    )
    # None where the change leaves where the money goes, blank where it leads nowhere (manual payment).
    destination_digest = models.CharField(  # noqa: DJ001
        _("digest of the bank details"), max_length=64, null=True, blank=True
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PROPOSED)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    upload = models.ForeignKey(
        "pulse_site.Upload",
        models.PROTECT,
        verbose_name=_("upload"),
        null=True,
        blank=True,
        related_name="payee_changes",
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("proposed by"),
        null=True,
        blank=True,
        related_name="+",
    )
    proposed_at = models.DateTimeField(_("proposed at"), default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Who approved or rejected it."),
    )
    approved_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of a payee")
        verbose_name_plural = _("changes of payees")
        ordering = ["-id"]
        indexes = [models.Index("status", "id", name="payee_change_status")]
        constraints = [
            models.UniqueConstraint(
                fields=["creator"], condition=Q(status="proposed"), name="payee_change_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(status="approved")
                | (
                    Q(approved_by__isnull=False, proposed_by__isnull=False) & ~Q(approved_by=F("proposed_by"))
                ),
                name="payee_change_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator} #{self.pk}"


class TaxYear(models.Model):
    """What the tax office of the launch market asks for in a year; without a row a year is not computed."""

    year = models.PositiveSmallIntegerField(_("year"), primary_key=True)
    threshold_micros = models.PositiveBigIntegerField(
        _("reporting threshold (micros)"),
        help_text=_("Forms 1099-NEC and 1099-MISC; royalties have their own."),
    )
    royalty_threshold_micros = models.PositiveBigIntegerField(
        _("reporting threshold of royalties (micros)"), default=10_000_000
    )
    withholding_basis_points = models.PositiveSmallIntegerField(
        _("backup withholding (basis points)"), default=2_400
    )

    class Meta:
        verbose_name = _("tax year")
        verbose_name_plural = _("tax years")
        ordering = ["-year"]

    def __str__(self) -> str:
        return str(self.year)
