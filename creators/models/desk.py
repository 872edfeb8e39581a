"""What reviewers work with: who looks at whom, and flags that ask for a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models.creators import Creator


class Claim(models.Model):
    """A reviewer looks at a creator, and nobody else is given him until the claim lapses."""

    creator = models.OneToOneField(Creator, models.CASCADE, verbose_name=_("creator"), primary_key=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("reviewer"), related_name="claims"
    )
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")

    def __str__(self) -> str:
        return f"{self.creator} {self.reviewer}"


class Flag(models.Model):
    """Something about a creator that a person should look at; it is cleared, never deleted."""

    class Kind(models.TextChoices):
        RULES = "rules", _("no longer meets the rules")
        SIMILAR = "similar", _("looks like another creator")
        MANUAL = "manual", _("flagged by a colleague")

    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="flags")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    raised_at = models.DateTimeField(_("raised"), default=timezone.now)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("raised by"), null=True, related_name="+"
    )
    grace_until = models.DateField(
        _("grace until"), null=True, help_text=_("The last day that the creator has to put it right.")
    )
    cleared_at = models.DateTimeField(_("cleared"), null=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("cleared by"), null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "kind"], condition=Q(cleared_at__isnull=True), name="flag_one_standing"
            )
        ]
        indexes = [
            models.Index("kind", "grace_until", condition=Q(cleared_at__isnull=True), name="flag_standing"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.creator}"
