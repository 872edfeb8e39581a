"""When creators earn, and the terms that they accepted."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models.creators import Creator
from creators.models.programme import ProgrammeTerms


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def covering(self, day: datetime.date) -> EnrolmentQuerySet:
        """The spans in which `day` lies."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)


class Enrolment(models.Model):
    """A span of days, both ends included, in which a creator earns: approved and terms accepted.

    Spans of one creator never overlap: the database refuses it (guards.py).
    """

    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), related_name="enrolments", db_index=False
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["creator", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["creator", "starts_on"], name="enrolment_creator_start"),
            models.UniqueConstraint(
                fields=["creator"], condition=Q(ends_on__isnull=True), name="enrolment_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="enrolment_span"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on or '…'}"


class TermsAcceptance(models.Model):
    """That a creator accepted a version of the terms, and how. Append-only in the database."""

    class Channel(models.TextChoices):
        LINK = "link", _("by his link")
        STAFF = "staff", _("noted by staff")

    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), related_name="acceptances"
    )
    terms = models.ForeignKey(ProgrammeTerms, models.PROTECT, verbose_name=_("terms"), related_name="+")
    channel = models.CharField(_("how"), max_length=5, choices=Channel)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("noted by"), null=True, related_name="+"
    )
    accepted_at = models.DateTimeField(_("accepted"), default=timezone.now)

    class Meta:
        verbose_name = _("acceptance of the terms")
        verbose_name_plural = _("acceptances of the terms")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.creator} {self.terms}"
