"""What a campaign shows, and beside what it must not be shown."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.campaigns import Campaign
from creators.models import Creator


class CreativeQuerySet(models.QuerySet["Creative"]):
    def waiting_longest_first(self) -> CreativeQuerySet:
        """The queue of ad operations: creatives of campaigns that are wanted, to be looked at."""
        return self.filter(
            status=Creative.Status.SUBMITTED, campaign__status__in=Creative.LOOKED_AT_IN
        ).order_by("added_at", "id")


class Creative(models.Model):
    """An ad of a campaign: a file or an address, and the page it leads to. Staff look at each."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", pgettext_lazy("creative", "submitted")
        APPROVED = "approved", pgettext_lazy("creative", "approved")
        REJECTED = "rejected", pgettext_lazy("creative", "rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("creative", "withdrawn")

    # What is shown, or will be once staff have looked at it.
    STANDING = (Status.SUBMITTED, Status.APPROVED)
    # Drafts may never be submitted, and what is over needs no look.
    LOOKED_AT_IN = (Campaign.Status.SUBMITTED, Campaign.Status.BOOKED, Campaign.Status.PAUSED)

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name=_("campaign"), related_name="creatives"
    )
    reference = models.CharField(
        _("reference"), max_length=40, unique=True, help_text=_("As the ad server reports it.")
    )
    name = models.CharField(_("name"), max_length=120)
    file = models.FileField(_("file"), upload_to="creatives/%Y/%m", blank=True)
    content_type = models.CharField(
        _("type"), max_length=20, blank=True, help_text=_("As the file's own bytes say.")
    )
    url = models.URLField(_("address"), blank=True, max_length=500, validators=[URLValidator(["https"])])
    landing_url = models.URLField(_("landing page"), max_length=500, validators=[URLValidator(["https"])])
    replaces = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("replaces"), null=True, blank=True, related_name="successors"
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SUBMITTED)
    reason = models.CharField(
        _("reason"), max_length=300, blank=True, help_text=_("The advertiser reads it.")
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("added by"), related_name="+"
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("reviewed by"), null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True)

    objects = CreativeQuerySet.as_manager()

    class Meta:
        verbose_name = _("creative")
        verbose_name_plural = _("creatives")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(file="") ^ Q(url=""), name="creative_file_or_url"),
        ]
        indexes = [models.Index("status", "added_at", "id", name="creative_queue")]
        permissions = [("review_creative", _("Can approve and reject creatives"))]

    def __str__(self) -> str:
        return f"{self.reference} {self.name}"

    @property
    def is_video(self) -> bool:
        return self.content_type.startswith("video/")


# The state machine of creatives: action -> (the statuses it may start from, the status it leads to).
CREATIVE_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "approve": (frozenset({Creative.Status.SUBMITTED, Creative.Status.REJECTED}), Creative.Status.APPROVED),
    "reject": (frozenset({Creative.Status.SUBMITTED, Creative.Status.APPROVED}), Creative.Status.REJECTED),
    "withdraw": (
        frozenset({Creative.Status.SUBMITTED, Creative.Status.APPROVED, Creative.Status.REJECTED}),
        Creative.Status.WITHDRAWN,
    ),
}


class ExclusionQuerySet(models.QuerySet["Exclusion"]):
    def standing(self) -> Self:
        """Those that are on the list now, whether they count already or from tomorrow on."""
        return self.filter(ends_on=None)


class Exclusion(models.Model):
    """A span of days, both ends included, in which a campaign must not run beside something.

    What was put on the list while the campaign ran counts from the next day on, and what is taken off it
    stays excluded for the days until then: what a day was billed at does not change afterwards.
    """

    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        abstract = True


class ExclusionList(models.Model):
    """A file of videos that was put on a campaign's exclusions: what it was, and what could not be read."""

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, verbose_name=_("campaign"), related_name="exclusion_lists"
    )
    name = models.CharField(_("file name"), max_length=255)
    videos = models.PositiveIntegerField(_("videos"), help_text=_("Different ones that were read."))
    added = models.PositiveIntegerField(_("added"), help_text=_("Those that were not excluded before."))
    rejected = models.JSONField(
        _("rejected rows"), default=list, help_text=_("Line, value and what is wrong with it, of each.")
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("added by"), related_name="+"
    )
    added_at = models.DateTimeField(_("added on"), default=timezone.now)

    class Meta:
        verbose_name = _("exclusion list")
        verbose_name_plural = _("exclusion lists")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class VideoExclusion(Exclusion):
    """A video beside which the campaign must not run, whether Pulse knows it yet or not."""

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, verbose_name=_("campaign"), related_name="excluded_videos", db_index=False
    )
    platform_id = models.BigIntegerField(_("video"))
    source = models.ForeignKey(
        ExclusionList, models.CASCADE, verbose_name=_("exclusion list"), null=True, related_name="entries"
    )

    class Meta:
        verbose_name = _("excluded video")
        verbose_name_plural = _("excluded videos")
        ordering = ["campaign", "platform_id", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "platform_id", "starts_on"], name="video_excluded_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="video_excluded_span"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.platform_id}"


class CreatorExclusion(Exclusion):
    """A creator beside whose videos the campaign must not run."""

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, verbose_name=_("campaign"), related_name="excluded_creators", db_index=False
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("excluded creator")
        verbose_name_plural = _("excluded creators")
        ordering = ["campaign", "creator", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "creator", "starts_on"], name="creator_excluded_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="creator_excluded_span",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.creator_id}"
