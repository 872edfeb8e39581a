"""Advertisers and the people who act for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Advertiser(models.Model):
    """A brand or its agency that buys campaigns."""

    class Status(models.TextChoices):
        APPLIED = "applied", pgettext_lazy("advertiser", "applied")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    name = models.CharField(_("name"), max_length=120, unique=True)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    billing_email = models.EmailField(_("billing e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.APPLIED)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("advertiser")
        verbose_name_plural = _("advertisers")
        ordering = ["name"]
        permissions = [("approve_advertiser", _("Can approve and reject advertisers"))]

    def __str__(self) -> str:
        return self.name


# The state machine of advertisers: action -> (the statuses it may start from, the status it leads to).
ADVERTISER_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "approve": (
        frozenset({Advertiser.Status.APPLIED, Advertiser.Status.REJECTED}),
        Advertiser.Status.APPROVED,
    ),
    "reject": (frozenset({Advertiser.Status.APPLIED}), Advertiser.Status.REJECTED),
}


class Member(models.Model):
    """A user who may act for an advertiser in the portal."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        EDITOR = "editor", _("editor")
        FINANCE = "finance", _("finance")
        VIEWER = "viewer", _("viewer")

    advertiser = models.ForeignKey(
        Advertiser, models.CASCADE, verbose_name=_("advertiser"), related_name="members", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["advertiser", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
