"""Corrections of what was billed and shared, and the disputes that may lead to one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models import Campaign, CorrectionReason, Month
from creators.models import Creator, Video


class Correction(models.Model):
    """One or many adjustments with one reason: prepared by one person or a feed, approved by another person.

    The feed has no person who prepares when a command brings it in; whoever approves is then the first to
    decide, and the only one who can.
    """

    Reason = CorrectionReason

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", pgettext_lazy("correction", "rejected")

    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    note = models.TextField(
        _("note"),
        blank=True,
        help_text=_("For colleagues and auditors; creators and advertisers don't see it."),
    )
    evidence = models.FileField(_("evidence"), upload_to="evidence/%Y/%m", blank=True)
    upload = models.OneToOneField(
        "pulse_site.Upload",
        models.PROTECT,
        verbose_name=_("upload"),
        null=True,
        blank=True,
        related_name="correction",
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("prepared by"),
        null=True,
        blank=True,
        related_name="+",
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
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="approved")
                | (
                    Q(approved_by__isnull=False)
                    & (Q(prepared_by__isnull=True) | ~Q(approved_by=F("prepared_by")))
                ),
                name="correction_two_persons",
            )
        ]
        permissions = [
            ("prepare_correction", _("Can prepare a correction")),
            ("approve_correction", _("Can approve a correction")),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} #{self.pk}"


class Adjustment(models.Model):
    """One event that credits the advertiser and debits the creator; the platform bears the rest.

    What is taken back is positive, what is given back negative. `share_micros` is found when it is posted:
    the difference between the share that was posted and the share of what remains (rule 7 of the design:
    a delta is never rounded by itself). Without a creator it is goodwill to the advertiser, without a
    campaign goodwill to the creator, whose `share_micros` a person sets; the platform bears either alone.
    """

    correction = models.ForeignKey(
        Correction, models.PROTECT, verbose_name=_("correction"), related_name="adjustments"
    )
    origin = models.ForeignKey(
        Month,
        models.PROTECT,
        verbose_name=_("corrects"),
        related_name="corrected_by",
        help_text=_("The month in which it was billed."),
    )
    month = models.ForeignKey(
        Month,
        models.PROTECT,
        verbose_name=_("posted in"),
        null=True,
        blank=True,
        related_name="adjustments",
        help_text=_("Empty until it is posted."),
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        related_name="adjustments",
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), null=True, blank=True, related_name="adjustments"
    )
    day = models.DateField(_("day"), null=True, blank=True)
    video = models.ForeignKey(
        Video,
        models.PROTECT,
        verbose_name=_("video"),
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    impressions = models.BigIntegerField(_("impressions"), default=0)
    revenue_micros = models.BigIntegerField(
        _("credit to the advertiser (micros)"), help_text=_("Negative: charged again.")
    )
    enrolled_micros = models.BigIntegerField(
        _("within an enrolment (micros)"), help_text=_("The part of the revenue that was shared.")
    )
    share_micros = models.BigIntegerField(
        _("deduction from the creator (micros)"), default=0, help_text=_("Negative: given back.")
    )
    detail = models.CharField(
        _("detail"),
        max_length=200,
        blank=True,
        help_text=_("The reason that the feed gives; both sides see it."),
    )

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        ordering = ["-id"]
        constraints = [
            # Once in a correction, not once for good: a rejected one must not stand in the way of a new one.
            # That of all others at most one stands is the import's rule (payouts/invalid_traffic.py).
            models.UniqueConstraint(
                fields=["day", "campaign", "video", "correction"],
                condition=Q(video__isnull=False),
                name="adjustment_once_a_delivery",
            ),
            models.CheckConstraint(
                # Both sides: what was shared is a part of the revenue. One side: the platform bears it all.
                condition=(
                    Q(campaign__isnull=False, creator__isnull=False)
                    & (
                        Q(revenue_micros__gte=F("enrolled_micros"), enrolled_micros__gte=0)
                        | Q(revenue_micros__lte=F("enrolled_micros"), enrolled_micros__lte=0)
                    )
                )
                | Q(campaign__isnull=False, creator__isnull=True, enrolled_micros=0, share_micros=0)
                | Q(campaign__isnull=True, creator__isnull=False, enrolled_micros=0, revenue_micros=0),
                name="adjustment_sides",
            ),
        ]
        indexes = [models.Index("origin", "campaign", "creator", name="adjustment_of_earning")]

    def __str__(self) -> str:
        return f"{self.correction_id}: {self.revenue_micros}"

    @property
    def borne_micros(self) -> int:
        """What the platform bears of it."""
        return self.revenue_micros - self.share_micros


class Dispute(models.Model):
    """A creator's objection to a statement: answered, resolved by a correction, or refused with a reason."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("dispute", "open")
        ANSWERED = "answered", _("answered")
        ADJUSTED = "adjusted", _("resolved by a correction")
        REFUSED = "refused", pgettext_lazy("dispute", "refused")

    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="disputes")
    month = models.ForeignKey(Month, models.PROTECT, verbose_name=_("statement of"), related_name="disputes")
    text = models.TextField(_("what the creator says"))
    answer = models.TextField(
        _("answer"), blank=True, help_text=_("The creator reads this on the statement.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    correction = models.ForeignKey(
        Correction,
        models.PROTECT,
        verbose_name=_("correction"),
        null=True,
        blank=True,
        related_name="disputes",
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("resolved by"),
        null=True,
        blank=True,
        related_name="+",
    )
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "month"],
                condition=Q(status__in=["open", "answered"]),
                name="dispute_one_open_a_statement",
            ),
            models.CheckConstraint(
                condition=~Q(status="adjusted") | Q(correction__isnull=False), name="dispute_adjusted"
            ),
        ]
        indexes = [models.Index("status", "opened_at", "id", name="dispute_queue")]
        permissions = [("answer_dispute", _("Can answer and resolve disputes"))]

    def __str__(self) -> str:
        return f"{self.creator} {self.month_id}"
