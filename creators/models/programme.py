"""The programme: its categories and its dated terms."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

BASIS_POINTS = 10_000


class Category(models.Model):
    """One of the twelve categories by which the lineup is sold."""

    slug = models.SlugField(_("slug"), unique=True)
    name_en = models.CharField(_("English name"), max_length=60)
    name_fr = models.CharField(_("French name"), max_length=60)
    hashtags = models.JSONField(
        _("hashtags"),
        default=list,
        help_text=_("Lower case, without #. A video with one of them belongs here."),
    )
    position = models.PositiveSmallIntegerField(_("position"), unique=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_fr if (get_language() or "en").startswith("fr") else self.name_en


class TermsQuerySet(models.QuerySet["ProgrammeTerms"]):
    def in_force(self, day: datetime.date) -> ProgrammeTerms:
        """The approved terms that govern `day`; raises DoesNotExist before the first version."""
        return self.begun(day).latest("starts_on")

    def begun(self, day: datetime.date) -> TermsQuerySet:
        """The approved terms that had begun by `day`, newest first: the first of them governs it."""
        return self.approved().filter(starts_on__lte=day).order_by("-starts_on")

    def approved(self) -> TermsQuerySet:
        return self.filter(status=ProgrammeTerms.Status.APPROVED)


class ProgrammeTerms(models.Model):
    """The dated rules of the programme. Never edited: a change is a new version (creators/terms.py).

    Weights and decay are integers so that every database computes the same score. A version that was proposed
    keeps its values for good (guards.py) and is in force once another person has approved it. Versions
    without `proposed_at` were there before versions were proposed, and count as approved by two.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    version = models.PositiveSmallIntegerField(_("version"), unique=True)
    starts_on = models.DateField(_("starts on"))
    market = models.CharField(_("market"), max_length=2, default=settings.LAUNCH_MARKET)
    min_followers = models.PositiveIntegerField(_("minimum followers"), default=100_000)
    min_videos = models.PositiveSmallIntegerField(_("minimum videos"), default=5)
    video_window_days = models.PositiveSmallIntegerField(_("days in which they are counted"), default=30)
    min_age_years = models.PositiveSmallIntegerField(_("minimum age"), default=18)
    lineup_basis_points = models.PositiveSmallIntegerField(
        _("lineup share (basis points)"), default=400, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    cut_per_category = models.BooleanField(
        _("cut per category"),
        default=False,
        help_text=_(
            "The share of the lineup is taken of each category by itself, instead of the market as a whole."
        ),
    )
    weight_views = models.PositiveSmallIntegerField(_("weight of a view"), default=1)
    weight_likes = models.PositiveSmallIntegerField(_("weight of a like"), default=5)
    weight_comments = models.PositiveSmallIntegerField(_("weight of a comment"), default=10)
    weight_shares = models.PositiveSmallIntegerField(_("weight of a share"), default=20)
    decay_permille = models.JSONField(
        _("decay by age in days (per mille)"),
        help_text=_("One number a day from age 0 to the horizon; older videos score 0."),
    )
    share_basis_points = models.PositiveSmallIntegerField(
        _("creator's share (basis points)"), default=5_000, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    minimum_payout_micros = models.PositiveBigIntegerField(_("minimum payout (micros)"), default=50_000_000)
    review_days = models.PositiveSmallIntegerField(
        _("days of review"),
        default=0,
        help_text=_("A month is closed at the earliest so long after its review began."),
    )
    payee_hold_days = models.PositiveSmallIntegerField(
        _("days of hold"),
        default=3,
        help_text=_("After a change of bank details nothing is paid for so long."),
    )
    screening_days = models.PositiveSmallIntegerField(
        _("days a screening is good for"),
        default=365,
        help_text=_("Older sanctions screenings hold a payment."),
    )
    review_hours = models.PositiveSmallIntegerField(
        _("hours to review a creator"), default=48, help_text=_("Whoever waits longer is overdue.")
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace"),
        default=30,
        help_text=_("An approved creator who no longer meets the rules has so long to put it right."),
    )
    auto_approve_followers = models.PositiveIntegerField(
        _("approve by itself from followers"),
        null=True,
        blank=True,
        help_text=_("Pulse approves who waits, meets every rule and has so many followers. Empty: nobody."),
    )
    auto_reject_rules = models.CharField(
        _("reject by itself for rules"),
        max_length=80,
        blank=True,
        help_text=_(
            "Names of rules, separated by a blank: Pulse rejects who waits and fails one. Empty: nobody."
        ),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PROPOSED, editable=False
    )
    reason = models.CharField(
        _("reason"), max_length=300, blank=True, help_text=_("Why the terms should change.")
    )
    refusal = models.CharField(_("why it was refused"), max_length=300, blank=True, editable=False)
    proposed_at = models.DateTimeField(_("proposed"), null=True, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("proposed by"),
        null=True,
        editable=False,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("approved by"),
        null=True,
        editable=False,
        related_name="+",
    )

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme terms")
        verbose_name_plural = _("programme terms")
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lineup_basis_points__lte=BASIS_POINTS) & Q(share_basis_points__lte=BASIS_POINTS),
                name="terms_basis_points",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="terms_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved")
                | Q(proposed_at__isnull=True)
                | Q(proposed_by__isnull=False, approved_by__isnull=False, decided_at__isnull=False),
                name="terms_approved_by_two",
            ),
            models.UniqueConstraint(
                fields=["starts_on"], condition=Q(status="approved"), name="terms_one_start"
            ),
        ]
        permissions = [("approve_programmeterms", _("Can approve proposed terms"))]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def share_percent(self) -> str:
        return _percent(self.share_basis_points)

    @property
    def lineup_percent(self) -> str:
        return _percent(self.lineup_basis_points)

    @property
    def horizon_days(self) -> int:
        """The greatest age in days at which a video still scores."""
        return len(self.decay_permille) - 1


def _percent(basis_points: int) -> str:
    """5_000 is "50", 425 is "4.25", as the reader's language writes it."""
    return number_format(Decimal(basis_points) / 100, use_l10n=True)
