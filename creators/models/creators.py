"""Creators, what was decided about them, and when they earn."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models.programme import Category


class CreatorQuerySet(models.QuerySet["Creator"]):
    def pending(self) -> CreatorQuerySet:
        return self.filter(status=Creator.Status.PENDING)

    def waiting_longest_first(self) -> CreatorQuerySet:
        return self.pending().order_by("status_since", "id")


class Creator(models.Model):
    """A person or publisher whose videos the programme knows.

    The current follower count and the eligibility stand in narrow rows of their own (Reach, Eligibility):
    imports rewrite those a million at a time, which in this wide, indexed row costs several times more.
    """

    class Kind(models.TextChoices):
        CREATOR = "creator", _("creator")
        PUBLISHER = "publisher", _("publisher")

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        PENDING = "pending", _("pending review")
        ASKED = "asked", _("information asked")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        SUSPENDED = "suspended", _("suspended")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Standing(models.TextChoices):
        GOOD = "good", _("good")
        WARNED = "warned", _("warned")
        BANNED = "banned", _("banned")

    handle = models.CharField(_("handle"), max_length=64, unique=True, help_text=_("Lower case, without @."))
    name = models.CharField(_("name"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CREATOR)
    market = models.CharField(_("market"), max_length=2, default=settings.LAUNCH_MARKET)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"), null=True, blank=True)
    born_on = models.DateField(_("born on"), null=True, blank=True)
    standing = models.CharField(
        _("community standing"), max_length=10, choices=Standing, default=Standing.GOOD
    )
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CANDIDATE)
    status_since = models.DateTimeField(_("in this status since"), default=timezone.now)
    terms_accepted_on = models.DateField(_("terms accepted on"), null=True, blank=True)
    created_at = models.DateTimeField(_("known since"), default=timezone.now)

    objects = CreatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("creator")
        verbose_name_plural = _("creators")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(handle=""), name="creator_handle_not_empty"),
        ]
        indexes = [
            models.Index("status", "status_since", "id", name="creator_queue"),
            models.Index("category", name="creator_category"),
        ]
        permissions = [
            ("review_creator", _("Can approve and reject creators")),
            ("override_eligibility", _("Can approve creators who are not eligible")),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"


class Decision(models.Model):
    """One move of one creator: who, when, from where to where, and why. Append-only in the database."""

    class Action(models.TextChoices):
        QUEUE = "queue", _("queue for review")
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")
        ASK = "ask", _("ask for information")
        SUSPEND = "suspend", _("suspend")
        REINSTATE = "reinstate", _("reinstate")
        WITHDRAW = "withdraw", _("withdraw")
        REOPEN = "reopen", _("reopen")

    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="decisions")
    action = models.CharField(_("action"), max_length=10, choices=Action)
    from_status = models.CharField(_("from"), max_length=10, choices=Creator.Status)
    to_status = models.CharField(_("to"), max_length=10, choices=Creator.Status)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        related_name="decisions",
        help_text=_("Empty: Pulse itself, by a rule."),
    )
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} #{self.pk}"


# The state machine of creators: action -> (the statuses it may start from, the status it leads to).
MOVES: dict[str, tuple[frozenset[str], str]] = {
    Decision.Action.QUEUE: (frozenset({Creator.Status.CANDIDATE}), Creator.Status.PENDING),
    Decision.Action.APPROVE: (
        frozenset({Creator.Status.PENDING, Creator.Status.ASKED}),
        Creator.Status.APPROVED,
    ),
    Decision.Action.REJECT: (
        frozenset({Creator.Status.PENDING, Creator.Status.ASKED}),
        Creator.Status.REJECTED,
    ),
    Decision.Action.ASK: (frozenset({Creator.Status.PENDING}), Creator.Status.ASKED),
    Decision.Action.SUSPEND: (frozenset({Creator.Status.APPROVED}), Creator.Status.SUSPENDED),
    Decision.Action.REINSTATE: (frozenset({Creator.Status.SUSPENDED}), Creator.Status.APPROVED),
    Decision.Action.WITHDRAW: (
        frozenset(
            {
                Creator.Status.PENDING,
                Creator.Status.ASKED,
                Creator.Status.APPROVED,
                Creator.Status.SUSPENDED,
            }
        ),
        Creator.Status.WITHDRAWN,
    ),
    Decision.Action.REOPEN: (
        frozenset({Creator.Status.REJECTED, Creator.Status.WITHDRAWN}),
        Creator.Status.PENDING,
    ),
}


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
