"""How many follow a creator, and whether he meets the rules: rows that imports rewrite by the million."""

from __future__ import annotations

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from creators.models.creators import Creator
from creators.models.programme import ProgrammeTerms


class FollowerCount(models.Model):
    """A creator's followers as of a day.

    The key starts with the day, and there is no other index nor foreign-key check: a file of a million
    rows then writes one contiguous piece of one index, 4 to 5 times faster than Django's usual shape.
    """

    pk = models.CompositePrimaryKey("as_of", "creator_id")
    as_of = models.DateField(_("as of"))
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        verbose_name=_("creator"),
        related_name="follower_counts",
        db_constraint=False,
        db_index=False,
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    upload = models.ForeignKey(
        "pulse_site.Upload", models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        verbose_name = _("follower count")
        verbose_name_plural = _("follower counts")

    def __str__(self) -> str:
        return f"{self.as_of}: {self.followers}"


class ReplacedCount(models.Model):
    """A follower count that an upload corrected: what stood there before, for good."""

    pk = models.CompositePrimaryKey("upload_id", "as_of", "creator_id")
    upload = models.ForeignKey(
        "pulse_site.Upload",
        models.PROTECT,
        verbose_name=_("upload"),
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    as_of = models.DateField(_("as of"))
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        verbose_name=_("creator"),
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    written_by = models.ForeignKey(
        "pulse_site.Upload",
        models.PROTECT,
        verbose_name=_("written by"),
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("replaced follower count")
        verbose_name_plural = _("replaced follower counts")

    def __str__(self) -> str:
        return f"{self.as_of}: {self.followers}"


class Reach(models.Model):
    """The newest follower count of a creator, and the day on which it was first seen.

    A file that repeats the count leaves the row alone.
    """

    creator = models.OneToOneField(
        Creator, models.CASCADE, verbose_name=_("creator"), primary_key=True, db_constraint=False
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    as_of = models.DateField(_("since"))

    class Meta:
        verbose_name = _("reach")
        verbose_name_plural = _("reach")
        indexes = [models.Index(F("followers").desc(), "creator", name="reach_largest_first")]

    def __str__(self) -> str:
        return str(self.followers)


class ReplacedReach(models.Model):
    """What Reach said of a creator before an upload rewrote it; empty where it said nothing.

    Kept as long as the upload may be undone (undoing.py), and by itself in no index but its key, for it is
    written as often as Reach is.
    """

    pk = models.CompositePrimaryKey("upload_id", "creator_id")
    upload = models.ForeignKey(
        "pulse_site.Upload",
        models.PROTECT,
        verbose_name=_("upload"),
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        verbose_name=_("creator"),
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    followers = models.PositiveBigIntegerField(_("followers"), null=True)
    as_of = models.DateField(_("as of"), null=True)

    class Meta:
        verbose_name = _("replaced reach")
        verbose_name_plural = _("replaced reach")

    def __str__(self) -> str:
        return str(self.followers)


class Eligibility(models.Model):
    """What the rules said of a creator when they were last checked, with the values they saw."""

    creator = models.OneToOneField(
        Creator, models.CASCADE, verbose_name=_("creator"), primary_key=True, db_constraint=False
    )
    as_of = models.DateField(_("as of"))
    terms = models.ForeignKey(ProgrammeTerms, models.PROTECT, verbose_name=_("terms"), db_index=False)
    eligible = models.BooleanField(_("eligible"))
    failed_rules = models.CharField(
        _("failed rules"), max_length=80, blank=True, help_text=_("Names of the rules, separated by a blank.")
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    videos = models.PositiveIntegerField(_("videos published in the window"))

    class Meta:
        verbose_name = _("eligibility")
        verbose_name_plural = _("eligibility")

    def __str__(self) -> str:
        return self.failed_rules or str(_("eligible"))
