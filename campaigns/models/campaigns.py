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
from creators.models import Category, Tier

MICROS_PER_CENT = 10_000
IMPRESSIONS_PER_MILLE = 1_000


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: models.Model) -> CampaignQuerySet:
        """The campaigns of the advertisers for which `user` may act: the portal's only door."""
        return self.filter(advertiser__members__user=user, advertiser__status=Advertiser.Status.APPROVED)


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
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    booked_at = models.DateTimeField(_("booked"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
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
        return self.budget_micros * IMPRESSIONS_PER_MILLE // self.cpm_micros

    def clean(self) -> None:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The last day is before the first.")})
        if self.cpm_micros and self.cpm_micros % MICROS_PER_CENT:
            raise ValidationError({"cpm_micros": _("A CPM is in whole cents: a multiple of 10,000 micros.")})


# The state machine of campaigns: action -> (the statuses it may start from, the status it leads to).
CAMPAIGN_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({Campaign.Status.DRAFT, Campaign.Status.REJECTED}), Campaign.Status.SUBMITTED),
    "book": (frozenset({Campaign.Status.SUBMITTED}), Campaign.Status.BOOKED),
    "reject": (frozenset({Campaign.Status.SUBMITTED}), Campaign.Status.REJECTED),
    "pause": (frozenset({Campaign.Status.BOOKED}), Campaign.Status.PAUSED),
    "resume": (frozenset({Campaign.Status.PAUSED}), Campaign.Status.BOOKED),
    "cancel": (
        frozenset({Campaign.Status.SUBMITTED, Campaign.Status.BOOKED, Campaign.Status.PAUSED}),
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
