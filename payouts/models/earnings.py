"""What creators earned, by month and campaign."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Month
from creators.models import Creator


class Earning(models.Model):
    """What one creator's videos brought in one campaign and month, and his share of it.

    Rows of creators who were not enrolled are kept with a share of nothing, so that every row of revenue
    is accounted for and "why did I not earn?" has an answer.
    """

    month = models.ForeignKey(
        Month, models.PROTECT, verbose_name=_("month"), related_name="earnings", db_index=False
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, verbose_name=_("campaign"), db_index=False, db_constraint=False
    )
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        verbose_name=_("creator"),
        related_name="earnings",
        db_index=False,
        db_constraint=False,
    )
    impressions = models.PositiveBigIntegerField(_("impressions"))
    revenue_micros = models.PositiveBigIntegerField(_("revenue (micros)"))
    enrolled_micros = models.PositiveBigIntegerField(
        _("within an enrolment (micros)"), help_text=_("The part of the revenue that is shared.")
    )
    share_micros = models.PositiveBigIntegerField(_("share (micros)"))

    class Meta:
        verbose_name = _("earning")
        verbose_name_plural = _("earnings")
        ordering = ["-month", "creator", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["month", "creator", "campaign"], name="earning_once"),
            models.CheckConstraint(
                condition=Q(enrolled_micros__lte=F("revenue_micros"))
                & Q(share_micros__lte=F("enrolled_micros")),
                name="earning_parts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month_id} {self.campaign_id} {self.creator_id}"
