"""The rate card: what a thousand impressions cost, by market and category, from a day on."""

from __future__ import annotations

import datetime
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models import Category

MICROS_PER_CENT = 10_000


class RateQuerySet(models.QuerySet["Rate"]):
    def in_force(self, day: datetime.date, market: str) -> Self:
        """The newest rate of each category that has begun by `day`."""
        begun = self.filter(market=market, starts_on__lte=day)
        newest = begun.filter(category=models.OuterRef("category")).order_by("-starts_on")
        return begun.filter(pk=models.Subquery(newest.values("pk")[:1]))


class Rate(models.Model):
    """One line of the rate card. A new price is a new line from a later day on; booked prices stay."""

    market = models.CharField(_("market"), max_length=2, default=settings.LAUNCH_MARKET)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"), related_name="rates")
    starts_on = models.DateField(_("from"))
    cpm_micros = models.PositiveBigIntegerField(_("CPM (micros)"), help_text=_("Whole cents."))

    objects = RateQuerySet.as_manager()

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rate card")
        ordering = ["market", "category", "-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["market", "category", "starts_on"], name="rate_once"),
            models.CheckConstraint(
                condition=Q(cpm_micros__gt=0) & Q(Exact(F("cpm_micros") % MICROS_PER_CENT, 0)),
                name="rate_whole_cents",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market} {self.category} {self.starts_on}"

    def begun_on(self, day: datetime.date) -> bool:
        """Whether campaigns may have been priced by it, so that it stays as it is."""
        return self.starts_on <= day

    def clean(self) -> None:
        if self.starts_on and self.starts_on < timezone.now().date():
            raise ValidationError({"starts_on": _("A rate begins today at the earliest.")})
        if self.cpm_micros and self.cpm_micros % MICROS_PER_CENT:
            raise ValidationError({"cpm_micros": _("A CPM is in whole cents: a multiple of 10,000 micros.")})
