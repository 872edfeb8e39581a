"""What reviewers work with: who looks at whom, flags that ask for a person, and the views they keep."""

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
    """Something about a creator that a person should look at; it is cleared, never deleted.

    A person clears it and says why, or it lapses by itself (flags.py).
    """

    class Status(models.TextChoices):
        STANDING = "standing", _("standing")
        CLEARED = "cleared", _("cleared")

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
    resolution = models.CharField(_("resolved because"), max_length=200, blank=True, db_default="")
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
            models.Index(fields=["-id"], condition=Q(cleared_at__isnull=True), name="flag_standing_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.creator}: {self.get_kind_display()}"

    @property
    def status(self) -> str:
        return self.Status.STANDING if self.cleared_at is None else self.Status.CLEARED

    def get_status_display(self) -> str:
        return str(self.Status(self.status).label)


class SavedView(models.Model):
    """Filters and an order of the creators' list that a person keeps under a name."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("owner"), related_name="saved_views"
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(
        _("filters"),
        max_length=1000,
        blank=True,
        help_text=_("As they stand in the address of the list."),
    )
    shared = models.BooleanField(
        _("shared with the team"), default=False, help_text=_("Everybody who sees the list sees the view.")
    )
    opens_first = models.BooleanField(
        _("opens first"),
        default=False,
        help_text=_("What the list shows you, unless you used other filters last."),
    )

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_view_name",
                violation_error_message=_("You have a view of that name already."),
            ),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(opens_first=True), name="saved_view_one_opens_first"
            ),
        ]
        permissions = [("share_savedview", _("Can share saved views with the team"))]

    def __str__(self) -> str:
        return self.name
