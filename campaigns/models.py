"""Demand and inventory: lineups, advertisers, their campaigns, months and deliveries."""

from __future__ import annotations

import calendar
import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from creators.models import Category, Creator, ProgrammeTerms, Tier, Video

MICROS_PER_CENT = 10_000
IMPRESSIONS_PER_MILLE = 1_000


class PlacementRunQuerySet(models.QuerySet["PlacementRun"]):
    def current(self) -> PlacementRunQuerySet:
        return self.filter(superseded=False)


class PlacementRun(models.Model):
    """The lineup of a market on a day: what was ranked, by which terms, and a digest over its rows.

    A new run replaces the old one; once money has used a run it is frozen and is never replaced.
    """

    day = models.DateField(_("day"))
    market = models.CharField(_("market"), max_length=2)
    terms = models.ForeignKey(ProgrammeTerms, models.PROTECT, verbose_name=_("terms"), db_index=False)
    population = models.PositiveBigIntegerField(_("population"))
    lineup = models.PositiveBigIntegerField(_("lineup"))
    cutoff_score = models.PositiveBigIntegerField(_("cut-off score"), null=True)
    digest = models.CharField(_("digest"), max_length=64)
    frozen = models.BooleanField(_("frozen"), default=False)
    superseded = models.BooleanField(_("superseded"), default=False)
    computed_at = models.DateTimeField(_("computed"), default=timezone.now)

    objects = PlacementRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("lineup")
        verbose_name_plural = _("lineups")
        ordering = ["-day", "market"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "market"], condition=Q(superseded=False), name="one_lineup_of_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.market}"


class Placement(models.Model):
    """One video in a lineup. Ranks of unsuitable videos are left out, so the numbers may have gaps."""

    pk = models.CompositePrimaryKey("run_id", "rank")
    run = models.ForeignKey(
        PlacementRun, models.CASCADE, verbose_name=_("lineup"), related_name="placements", db_index=False
    )
    rank = models.PositiveIntegerField(_("rank"))
    video = models.ForeignKey(
        Video, models.PROTECT, verbose_name=_("video"), db_constraint=False, db_index=False
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), db_constraint=False, db_index=False
    )
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, db_constraint=False, db_index=False
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier)
    score = models.PositiveBigIntegerField(_("score"))

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [models.UniqueConstraint(fields=["run", "video"], name="placement_run_video")]

    def __str__(self) -> str:
        return f"{self.rank}: {self.video_id}"


class Advertiser(models.Model):
    """A brand or its agency that buys campaigns."""

    class Status(models.TextChoices):
        APPLIED = "applied", pgettext_lazy("advertiser", "applied")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    name = models.CharField(_("name"), max_length=120, unique=True)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    billing_email = models.EmailField(_("billing e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.APPLIED)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("advertiser")
        verbose_name_plural = _("advertisers")
        ordering = ["name"]
        permissions = [("approve_advertiser", _("Can approve and reject advertisers"))]

    def __str__(self) -> str:
        return self.name


# The state machine of advertisers: action -> (the statuses it may start from, the status it leads to).
ADVERTISER_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "approve": (
        frozenset({Advertiser.Status.APPLIED, Advertiser.Status.REJECTED}),
        Advertiser.Status.APPROVED,
    ),
    "reject": (frozenset({Advertiser.Status.APPLIED}), Advertiser.Status.REJECTED),
}


class Member(models.Model):
    """A user who may act for an advertiser in the portal."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        EDITOR = "editor", _("editor")
        FINANCE = "finance", _("finance")
        VIEWER = "viewer", _("viewer")

    advertiser = models.ForeignKey(
        Advertiser, models.CASCADE, verbose_name=_("advertiser"), related_name="members", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["advertiser", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


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
    revenue_micros = models.PositiveBigIntegerField(_("revenue (micros)"), default=0)
    shared_micros = models.PositiveBigIntegerField(_("shared (micros)"), default=0)
    creators = models.PositiveIntegerField(_("creators who earn"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
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
    impressions = models.PositiveBigIntegerField(_("impressions"))
    verdict = models.CharField(_("verdict"), max_length=15, choices=Verdict)
    revenue_micros = models.PositiveBigIntegerField(_("revenue (micros)"))
    month = models.ForeignKey(
        Month, models.PROTECT, verbose_name=_("billed in"), related_name="deliveries", db_constraint=False
    )
    upload = models.ForeignKey(
        "pulse_site.Upload", models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["day", "campaign", "video"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(verdict="billable") | Q(revenue_micros=0), name="delivery_off_lineup_unbilled"
            ),
        ]
        indexes = [models.Index("campaign", "day", name="delivery_campaign_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.campaign_id} {self.video_id}"
