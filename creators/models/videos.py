"""Videos and their counts of each day."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from creators.models.creators import Creator
from creators.models.programme import Category


class Tier(models.IntegerChoices):
    """How safe a video is for brands; a campaign takes its own tier and the safer (lower) ones."""

    LIMITED = 1, _("limited")
    STANDARD = 2, _("standard")
    EXPANDED = 3, _("expanded")
    UNSUITABLE = 9, _("unsuitable")


class Video(models.Model):
    """A video, known by the platform's own number."""

    platform_id = models.BigIntegerField(_("platform id"), primary_key=True)
    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), db_index=False)
    published_at = models.DateTimeField(_("published"))
    market = models.CharField(_("market"), max_length=2)
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, blank=True, db_index=False
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier, default=Tier.STANDARD)

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        indexes = [models.Index("creator", "published_at", name="video_creator_published")]

    def __str__(self) -> str:
        return str(self.platform_id)


class VideoCounts(models.Model):
    """A video's counts as seen on a day, with all that its rank of that day depends on.

    Creator, market, category, tier and age are repeated here on purpose: the row is the frozen input of
    that day's lineup, and ten million of them are ranked by reading this one table.
    """

    pk = models.CompositePrimaryKey("day", "video_id")
    day = models.DateField(_("day"))
    video = models.ForeignKey(
        Video,
        models.PROTECT,
        verbose_name=_("video"),
        related_name="counts",
        db_constraint=False,
        db_index=False,
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), db_constraint=False, db_index=False
    )
    market = models.CharField(_("market"), max_length=2)
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, db_constraint=False, db_index=False
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier)
    published_at = models.DateTimeField(_("published"))
    age_days = models.PositiveIntegerField(_("age in days"))
    views = models.PositiveBigIntegerField(_("views"))
    likes = models.PositiveBigIntegerField(_("likes"))
    comments = models.PositiveBigIntegerField(_("comments"))
    shares = models.PositiveBigIntegerField(_("shares"))

    class Meta:
        verbose_name = _("daily counts")
        verbose_name_plural = _("daily counts")

    def __str__(self) -> str:
        return f"{self.day} {self.video_id}"
