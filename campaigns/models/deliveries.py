"""What was delivered, and the accounting months in which it is billed."""

from __future__ import annotations

import calendar
import datetime

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaigns import Campaign
from creators.models import Category, Creator, ProgrammeTerms, Video


class Month(models.Model):
    """An accounting month. It stands here because deliveries are billed in it; payouts/months.py moves it.

    Terms, totals and digest are frozen when the month is closed; who freezes the draft never closes it.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CALCULATED = "calculated", _("calculated")
        REVIEW = "review", _("under review")
        CLOSED = "closed", _("closed")

    # In these a month still takes deliveries, and its verdicts may change.
    TAKING = (Status.OPEN, Status.CALCULATED)

    code = models.CharField(
        _("month"), max_length=7, primary_key=True, validators=[RegexValidator(r"^\d{4}-(0[1-9]|1[0-2])$")]
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    terms = models.ForeignKey(ProgrammeTerms, models.PROTECT, verbose_name=_("terms"), null=True, blank=True)
    share_basis_points = models.PositiveSmallIntegerField(
        _("creators' share (basis points)"),
        null=True,
        blank=True,
        help_text=_("As the terms were when the month was calculated: no later change of them reaches it."),
    )
    revenue_micros = models.PositiveBigIntegerField(_("revenue (micros)"), default=0)
    shared_micros = models.PositiveBigIntegerField(_("shared (micros)"), default=0)
    creators = models.PositiveIntegerField(_("creators who earn"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    facts = models.JSONField(
        _("what the controller sees"),
        default=dict,
        blank=True,
        help_text=_(
            "Added up with the draft (payouts/review.py) and kept as it was when the month was closed."
        ),
    )
    calculated_at = models.DateTimeField(_("calculated"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("put under review by"),
        null=True,
        blank=True,
        related_name="+",
    )
    reviewed_at = models.DateTimeField(_("put under review"), null=True, blank=True)
    reviewed_digest = models.CharField(
        _("digest of what was reviewed"),
        max_length=64,
        blank=True,
        help_text=_("Of the earnings and of the enrolments that they depend on."),
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("closed by"),
        null=True,
        blank=True,
        related_name="+",
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("month")
        verbose_name_plural = _("months")
        ordering = ["-code"]
        constraints = [
            models.CheckConstraint(condition=Q(shared_micros__lte=F("revenue_micros")), name="month_shared"),
            models.CheckConstraint(
                condition=~Q(status="closed")
                | (
                    Q(reviewed_by__isnull=False) & Q(closed_by__isnull=False) & ~Q(closed_by=F("reviewed_by"))
                ),
                name="month_two_persons",
            ),
        ]
        permissions = [
            ("review_month", _("Can put a month under review")),
            ("close_month", _("Can close a month")),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def first_day(self) -> datetime.date:
        return datetime.date.fromisoformat(f"{self.code}-01")

    @property
    def last_day(self) -> datetime.date:
        first = self.first_day
        return first.replace(day=calendar.monthrange(first.year, first.month)[1])

    @property
    def platform_micros(self) -> int:
        return self.revenue_micros - self.shared_micros

    @property
    def is_estimate(self) -> bool:
        """Its figures may still change: it takes deliveries."""
        return self.status in Month.TAKING


class Delivery(models.Model):
    """Impressions of one campaign after one video on one day, with Pulse's verdict on them.

    `month` is the month they are billed in: that of their day, or, where that one was no longer open when
    they came, the first open one after it. What is not billable keeps its reason and earns nobody anything.

    The database checks none of the foreign keys: a check a row, at commit, doubled the time of an import.
    The import joins what they point to, and nothing of that is ever deleted (PROTECT).
    """

    class Verdict(models.TextChoices):
        BILLABLE = "billable", _("billable")
        NOT_LIVE = "not_live", _("the campaign was not live on that day")
        NOT_IN_LINEUP = "not_in_lineup", _("the video was not in that day's lineup")
        NOT_BOOKED = "not_booked", _("the video's category was not booked")
        TIER = "tier", _("the video's tier is not allowed")
        EXCLUDED = "excluded", _("the campaign excludes the video or its creator")
        OVER_BUDGET = "over_budget", _("the budget was used up")

        @property
        def reason(self) -> Delivery.Verdict:
            """Why the impressions that were not billed were not: of a billable row those past the budget."""
            return Delivery.Verdict.OVER_BUDGET if self == Delivery.Verdict.BILLABLE else self

    day = models.DateField(_("day"))
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        verbose_name=_("campaign"),
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    video = models.ForeignKey(
        Video, models.PROTECT, verbose_name=_("video"), db_constraint=False, db_index=False
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), db_constraint=False, db_index=False
    )
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, db_constraint=False, db_index=False
    )
    rank = models.PositiveIntegerField(_("rank of the video"), null=True)
    creative_number = models.PositiveBigIntegerField(
        _("creative"),
        default=0,
        help_text=_("The number of the creative's row; 0 where the file doesn't say."),
    )
    impressions = models.PositiveBigIntegerField(_("impressions"))
    billed_impressions = models.PositiveBigIntegerField(
        _("billed impressions"),
        default=0,
        help_text=_("All of a billable row, or those for which the budget was still enough."),
    )
    verdict = models.CharField(_("verdict"), max_length=15, choices=Verdict)
    revenue_micros = models.PositiveBigIntegerField(_("revenue (micros)"))
    month = models.ForeignKey(
        Month,
        models.PROTECT,
        verbose_name=_("billed in"),
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    upload = models.ForeignKey(
        "pulse_site.Upload", models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "campaign", "video", "creative_number"], name="delivery_once"
            ),
            models.CheckConstraint(
                condition=Q(verdict="billable") | Q(revenue_micros=0, billed_impressions=0),
                name="delivery_off_lineup_unbilled",
            ),
            models.CheckConstraint(
                condition=Q(billed_impressions__lte=F("impressions")), name="delivery_billed_of_delivered"
            ),
        ]
        indexes = [
            models.Index("campaign", "day", name="delivery_campaign_day"),
            # With the creator, so that one statement does not read the whole month.
            models.Index("month", "creator", name="delivery_month_creator"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.campaign_id} {self.video_id}"

    @property
    def late(self) -> bool:
        """It came when the month of its day was no longer open, and is billed in a later one."""
        return f"{self.day:%Y-%m}" != self.month_id
