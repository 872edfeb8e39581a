"""Videos and their counts of each day."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models.creators import Creator
from creators.models.programme import Category
from pulse_site import partitions


class Tier(models.IntegerChoices):
    """How safe a video is for brands; a campaign takes its own tier and the safer (lower) ones."""

    LIMITED = 1, _("limited")
    STANDARD = 2, _("standard")
    EXPANDED = 3, _("expanded")
    UNSUITABLE = 9, _("unsuitable")


class CategoryOrigin(models.IntegerChoices):
    """By whom the category of a day's counts was said; what was known of the creator comes last."""

    UNKNOWN = 0, _("not kept")
    FEED = 1, _("the file's category")
    HASHTAG = 2, _("the first hashtag that belongs to one")
    VIDEO = 3, _("the video's category of before")
    CREATOR = 4, _("the creator's category")
    MOVE = 5, _("moved by staff")


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
        permissions = [("recategorise_video", "Can move a video to another category")]

    def __str__(self) -> str:
        return str(self.platform_id)


class VideoCounts(models.Model):
    """A video's counts as seen on a day, with all that its rank of that day depends on.

    Creator, market, category, tier and age are repeated here on purpose: the row is the frozen input of
    that day's lineup, and ten million of them are ranked by reading this one table. On PostgreSQL each day is
    a partition of it (pulse_site/partitions.py).
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
    category_origin = models.PositiveSmallIntegerField(
        _("origin of the category"),
        choices=CategoryOrigin,
        default=CategoryOrigin.UNKNOWN,
        db_default=CategoryOrigin.UNKNOWN,
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier)
    published_at = models.DateTimeField(_("published"))
    age_days = models.PositiveIntegerField(_("age in days"))
    views = models.PositiveBigIntegerField(_("views"))
    likes = models.PositiveBigIntegerField(_("likes"))
    comments = models.PositiveBigIntegerField(_("comments"))
    shares = models.PositiveBigIntegerField(_("shares"))

    objects = partitions.Daily.as_manager()

    class Meta:
        verbose_name = _("daily counts")
        verbose_name_plural = _("daily counts")

    def __str__(self) -> str:
        return f"{self.day} {self.video_id}"

    def save(self, *args: Any, **options: Any) -> None:
        partitions.ensure(self._meta.db_table, {self.day})
        super().save(*args, **options)


class ThinnedDay(models.Model):
    """A day of which counts were removed, but for those that money or a lineup has used. Append-only.

    What is left can't be ranked again.
    """

    day = models.DateField(_("day"), primary_key=True)
    removed = models.PositiveBigIntegerField(_("counts removed"))
    kept = models.PositiveBigIntegerField(_("counts kept"))
    thinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("removed by"),
        null=True,
        related_name="+",
        help_text=_("Empty: by the nightly run, as the settings say."),
    )
    thinned_at = models.DateTimeField(_("removed"), default=timezone.now)

    class Meta:
        verbose_name = _("thinned day")
        verbose_name_plural = _("thinned days")

    def __str__(self) -> str:
        return str(self.day)


class CategoryMove(models.Model):
    """Staff moved a video to another category from a day on, or took such a move back. Append-only.

    A video's category on a day is that of the newest move that has begun by then and was not taken back;
    without one it is what the feeds say, which `Video.category` keeps.
    """

    video = models.ForeignKey(
        Video, models.PROTECT, verbose_name=_("video"), related_name="category_moves", db_constraint=False
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        verbose_name=_("category"),
        null=True,
        db_index=False,
        related_name="+",
        help_text=_("Empty: without a category."),
    )
    from_day = models.DateField(_("from"))
    listed_reason = models.ForeignKey(
        "DecisionReason",
        models.PROTECT,
        verbose_name=_("reason of the list"),
        null=True,
        db_index=False,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=200)
    note = models.TextField(_("note"), blank=True)
    replaced = models.JSONField(
        _("replaced"), default=dict, help_text=_("Day -> the category's number in the counts before.")
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("takes back"), null=True, related_name="reversed_by"
    )
    moved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("moved by"), related_name="+"
    )
    moved_at = models.DateTimeField(_("moved"), default=timezone.now)

    class Meta:
        verbose_name = _("move to another category")
        verbose_name_plural = _("moves to other categories")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.video_id} #{self.pk}"
