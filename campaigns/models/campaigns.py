"""Campaigns: what is ordered, at what price, and when it stood still."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.advertisers import Advertiser
from campaigns.models.rates import MICROS_PER_CENT
from creators.models import Category, Tier

IMPRESSIONS_PER_MILLE = 1_000


def impressions_bought(budget_micros: int, cpm_micros: int) -> int:
    """How many whole impressions a budget buys at a CPM."""
    return budget_micros * IMPRESSIONS_PER_MILLE // cpm_micros


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: models.Model) -> CampaignQuerySet:
        """The campaigns of the advertisers for which `user` may act."""
        return self.filter(advertiser__members__user=user, advertiser__status=Advertiser.Status.APPROVED)

    def waiting_longest_first(self) -> CampaignQuerySet:
        """The queue of ad operations: campaigns that wait to be booked or rejected."""
        return self.filter(status=Campaign.Status.SUBMITTED).order_by("status_since", "id")

    def in_stage(self, stage: str, day: datetime.date) -> CampaignQuerySet:
        """Those in a status, or booked and on `day` in a phase."""
        if stage not in Campaign.Phase.values:
            return self.filter(status=stage)
        booked = self.filter(status=Campaign.Status.BOOKED)
        if stage == Campaign.Phase.SCHEDULED:
            return booked.filter(starts_on__gt=day)
        if stage == Campaign.Phase.COMPLETED:
            return booked.filter(ends_on__lt=day)
        return booked.filter(starts_on__lte=day, ends_on__gte=day)


class Campaign(models.Model):
    """An advertiser's order: categories, dates, budget and a fixed CPM, frozen when it is booked."""

    # What a booking fixes: money was and will be computed from these.
    FROZEN_FIELDS = ("market", "categories", "tier", "starts_on", "ends_on", "cpm_micros")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        REJECTED = "rejected", pgettext_lazy("campaign", "rejected")
        BOOKED = "booked", _("booked")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", pgettext_lazy("campaign", "cancelled")

    # In these the advertiser may still change the order.
    EDITABLE = (Status.DRAFT, Status.REJECTED)

    class Phase(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        LIVE = "live", _("live")
        COMPLETED = "completed", _("completed")

    reference = models.CharField(
        _("reference"), max_length=40, unique=True, help_text=_("As the ad server reports it.")
    )
    advertiser = models.ForeignKey(
        Advertiser, models.PROTECT, verbose_name=_("advertiser"), related_name="campaigns"
    )
    name = models.CharField(_("name"), max_length=120)
    market = models.CharField(_("market"), max_length=2, default=settings.LAUNCH_MARKET)
    categories = models.ManyToManyField(Category, verbose_name=_("categories"), related_name="campaigns")
    tier = models.PositiveSmallIntegerField(
        _("inventory tier"),
        choices=[choice for choice in Tier.choices if choice[0] != Tier.UNSUITABLE],
        default=Tier.STANDARD,
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    budget_micros = models.PositiveBigIntegerField(_("budget (micros)"))
    cpm_micros = models.PositiveBigIntegerField(_("CPM (micros)"), help_text=_("Whole cents."))
    negotiated = models.BooleanField(
        _("negotiated CPM"),
        default=False,
        help_text=_("The CPM was agreed with staff and is not the rate card's."),
    )
    purchase_order = models.CharField(
        _("purchase order"),
        max_length=40,
        blank=True,
        help_text=_("Your own number for it; it is on the invoice."),
    )
    frequency_cap = models.PositiveSmallIntegerField(
        _("frequency cap"),
        null=True,
        blank=True,
        help_text=_(
            "At most so many impressions a viewer and day, for the ad server to keep. Empty: no cap."
        ),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_reason = models.CharField(
        _("reason"),
        max_length=300,
        blank=True,
        help_text=_("Why it was moved to this status; the advertiser reads it."),
    )
    status_since = models.DateTimeField(_("in this status since"), default=timezone.now)
    moved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("moved by"), null=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("created by"), null=True, related_name="+"
    )
    booked_at = models.DateTimeField(_("booked"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        indexes = [models.Index("status", "status_since", "id", name="campaign_queue")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="campaign_dates"),
            models.CheckConstraint(
                condition=Q(cpm_micros__gt=0) & Q(Exact(F("cpm_micros") % MICROS_PER_CENT, 0)),
                name="campaign_cpm_whole_cents",
            ),
            models.CheckConstraint(condition=Q(budget_micros__gt=0), name="campaign_budget"),
            models.CheckConstraint(
                condition=~Q(status__in=["booked", "paused"]) | Q(booked_at__isnull=False),
                name="campaign_booked_at",
            ),
        ]
        permissions = [("book_campaign", _("Can book, pause and cancel campaigns"))]

    def __str__(self) -> str:
        return f"{self.reference} {self.name}"

    def phase_on(self, day: datetime.date) -> str:
        if day < self.starts_on:
            return self.Phase.SCHEDULED
        return self.Phase.LIVE if day <= self.ends_on else self.Phase.COMPLETED

    @property
    def frozen(self) -> bool:
        """Whether the campaign was ever booked, so that FROZEN_FIELDS stay as they are."""
        return self.booked_at is not None

    @property
    def goal_impressions(self) -> int:
        """How many impressions the budget buys at the fixed CPM."""
        return impressions_bought(self.budget_micros, self.cpm_micros)

    @property
    def editable(self) -> bool:
        return self.status in self.EDITABLE

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    def clean(self) -> None:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The last day is before the first.")})
        if self.cpm_micros and self.cpm_micros % MICROS_PER_CENT:
            raise ValidationError({"cpm_micros": _("A CPM is in whole cents: a multiple of 10,000 micros.")})


# The state machine of campaigns: action -> (the statuses it may start from, the status it leads to).
CAMPAIGN_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({Campaign.Status.DRAFT, Campaign.Status.REJECTED}), Campaign.Status.SUBMITTED),
    "recall": (frozenset({Campaign.Status.SUBMITTED}), Campaign.Status.DRAFT),
    "book": (frozenset({Campaign.Status.SUBMITTED}), Campaign.Status.BOOKED),
    "reject": (frozenset({Campaign.Status.SUBMITTED}), Campaign.Status.REJECTED),
    "pause": (frozenset({Campaign.Status.BOOKED}), Campaign.Status.PAUSED),
    "resume": (frozenset({Campaign.Status.PAUSED}), Campaign.Status.BOOKED),
    "cancel": (
        frozenset(Campaign.Status) - {Campaign.Status.CANCELLED},
        Campaign.Status.CANCELLED,
    ),
}


class Pause(models.Model):
    """A span of days, both ends included, on which a booked campaign does not run.

    Without a last day the campaign is paused still, or cancelled. The spans stay when it goes on: what it
    delivered before a pause remains billable, what slips through during one never becomes so.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, verbose_name=_("campaign"), related_name="pauses", db_index=False
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["campaign", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "starts_on"], name="pause_campaign_start"),
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(ends_on__isnull=True), name="pause_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="pause_span"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on or '…'}"
