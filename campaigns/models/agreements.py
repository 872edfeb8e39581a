"""What advertisers agree to, version by version, and who accepted it for whom."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def in_force(self, day: datetime.date) -> AgreementQuerySet:
        """The one version in force on `day`."""
        return self.filter(starts_on__lte=day).order_by("-starts_on")[:1]

    def with_acceptances(self) -> AgreementQuerySet:
        """Each with `accepted`, for how many advertisers it was."""
        return self.annotate(accepted=models.Count("acceptances"))


class Agreement(models.Model):
    """A version of what advertisers agree to; the database keeps it as it is once somebody accepted it."""

    version = models.PositiveSmallIntegerField(_("version"), unique=True)
    starts_on = models.DateField(_("starts on"), unique=True)
    text_en = models.TextField(_("English text"))
    text_fr = models.TextField(_("French text"))

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("advertisers' agreement")
        verbose_name_plural = _("advertisers' agreements")
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def text(self) -> str:
        return self.text_fr if (get_language() or "en").startswith("fr") else self.text_en


class AgreementAcceptance(models.Model):
    """That a person accepted a version of the agreement for an advertiser. Append-only in the database."""

    advertiser = models.ForeignKey(
        "campaigns.Advertiser",
        models.PROTECT,
        verbose_name=_("advertiser"),
        related_name="acceptances",
        db_index=False,
    )
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, verbose_name=_("agreement"), related_name="acceptances"
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("accepted by"), related_name="+"
    )
    accepted_at = models.DateTimeField(_("accepted"), default=timezone.now)

    class Meta:
        verbose_name = _("acceptance of the agreement")
        verbose_name_plural = _("acceptances of the agreement")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["advertiser", "agreement"], name="agreement_accepted_once")
        ]

    def __str__(self) -> str:
        return f"{self.advertiser} {self.agreement}"
