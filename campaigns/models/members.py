"""The people who act for an advertiser in the portal, and the invitations that bring them in."""

from __future__ import annotations

import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.advertisers import Advertiser


class Ability(models.TextChoices):
    """What a page of the portal asks of a member before it opens."""

    VIEW = "view", _("follow campaigns and reports")
    EDIT = "edit", _("prepare and book campaigns")
    BILLING = "billing", _("see invoices")
    TEAM = "team", _("invite and remove people")
    ACCOUNT = "account", _("change what is known of the company")


class Member(models.Model):
    """A user who may act for an advertiser in the portal."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        EDITOR = "editor", _("editor")
        FINANCE = "finance", _("finance")
        VIEWER = "viewer", _("viewer")

    # What each role may do in the portal; every page asks for one ability.
    MAY: dict[str, frozenset[str]] = {
        Role.OWNER: frozenset(Ability),
        Role.EDITOR: frozenset({Ability.VIEW, Ability.EDIT}),
        Role.FINANCE: frozenset({Ability.VIEW, Ability.BILLING}),
        Role.VIEWER: frozenset({Ability.VIEW}),
    }

    advertiser = models.ForeignKey(
        Advertiser, models.CASCADE, verbose_name=_("advertiser"), related_name="members", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["advertiser", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def may(self, ability: str) -> bool:
        return ability in self.MAY[self.role]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def standing(self, now: datetime.datetime) -> Self:
        """Those that can still be accepted."""
        return self.open().filter(expires_at__gt=now)

    def open(self) -> Self:
        """Those that were neither accepted nor taken back, expired or not."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """A link sent to an e-mail address: to join an advertiser's team, or (without one) to apply as a new one.

    The link holds a token of which only the digest is kept, so that nobody who reads the database, nor its
    backups, can use it.
    """

    class Status(models.TextChoices):
        """Where it stands, which its dates say."""

        WAITING = "waiting", _("waiting")
        ACCEPTED = "accepted", _("accepted")
        EXPIRED = "expired", _("expired")
        REVOKED = "revoked", _("taken back")

    advertiser = models.ForeignKey(
        Advertiser,
        models.CASCADE,
        verbose_name=_("advertiser"),
        null=True,
        blank=True,
        related_name="invitations",
    )
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Member.Role, default=Member.Role.VIEWER)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    token_digest = models.CharField(_("digest"), max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("invited by"),
        null=True,
        related_name="+",
        help_text=_("Nobody: the person asked for it on the application form."),
    )
    source = models.CharField(
        _("asked from"), max_length=64, blank=True, help_text=_("A digest: it can be counted, not read.")
    )
    created_at = models.DateTimeField(_("invited"), default=timezone.now)
    expires_at = models.DateTimeField(_("good until"))
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("accepted by"), null=True, related_name="+"
    )
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    revoked_at = models.DateTimeField(_("taken back"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        indexes = [models.Index("created_at", name="invitation_created")]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_one_end",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def status(self) -> str:
        if self.accepted_at:
            return self.Status.ACCEPTED
        if self.revoked_at:
            return self.Status.REVOKED
        return self.Status.WAITING if self.expires_at > timezone.now() else self.Status.EXPIRED

    def get_status_display(self) -> str:
        return str(self.Status(self.status).label)
