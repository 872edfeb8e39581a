"""The checklist of an application: what staff look at before they let an advertiser in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AdvertiserCheck(models.Model):
    """One item of the checklist that a member of staff ticked for one advertiser.

    When the advertiser changes what the item vouches for, the tick goes stale: it says who checked what was
    there before, and holds no longer.
    """

    class Item(models.TextChoices):
        LEGAL_NAME = "legal_name", _("The legal name is the one in the company register")
        TAX_NUMBER = "tax_number", _("The tax number is theirs")
        ADDRESS = "address", _("The address is the company's")
        WEBSITE = "website", _("Website and brand have been looked at")
        BILLING = "billing", _("The billing contact has answered")
        SAFETY = "safety", _("The brand-safety contact has answered")

    # What each item vouches for.
    OF: dict[str, tuple[str, ...]] = {
        Item.LEGAL_NAME: ("legal_name", "country"),
        Item.TAX_NUMBER: ("tax_number", "country"),
        Item.ADDRESS: ("street", "city", "region", "postal_code", "country"),
        Item.WEBSITE: ("name", "website"),
        Item.BILLING: ("billing_name", "billing_email"),
        Item.SAFETY: ("safety_name", "safety_email"),
    }

    advertiser = models.ForeignKey(
        "campaigns.Advertiser",
        models.CASCADE,
        verbose_name=_("advertiser"),
        related_name="checks",
        db_index=False,
    )
    item = models.CharField(_("item"), max_length=20, choices=Item)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("checked by"), related_name="+"
    )
    checked_at = models.DateTimeField(_("checked"), default=timezone.now)
    stale_since = models.DateTimeField(_("changed since"), null=True)

    class Meta:
        verbose_name = _("checked item")
        verbose_name_plural = _("checked items")
        constraints = [models.UniqueConstraint(fields=["advertiser", "item"], name="advertiser_check_once")]

    def __str__(self) -> str:
        return self.get_item_display()
