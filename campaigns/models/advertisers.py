"""Advertisers: who they are, what staff checked of it, and what was decided about them."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.agreements import Agreement
from campaigns.models.checks import AdvertiserCheck


def _ticks(stale: bool) -> Coalesce:
    """How many items of the checklist hold, or no longer do."""
    checks = AdvertiserCheck.objects.filter(advertiser=OuterRef("pk"), stale_since__isnull=not stale)
    counted = checks.order_by().values("advertiser").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


class AdvertiserQuerySet(models.QuerySet["Advertiser"]):
    def waiting_longest_first(self) -> AdvertiserQuerySet:
        """The queue of ad operations: applications that wait for a decision."""
        return self.filter(status=Advertiser.Status.APPLIED).order_by("status_since", "id")

    def with_ticks(self) -> AdvertiserQuerySet:
        """Each with `ticks`, how many items of the checklist hold, and `stale`, how many held once."""
        return self.annotate(ticks=_ticks(stale=False), stale=_ticks(stale=True))

    def to_check_again(self) -> AdvertiserQuerySet:
        """Those who were approved and have since changed what had been checked."""
        stale = AdvertiserCheck.objects.filter(advertiser=OuterRef("pk"), stale_since__isnull=False)
        return self.filter(Exists(stale), status=Advertiser.Status.APPROVED)

    def in_agreement(self, day: datetime.date) -> AdvertiserQuerySet:
        """Those who have accepted the version of the agreement that is in force on `day`."""
        return self.filter(acceptances__agreement__in=Agreement.objects.in_force(day))

    def ready(self, day: datetime.date) -> AdvertiserQuerySet:
        """Those of whom every item of the checklist holds, and who have accepted the agreement."""
        return (
            self.in_agreement(day).annotate(ticks=_ticks(stale=False)).filter(ticks=len(AdvertiserCheck.Item))
        )


class Advertiser(models.Model):
    """A brand or its agency that buys campaigns: it applies, is looked at by ad operations, and let in."""

    class Status(models.TextChoices):
        APPLIED = "applied", pgettext_lazy("advertiser", "applied")
        ASKED = "asked", _("information asked")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    # What an applicant says, and an owner may change later.
    DETAILS = (
        "name",
        "legal_name",
        "website",
        "street",
        "city",
        "region",
        "postal_code",
        "country",
        "tax_number",
        "billing_name",
        "billing_email",
        "safety_name",
        "safety_email",
    )

    # Not unique: "this name is taken" would tell an applicant who else is here. Staff see the others.
    name = models.CharField(_("name"), max_length=120, help_text=_("As people know the brand."))
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    website = models.URLField(_("website"), blank=True)
    street = models.CharField(_("street and number"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("state or region"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator("^[A-Z]{2}$", _("Two capital letters, such as US or FR."))],
        help_text=_("Two letters, such as US or FR."),
    )
    tax_number = models.CharField(
        _("tax number"),
        max_length=40,
        blank=True,
        help_text=_("EIN, VAT or the like; it is on the invoices."),
    )
    billing_name = models.CharField(_("billing contact"), max_length=120, blank=True)
    billing_email = models.EmailField(_("billing e-mail"), blank=True)
    safety_name = models.CharField(_("brand-safety contact"), max_length=120, blank=True)
    safety_email = models.EmailField(_("brand-safety e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    payment_days = models.PositiveSmallIntegerField(
        _("days to pay"), default=30, help_text=_("An invoice is due so many days after it was issued.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.APPLIED)
    status_since = models.DateTimeField(_("in this status since"), default=timezone.now)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    objects = AdvertiserQuerySet.as_manager()

    class Meta:
        verbose_name = _("advertiser")
        verbose_name_plural = _("advertisers")
        ordering = ["name"]
        indexes = [
            models.Index("status", "status_since", "id", name="advertiser_queue"),
            models.Index("name", name="advertiser_name"),
        ]
        permissions = [("approve_advertiser", _("Can approve and reject advertisers"))]

    def __str__(self) -> str:
        return self.name

    @property
    def admitted(self) -> bool:
        """Whether it may book campaigns."""
        return self.status == self.Status.APPROVED


# The state machine of advertisers: action -> (the statuses it may start from, the status it leads to).
ADVERTISER_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "ask": (frozenset({Advertiser.Status.APPLIED, Advertiser.Status.REJECTED}), Advertiser.Status.ASKED),
    "answer": (frozenset({Advertiser.Status.ASKED}), Advertiser.Status.APPLIED),
    "approve": (
        frozenset({Advertiser.Status.APPLIED, Advertiser.Status.ASKED, Advertiser.Status.REJECTED}),
        Advertiser.Status.APPROVED,
    ),
    "reject": (
        frozenset({Advertiser.Status.APPLIED, Advertiser.Status.ASKED}),
        Advertiser.Status.REJECTED,
    ),
}


class AdvertiserDecision(models.Model):
    """One move of one advertiser: who, when, from where to where, and why. Append-only in the database."""

    class Action(models.TextChoices):
        ASK = "ask", _("ask for more")
        ANSWER = "answer", _("answer")
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")

    advertiser = models.ForeignKey(
        Advertiser, models.PROTECT, verbose_name=_("advertiser"), related_name="decisions"
    )
    action = models.CharField(_("action"), max_length=10, choices=Action)
    from_status = models.CharField(_("from"), max_length=10, choices=Advertiser.Status)
    to_status = models.CharField(_("to"), max_length=10, choices=Advertiser.Status)
    reason = models.CharField(
        _("reason"), max_length=1_000, blank=True, help_text=_("The advertiser reads it, in his language.")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("For colleagues only."))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("decision on an advertiser")
        verbose_name_plural = _("decisions on advertisers")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"
