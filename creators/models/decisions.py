"""What was decided about creators, by whom and why; and decisions about many of them at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creators.models.creators import Creator


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
        DEQUEUE = "dequeue", _("take out of the queue")
        REVERSE = "reverse", _("reverse")

    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="decisions")
    action = models.CharField(_("action"), max_length=10, choices=Action)
    from_status = models.CharField(_("from"), max_length=10, choices=Creator.Status)
    to_status = models.CharField(_("to"), max_length=10, choices=Creator.Status)
    listed_reason = models.ForeignKey(
        "DecisionReason",
        models.PROTECT,
        verbose_name=_("reason of the list"),
        null=True,
        blank=True,
        db_index=False,
        related_name="decisions",
    )
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
    bulk = models.ForeignKey(
        "Bulk",
        models.PROTECT,
        verbose_name=_("bulk decision"),
        null=True,
        blank=True,
        related_name="decisions",
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("reverses"), null=True, blank=True, related_name="reversed_by"
    )
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-id"]
        # With all that is counted by day (reports.py), so that a report reads the index alone.
        indexes = [models.Index("decided_at", "action", "decided_by", name="decision_day")]

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
    # Where the import that brought them there is undone.
    Decision.Action.DEQUEUE: (frozenset({Creator.Status.PENDING}), Creator.Status.CANDIDATE),
}


class DecisionReason(models.Model):
    """One reason of the managed list, in the words that the creator reads; never edited once it was given."""

    MOVE_VIDEO = "category"

    action = models.CharField(
        _("action"),
        max_length=10,
        choices=[*Decision.Action.choices, (MOVE_VIDEO, _("move a video to another category"))],
    )
    text_en = models.CharField(_("English text"), max_length=200)
    text_fr = models.CharField(_("French text"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    offered = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("reason for decisions")
        verbose_name_plural = _("reasons for decisions")
        ordering = ["action", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["action", "text_en"], name="decision_reason_once")]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        return self.text_fr if (get_language() or "en").startswith("fr") else self.text_en


class Bulk(models.Model):
    """One decision about many creators: who was chosen is frozen when it is prepared (BulkRow).

    Prepared, then decided by a background run, and perhaps undone by another one.
    """

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        DECIDED = "decided", _("decided")
        UNDONE = "undone", _("undone")
        CANCELLED = "cancelled", _("cancelled")

    action = models.CharField(_("action"), max_length=10, choices=Decision.Action)
    listed_reason = models.ForeignKey(
        DecisionReason, models.PROTECT, verbose_name=_("reason of the list"), null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)
    chosen_by = models.CharField(
        _("chosen by"), max_length=300, help_text=_("The ticked rows, the filter, or the file.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PREPARED)
    results = models.JSONField(_("results"), default=dict, blank=True, help_text=_("Result -> how many."))
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("prepared by"), related_name="+"
    )
    prepared_at = models.DateTimeField(_("prepared"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("undone by"), null=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone"), null=True)

    class Meta:
        verbose_name = _("bulk decision")
        verbose_name_plural = _("bulk decisions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{capfirst(self.get_action_display())} #{self.pk}"


class BulkRow(models.Model):
    """One creator of a bulk decision, and what came of it: moved, or why not (a status, a rule)."""

    pk = models.CompositePrimaryKey("bulk_id", "creator_id")
    bulk = models.ForeignKey(
        Bulk, models.CASCADE, verbose_name=_("bulk decision"), related_name="rows", db_index=False
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), db_index=False, related_name="+"
    )
    result = models.CharField(_("result"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("creator of a bulk decision")
        verbose_name_plural = _("creators of a bulk decision")

    def __str__(self) -> str:
        return f"{self.bulk_id} {self.creator_id}"
