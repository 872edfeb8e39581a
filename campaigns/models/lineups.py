"""Inventory: the lineup of each day and market."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models import Category, Creator, ProgrammeTerms, Tier, Video


class PlacementRunQuerySet(models.QuerySet["PlacementRun"]):
    def current(self) -> PlacementRunQuerySet:
        return self.filter(superseded=False)


class PlacementRun(models.Model):
    """The lineup of a market on a day: what was ranked, by which terms, and a digest over its rows.

    A new run replaces the old one; once money has used a run it is frozen and is never replaced, and what a
    new run would change is kept beside it, as one that corrects it. Where the terms cut per category, each
    category's cut is a CategoryCut, and the run has no score at the cut.
    """

    day = models.DateField(_("day"))
    market = models.CharField(_("market"), max_length=2)
    terms = models.ForeignKey(ProgrammeTerms, models.PROTECT, verbose_name=_("terms"), db_index=False)
    population = models.PositiveBigIntegerField(_("population"))
    lineup = models.PositiveBigIntegerField(_("lineup"))
    cutoff_score = models.PositiveBigIntegerField(_("cut-off score"), null=True)
    inputs = models.CharField(
        _("digest of inputs"),
        max_length=64,
        blank=True,
        help_text=_("Of the counts that were ranked. Empty for lineups from before it was kept."),
    )
    digest = models.CharField(_("digest"), max_length=64)
    corrects = models.ForeignKey(
        "self",
        models.CASCADE,
        verbose_name=_("corrects"),
        null=True,
        related_name="corrections",
        help_text=_("The lineup that stays because money has used it, and from which this one differs."),
    )
    files = models.CharField(
        _("files of the counts"),
        max_length=1_000,
        blank=True,
        help_text=_("Where the counts that were ranked lie in a lake; empty for the database's own."),
    )
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


class CategoryCut(models.Model):
    """What was ranked of one category and where its cut lay, in a lineup that is cut per category."""

    run = models.ForeignKey(
        PlacementRun, models.CASCADE, verbose_name=_("lineup"), related_name="cuts", db_index=False
    )
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), db_index=False, related_name="+"
    )
    population = models.PositiveBigIntegerField(_("population"))
    lineup = models.PositiveBigIntegerField(_("lineup"))
    cutoff_score = models.PositiveBigIntegerField(_("cut-off score"), null=True)

    class Meta:
        verbose_name = _("cut of a category")
        verbose_name_plural = _("cuts of categories")
        constraints = [models.UniqueConstraint(fields=["run", "category"], name="cut_of_a_category_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.category_id}"


class Placement(models.Model):
    """One video in a lineup, with its rank in the market, or in its category where the terms cut by that.

    Ranks of unsuitable videos are left out, so the numbers may have gaps.
    """

    pk = models.CompositePrimaryKey("run_id", "video_id")
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
        indexes = [models.Index("run", "rank", name="placement_run_rank")]

    def __str__(self) -> str:
        return f"{self.rank}: {self.video_id}"


class Inventory(models.Model):
    """What a lineup could carry in one category and tier: its videos, and their views of that day alone.

    Added up once when the lineup is computed, so that a forecast needs no lineup of 400,000 rows.
    """

    run = models.ForeignKey(
        PlacementRun, models.CASCADE, verbose_name=_("lineup"), related_name="inventory", db_index=False
    )
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), db_index=False, related_name="+"
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier)
    videos = models.PositiveIntegerField(_("videos"))
    views = models.PositiveBigIntegerField(_("views of the day"))

    class Meta:
        verbose_name = _("inventory")
        verbose_name_plural = _("inventory")
        constraints = [models.UniqueConstraint(fields=["run", "category", "tier"], name="inventory_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.category_id} {self.tier}"


class ScoreBand(models.Model):
    """How many of the ranked videos of a category had a score from `floor` to the next band's, and how many
    of those are in the lineup. Added up once (score_bands.py); the category is none of some."""

    run = models.ForeignKey(PlacementRun, models.CASCADE, verbose_name=_("lineup"), related_name="bands")
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, db_index=False, related_name="+"
    )
    floor = models.PositiveBigIntegerField(_("from score"))
    videos = models.PositiveBigIntegerField(_("videos"))
    placed = models.PositiveBigIntegerField(_("in the lineup"))

    class Meta:
        verbose_name = _("band of scores")
        verbose_name_plural = _("bands of scores")

    def __str__(self) -> str:
        return f"{self.run_id} {self.category_id} {self.floor}"
